"""One value of Tiny into one value of a BigQuery column.

Tiny writes numbers as text or number, ``""`` for nothing, ``"0"`` for "no id", one object for a list of one, days as
dd/mm/yyyy. What comes out is what a newline-delimited JSON load takes; NUMERIC travels as text, so it stays exact.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Any, Final

import pendulum

from tiny_operators.tiny.kinds import kind_of

from .schema import Column

# BigQuery's NUMERIC: 38 digits, 9 of them after the point
# (https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#decimal_types).
_NUMERIC_SCALE: Final = 9
_NUMERIC_STEP: Final = Decimal(1).scaleb(-_NUMERIC_SCALE)
_NUMERIC_LIMIT: Final = Decimal("1E29")
_INT64_LIMIT: Final = 2**63

# A day with or without a time of day.
_DAY: Final = re.compile(r"([0-9]{1,2}/[0-9]{1,2}/[0-9]{4}|[0-9]{4}-[0-9]{2}-[0-9]{2})(?:[ T][0-9:.]*)?")
_NO_DAYS: Final = frozenset({"00/00/0000", "0000-00-00"})

# Digits in groups of three, or without groups; then the decimals. The mark of groups and that of decimals differ.
_NUMBER: Final = re.compile(
    r"[+-]?(?:[0-9]{1,3}(?:\.[0-9]{3}){2,}|[0-9]{1,3}(?:,[0-9]{3}){2,}"
    r"|[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]*|[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]*"
    r"|[0-9]+[.,]?[0-9]*|[.,][0-9]+)(?:[eE][+-]?[0-9]{1,2})?"
)
# Enough for every number that is not refused: the default of 28 digits is less than NUMERIC has.
_EXACT: Final = Context(prec=60, rounding=ROUND_HALF_UP)
_MOST_DIGITS: Final = 60

# Fields in which Tiny writes "0" for "there is none".
_NO_ID_FIELDS: Final = frozenset({"id_vendedor", "idProdutoPai", "id_fornecedor", "idProduto"})


class FieldError(ValueError):
    """A value that does not fit its column.

    Attributes:
        path: The field, as ``itens[2].valor``.
        expected: What the column takes.
        found: The kind of the value, never the value.
    """

    def __init__(self, path: str, expected: str, found: str) -> None:
        super().__init__(f"{path}: expected {expected}, found {found}")
        self.path = path
        self.expected = expected
        self.found = found


def to_record(source: dict[str, Any], columns: tuple[Column, ...], path: str = "") -> dict[str, Any]:
    """Type each column's value of an object of Tiny.

    Args:
        source: The object.
        columns: The columns to fill; one that the object lacks becomes null (or an empty list).
        path: Path of the object, for errors.

    Raises:
        FieldError: For the first value that does not fit.
    """
    return {
        column.name: to_column(source.get(column.name), column, f"{path}{column.name}") for column in columns
    }


def to_column(value: object, column: Column, path: str) -> Any:
    """Type one value.

    Raises:
        FieldError: When the value does not fit.
    """
    if column.repeated:
        # A load job refuses a list with a null in it, and with it the whole file.
        return [
            to_single(item, column, f"{path}[{n}]")
            for n, item in enumerate(_as_list(value, column, path))
            if not is_nothing(item)
        ]
    return to_single(value, column, path)


def to_single(value: object, column: Column, path: str) -> Any:
    """Type one value that is not a list.

    Raises:
        FieldError: When the value does not fit.
    """
    if is_nothing(value) or (column.name in _NO_ID_FIELDS and str(value).strip() == "0"):
        return None
    match column.type:
        case "RECORD":
            if isinstance(value, dict):
                return to_record(value, column.fields, f"{path}.")
            raise FieldError(path, "an object", kind_of(value))
        case "STRING":
            return _string(value)
        case "INTEGER":
            return _integer(value, path)
        case "NUMERIC":
            return _numeric(value, path)
        case "DATE":
            return _date(value, path)
    raise FieldError(path, f"a column type that answers fill, not {column.type}", "another type")


def unknown_fields(source: dict[str, Any], columns: tuple[Column, ...], path: str = "") -> Iterator[str]:
    """Paths of fields that an answer has and the table has not, such as ``itens.novo``."""
    known = {column.name: column for column in columns}
    for name, value in source.items():
        column = known.get(name)
        if column is None:
            yield f"{path}{name}"
        elif column.fields:
            for item in value if isinstance(value, list) else [value]:
                inner = _unwrapped(item, column)
                if isinstance(inner, dict):
                    yield from unknown_fields(inner, column.fields, f"{path}{name}.")


def parse_decimal(text: str) -> Decimal:
    """A decimal in any of the forms that Tiny uses: ``85.90``, ``5,00``, ``1.234,56``, ``-3``.

    The last separator is the decimal one; a separator that stands more than once only groups digits.

    Raises:
        ValueError: When it is not a number.
    """
    cleaned = text.strip().replace(" ", "")
    if not _NUMBER.fullmatch(cleaned):
        raise ValueError("not a number")
    last = max(cleaned.rfind("."), cleaned.rfind(","))
    if last >= 0:
        mark = cleaned[last]
        other = "," if mark == "." else "."
        cleaned = cleaned.replace(other, "")
        cleaned = cleaned.replace(mark, "" if cleaned.count(mark) > 1 else ".")
    try:
        return Decimal(cleaned)
    except InvalidOperation as error:
        raise ValueError("not a number") from error


def is_nothing(value: object) -> bool:
    """Whether a value is one of the forms in which Tiny writes that there is none."""
    return value is None or value in ([], {}) or (isinstance(value, str) and not value.strip())


def _as_list(value: object, column: Column, path: str) -> list[object]:
    if is_nothing(value):
        return []
    items = value if isinstance(value, list) else [value]
    if column.type == "RECORD" and not all(isinstance(item, dict) for item in items):
        raise FieldError(path, "a list of objects", kind_of(value))
    return [_unwrapped(item, column) for item in items]


def _unwrapped(item: object, column: Column) -> object:
    """Without the wrapper that some services put around list items: ``{"imagem_externa": {"url": …}}``."""
    if isinstance(item, dict) and len(item) == 1:
        ((name, inner),) = item.items()
        if isinstance(inner, dict) and name not in {field.name for field in column.fields}:
            return inner
    return item


def _string(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict | list | bool):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=float)
    if isinstance(value, Decimal) and abs(value.adjusted()) < _MOST_DIGITS:
        return f"{value:f}"
    return str(value)


def _number(value: object, path: str, expected: str) -> Decimal:
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, str):
        try:
            return parse_decimal(value)
        except ValueError:
            pass
    raise FieldError(path, expected, kind_of(value))


def _integer(value: object, path: str) -> int:
    expected = "a whole number of 64 bits"
    number = _number(value, path, expected)
    if number.copy_abs() >= _INT64_LIMIT or number != number.to_integral_value():
        raise FieldError(path, expected, "another number")
    return int(number)


def _numeric(value: object, path: str) -> str:
    expected = "a number with up to 29 digits before the point"
    number = _number(value, path, expected)
    if number.copy_abs() < _NUMERIC_LIMIT:
        exponent = number.as_tuple().exponent
        if isinstance(exponent, int) and exponent < -_NUMERIC_SCALE:
            number = number.quantize(_NUMERIC_STEP, context=_EXACT)
    if number.copy_abs() >= _NUMERIC_LIMIT:
        raise FieldError(path, expected, "a larger number")
    return f"{number:f}"


def _date(value: object, path: str) -> str | None:
    found = _DAY.fullmatch(value.strip()) if isinstance(value, str) else None
    if found:
        day, pattern = found[1], "DD/MM/YYYY" if "/" in found[1] else "YYYY-MM-DD"
        if day in _NO_DAYS:
            return None
        with suppress(ValueError):
            return pendulum.from_format(day, pattern).date().isoformat()
    raise FieldError(path, "a day as dd/mm/yyyy", kind_of(value))
