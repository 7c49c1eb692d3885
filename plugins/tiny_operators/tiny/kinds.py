"""The kinds of values, in words that reveal nothing of a value."""

from __future__ import annotations


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
