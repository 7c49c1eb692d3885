"""The rows of one order in ``pdv``, ``pesquisa`` and ``produto``, from the answers that were read for it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from tiny_operators.orders.field_counts import FieldCounts
from tiny_operators.orders.json_values import row_line, writable
from tiny_operators.orders.outcomes import Note, Outcome, Reject, State, Wait, Waiting, is_over
from tiny_operators.orders.pedido_obter import pedido_as_pdv
from tiny_operators.orders.raw_lines import RawLine
from tiny_operators.orders.typed_records import (
    ACTION,
    NEEDED,
    PRODUCT_ACTION,
    RejectedError,
    TypedRecord,
    answered,
    id_differs,
    not_listed,
    record_of,
    search_line,
    typed_product,
    typed_record,
    unanswered_products,
)
from tiny_operators.orders.typed_values import FieldError, UnreadableValues, to_record
from tiny_operators.schemas import Column, columns, tiny_columns
from tiny_operators.tiny.answers import Answer, Json, Meaning, read_body
from tiny_operators.tiny.api import PEDIDO_OBTER
from tiny_operators.tiny.containers import records

# Identifies the orders of all stores for good: changing it would give every order another uuid.
_ORDERS: Final = uuid.UUID("6f1d2c3e-7a4b-5d8e-9c10-316316316316")

_ITEMS: Final = next(column for column in columns("pdv") if column.name == "itens")
# An item's product is what its column says: the check after a merge looks for a row or a reason of each.
_PRODUCT_ID: Final = tuple(column for column in _ITEMS.fields if column.name == "idProduto")

_SEARCH_COLUMNS: Final = tuple(column for column in tiny_columns("pesquisa") if column.name != "id")
# Columns of pesquisa that show whether an order changed since it was read.
SEARCH_VALUES: Final = tuple(column.name for column in _SEARCH_COLUMNS)

# The search line of an order may give its day too. Without a day or a total the order would be in no report.
_DAY: Final = "data"
_TOTAL: Final = "totalVenda"
_LINE_DAY: Final = "data_pedido"


@dataclass
class OrderRows:
    """The result of reading one order.

    Attributes:
        pedido: Tiny's id of the order.
        rows: Rows by table; all empty when the order was rejected or waits. Those of a gone order only mark it.
        rejects: Why the order, or one of its products, has no row.
        waits: Why the order waits to be read again; None when it does not.
        notes: Values of its rows that could not be read, and are null there.
        gone: Neither service for orders knows it any more.
        fields: Fields of its answers; ``unknown`` are those that the tables do not have and that are not documented
            either, as ``pdv.itens.novo`` (of ``pedido.obter``: ``pedido.itens.novo``).
        read_at: When the answer about the order was read, when it is known.
    """

    pedido: int
    rows: dict[str, list[Json]] = field(default_factory=lambda: {"pdv": [], "pesquisa": [], "produto": []})
    rejects: list[Reject] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    waits: Waiting | None = None
    gone: bool = False
    fields: FieldCounts = field(default_factory=FieldCounts)
    read_at: datetime | None = None

    @property
    def loaded(self) -> bool:
        """Whether the order has rows of its own."""
        return bool(self.rows["pdv"]) and not self.gone

    @property
    def outcome(self) -> Outcome | None:
        """What became of the order; None must not be."""
        if self.gone:
            return Outcome(State.GONE)
        if self.loaded:
            return Outcome(State.LOADED)
        if self.waits:
            return Outcome(State.WAITING, waiting=self.waits)
        return Outcome(State.REJECTED, self.rejects[0]) if self.rejects else None


@lru_cache(8)
def order_uuid(store: str, pedido: int) -> str:
    """Return the order's ``uuid``: the same at every reading of it."""
    return str(uuid.uuid5(_ORDERS, f"{store}/{pedido}"))


def order_rows(order: RawLine, search: RawLine | None, products: Mapping[int, RawLine]) -> OrderRows:
    """Build the rows of one order.

    Args:
        order: The answer of ``pdv.pedido.obter`` or, for an order that it does not know, of ``pedido.obter``.
        search: The page of ``pedidos.pesquisa`` that lists the order; None when none did.
        products: Answers of ``produto.obter`` by product id.

    Returns:
        Rows, or the reason why there are none; never an error for what Tiny answered.
    """
    pedido_id = int(order.envelope.pedido or 0)
    if _is_gone(order):
        return OrderRows(pedido_id, _deletion_marks(order), gone=True)
    result = OrderRows(pedido_id, read_at=order.fetched)
    try:
        pedido = record_of(order, "pedido", pedido_id)
        if search is None:
            return _without_line(order)
        line = search_line(search, pedido_id)
        row = _row("pdv", order, order, typed_record("pdv", order, pedido), result)
        line_row = _row("pesquisa", order, search, typed_record("pesquisa", search, line), result)
        # The line may write it with blanks, or with zeros before it. The tables know the order by its number.
        line_row["id"] = str(pedido_id)
        _complete(row, line_row, result)
        result.rows["pdv"], result.rows["pesquisa"] = [row], [line_row]
    except RejectedError as rejected:
        return OrderRows(pedido_id, rejects=[rejected.reject], fields=result.fields, read_at=order.fetched)
    for product_id in sorted(products):
        try:
            source = products[product_id]
            typed = typed_product(source, product_id)
            row = _row("produto", order, source, typed, result, produto=product_id)
            result.rows["produto"].append(row)
        except RejectedError as rejected:
            result.rejects.append(replace(rejected.reject, action=PRODUCT_ACTION, produto=product_id))
    result.rejects += unanswered_products(order)
    return result


