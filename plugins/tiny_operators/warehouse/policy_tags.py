"""Policy tags on the columns with personal data, where the store has a taxonomy. It asks nobody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tiny_operators.schemas import personal_fields

Field = dict[str, Any]


def tagged(table: str, fields: Sequence[Field], tag: str) -> list[Field]:
    """Return the columns of a table, those with personal data with a policy tag.

    BigQuery takes a tag on a column or a field that is no record. A column that somebody gave another tag keeps it.

    Args:
        table: The table.
        fields: Its columns, in the form of BigQuery's API.
        tag: Full name of the policy tag; empty for none: then the columns stay as they are.
    """
    if not tag:
        return list(fields)
    return _tagged(fields, "", {path for path, _ in personal_fields(table)}, tag)


def _tagged(fields: Sequence[Field], above: str, personal: set[str], tag: str) -> list[Field]:
    found = []
    for field in fields:
        path = f"{above}{field['name']}"
        if "fields" in field:
            field = {**field, "fields": _tagged(field["fields"], f"{path}.", personal, tag)}  # noqa: PLW2901
        elif path in personal and not (field.get("policyTags") or {}).get("names"):
            field = {**field, "policyTags": {"names": [tag]}}  # noqa: PLW2901
        found.append(field)
    return found
