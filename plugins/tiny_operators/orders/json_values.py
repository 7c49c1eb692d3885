"""JSON: objects with all that a text says, records of this package, and rows that a load job reads without loss.

A text may say a field of an object more than once. The last one counts for every reader here, but the others are still
in the text. So they are kept beside it, each under the name with a mark, where whoever looks for a person finds them.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal
from functools import cache, lru_cache
from operator import is_
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tiny_operators.tiny.answers import Json

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

# After the name of a value that does not count, with a number.
_HIDDEN: Final = "\0"
# As Tiny and the tables write them.
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,60}")
# Whole numbers from here on are not exact as JSON numbers, which many readers treat as doubles. BigQuery reads them as
# text (https://cloud.google.com/bigquery/docs/loading-data-cloud-storage-json#details_of_loading_json_data).
_EXACT_BELOW: Final = 2**53
_ROWS: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))

_Record = TypeVar("_Record", bound="DataclassInstance")


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


@lru_cache(maxsize=4096)
def path_name(field: object) -> str:
    """Return the name of a field as part of a path; a star for what may be a value, such as an e-mail or a document."""
    name = name_of(field)
    return name if _NAME.fullmatch(name) else "*"


def from_json(cls: type[_Record], content: Mapping[str, Any]) -> _Record:
    """Build a record from an object's fields; ignore fields that this version does not know.

    A newer version may have written more fields: its objects stay readable after a step back to an older version.

    Raises:
        TypeError: When a field is missing that has no default.
    """
    return cls(**{name: content[name] for name in _names(cls) if name in content})


@cache
def _names(cls: type[DataclassInstance]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(cls))


def row_line(row: Json) -> str:
    """Write a row as one line of newline-delimited JSON."""
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
