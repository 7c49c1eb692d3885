"""Values of a JSON row that a load job takes for a column, by the column's type.

A check gives what is wrong with a value, without the value: it may be personal data.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from zoneinfo import available_timezones

from local.strict_front import schemas
from local.strict_front.sql.types import Field

SOURCE: Final = "https://cloud.google.com/bigquery/docs/loading-data-cloud-storage-json#limitations"

Check = Callable[[Any], str | None]
"""Of a value: what is wrong with it; None where it is taken."""


class Number(str):
    """A JSON number as it is written."""

    __slots__ = ()


_DATE: Final = r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})"
_ANY_DATE: Final = r"(?P<year>\d{4})[-/](?P<month>\d{1,2})[-/](?P<day>\d{1,2})"
_TIME: Final = r"([01]?\d|2[0-3]):([0-5]?\d):([0-5]?\d)(?:\.\d{0,6})?"
_ZONE: Final = r"(?:\s?(?:Z|UTC)|\s?[+-]\d{1,2}(?::?\d{2})?|\s(?P<zone>[A-Za-z_]+(?:/[A-Za-z_+-]+)*))?"
_INTEGER: Final = re.compile(r"[+-]?\d+")
_BOOLEANS: Final = frozenset({"1", "0", "true", "false", "t", "f", "yes", "no", "y", "n"})
_NOT_FINITE: Final = frozenset({"nan", "inf", "+inf", "-inf", "infinity", "+infinity", "-infinity"})

_INT64: Final = 1 << 63
_UINT64: Final = 1 << 64
# json_data#limitations
_JSON_DEPTH: Final = 500


def check_of(field: Field) -> Check:
    """Build the check of one value of a column; of a list, of one of its elements.

    Raises:
        KeyError: The column has a type that is not known here.
    """
    kind = schemas.kind_of(field)
    if kind in schemas.DIGITS:
        return _decimal_of(field, schemas.DIGITS[kind])
    if kind in {"STRING", "BYTES"} and "maxLength" in field:
        return _text_of(_CHECKS[kind], int(field["maxLength"]))
    return _CHECKS[kind]


def kind_of(value: Any) -> str:
    """Name what a value is, in a word."""
    if isinstance(value, Number):
        return "a number"
    names = {dict: "an object", list: "a list", str: "text", bool: "a boolean", type(None): "null"}
    return names[type(value)]


def _string(value: Any) -> str | None:
    if not isinstance(value, str) or isinstance(value, Number):
        return "Could not convert value to string"
    return None


def _bytes(value: Any) -> str | None:
    if wrong := _string(value):
        return wrong
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return "Could not decode base64 string to bytes"
    return None


def _text_of(check: Check, most: int) -> Check:
    def text(value: Any) -> str | None:
        return check(value) or (f"Text longer than {most}" if len(value) > most else None)

    return text


def _integer(value: Any) -> str | None:
    wrong = "Could not convert value to integer"
    if not isinstance(value, str):
        return wrong
    try:
        number = Decimal(value) if isinstance(value, Number) else Decimal(_matched(_INTEGER, value))
    except InvalidOperation:
        return wrong
    if number != number.to_integral_value():
        return f"{wrong} (it has a fraction)"
    return None if -_INT64 <= number < _INT64 else f"{wrong} (out of range)"


def _float(value: Any) -> str | None:
    wrong = "Could not convert value to double"
    if not isinstance(value, str):
        return wrong
    if value.lower() in _NOT_FINITE:
        return None
    try:
        Decimal(value)
    except InvalidOperation:
        return wrong
    return None


def _decimal_of(field: Field, most: tuple[int, int]) -> Check:
    """Build the check of a decimal column, which may have its own number of digits."""
    before, after = most
    if "precision" in field:
        after = int(field.get("scale", 0))
        before = int(field["precision"]) - after
    name = field["type"].upper()

    def decimal(value: Any) -> str | None:
        wrong = f"Invalid {name} value"
        try:
            number = Decimal(value) if isinstance(value, str) else Decimal("NaN")
        except InvalidOperation:
            return wrong
        if not number.is_finite():
            return wrong
        digits_before, digits_after = _digits(number)
        if digits_before > before or digits_after > after:
            return f"{wrong} (at most {before} digits before the point and {after} after it)"
        return None

    return decimal


def _digits(number: Decimal) -> tuple[int, int]:
    """Count the digits of a number before the point and after it, without zeros at its ends."""
    _, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    text = "".join(map(str, digits)).lstrip("0")
    kept = text.rstrip("0")
    exponent += len(text) - len(kept)
    return max(len(kept) + exponent, 0), max(-exponent, 0)


def _boolean(value: Any) -> str | None:
    if isinstance(value, bool) or (isinstance(value, str) and value.lower() in _BOOLEANS):
        return None
    return "Could not convert value to boolean"


def _in_form(form: re.Pattern[str], wanted: str) -> Check:
    """Build the check of values that are written in a form; one that begins with a day needs one that there is."""

    def check(value: Any) -> str | None:
        match = form.fullmatch(value) if _is_text(value) else None
        parts = match.groupdict() if match else {}
        zone = parts.get("zone")
        if match is None or not _is_day(parts) or (zone and zone not in available_timezones()):
            return f"Could not parse as {wanted}"
        return None

    return check


def _json(value: Any) -> str | None:
    """Accept any value for a JSON column, if the column can keep its numbers as they are."""
    level, depth = [value], 0
    while level:
        if any(isinstance(one, Number) and not _is_kept(one) for one in level):
            return "JSON number cannot be kept without loss"
        lists = [
            one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list)
        ]
        depth += 1
        if lists and depth > _JSON_DEPTH:
            return f"JSON is nested deeper than {_JSON_DEPTH} levels"
        level = [item for items in lists for item in items]
    return None


def _is_kept(number: str) -> bool:
    """Return whether a number is an INT64, a UINT64, or one that a FLOAT64 gives back as it came."""
    if _INTEGER.fullmatch(number) and -_INT64 <= int(number) < _UINT64:
        return True
    return Decimal(repr(float(number))) == Decimal(number)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and not isinstance(value, Number)


def _is_day(parts: Mapping[str, str]) -> bool:
    try:
        date(*(int(parts.get(name, 1)) for name in ("year", "month", "day")))
    except ValueError:
        return False
    return True


def _matched(pattern: re.Pattern[str], value: str) -> str:
    """Return the value where it has a form; otherwise an empty text, which is no number."""
    return value if pattern.fullmatch(value) else ""


_timestamp: Final = _in_form(
    re.compile(rf"{_ANY_DATE}(?:[T ]{_TIME})?{_ZONE}", re.IGNORECASE),
    "TIMESTAMP: required format is YYYY-MM-DD HH:MM:SS[.SSSSSS][zone]",
)
_CHECKS: Final[dict[str, Check]] = {
    "STRING": _string,
    "GEOGRAPHY": _string,
    "INTERVAL": _string,
    "BYTES": _bytes,
    "INTEGER": _integer,
    "FLOAT": _float,
    "BOOLEAN": _boolean,
    "DATE": _in_form(re.compile(_DATE), "DATE: required format is YYYY-MM-DD"),
    "TIME": _in_form(re.compile(_TIME), "TIME: required format is HH:MM:SS[.SSSSSS]"),
    "DATETIME": _in_form(
        re.compile(rf"{_DATE}(?:[T ]{_TIME})?", re.IGNORECASE),
        "DATETIME: required format is YYYY-MM-DD HH:MM:SS[.SSSSSS]",
    ),
    "TIMESTAMP": lambda value: None if isinstance(value, Number) else _timestamp(value),
    "JSON": _json,
}
