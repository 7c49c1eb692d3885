"""Fields of a record of whatever kind, by their names without capitals and underscores, and the values in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final

from tiny_operators.orders.json_texts import name_of
from tiny_operators.tiny.answers import whole_number

# As Tiny and the tables write them.
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,60}")
# How PHP writes a list with gaps.
_NUMBERED: Final = re.compile(r"[0-9]{1,4}")


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
    """Read an id, written as a number or as text, or as :func:`~json_texts.parse` keeps it; None for anything else."""
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
