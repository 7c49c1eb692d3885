"""What jobs are to do: their statements and rows, and the place where they do it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

from local.strict_front.call import Call
from local.strict_front.emulator import Emulator
from local.strict_front.jobs import DEFAULT_LOCATION
from local.strict_front.refusal import Refusal

_LOCATIONS: Final = "https://cloud.google.com/bigquery/docs/locations#specify_locations"


@dataclass(frozen=True)
class Verdict:
    """What is to become of a job.

    Attributes:
        location: Where it runs.
        refusal: Why it fails; None when it may run.
        guarded: The statement to run in the place of its own, where one is needed.
    """

    location: str
    refusal: Refusal | None = None
    guarded: str | None = None


@dataclass
class Seen:
    """The tables of the emulator, as they are now, looked at once a job; it remembers which were asked for.

    Attributes:
        emulator: The emulator.
        loop: The loop that its connections belong to; who asks is in a thread.
    """

    emulator: Emulator
    loop: asyncio.AbstractEventLoop
    found: dict[tuple[str, str, str], Any] = field(default_factory=dict)

    def __call__(self, project: str, dataset: str, table: str) -> dict[str, Any] | None:
        """Give a table's resource; None when it is not there."""
        key = (project, dataset, table)
        if key not in self.found:
            asking = self.emulator.look(
                "bigquery", "v2", "projects", project, "datasets", dataset, "tables", table
            )
            self.found[key] = asyncio.run_coroutine_threadsafe(asking, self.loop).result()
        found: dict[str, Any] | None = self.found[key]
        return found

    @property
    def datasets(self) -> set[tuple[str, str]]:
        """The datasets of the tables that were asked for and are there."""
        return {(project, dataset) for (project, dataset, _), table in self.found.items() if table}


class Work:
    """Judges what jobs are to do.

    Args:
        bigquery: BigQuery's emulator.
        storage: Cloud Storage's, where loads read their rows; None where there is none.
    """

    def __init__(self, bigquery: Emulator, storage: Emulator | None) -> None:
        self._bigquery = bigquery
        self._storage = storage
        # The analyzer serves one statement at a time.
        self._analyzing = ThreadPoolExecutor(1, "googlesql")

    async def judge(
        self, project: str, configuration: Mapping[str, Any], location: str | None, data: bytes | None
    ) -> Verdict:
        """Judge a job.

        Args:
            project: The project that it runs in.
            configuration: What it is to do.
            location: Where it shall run; None to find that out.
            data: The rows that came with it.
        """
        seen = Seen(self._bigquery, asyncio.get_running_loop())
        named = _named_datasets(project, configuration)
        places = {one: await self._place(*one) for one in named | seen.datasets}
        known = [place for place in places.values() if place]
        where = location or (known[0] if known else DEFAULT_LOCATION)
        for (owner, dataset), place in places.items():
            if place and place.upper() != where.upper():
                return Verdict(where, _elsewhere(owner, dataset, where))
        return Verdict(where)

    async def judge_view(self, call: Call) -> Refusal | None:
        """Judge the query of a view that is made or changed."""
        return None

    async def _place(self, project: str, dataset: str) -> str | None:
        found = await self._bigquery.look("bigquery", "v2", "projects", project, "datasets", dataset)
        return found["location"] if found else None


def _named_datasets(project: str, configuration: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Give the datasets that a job's settings name."""
    found = set()
    for kind in ("query", "load", "copy"):
        settings = configuration.get(kind) or {}
        for name in ("destinationTable", "defaultDataset"):
            named = settings.get(name) or {}
            if named.get("datasetId"):
                found.add((named.get("projectId") or project, named["datasetId"]))
    return found


def _elsewhere(project: str, dataset: str, location: str) -> Refusal:
    return Refusal(
        404,
        "notFound",
        f"Not found: Dataset {project}:{dataset} was not found in location {location}",
        "a job runs where its datasets are",
        _LOCATIONS,
    )
