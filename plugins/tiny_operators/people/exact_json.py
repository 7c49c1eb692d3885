"""JSON of whatever kind: read so that it can be written again, and looked through field by field.

Numbers keep their digits, and nothing is hidden: of a field that a text says twice, both values are looked through.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, datetime
from typing import Any, Final

from tiny_operators.orders.json_values import as_object, name_of, path_name, writable
from tiny_operators.tiny.answers import parse_json, whole_number

# A number that is no whole one is kept as text between two characters that no text of Tiny has.
_EXACT: Final = re.compile(r'"\\u0000(-?[0-9][0-9.eE+-]*|NaN|-?Infinity)\\u0000"')
# A stored line has an answer some levels inside.
_MORE_LEVELS: Final = 10
# How PHP writes a list with gaps.
_NUMBERED: Final = re.compile(r"[0-9]{1,4}")


def _exact(number: str) -> str:
    return f"\0{number}\0"


# Not strict: a text may hold raw tabs and line breaks.
_JSON: Final = json.JSONDecoder(
    object_pairs_hook=as_object, parse_float=_exact, parse_constant=_exact, strict=False
)


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


def _visible(value: Any) -> Any:
    match value:
        case dict():
            return {name: _visible(inner) for name, inner in value.items() if name_of(name) == str(name)}
        case list():
            return [_visible(item) for item in value]
        case _:
            return value


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
