"""The rows of one order in ``pdv``, ``pesquisa`` and ``produto``, from the three answers that were read for it."""

from __future__ import annotations

import json
import math
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final

from tiny_operators.raw import RawLine
from tiny_operators.tiny.answers import Json, Meaning, read_body
from tiny_operators.tiny.search import lines, order_id
from tiny_operators.tiny.webhooks import Reject, kind_of

from .schema import columns
from .typing import FieldError, parse_decimal, to_record, unknown_fields

# Names the orders of all stores for good: changing it would give every order another uuid.
_ORDERS: Final = uuid.UUID("6f1d2c3e-7a4b-5d8e-9c10-316316316316")

# How long an order may stay out of the search before that is an error; Tiny lists it some seconds after its webhook.
LISTING_GRACE_S: Final = 15 * 60

# Fields that Tiny documents and that the tables do not have: kept in payload, and no news.
_KNOWN_WITHOUT_COLUMN: Final = frozenset({
    "produto.data_criacao",
    "produto.grade",
    "produto.kit",
    "produto.mapeamentos",
})

_PRODUCT_ACTION: Final = (
    "the order is loaded without this product's cost; its next event asks for the product again"
)
_ACTION: Final = (
    "see the raw answer; correct the order in Tiny, then move its webhook file back into the inbox"
)


@dataclass
class OrderRows:
    """What came of one order.

    Attributes:
        pedido: Tiny's id of the order.
        rows: Rows by table; all empty when the order was rejected or waits.
        rejects: Why the order, or one of its products, has no row.
        waits: The order is not in Tiny's search yet and will be read again.
        new_fields: Fields of the answers that the tables do not have, as ``pdv.itens.novo``.
    """

    pedido: int
    rows: dict[str, list[Json]] = field(default_factory=lambda: {"pdv": [], "pesquisa": [], "produto": []})
    rejects: list[Reject] = field(default_factory=list)
    waits: bool = False
    new_fields: set[str] = field(default_factory=set)

    @property
    def loaded(self) -> bool:
        """Whether the order has rows."""
        return bool(self.rows["pdv"])


class _OrderRejectedError(Exception):
    def __init__(self, reject: Reject) -> None:
        super().__init__(reject.field)
        self.reject = reject


def order_uuid(store: str, pedido: int) -> str:
    """The order's ``uuid``: the same at every reading of it."""
    return str(uuid.uuid5(_ORDERS, f"{store}/{pedido}"))


def order_rows(order: RawLine, search: RawLine | None, products: Mapping[int, RawLine]) -> OrderRows:
    """Make the rows of one order.

    Args:
        order: The answer of ``pdv.pedido.obter``.
        search: The page of ``pedidos.pesquisa`` that lists the order; None when none did.
        products: Answers of ``produto.obter`` by product id.

    Returns:
        Rows, or the reason why there are none; never an error for what Tiny answered.
    """
    pedido_id = int(order.envelope.pedido or 0)
    result = OrderRows(pedido_id)
    try:
        pedido = _record(order, "pedido", pedido_id)
        if search is None:
            result.waits = (order.fetched - order.arrived).total_seconds() < LISTING_GRACE_S
            if not result.waits:
                result.rejects.append(_not_listed())
            return result
        line = _search_line(search, pedido_id)
        result.rows["pdv"] = [_row("pdv", order, order, pedido, result)]
        result.rows["pesquisa"] = [_row("pesquisa", order, search, line, result)]
    except _OrderRejectedError as rejected:
        return OrderRows(pedido_id, rejects=[rejected.reject])
    for product_id in sorted(products):
        try:
            product = _record(products[product_id], "produto", product_id)
            result.rows["produto"].append(_row("produto", order, products[product_id], product, result))
        except _OrderRejectedError as rejected:
            result.rejects.append(replace(rejected.reject, action=_PRODUCT_ACTION))
    return result


