"""JSON rows as a load job reads them: strictly by the schema."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NoReturn

from local.strict_front import schemas
from local.strict_front.row_values import Check, Number, check_of, kind_of
from local.strict_front.sql.types import Field

ROW: Final = 100 * 1_024 * 1_024
_SPACES: Final = b" \t\r\n"

Row = dict[str, Any]
RowCheck = Callable[[Row, str], str | None]
"""Of a row and the path that it stands at: what is wrong with it; None where it is taken."""


class BadRowError(Exception):
    """A row is none."""


def lines(parts: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a file that comes in parts, with their places; empty lines are skipped."""
    rest, place = b"", 0
    for part in parts:
        *whole, rest = (rest + part).split(b"\n")
        for line in whole:
            if line.strip(_SPACES):
                yield place, line
            place += len(line) + 1
    if rest.strip(_SPACES):
        yield place, rest


def parse(line: bytes) -> Row:
    """Read a row from a line.

    Raises:
        BadRowError: It is none.
    """
    if len(line) > ROW:
        raise BadRowError(f"Row size is larger than: {ROW}")
    try:
        # What is not UTF-8 is taken, with another character in its place.
        row = _DECODER.decode(line.decode(errors="replace"))
    except ValueError as error:
        detail = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        raise BadRowError(f"Parser terminated before end of string: {detail}") from None
    except RecursionError:
        raise BadRowError("JSON is nested too deep") from None
    if not isinstance(row, dict):
        raise BadRowError(f"A row is an object, and this is {kind_of(row)}")
    return row


def check_rows(fields: list[Field], *, ignore_unknown: bool) -> RowCheck:
    """Build the check of rows with these columns.

    Args:
        fields: The columns.
        ignore_unknown: Whether fields that are no columns are passed over.

    Raises:
        KeyError: A column has a type that is not known here.
    """
    checks = {field["name"].lower(): _field(field, ignore_unknown=ignore_unknown) for field in fields}
    required = [field["name"] for field in fields if field.get("mode") == "REQUIRED"]

    def row(values: Row, path: str) -> str | None:
        seen = set()
        for name, value in values.items():
            key = name.lower()
            if key in seen:
                return f"Duplicate field: {path}{name}"
            seen.add(key)
            if (check := checks.get(key)) is None:
                if not ignore_unknown:
                    return f"No such field: {path}{name}."
            elif wrong := check(value, f"{path}{name}"):
                return wrong
        missing = next((name for name in required if name.lower() not in seen), None)
        return f"Missing required field: {path}{missing}." if missing else None

    return row


def _field(field: Field, *, ignore_unknown: bool) -> Callable[[Any, str], str | None]:
    """Build the check of a column's value in a row."""
    one = _one(field, ignore_unknown=ignore_unknown)
    mode = field.get("mode") or "NULLABLE"

    def of_list(value: Any, path: str) -> str | None:
        if value is None:
            return _null(path)
        if not isinstance(value, list):
            return f"Repeated field must be imported as a JSON array. Field: {path}; Value: {kind_of(value)}"
        return next(filter(None, (_null(path) if item is None else one(item, path) for item in value)), None)

    def of_one(value: Any, path: str) -> str | None:
        if value is None:
            return _null(path) if mode == "REQUIRED" else None
        if isinstance(value, list) and field["type"].upper() != "JSON":
            return f"Array specified for non-repeated field: {path}."
        return one(value, path)

    return of_list if mode == "REPEATED" else of_one


def _one(field: Field, *, ignore_unknown: bool) -> Callable[[Any, str], str | None]:
    """Build the check of one value that is not null."""
    if schemas.kind_of(field) == "RECORD":
        inner = check_rows(field.get("fields", []), ignore_unknown=ignore_unknown)

        def record(value: Any, path: str) -> str | None:
            if not isinstance(value, dict):
                return f"Flat value specified for record field. Field: {path}; Value: {kind_of(value)}"
            return inner(value, f"{path}.")

        return record
    check: Check = check_of(field)
    takes_objects = field["type"].upper() == "JSON"

    def plain(value: Any, path: str) -> str | None:
        if isinstance(value, dict) and not takes_objects:
            return f"Nonrecord field is given an object. Field: {path}; Value: {kind_of(value)}"
        wrong = check(value)
        return wrong and f"{wrong}. Field: {path}; Value: {kind_of(value)}"

    return plain


def _null(path: str) -> str:
    return f"Only optional fields can be set to NULL. Field: {path}; Value: NULL"


def _object(pairs: list[tuple[str, Any]]) -> Row:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in an object")
    for name, value in pairs:
        _check_text(name)
        if isinstance(value, str):
            _check_text(value)
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, str):
                    _check_text(item)
    return found


def _check_text(text: str) -> None:
    """Refuse half a character.

    Raises:
        ValueError: The text has one.
    """
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("a surrogate stands alone")


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=Number, parse_float=Number, parse_constant=_no_number
)
