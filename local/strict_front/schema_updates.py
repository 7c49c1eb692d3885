"""A schema that is given for a table which has one: what may differ."""

from __future__ import annotations

from typing import Final

from local.strict_front.sql.types import Field

ADDITION: Final = "ALLOW_FIELD_ADDITION"
RELAXATION: Final = "ALLOW_FIELD_RELAXATION"
_SAME: Final = {"INT64": "INTEGER", "FLOAT64": "FLOAT", "BOOL": "BOOLEAN", "STRUCT": "RECORD"}


def difference(
    before: list[Field], after: list[Field], options: frozenset[str], path: str = ""
) -> str | None:
    """Find what a schema changes of a table's that it may not; None where there is nothing.

    Args:
        before: The table's columns.
        after: The columns of the schema that is given.
        options: What it may change.
        path: The record that the columns stand in.
    """
    given = {field["name"].lower(): field for field in after}
    for field in before:
        name = f"{path}{field['name']}"
        if (new := given.pop(field["name"].lower(), None)) is None:
            return f"Field {name} is missing in new schema"
        if wrong := _changed(field, new, name, options):
            return wrong
    for name, field in given.items():
        if ADDITION not in options:
            return f"Cannot add fields (field: {path}{name})"
        if field.get("mode") == "REQUIRED":
            return f"Cannot add required fields to an existing schema. (field: {path}{name})"
    return None


def _changed(field: Field, new: Field, name: str, options: frozenset[str]) -> str | None:
    kinds = [_SAME.get(one["type"].upper(), one["type"].upper()) for one in (field, new)]
    if kinds[0] != kinds[1]:
        return f"Field {name} has changed type from {kinds[0]} to {kinds[1]}"
    modes = [one.get("mode") or "NULLABLE" for one in (field, new)]
    if modes[0] != modes[1] and not (modes == ["REQUIRED", "NULLABLE"] and RELAXATION in options):
        return f"Field {name} has changed mode from {modes[0]} to {modes[1]}"
    return difference(field.get("fields", []), new.get("fields", []), options, f"{name}.")