def product_ids(pedido: Json) -> list[int]:
    """Distinct products of an order's items, in their order; items of free text have none."""
    itens: Any = pedido.get("itens")
    found: dict[int, None] = {}
    for item in itens if isinstance(itens, list) else [itens]:
        inner = item.get("item", item) if isinstance(item, dict) else {}
        try:
            product = parse_decimal(str(inner.get("idProduto", "") if isinstance(inner, dict) else ""))
        except ValueError:
            continue
        if product > 0 and product == product.to_integral_value():
            found[int(product)] = None
    return list(found)


def answer_id_differs(answer: Json, asked: int) -> bool:
    """Whether an answer is about another record than the one asked for."""
    return str(answer.get("id", "")).strip() != str(asked)


def _record(line: RawLine, expects: str, asked: int) -> Json:
    answer = read_body(line.answer, expects)
    if answer.meaning is not Meaning.OK:
        code = f"code {answer.code}" if answer.code is not None else "no code"
        raise _OrderRejectedError(Reject("fetch", expects, "a record", f"{answer.reason} ({code})", _ACTION))
    record = answer.retorno[expects]
    if not isinstance(record, dict):
        raise _OrderRejectedError(Reject("rows", expects, "an object", kind_of(record), _ACTION))
    if answer_id_differs(record, asked):
        raise _OrderRejectedError(
            Reject("rows", f"{expects}.id", f"the id that was asked for ({asked})", "another one", _ACTION)
        )
    return record


def _search_line(page: RawLine, pedido: int) -> Json:
    answer = read_body(page.answer, "pedidos")
    for line in lines(answer.retorno):
        if order_id(line) == pedido:
            return line
    raise _OrderRejectedError(_not_listed())


def _not_listed() -> Reject:
    return Reject(
        "rows",
        "pesquisa",
        "a line of this order in pedidos.pesquisa",
        "none",
        "look the order up in Tiny, then move its webhook file back into the inbox",
    )


def _row(table: str, order: RawLine, source: RawLine, record: Json, result: OrderRows) -> Json:
    """One row: the answer's fields, typed, and the pipeline's own columns."""
    ours = _own_columns(table, order, source, record)
    typed = tuple(column for column in columns(table) if column.name not in ours)
    try:
        row = to_record(record, typed)
    except FieldError as error:
        reject = Reject("rows", f"{table}.{error.path}", error.expected, error.found, _ACTION)
        raise _OrderRejectedError(reject) from error
    result.new_fields |= {f"{table}.{path}" for path in unknown_fields(record, typed)} - _KNOWN_WITHOUT_COLUMN
    return {column.name: ours.get(column.name, row.get(column.name)) for column in columns(table)}


def _own_columns(table: str, order: RawLine, source: RawLine, record: Json) -> Json:
    sale = order.envelope
    own: Json = {
        "store": sale.store,
        "uuid": order_uuid(sale.store, int(sale.pedido or 0)),
        "timestamp": sale.arrived_at,
        "fetched_at": source.envelope.fetched_at,
        "source_id": f"{sale.path}-{sale.version}",
        "update_timestamp": None,
        "payload": _payload(record),
    }
    if table == "produto":
        return {**own, "pedido_id": sale.pedido}
    return {**own, "deleted_at": None}


def _payload(record: Json) -> Json:
    """The answer for a JSON column: decimals become JSON numbers again (shortest form, same value)."""
    payload: Json = _storable(record)
    return payload


def _storable(value: Any) -> Any:
    """A value for a JSON column, which holds 64-bit integers and doubles: any other number becomes text, exact.

    A load job refuses the whole file for one number that the column cannot hold.
    """
    match value:
        case dict():
            return {key: _storable(item) for key, item in value.items()}
        case list():
            return [_storable(item) for item in value]
        case Decimal():
            number = float(value)
            return number if math.isfinite(number) and Decimal(repr(number)) == value else str(value)
        case int() if not -(2**63) <= value < 2**64:
            return str(value)
        case _:
            return value


def row_texts(rows: list[Json]) -> Iterator[str]:
    """Rows as newline-delimited JSON, a line each."""
    for row in rows:
        text = json.dumps(row, ensure_ascii=False, separators=(",", ":"))
        # Half of a surrogate pair, as of a text that was cut, cannot be written in UTF-8.
        yield text.encode("utf-8", "replace").decode() + "\n"
