"""The record in an answer: found, with what a row cannot do without, and typed.

Found: the order, its search line or a product, or why it is not there. Typed: the columns of its row that do not depend
on the order for which it was read.

A row needs what was sold, on which day and for how much. A needed field that cannot be read sets its order aside. All
else is a side value: one that cannot be read becomes null in its column and is noted beside the order. It stays whole
in ``payload``. Neither the order nor the product's cost is lost by it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from tiny_operators.orders.field_counts import FieldCounts
from tiny_operators.orders.json_values import path_name, storable
from tiny_operators.orders.outcomes import Reject
from tiny_operators.orders.pedido_obter import PEDIDO_FIELDS, pedido_as_pdv
from tiny_operators.orders.raw_lines import RawLine
from tiny_operators.orders.typed_values import FieldError, UnreadableValues, to_record
from tiny_operators.schemas import Column, columns, tiny_columns
from tiny_operators.tiny.answers import Json, Meaning, read_body, whole_number
from tiny_operators.tiny.api import PEDIDO_OBTER
from tiny_operators.tiny.containers import records
from tiny_operators.tiny.search import order_id, page_records
from tiny_operators.wording import kind_of

# By table, the fields that must be readable: which record it is, its day, and its money. What Tiny leaves empty is
# null, as everywhere; but an order needs a day and a total (tiny_operators.orders.rows).
NEEDED: Final = {
    "pdv": frozenset({
        "id",
        "data",
        "totalProdutos",
        "totalVenda",
        "itens",
        "itens.valor",
        "itens.quantidade",
    }),
    "pesquisa": frozenset({"id", "data_pedido", "valor"}),
    "produto": frozenset({"id"}),
}

# Fields by which a record is recognised: of an order in either service's answer, and of a product.
_RECORD_FIELDS: Final = {
    "pedido": frozenset(column.name for column in (*tiny_columns("pdv"), *PEDIDO_FIELDS)),
    "produto": frozenset(column.name for column in tiny_columns("produto")),
}

ACTION: Final = "see the raw answer; correct the order in Tiny, then put it back by the DAG put_back"
PRODUCT_ACTION: Final = (
    "the order is loaded without this product's cost; its next event asks for the product again"
)

# Fields that Tiny documents and that the tables do not have: kept in payload, and no news.
_KNOWN_WITHOUT_COLUMN: Final = frozenset({
    "produto.data_criacao",
    "produto.grade",
    "produto.kit",
    "produto.mapeamentos",
})


class RejectedError(Exception):
    """An answer that cannot become a row.

    Attributes:
        reject: Why.
    """

    def __init__(self, reject: Reject) -> None:
        super().__init__(reject.field)
        self.reject = reject


def record_of(line: RawLine, expects: str, asked: int) -> Json:
    """Return the record in an answer.

    Args:
        line: The answer.
        expects: What it is about: ``pedido`` or ``produto``.
        asked: Its id.

    Raises:
        RejectedError: When the answer is an error, or that record is not in it.
    """
    answer = read_body(line.answer, expects)
    if answer.meaning is not Meaning.OK:
        code = f"code {answer.code}" if answer.code is not None else "no code"
        raise RejectedError(Reject("fetch", expects, "a record", f"{answer.reason} ({code})", ACTION))
    found = answered(answer.retorno, expects)
    if not found:
        value = answer.retorno[expects]
        kind = "an object without a known field" if isinstance(value, dict) and value else kind_of(value)
        raise RejectedError(Reject("rows", expects, "an object", kind, ACTION))
    for record in found:
        if not id_differs(record, asked):
            return record
    raise RejectedError(
        Reject("rows", f"{expects}.id", f"the id that was asked for ({asked})", "another one", ACTION)
    )


def answered(retorno: Json, expects: str) -> list[Json]:
    """Return the records of an answer: one, however it is wrapped."""
    return records(retorno.get(expects), _RECORD_FIELDS[expects]).found


def id_differs(record: Json, asked: int) -> bool:
    """Return whether a record is another one than was asked for."""
    return whole_number(record.get("id")) != asked


def search_line(page: RawLine, pedido: int) -> Json:
    """Find the line of an order on a search page.

    Raises:
        RejectedError: When the page has none.
    """
    found = page_records(read_body(page.answer, "pedidos").retorno)
    for line in found.found:
        if order_id(line) == pedido:
            return line
    raise RejectedError(not_listed(len(found.unread)))


def not_listed(unread: int = 0) -> Reject:
    """Say why an order that no search page lists has no row.

    Args:
        unread: How many things are on its page that cannot be read as a line.
    """
    return Reject(
        "rows",
        "pesquisa",
        "a line of this order in pedidos.pesquisa",
        f"none, but {unread} values that are no line" if unread else "none",
        "look the order up in Tiny, then put it back by the DAG put_back",
    )


def unanswered_products(order: RawLine) -> list[Reject]:
    """Say why products of an order have no row: those that Tiny did not answer about."""
    return [
        Reject(
            "fetch", "produto", "an answer", _silence(order, produto), PRODUCT_ACTION, produto=int(produto)
        )
        for produto in order.envelope.unanswered
        if produto.isdigit()
    ]


def _silence(order: RawLine, produto: str) -> str:
    since = order.envelope.silent_since.get(produto)
    return f"none{f' since {since[:16]}' if since else ''}, while Tiny answered other calls"


@dataclass(frozen=True)
class TypedRecord:
    """What becomes of a record.

    Attributes:
        fields: Its fields.
        values: Its columns, and null in those that the pipeline fills, in the order of the table.
        notes: The values that could not be read, and are null.
        reject: Why it cannot become a row; None when it can.
    """

    fields: FieldCounts = field(default_factory=FieldCounts)
    values: Json = field(default_factory=dict)
    notes: tuple[FieldError, ...] = ()
    reject: Reject | None = None


def typed_record(table: str, source: RawLine, record: Json) -> TypedRecord:
    """Type a record of an answer for a table."""
    by_office = source.service == PEDIDO_OBTER
    answer, known = ("pedido", PEDIDO_FIELDS) if by_office else (table, tiny_columns(table))
    fields, tolerance = FieldCounts(), UnreadableValues(NEEDED[table])
    fields.add(answer, record)
    try:
        typed = to_record(
            pedido_as_pdv(record) if by_office else record, tiny_columns(table), tolerance=tolerance
        )
    except FieldError as error:
        reject = Reject("rows", f"{table}.{error.path}", error.expected, error.found, ACTION)
        return TypedRecord(fields, reject=reject)
    unknown = {f"{answer}.{path}" for path in unknown_fields(record, known)}
    fields.unknown = unknown - _KNOWN_WITHOUT_COLUMN
    typed["payload"] = storable(record)
    values = {column.name: typed.get(column.name) for column in columns(table)}
    return TypedRecord(fields, values, tuple(tolerance.notes))


def typed_product(line: RawLine, product_id: int) -> TypedRecord:
    """Type the product in an answer, once for all orders that refer to it."""
    found = line.made.get(product_id)
    if found is None:
        try:
            found = typed_record("produto", line, record_of(line, "produto", product_id))
        except RejectedError as rejected:
            found = TypedRecord(reject=rejected.reject)
        line.made[product_id] = found
    return found


def unknown_fields(source: dict[str, Any], columns: tuple[Column, ...], path: str = "") -> Iterator[str]:
    """Yield paths of fields that an answer has and the table does not have, such as ``itens.novo``."""
    known, holders = _names(columns)
    if not known.issuperset(source):
        yield from (f"{path}{path_name(name)}" for name in source if name not in known)
    for column in holders:
        if column.name not in source:
            continue
        inside = records(source[column.name], column.names)
        for item in [*inside.found, *inside.unread]:
            if isinstance(item, dict):
                yield from unknown_fields(item, column.fields, f"{path}{column.name}.")


@cache
def _names(columns: tuple[Column, ...]) -> tuple[frozenset[str], tuple[Column, ...]]:
    """Return the names of some columns, and those of them that hold records."""
    return frozenset(column.name for column in columns), tuple(column for column in columns if column.fields)
