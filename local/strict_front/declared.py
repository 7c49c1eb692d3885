"""Tables that a load made: the emulator forgets which of their columns are REQUIRED."""

from __future__ import annotations

from typing import Any

from local.strict_front.call import Call
from local.strict_front.memory import Memory
from local.strict_front.schemas import Fields, mode_of

Path = tuple[str, str, str]


class DeclaredTables:
    """The schemas that loads made tables by.

    Args:
        memory: Where they are kept.
    """

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def keep(self, path: Path, fields: Fields) -> None:
        """Remember what a load makes a table by."""
        self._memory.put("declared", *path, value=fields)

    def forget(self, call: Call) -> None:
        """Drop what is known of a table that is made or dropped in another way."""
        if call.method.id in {"bigquery.tables.insert", "bigquery.tables.delete"}:
            table = call.names.get("tableId") or str(call.field("tableReference.tableId"))
            self._memory.forget("declared", call.names["projectId"], call.names["datasetId"], table)

    def complete(self, path: Path, table: dict[str, Any] | None) -> dict[str, Any] | None:
        """Return a table with the modes that its columns were declared with."""
        declared = self._memory.get("declared", *path)
        if table is None or declared is None:
            return table
        return {
            **table,
            "schema": {"fields": _with_modes(table.get("schema", {}).get("fields", []), declared)},
        }


def _with_modes(fields: Fields, declared: Fields) -> list[dict[str, Any]]:
    before = {str(field["name"]).casefold(): field for field in declared}
    found = []
    for field in fields:
        own = before.get(str(field["name"]).casefold(), field)
        changes: dict[str, Any] = {}
        if (mode_of(own), mode_of(field)) == ("REQUIRED", "NULLABLE"):
            changes["mode"] = "REQUIRED"
        if field.get("fields"):
            changes["fields"] = _with_modes(field["fields"], own.get("fields") or [])
        found.append({**field, **changes})
    return found