def product_ids(pedido: Json) -> list[int]:
    """Return the distinct products of an order's items, in their order; items of free text have none.

    Args:
        pedido: The order, in the form of ``pdv.pedido.obter``.
    """
    found: dict[int, None] = {}
    for item in records(pedido.get("itens"), _ITEMS.names).found:
        with suppress(FieldError):
            product = to_record(item, _PRODUCT_ID)["idProduto"]
            if product and product > 0:
                found[product] = None
    return list(found)


def search_values(line: Json) -> dict[str, Any] | None:
    """Return what the ``pesquisa`` row of a search line holds, as BigQuery's client returns it.

    Args:
        line: One order of a page of ``pedidos.pesquisa``.

    Returns:
        Values of the columns ``SEARCH_VALUES``: text, day, exact decimal or None; None for a line that cannot be a row.
    """
    try:
        row = to_record(line, _SEARCH_COLUMNS, tolerance=UnreadableValues(NEEDED["pesquisa"]))
    except FieldError:
        return None
    return {column.name: _as_queried(row[column.name], column) for column in _SEARCH_COLUMNS}


def _as_queried(value: str | None, column: Column) -> str | date | Decimal | None:
    if value is None:
        return None
    match column.type:
        case "DATE":
            return date.fromisoformat(value)
        case "NUMERIC":
            return Decimal(value)
    return writable(value)


def order_record(answer: Answer, service: str, pedido: int) -> Json | None:
    """Return the order in an answer, in the form of ``pdv.pedido.obter``; None when that order is not in it.

    Args:
        answer: The answer.
        service: Which service answered: ``pdv.pedido.obter`` or ``pedido.obter``.
        pedido: The order that was asked for.
    """
    found = answered(answer.retorno, "pedido") if answer.meaning is Meaning.OK else []
    record = next((record for record in found if not id_differs(record, pedido)), None)
    if record is None:
        return None
    return pedido_as_pdv(record) if service == PEDIDO_OBTER else record


def _is_gone(order: RawLine) -> bool:
    """Return whether the back office does not know the order either: only then it cannot be found anywhere."""
    return order.service == PEDIDO_OBTER and read_body(order.answer, "pedido").meaning is Meaning.NOT_FOUND


def _deletion_marks(order: RawLine) -> dict[str, list[Json]]:
    """Build rows that only mark: no column beside those that say which order was found gone, and when."""
    pedido = int(order.envelope.pedido or 0)
    mark = {**_own_values(order, order), "deleted_at": order.envelope.fetched_at}
    return {"pdv": [{"id": pedido, **mark}], "pesquisa": [{"id": str(pedido), **mark}], "produto": []}


def _complete(row: Json, line: Json, result: OrderRows) -> None:
    """Make sure that an order has its day and its total.

    The till writes a missing day in several ways; the search line has the same day.
    """
    if row[_DAY] is None and line[_LINE_DAY] is not None:
        row[_DAY] = line[_LINE_DAY]
        if not any(note.field == f"pdv.{_DAY}" for note in result.notes):
            result.notes.append(Note(f"pdv.{_DAY}", "a day as dd/mm/yyyy", "nothing"))
    for name, expected in ((_DAY, "a day, here or in the search"), (_TOTAL, "an amount")):
        if row[name] is None:
            raise RejectedError(Reject("rows", f"pdv.{name}", expected, "nothing", ACTION))


def _without_line(order: RawLine) -> OrderRows:
    """Handle an order that no search page lists: it waits in the inbox for some time, and is then set aside."""
    sale = order.envelope
    result = OrderRows(int(sale.pedido or 0), read_at=order.fetched)
    wait = Wait.NO_SEARCH if "pesquisa" in sale.unanswered else Wait.NOT_LISTED
    # Lines of older versions say only when the sale arrived. What history reads is in no inbox, so it cannot wait.
    since = sale.unlisted_since or (sale.arrived_at if sale.path == "webhook" else None)
    if since and not is_over(wait, since, sale.fetched_at):
        result.waits = Waiting(wait, sale.fetched_at)
    elif wait is Wait.NO_SEARCH:
        result.rejects.append(replace(not_listed(), step="fetch", found="no answer of pedidos.pesquisa"))
    else:
        result.rejects.append(not_listed())
    return result


def _row(
    table: str,
    order: RawLine,
    source: RawLine,
    typed: TypedRecord,
    result: OrderRows,
    *,
    produto: int | None = None,
) -> Json:
    """Build one row: the answer's fields, typed, and the pipeline's own columns.

    Raises:
        RejectedError: When the record cannot become a row.
    """
    result.fields.add_counts(typed.fields)
    if typed.reject:
        raise RejectedError(typed.reject)
    result.notes += [
        Note(f"{table}.{error.path}", error.expected, error.found, produto) for error in typed.notes
    ]
    row = typed.values | _own_values(order, source)
    if table == "produto":
        refreshed_at = order.envelope.fetched_at if order.envelope.refresh_costs else None
        row |= {"pedido_id": order.envelope.pedido, "refreshed_at": refreshed_at}
    return row


def _own_values(order: RawLine, source: RawLine) -> Json:
    """Return what the pipeline knows of any answer, by column."""
    sale = order.envelope
    return {
        "store": sale.store,
        "uuid": order_uuid(sale.store, int(sale.pedido or 0)),
        "timestamp": sale.arrived_at,
        "fetched_at": source.envelope.fetched_at,
        "source_id": f"{sale.path}-{sale.version}",
    }


def row_texts(rows: list[Json]) -> Iterator[str]:
    """Yield rows as newline-delimited JSON, a line each."""
    yield from map(row_line, rows)
