"""The same orders and files again and again: what stands in Tiny, in buckets and tables before a run, and after it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from local.demo.parts import Warehouse
from tests.emulator import drop_results, drop_tables
from tiny_operators.schemas import TABLES

_KEPT: Final = (*TABLES, "rejeitados")
_STAGING: Final = "z316_tiny_staging"
_BEFORE: Final = "before_"
# What tells when, or by which run, and not what.
_MOMENTS: Final = frozenset({"fetched_at", "update_timestamp", "rejected_at", "run", "file"})


@dataclass
class Scene:
    """Orders in Tiny that do not change any more.

    Attributes:
        warehouse: Buckets and tables.
        orders: Ids of the orders.
        inbox: Files that wait before each run, by name.
    """

    warehouse: Warehouse
    orders: list[int]
    inbox: dict[str, str] = field(default_factory=dict)
    _objects: set[str] = field(default_factory=set)

    def remember(self) -> None:
        """Take what stands now for what stands before each run."""
        self._objects = set(self.warehouse.objects(""))
        for table in _KEPT:
            self._query(
                f"CREATE OR REPLACE TABLE {_STAGING}.{_BEFORE}{table} AS "
                f"SELECT * FROM z316_tiny.{table} WHERE {self._mine(table)}"
            )

    def restore(self) -> None:
        """Put everything back as it was before the run."""
        storage = self.warehouse.storage_client()
        api = storage.bucket(self.warehouse.api_bucket)
        inbox = storage.bucket(self.warehouse.webhook_bucket)
        for name in set(self.warehouse.objects("")) - self._objects:
            api.blob(name).delete()
        for name in self.warehouse.waiting():
            inbox.blob(name).delete()
        for name, content in self.inbox.items():
            inbox.blob(name).upload_from_string(content)
        drop_results(self.warehouse.bigquery_client())
        drop_tables(self.warehouse.bigquery_client(), _STAGING, keep=_BEFORE)
        self._query(
            ";".join(
                f"DELETE FROM z316_tiny.{table} WHERE {self._mine(table)};"
                f"INSERT INTO z316_tiny.{table} SELECT * FROM {_STAGING}.{_BEFORE}{table}"
                for table in _KEPT
            )
        )

    def end(self) -> dict[str, list[str]]:
        """What stands at the end: rows but for their moments, and where each file went."""
        found = {table: self._rows(table) for table in _KEPT}
        new = sorted(set(self.warehouse.objects("")) - self._objects)
        for folder in ("webhook/", "rejected/"):
            found[folder] = sorted(
                name for made in new if made.startswith(folder) for name in self._file(made)
            )
        found["inbox"] = self.warehouse.waiting()
        return found

    def _rows(self, table: str) -> list[str]:
        unlike = _MOMENTS | ({"id"} if table == "rejeitados" else set())
        rows = self._query(f"SELECT * FROM z316_tiny.{table} WHERE {self._mine(table)}")
        return sorted(
            json.dumps(
                {
                    name: value is not None if name == "deleted_at" else value
                    for name, value in row.items()
                    if name not in unlike
                },
                default=str,
            )
            for row in rows
        )

    def _file(self, made: str) -> Iterator[str]:
        """The file's own name, without the generation that a move puts before it."""
        name = made.rsplit("/", 1)[-1].split("-", 1)[-1]
        if name.removesuffix(".reason.json") in {path.rsplit("/", 1)[-1] for path in self.inbox}:
            yield name

    def _mine(self, table: str) -> str:
        ids = ", ".join(map(str, self.orders))
        match table:
            case "produto":
                return f"pedido_id IN ({ids})"
            case "rejeitados":
                files = ", ".join(f"'{name}'" for name in self.inbox) or "''"
                return f"(pedido IN ({ids}) OR pedido IS NULL AND file IN ({files}))"
            case _:
                return f"CAST(id AS INT64) IN ({ids})"

    def _query(self, sql: str) -> list[dict[str, Any]]:
        return [dict(row) for row in self.warehouse.bigquery_client().query_and_wait(sql)]


def differences(wanted: dict[str, list[str]], found: dict[str, list[str]]) -> list[str]:
    """Where two ends differ, with what one has more or less often than the other."""
    return [
        f"{place}: {found[place]}, not {wanted[place]}" for place in wanted if found[place] != wanted[place]
    ]
