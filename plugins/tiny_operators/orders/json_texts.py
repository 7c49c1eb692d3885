"""JSON of whatever kind, read so that it can be written again: numbers keep their digits, and nothing is hidden.

A text may say a field of an object more than once. The last one counts for every reader here, but the others are still
in the text. So they are kept beside it, each under the name with a mark, where whoever looks for a person finds them.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from tiny_operators.orders.texts import writable
from tiny_operators.tiny.nesting import MOST_LEVELS, is_too_deep

# A number that is no whole one is kept as text between two characters that no text of Tiny has.
_EXACT: Final = re.compile(r'"\\u0000(-?[0-9][0-9.eE+-]*|NaN|-?Infinity)\\u0000"')
# After the name of a value that does not count, with a number.
_HIDDEN: Final = "\0"
# A stored line has an answer some levels inside.
_MOST_LEVELS: Final = MOST_LEVELS + 10


def parse(text: str) -> Any:
    """Parse JSON; a number that is no whole one becomes a text that :func:`write` turns back.

    Raises:
        ValueError: When it is not JSON, or is nested too deeply.
    """
    try:
        value = _JSON.decode(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if is_too_deep(value, _MOST_LEVELS):
        raise ValueError("nested too deeply")
    return value


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
