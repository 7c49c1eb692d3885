"""Words of messages that people read: one and many, one full stop at the end, and kinds of values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

# From so many seconds on, the next larger unit says enough.
_SECONDS_UP_TO: Final = 120
_MINUTES_UP_TO: Final = 2 * 3600


def counted(number: float, noun: str, many: str = "") -> str:
    """Name a number of things, in the singular or the plural.

    Args:
        number: How many.
        noun: One of them.
        many: Several of them; by itself the noun with an s.

    Example:
        >>> counted(1, "order"), counted(0, "order"), counted(2, "file waits", "files wait")
        ('1 order', '0 orders', '2 files wait')
    """
    return f"{number:g} {noun}" if number == 1 else f"{number} {many or f'{noun}s'}"


def some(number: int, noun: str) -> list[str]:
    """Name a number of things, when there are any."""
    return [counted(number, noun)] if number else []


def duration(seconds: float) -> str:
    """Say how long something takes, in the unit that people would choose.

    Example:
        >>> duration(36), duration(600), duration(86400)
        ('36 seconds', '10 minutes', '24 hours')
    """
    if seconds < _SECONDS_UP_TO:
        return counted(round(seconds), "second")
    if seconds < _MINUTES_UP_TO:
        return counted(round(seconds / 60), "minute")
    hours = round(seconds / 3600, 1)
    return counted(int(hours) if hours.is_integer() else hours, "hour")


def first_of(names: Iterable[str], most: int) -> str:
    """List names, only the first ones and how many more there are when they are many.

    Example:
        >>> first_of(["1", "2", "3"], most=2)
        '1; 2; and 1 more'
    """
    every = list(names)
    left = len(every) - most
    return "; ".join([*every[:most], *([f"and {left} more"] if left > 0 else [])])


def sentence(text: str) -> str:
    """End a text in one full stop.

    Example:
        >>> sentence("It is so"), sentence("It is so."), sentence("Is it so?")
        ('It is so.', 'It is so.', 'Is it so.')
    """
    return text.rstrip(" .;:,?!") + "."


def kind_of(value: object) -> str:
    """Name the kind of a value in words that reveal nothing of it."""
    match value:
        case None:
            return "nothing"
        case str():
            return f"text of {len(value)} characters" if value.strip() else "empty text"
        case bool():
            return "true or false"
        case dict():
            return "object"
        case list():
            return f"list of {len(value)}"
        case _:
            return "number"
