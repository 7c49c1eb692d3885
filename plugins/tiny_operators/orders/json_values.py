"""JSON of whatever kind: read so that it can be written again, and looked through field by field.

Numbers keep their digits, and nothing is hidden. A text may say a field of an object more than once. The last one
counts for every reader here, but the others are still in the text. So they are kept beside it, each under the name
with a mark, where whoever looks for a person finds them.

Rows are written as lines of newline-delimited JSON that a load job reads without loss.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import fields
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from operator import is_
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tiny_operators.tiny.answers import Json, parse_json, whole_number

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

# A number that is no whole one is kept as text between two characters that no text of Tiny has.
_EXACT: Final = re.compile(r'"\\u0000(-?[0-9][0-9.eE+-]*|NaN|-?Infinity)\\u0000"')
# After the name of a value that does not count, with a number.
_HIDDEN: Final = "\0"
# A stored line has an answer some levels inside.
_MORE_LEVELS: Final = 10

# As Tiny and the tables write them.
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,60}")
# How PHP writes a list with gaps.
_NUMBERED: Final = re.compile(r"[0-9]{1,4}")

# Whole numbers from here on are not exact as JSON numbers, which many readers treat as doubles. BigQuery reads them as
# text (https://cloud.google.com/bigquery/docs/loading-data-cloud-storage-json#details_of_loading_json_data).
_EXACT_BELOW: Final = 2**53
_ROWS: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))

_Record = TypeVar("_Record", bound="DataclassInstance")


def parse(text: str) -> Any:
    """Parse JSON; a number that is no whole one becomes a text that :func:`write` turns back.

    Raises:
        ValueError: When it is not JSON, or is nested too deeply.
    """
    return parse_json(text, _JSON, more_levels=_MORE_LEVELS)


def write(value: Any) -> str:
    """Write what :func:`parse` returned, without values that do not count."""
    text = json.dumps(_visible(value), ensure_ascii=False, separators=(",", ":"))
    return writable(_EXACT.sub(r"\1", text))


def as_object(fields: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object from its fields, as a decoder's hook; the last one of a name counts, the others get a mark."""
    record: dict[str, Any] = {}
    for name, value in fields:
        if name in record:
            number = len(record)
            while (hidden := f"{name}{_HIDDEN}{number}") in record:
                number += 1
            record[hidden] = record.pop(name)
        record[name] = value
    return record


def name_of(field: object) -> str:
    """Return the name that a text has for a field."""
    return str(field).partition(_HIDDEN)[0]


def _visible(value: Any) -> Any:
    match value:
        case dict():
            return {name: _visible(inner) for name, inner in value.items() if _HIDDEN not in str(name)}
        case list():
            return [_visible(item) for item in value]
        case _:
            return value


def _exact(number: str) -> str:
    return f"\0{number}\0"


# Not strict: a text may hold raw tabs and line breaks.
_JSON: Final = json.JSONDecoder(
    object_pairs_hook=as_object, parse_float=_exact, parse_constant=_exact, strict=False
)


def texts_in(
    value: Any, names: frozenset[str], plain: Callable[[Any], str], *, named: bool = False
) -> Iterator[str]:
    """Yield what is in some fields at any depth of a value."""
    match value:
        case dict():
            for name, inner in value.items():
                yield from texts_in(inner, names, plain, named=plain_field(name) in names)
        case list():
            for item in value:
                yield from texts_in(item, names, plain, named=named)
        case str() | int() if named and not isinstance(value, bool):
            yield plain(value)


def blanked(value: Any) -> Any:
    """Return a value of the same shape with nothing in it; a name that may be a value itself goes, too."""
    match value:
        case dict():
            return {
                name if _NUMBERED.fullmatch(str(name)) else path_name(name): blanked(inner)
                for name, inner in value.items()
            }
        case list():
            return [blanked(item) for item in value]
        case _:
            return None


@lru_cache(maxsize=4096)
def path_name(field: object) -> str:
    """Return the name of a field as part of a path; a star for what may be a value, such as an e-mail or a document."""
    name = name_of(field)
    return name if _NAME.fullmatch(name) else "*"


def plain_field(name: object) -> str:
    """Write the name of a field for comparison: Tiny's services and the tables write the same ones differently."""
    return name_of(name).replace("_", "").strip().lower()


def whole_id(value: Any) -> int | None:
    """Read an id, written as a number or as text, or as :func:`parse` keeps it; None for anything else."""
    return whole_number(value.strip("\0") if isinstance(value, str) else value)


def day_of(value: Any) -> date | None:
    """Read a day as Tiny or BigQuery write it; None for anything else."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        with suppress(ValueError):
            return date.fromisoformat(value[:10])
        with suppress(ValueError):
            return datetime.strptime(value[:10], "%d/%m/%Y").date()  # noqa: DTZ007 - a day has no zone
    return None


def from_json(cls: type[_Record], content: Mapping[str, Any]) -> _Record:
    """Build a record from an object's fields; ignore fields that this version does not know.

    A newer version may have written more fields: its objects stay readable after a step back to an older version.

    Args:
        cls: The dataclass.
        content: The object.

    Raises:
        TypeError: When a field is missing that has no default.
    """
    return cls(**{name: content[name] for name in _names(cls) if name in content})


@cache
def _names(cls: type[DataclassInstance]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(cls))


def row_line(row: Json) -> str:
    """Write a row as one line."""
    if _has_long(row):
        row = {name: value if name == "payload" else _exact_text(value) for name, value in row.items()}
    return writable(_ROWS.encode(row)) + "\n"


def storable(value: Any) -> Any:
    """Convert a value for a JSON column, which holds 64-bit integers and doubles: any other number becomes exact text.

    Decimals become JSON numbers again (shortest form, same value). A load job refuses the whole file for one number
    that the column cannot hold. What is storable as it is stays the same object.
    """
    match value:
        case dict():
            other = {key: new for key, item in value.items() if (new := _stored(item)) is not item}
            return {**value, **other} if other else value
        case list():
            stored = [_stored(item) for item in value]
            return value if all(map(is_, stored, value)) else stored
        case Decimal():
            number = float(value)
            return number if math.isfinite(number) and Decimal(repr(number)) == value else str(value)
        case int() if not -(2**63) <= value < 2**64:
            return str(value)
        case _:
            return value


def _stored(item: Any) -> Any:
    # Most values are texts.
    return item if item is None or isinstance(item, str) else storable(item)


def writable(text: str) -> str:
    """Remove halves of surrogate pairs, as in a text that was cut: they cannot be written in UTF-8."""
    return text.encode("utf-8", "replace").decode()


def _has_long(row: Json) -> bool:
    """Return whether a column has a long whole number in it."""
    return any(
        _is_long(value)
        for name, value in row.items()
        if value is not None and not isinstance(value, str) and name != "payload"
    )


def _is_long(value: Any) -> bool:
    match value:
        case dict():
            return _has_long(value)
        case list():
            return any(map(_is_long, value))
        case int():
            return abs(value) >= _EXACT_BELOW
        case _:
            return False


def _exact_text(value: Any) -> Any:
    """Write the long whole numbers in the value of a column as text."""
    match value:
        case dict():
            return {key: _exact_text(item) for key, item in value.items()}
        case list():
            return [_exact_text(item) for item in value]
        case int() if abs(value) >= _EXACT_BELOW:
            return str(value)
        case _:
            return value
