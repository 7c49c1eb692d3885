"""The record in an answer, typed: the columns of a row that do not depend on the order for which it was read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from tiny_operators.orders import texts
from tiny_operators.orders.answered import ACTION, RejectedError, record_of
from tiny_operators.orders.field_counts import FieldCounts
from tiny_operators.orders.json_values import path_name
from tiny_operators.orders.needed_fields import NEEDED
from tiny_operators.orders.outcomes import Reject
from tiny_operators.orders.pedido_obter import PEDIDO_FIELDS, pedido_as_pdv
from tiny_operators.orders.raw_lines import RawLine
from tiny_operators.orders.typed_values import FieldError, Tolerance, to_record
from tiny_operators.schemas import Column, columns, tiny_columns
from tiny_operators.tiny.answers import Json
from tiny_operators.tiny.api import OFFICE_SERVICE
from tiny_operators.tiny.containers import records

# Fields that Tiny documents and that the tables do not have: kept in payload, and no news.
_KNOWN_WITHOUT_COLUMN: Final = frozenset({
    "produto.data_criacao",
    "produto.grade",
    "produto.kit",
    "produto.mapeamentos",
})


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
    """Type a record for a table.

    Args:
        table: The table.
        source: The answer that it is in.
        record: The record.
    """
    by_office = source.service == OFFICE_SERVICE
    answer, known = ("pedido", PEDIDO_FIELDS) if by_office else (table, tiny_columns(table))
    fields, tolerance = FieldCounts(), Tolerance(NEEDED[table])
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
    typed["payload"] = texts.storable(record)
    values = {column.name: typed.get(column.name) for column in columns(table)}
    return TypedRecord(fields, values, tuple(tolerance.notes))


def typed_product(line: RawLine, product_id: int) -> TypedRecord:
    """Type the product in an answer, once for all orders that refer to it.

    Args:
        line: The answer.
        product_id: Tiny's id of the product.
    """
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
