"""The records in a container, however Tiny writes it.

A list comes as a list, as its only element, as an object of numbered keys (``{"0": {…}, "2": {…}}``: PHP writes a list
with gaps so), under a name (``{"item": […]}``, ``{"item": {…}}``), wrapped again, or as any mixture of these. A record
is recognised by its fields: an object without a known field is not a record. Nor is a container beside whose records a
value has the name of a field, such as ``{"item": [{…}, {…}], "quantidade": 2}``: the records in it have more fields.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

Record = dict[str, Any]

# Tiny's own answers have ten. Python stops at some hundreds, BigQuery's JSON columns at 500.
MOST_LEVELS: Final = 100


@dataclass(frozen=True)
class Records:
    """What is in a container.

    Attributes:
        found: The records, in their order.
        unread: What is neither a record nor a container of records: text, numbers, objects without a known field.
    """

    found: list[Record] = field(default_factory=list)
    unread: list[object] = field(default_factory=list)


def records(value: object, known: frozenset[str]) -> Records:
    """Find all records in a container; none, and nothing unread, when it holds nothing.

    Args:
        value: The container, or a record alone.
        known: Names of a record's fields.
    """
    result = Records()
    _collect(value, known, result)
    return result


def parts(value: object) -> Iterator[Record]:
    """Yield the objects in a container whose fields are not known, as far as its shape shows where they are.

    Args:
        value: The container, or an object alone.
    """
    if isinstance(value, list):
        for item in value:
            yield from parts(item)
    elif isinstance(value, dict):
        if _is_wrapper(value):
            for item in value.values():
                yield from parts(item)
        else:
            yield value


def is_nothing(value: object) -> bool:
    """Return whether a value is one of the forms in which Tiny writes that there is none."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or value in ([], {})


def _collect(value: object, known: frozenset[str], result: Records) -> None:
    if isinstance(value, dict):
        if not known.isdisjoint(value):
            (_collect_only_field if len(value) == 1 else _collect_known)(value, known, result)
        elif value and not any(isinstance(inner, dict | list) for inner in value.values()):
            if not all(map(is_nothing, value.values())):
                result.unread.append(value)
        else:
            _collect_container(value, known, result)
    elif isinstance(value, list):
        for inner in value:
            _collect(inner, known, result)
    elif not is_nothing(value):
        result.unread.append(value)


def _collect_container(value: Record, known: frozenset[str], result: Records) -> None:
    """Collect an object around records; a value with a name beside them, such as a count, is none of them."""
    inside, beside = Records(), []
    numbered = all(name.isdecimal() for name in value)
    for inner in value.values():
        if numbered or isinstance(inner, dict | list):
            _collect(inner, known, inside)
        elif not is_nothing(inner):
            beside.append(inner)
    result.found.extend(inside.found)
    result.unread.extend(inside.unread)
    if not inside.found:
        result.unread.extend(beside)


def _collect_known(value: Record, known: frozenset[str], result: Records) -> None:
    """Collect an object with a known field: a record, or a container that has values beside its records."""
    own, inside = len(known.intersection(value)), Records()
    if own == len(value):
        result.found.append(value)
        return
    for name, inner in value.items():
        if name not in known and isinstance(inner, dict | list):
            _collect(inner, known, inside)
    most = max((len(known.intersection(record)) for record in inside.found), default=0)
    # A record may have a new field that holds objects: they have fewer of its fields than it has itself.
    if own > most or own == most > 1 or own == len(known):
        result.found.append(value)
        return
    result.found.extend(inside.found)
    result.unread.extend(inside.unread)
    beside = [inner for name, inner in value.items() if name in known or not isinstance(inner, dict | list)]
    # A number beside the records costs nobody the records. Where both have one field, it may be a record as well.
    result.unread.extend(
        inner for inner in beside if not is_nothing(inner) and (own == most or isinstance(inner, dict | list))
    )


def _collect_only_field(value: Record, known: frozenset[str], result: Records) -> None:
    """Collect an object whose only field has a known name: with records in it, it is ``{"anexo": [{"anexo": …}]}``."""
    (inner,) = value.values()
    inside = records(inner, known)
    if inside.found:
        result.found.extend(inside.found)
        result.unread.extend(inside.unread)
    else:
        result.found.append(value)


def _is_wrapper(value: Record) -> bool:
    if value and all(name.isdecimal() for name in value):
        return all(isinstance(inner, dict | list) or is_nothing(inner) for inner in value.values())
    if len(value) != 1:
        return False
    (inner,) = value.values()
    return isinstance(inner, dict) or (
        isinstance(inner, list) and bool(inner) and all(isinstance(item, dict) for item in inner)
    )


def is_too_deep(value: object, levels: int = MOST_LEVELS) -> bool:
    """Return whether objects and lists are nested in one another more often than allowed."""
    level = [value]
    for _ in range(levels):
        level = [
            inner
            for item in level
            if isinstance(item, dict | list)
            for inner in (item.values() if isinstance(item, dict) else item)
        ]
        if not level:
            return False
    return True
