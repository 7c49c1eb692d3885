"""The values of a record of Tiny, typed for the columns of BigQuery.

Tiny writes numbers as text or number, ``""`` for nothing, ``"0"`` for "no id", lists in many shapes, days as
dd/mm/yyyy. The result is what a newline-delimited JSON load accepts. NUMERIC is written as text, so it stays exact.

A value that has exactly one sensible reading is read: ``R$ 1.234,56``, a no-break space among the digits, a day with a
time and a zone (the day as it is written: Tiny's days have no zone). Any other is reported by its field and its kind.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cache, lru_cache
from typing import Any, Final

from tiny_operators.schemas import Column
from tiny_operators.tiny.answers import parse_decimal
from tiny_operators.tiny.containers import Records, is_nothing, records
from tiny_operators.wording import kind_of

# BigQuery's NUMERIC has 9 digits after the point, and 29 before it
# (https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#decimal_types). The views multiply amounts
# and add them up: one of more than 15 digits, which no sale has, would make every report fail.
_NUMERIC_SCALE: Final = 9
_NUMERIC_STEP: Final = Decimal(1).scaleb(-_NUMERIC_SCALE)
_MOST_DIGITS_BEFORE: Final = 15
_NUMERIC_LIMIT: Final = Decimal(10) ** _MOST_DIGITS_BEFORE
_INT64_LIMIT: Final = 2**63

# A day with or without a time of day, and that with or without a zone.
_DAY: Final = re.compile(
    r"([0-9]{1,2}/[0-9]{1,2}/[0-9]{4}|[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[ T][0-9:.]*(?: ?(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?))?)?"
)
_NO_DAYS: Final = frozenset({"00/00/0000", "0000-00-00"})
# What programs write for a missing day: dashes; PHP's form of 0000-00-00, which is in the year -1; and the day zero
# of computers' clocks, which is the evening before in Brazil.
_DAY_BEFORE_ALL: Final = re.compile(
    r"[-\u2013\u2014]+|[0-9]{1,2}/[0-9]{1,2}/-[0-9]{4}.*|-[0-9]{4}-[0-9]{2}-[0-9]{2}.*|0{1,2}/0{1,2}/0{1,4}.*"
)
_DAY_ZERO: Final = frozenset({"1969-12-31", "1970-01-01"})
# No sale and no instalment is outside of these: such a day is a slip of the keys, as 0025 for 2025.
_YEARS: Final = range(1970, 2101)

# Both seven and seven thousand.
_TWO_READINGS: Final = re.compile(r"[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}")
# Enough for every number that is not refused: the default of 28 digits is less than NUMERIC has.
_EXACT: Final = Context(prec=60, rounding=ROUND_HALF_UP)
_MOST_DIGITS: Final = 60

# Values of a column that are kept with what they mean, and the longest of them.
_KEPT_VALUES: Final = 1024
_SHORT: Final = 40

# Fields in which Tiny writes "0" for "there is none".
_ZERO_MEANS_NONE: Final = frozenset({"id_vendedor", "idProdutoPai", "id_fornecedor", "idProduto"})


class FieldError(ValueError):
    """A value that does not fit its column.

    Attributes:
        path: The field, as ``itens[2].valor``; empty until it is known.
        expected: What the column takes.
        found: The kind of the value, never the value.
    """

    def __init__(self, expected: str, found: str, path: str = "") -> None:
        super().__init__(expected, found)
        self.path = path
        self.expected = expected
        self.found = found

    def __str__(self) -> str:
        """Name the field, what it should be and the kind of what it is."""
        return f"{self.path}: expected {self.expected}, found {self.found}"


class NoDayError(FieldError):
    """A value that means no day, but is not one of Tiny's own forms of nothing."""


@dataclass
class UnreadableValues:
    """The values that a record can do without: one that cannot be read becomes null and is noted.

    Attributes:
        needed: Paths of the fields that must be read, without the numbers of list items, as ``itens.valor``.
        notes: The values that could not be read.
    """

    needed: frozenset[str]
    notes: list[FieldError] = field(default_factory=list)

    def note_if_optional(self, error: FieldError) -> bool:
        """Return whether a record is useful without this value, which is then noted."""
        if re.sub(r"\[[0-9]+\]", "", error.path) in self.needed and not isinstance(error, NoDayError):
            return False
        self.notes.append(error)
        return True


def to_record(
    source: dict[str, Any],
    columns: tuple[Column, ...],
    path: str = "",
    tolerance: UnreadableValues | None = None,
) -> dict[str, Any]:
    """Type each column's value of an object of Tiny.

    Args:
        source: The object.
        columns: The columns to fill; one that the object lacks becomes null (or an empty list).
        path: Path of the object, for errors.
        tolerance: Which values may be unreadable; None for none.

    Raises:
        FieldError: For the first value that does not fit and may not be unreadable.
    """
    row: dict[str, Any] = {}
    for name, read, column in _plan(columns):
        value = source.get(name)
        if value is None:
            # Half of all values: the ways below would come to the same.
            row[name] = [] if column.repeated else None
            continue
        try:
            row[name] = read(value) if read else _inner(value, column, f"{path}{name}", tolerance)
        except FieldError as error:
            # A value does not know where it is, a record does.
            error.path = error.path or f"{path}{name}"
            if tolerance is None or not tolerance.note_if_optional(error):
                raise
            row[name] = [] if column.repeated else None
    return row


