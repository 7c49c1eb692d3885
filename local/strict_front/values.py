"""Whether a value has the form that a description of an API asks for."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

_RANGES: Final = {
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint64": (0, 2**64 - 1),
}
_WHOLE: Final = re.compile(r"-?\d{1,20}")
_BOOLEANS: Final = frozenset({"true", "false", "True", "False", "0", "1"})


def problem_of_parameter(name: str, value: str, described: Mapping[str, Any]) -> str | None:
    """Say what is wrong with a parameter of a request; None when it is right."""
    kind, form = described.get("type"), described.get("format", "")
    if "enum" in described and value not in described["enum"]:
        return f"Invalid value for {name}: it is one of {', '.join(described['enum'])}"
    if kind == "boolean" and value not in _BOOLEANS:
        return f"Invalid value for {name}: it is true or false"
    if kind == "integer" or form in _RANGES:
        return _problem_of_number(name, value, form, described.get("minimum"), described.get("maximum"))
    if (pattern := described.get("pattern")) and not re.fullmatch(pattern, value):
        return f"Invalid value for {name}: it does not fit {pattern}"
    return None


def problem_of_body(
    value: Any, described: Mapping[str, Any], schemas: Mapping[str, Any], at: str
) -> str | None:
    """Say what is wrong with a value of a body, or with any value in it; None when all is right.

    Args:
        value: The value.
        described: What the description says of it.
        schemas: All schemas of the API by name.
        at: Where the value stands, for the message.
    """
    if "$ref" in described:
        described = schemas[described["$ref"]]
    kind = described.get("type", "any")
    # Null is "not given" in all of Google's JSON APIs, and "take it away" in a patch.
    if value is None or kind == "any":
        return None
    if kind == "object":
        return _problem_of_object(value, described, schemas, at)
    if kind == "array":
        if not isinstance(value, list):
            return _wrong(at, "a list")
        items = (
            problem_of_body(item, described["items"], schemas, f"{at}[{index}]")
            for index, item in enumerate(value)
        )
        return next((problem for problem in items if problem), None)
    return _problem_of_scalar(value, described, at)


def _problem_of_object(
    value: Any, described: Mapping[str, Any], schemas: Mapping[str, Any], at: str
) -> str | None:
    if not isinstance(value, dict):
        return _wrong(at, "an object")
    known = described.get("properties", {})
    other = described.get("additionalProperties")
    for name, inner in value.items():
        inner_described = known.get(name, other)
        if inner_described is None:
            where = f" at '{at}'" if at else ""
            return f'Invalid JSON payload received. Unknown name "{name}"{where}: Cannot find field.'
        where = f"{at}.{name}" if at else name
        if problem := problem_of_body(inner, inner_described, schemas, where):
            return problem
    return None


def _problem_of_scalar(value: Any, described: Mapping[str, Any], at: str) -> str | None:
    kind, form = described["type"], described.get("format", "")
    if kind == "boolean":
        return None if isinstance(value, bool) else _wrong(at, "true or false")
    if kind in {"integer", "number"} or form in _RANGES:
        # Numbers may come as texts, as those of 64 bits must, and numbers of 64 bits as numbers.
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            return _wrong(at, "a number")
        return _problem_of_float(value, at) if kind == "number" else _problem_of_number(at, str(value), form)
    if not isinstance(value, str):
        return _wrong(at, "a text")
    if "enum" in described and value not in described["enum"]:
        return f"Invalid value at '{at}': it is one of {', '.join(described['enum'])}"
    return _problem_of_text(value, form, at)


def _problem_of_text(value: str, form: str, at: str) -> str | None:
    try:
        if form == "byte":
            base64.b64decode(value.replace("-", "+").replace("_", "/"), validate=True)
        elif form in {"date-time", "google-datetime"}:
            datetime.fromisoformat(value)
        elif form == "date":
            date.fromisoformat(value)
    except (ValueError, binascii.Error):
        return _wrong(at, {"byte": "base64"}.get(form, f"a {form}"))
    return None


def _problem_of_number(
    at: str, value: str, form: str, minimum: str | None = None, maximum: str | None = None
) -> str | None:
    low, high = _RANGES.get(form, _RANGES["int64"])
    low, high = max(low, int(minimum or low)), min(high, int(maximum or high))
    if not _WHOLE.fullmatch(value) or not low <= int(value) <= high:
        return f"Invalid value at '{at}': it is a whole number from {low} to {high}"
    return None


def _problem_of_float(value: str | float, at: str) -> str | None:
    try:
        float(value)
    except ValueError:
        return _wrong(at, "a number")
    return None


def _wrong(at: str, wanted: str) -> str:
    return f"Invalid value at '{at}': it must be {wanted}"
