"""Words of messages that people read: one and many, and one full stop at the end."""

from __future__ import annotations

from collections.abc import Iterable


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