@cache
def _plan(columns: tuple[Column, ...]) -> tuple[tuple[str, Callable[[Any], Any] | None, Column], ...]:
    """Find once how each column reads a value; None for those that hold records."""
    return tuple(
        (column.name, None if column.type == "RECORD" else _reader(column), column) for column in columns
    )


def _reader(column: Column) -> Callable[[Any], Any]:
    """Return what types a value of a column."""
    typed, zero_is_none = _READERS.get(column.type), column.name in _ZERO_MEANS_NONE

    def read(value: object) -> Any:
        # Most values are texts.
        nothing = not value.strip() if isinstance(value, str) else is_nothing(value)
        if nothing or (zero_is_none and str(value).strip() == "0"):
            return None
        if typed is None:
            raise FieldError(f"a column type that answers fill, not {column.type}", "another type")
        return typed(value)

    # The same few amounts, days and ids come again and again. Errors are not kept.
    known = lru_cache(_KEPT_VALUES)(read)

    def read_short(value: object) -> Any:
        return known(value) if isinstance(value, str) and len(value) <= _SHORT else read(value)

    return read if typed is _string else read_short


def _inner(value: object, column: Column, path: str, tolerance: UnreadableValues | None) -> Any:
    """Type the record, or the list of records, that a column holds."""
    if not column.repeated:
        return None if is_nothing(value) else _record(value, column, path, tolerance)
    # A load job refuses a list with a null in it, and with it the whole file.
    # A form that somebody left empty is no record.
    filled = (item for item in _listed(value, column) if not all(map(is_nothing, item.values())))
    return [to_record(item, column.fields, f"{path}[{n}].", tolerance) for n, item in enumerate(filled)]


def _listed(value: object, column: Column) -> list[dict[str, Any]]:
    inside = records(value, column.names)
    if not inside.unread:
        return inside.found
    if len(column.fields) == 1 and all(isinstance(item, str) for item in inside.unread):
        # A list of records of one field may also be a list of that field.
        return [*inside.found, *({column.fields[0].name: item} for item in inside.unread)]
    raise FieldError("a list of objects", _kind_in(value, inside))


def _record(
    value: object, column: Column, path: str, tolerance: UnreadableValues | None
) -> dict[str, Any] | None:
    inside = records(value, column.names)
    if inside.unread or len(inside.found) > 1:
        raise FieldError("an object", _kind_in(value, inside))
    return to_record(inside.found[0], column.fields, f"{path}.", tolerance) if inside.found else None


def _kind_in(value: object, inside: Records) -> str:
    """Return the kind of a container that does not hold the records that it should."""
    if len(inside.found) > 1 and not inside.unread:
        return f"{len(inside.found)} objects"
    if isinstance(value, dict) and any(item is value for item in inside.unread):
        return "an object without a known field"
    return kind_of(value)


def _string(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict | list | bool):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=float)
    if isinstance(value, Decimal) and abs(value.adjusted()) < _MOST_DIGITS:
        return f"{value:f}"
    return str(value)


def _number(value: object, expected: str) -> Decimal:
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, str):
        try:
            return parse_decimal(value)
        except ValueError:
            pass
    raise FieldError(expected, kind_of(value))


def _integer(value: object) -> int:
    expected = "a whole number of 64 bits"
    number = _number(value, expected)
    if isinstance(value, str) and _TWO_READINGS.fullmatch(value.strip()):
        raise FieldError(expected, "a number with a part that may be thousands or decimals")
    if number.copy_abs() >= _INT64_LIMIT or number != number.to_integral_value():
        raise FieldError(expected, "another number")
    return int(number)


def _numeric(value: object) -> str:
    expected = f"a number with up to {_MOST_DIGITS_BEFORE} digits before the point"
    number = _number(value, expected)
    if number.copy_abs() < _NUMERIC_LIMIT:
        exponent = number.as_tuple().exponent
        if isinstance(exponent, int) and exponent < -_NUMERIC_SCALE:
            number = number.quantize(_NUMERIC_STEP, context=_EXACT)
    if number.copy_abs() >= _NUMERIC_LIMIT:
        raise FieldError(expected, "a larger number")
    return f"{number:f}"


def _date(value: object) -> str | None:
    expected = "a day as dd/mm/yyyy"
    text = " ".join(value.split()) if isinstance(value, str) else ""
    day = None
    if found := _DAY.fullmatch(text):
        if found[1] in _NO_DAYS:
            return None
        parts = [int(part) for part in re.split("[-/]", found[1])]
        with suppress(ValueError):
            day = date(*(parts[::-1] if "/" in found[1] else parts)).isoformat()
    if day in _DAY_ZERO:
        raise NoDayError(expected, "the day zero of computers' clocks")
    if day and int(day[:4]) not in _YEARS:
        raise NoDayError(expected, "a day of another century")
    if day:
        return day
    if _DAY_BEFORE_ALL.fullmatch(text):
        raise NoDayError(expected, kind_of(value))
    raise FieldError(expected, kind_of(value))


_READERS: Final[dict[str, Callable[[Any], Any]]] = {
    "STRING": _string,
    "INTEGER": _integer,
    "NUMERIC": _numeric,
    "DATE": _date,
}
