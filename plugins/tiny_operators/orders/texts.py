"""Rows as lines of newline-delimited JSON that a load job reads without loss."""

from __future__ import annotations

import json
import math
import re
from decimal import Decimal
from typing import Any, Final

from tiny_operators.tiny.answers import Json

# Whole numbers from here on are not exact as JSON numbers, which many readers treat as doubles. BigQuery reads them as
# text (https://cloud.google.com/bigquery/docs/loading-data-cloud-storage-json#details_of_loading_json_data).
_EXACT_BELOW: Final = 2**53
_LONG_NUMBER: Final = re.compile(r"[:,\[]-?[0-9]{16}")


def line(row: Json) -> str:
    """Write a row as one line."""
    text = _dumped(row)
    if _LONG_NUMBER.search(text):
        text = _dumped({name: value if name == "payload" else _exact(value) for name, value in row.items()})
    return writable(text) + "\n"


def storable(value: Any) -> Any:
    """Convert a value for a JSON column, which holds 64-bit integers and doubles: any other number becomes exact text.

    Decimals become JSON numbers again (shortest form, same value). A load job refuses the whole file for one number
    that the column cannot hold.
    """
    match value:
        case dict():
            return {key: storable(item) for key, item in value.items()}
        case list():
            return [storable(item) for item in value]
        case Decimal():
            number = float(value)
            return number if math.isfinite(number) and Decimal(repr(number)) == value else str(value)
        case int() if not -(2**63) <= value < 2**64:
            return str(value)
        case _:
            return value


def writable(text: str) -> str:
    """Remove halves of surrogate pairs, as in a text that was cut: they cannot be written in UTF-8."""
    return text.encode("utf-8", "replace").decode()


def _dumped(row: Json) -> str:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"))


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
