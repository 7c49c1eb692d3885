"""What views read: a dataset lets a view read it, or who asks may read it himself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from functools import lru_cache
from typing import Any, Final

from local.strict_front.emulator import Emulator
from local.strict_front.gate import Gate
from local.strict_front.refusal import Refusal
from local.strict_front.rights import Need
from local.strict_front.sql import googlesql
from local.strict_front.sql.catalog import Path, path_of

_READ: Final = "bigquery.tables.getData"


class ThroughViews:
    """Judges what is read by way of views (https://cloud.google.com/bigquery/docs/authorized-datasets).

    Args:
        bigquery: The emulator, which has the views and the datasets.
        gate: Knows what the accounts may do.
        analyzing: Runs the analyzer.
    """

    def __init__(self, bigquery: Emulator, gate: Gate, analyzing: Executor) -> None:
        self._bigquery = bigquery
        self._gate = gate
        self._analyzing = analyzing

    async def check(self, account: str, named: Mapping[Path, Any]) -> Refusal | None:
        """Say why an account may not read what views read; None when it may.

        Args:
            account: Who asks.
            named: The tables and views that a job names, as they are.
        """
        left = [(path, table) for path, table in named.items() if table]
        seen = {path for path, _ in left}
        while left:
            view, resource = left.pop()
            if not (query := (resource.get("view") or {}).get("query")):
                continue
            for path in await self._read_by(query, view[0]):
                if path[:2] != view[:2] and (refusal := await self._refusal(account, view, path)):
                    return refusal
                if path not in seen and (inner := await self._bigquery.look_into(*path)):
                    left.append((path, inner))
                seen.add(path)
        return None

    async def _refusal(self, account: str, view: Path, path: Path) -> Refusal | None:
        dataset = await self._bigquery.look_into(*path[:2])
        if dataset is None or _lets(dataset.get("access") or (), view):
            return None
        return self._gate.rights.check(account, [Need(_READ, "dataset", path[1])], {path[1]: dataset})

    async def _read_by(self, query: str, project: str) -> list[Path]:
        loop = asyncio.get_running_loop()
        names = await loop.run_in_executor(self._analyzing, _names, query)
        parts = [".".join(name).split(".") for name in names]
        return [path_of(one, project) for one in parts if len(one) > 1 and "INFORMATION_SCHEMA" not in one]


@lru_cache(maxsize=500)
def _names(query: str) -> tuple[tuple[str, ...], ...]:
    return tuple(googlesql.language().table_names(query))


def _lets(access: Iterable[Mapping[str, Any]], view: Path) -> bool:
    """Return whether a dataset's access list lets a view read it: by name, or all views of its dataset."""
    project, dataset, name = view
    for entry in access:
        one, all_of = entry.get("view") or {}, (entry.get("dataset") or {}).get("dataset") or {}
        if (one.get("projectId"), one.get("datasetId"), one.get("tableId")) == (project, dataset, name):
            return True
        if (all_of.get("projectId"), all_of.get("datasetId")) == (project, dataset):
            return True
    return False
