"""Rows as lines of newline-delimited JSON that a load job reads without loss."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from operator import is_
from typing import Any, Final

from tiny_operators.tiny.answers import Json

# Whole numbers from here on are not exact as JSON numbers, which many readers treat as doubles. BigQuery reads them as
# text (https://cloud.google.com/bigquery/docs/loading-data-cloud-storage-json#details_of_loading_json_data).
_EXACT_BELOW: Final = 2**53
_JSON: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def line(row: Json) -> str:
    """Write a row as one line."""
    if _has_long(row):
        row = {name: value if name == "payload" else _exact(value) for name, value in row.items()}
    return writable(_JSON.encode(row)) + "\n"


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


def _exact(value: Any) -> Any:
    """Write the long whole numbers in the value of a column as text."""
    match value:
        case dict():
            return {key: _exact(item) for key, item in value.items()}
        case list():
            return [_exact(item) for item in value]
        case int() if abs(value) >= _EXACT_BELOW:
            return str(value)
        case _:
            return value
