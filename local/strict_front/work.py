"""What jobs are to do: their statements and rows, and the place where they do it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Final

from local.strict_front import loads, locations
from local.strict_front.call import Call
from local.strict_front.declared import DeclaredTables
from local.strict_front.emulator import Emulator
from local.strict_front.files import Files
from local.strict_front.gate import Gate
from local.strict_front.job_rules import configurations
from local.strict_front.jobs import DEFAULT_LOCATION
from local.strict_front.memory import Memory
from local.strict_front.refusal import Refusal
from local.strict_front.sql import googlesql, partitions, queries
from local.strict_front.sql.remembered import Examined
from local.strict_front.through_views import ThroughViews

_UPLOADED: Final = "gs://uploaded/rows"
_BUCKETS: Final = "https://cloud.google.com/bigquery/docs/batch-loading-data#data-locations"
_VIEWS: Final = "https://cloud.google.com/bigquery/docs/views"
_LOCATIONS: Final = "https://cloud.google.com/bigquery/docs/locations#specify_locations"


@dataclass(frozen=True)
class Verdict:
    """What is to become of a job.

    Attributes:
        location: Where it runs.
        refusal: Why it fails; None when it may run.
        guarded: The statement to run in the place of its own, where one is needed.
        statements: How many jobs the statements of a query are.
        reads: How many tables they read.
    """

    location: str
    refusal: Refusal | None = None
    guarded: str | None = None
    statements: int = 0
    reads: int = 0


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
        """Return a table's resource; None when it is not there."""
        key = (project, dataset, table)
        if key not in self.found:
            asking = self.emulator.look_into(project, dataset, table)
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
        memory: Where the places of buckets are kept.
        gate: Knows what the accounts may do.

    Attributes:
        declared: What the emulator forgets of tables.
    """

    def __init__(self, bigquery: Emulator, storage: Emulator | None, memory: Memory, gate: Gate) -> None:
        self._gate = gate
        self._bigquery = bigquery
        self._memory = memory
        self.declared = DeclaredTables(memory)
        self._storage = storage
        # The analyzer serves one statement at a time.
        self._analyzing = ThreadPoolExecutor(1, "googlesql")
        self._reading = ThreadPoolExecutor(4, "rows")
        self._through_views = ThroughViews(bigquery, gate, self._analyzing)

    async def warm_up(self) -> None:
        """Make the analyzer ready, which takes seconds."""
        await asyncio.get_running_loop().run_in_executor(self._analyzing, googlesql.language)

    async def judge(
        self,
        account: str,
        project: str,
        configuration: Mapping[str, Any],
        location: str | None,
        data: bytes | None,
    ) -> Verdict:
        """Judge a job.

        Args:
            account: Who asks for it.
            project: The project that it runs in.
            configuration: What it is to do.
            location: Where it shall run; None to find that out.
            data: The rows that came with it; None where there are none.
        """
        seen = Seen(self._bigquery, asyncio.get_running_loop())
        refusal, guarded, examined = None, None, Examined(None, "", statements=0)
        if query := configuration.get("query"):
            examined = await self._judge_query(query, project, seen)
            refusal = examined.refusal
            guarded = examined.script if examined.script != query.get("query") else None
        elif load := configuration.get("load"):
            refusal = await self._judge_load(load, seen, data)
        where, elsewhere = await self._where(project, configuration, location, seen)
        forbidden = await self._gate.check_job(account, configuration, seen.found, examined.changes)
        forbidden = forbidden or await self._through_views.check(account, seen.found)
        refusal = forbidden or elsewhere or self._buckets_elsewhere(configuration, where) or refusal
        spoken = self._spoken(account, query, guarded)
        return Verdict(where, refusal, spoken, examined.statements, examined.reads)

    def _spoken(self, account: str, query: Any, guarded: str | None) -> str | None:
        """Return the statement to run in the place of a query's own, with who asks for it in it."""
        if not query:
            return None
        own = str(query.get("query") or "")
        spoken = self._gate.speaks_for(account, own if guarded is None else guarded)
        return guarded if spoken == own else spoken

    def of_request(self, call: Call) -> Refusal | None:
        """Judge what the request alone tells of a query or a load: where it is wrong, no job is made."""
        for kind, settings in configurations(call):
            if kind == "query":
                return queries.of_request(settings)
            if kind == "load":
                return loads.of_request(
                    {"sourceUris": [_UPLOADED]} | settings if call.method.is_upload else settings
                )
        return None

    async def judge_view(self, call: Call) -> Refusal | None:
        """Judge the query of a view that is made or changed."""
        view = call.field("view")
        if not isinstance(view, dict) or not view.get("query"):
            return None
        seen = Seen(self._bigquery, asyncio.get_running_loop())
        query = {"query": view["query"], "useLegacySql": view.get("useLegacySql", True)}
        examined = await self._examine(query, call.names["projectId"], seen)
        if examined.refusal is None and examined.statements > 1:
            return Refusal(400, "invalidQuery", "A view is made of one query", "one query a view", _VIEWS)
        return examined.refusal

    async def _examine(self, query: dict[str, Any], project: str, seen: Seen) -> Examined:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._analyzing, queries.examine, query, project, seen)

    async def _judge_query(self, query: dict[str, Any], project: str, seen: Seen) -> Examined:
        """Return what is known of a query, and why it is refused, also for the partitions that it changes."""
        examined = await self._examine(query, project, seen)
        if examined.refusal is None and examined.partitions and not query.get("dryRun"):
            count = await self._count({**query, "query": examined.partitions}, project)
            if count is None:
                return replace(examined, refusal=queries.uncounted_partitions())
            if count > partitions.MOST:
                return replace(examined, refusal=queries.too_many_partitions())
        return examined

    async def _count(self, query: Mapping[str, Any], project: str) -> int | None:
        """Run a query that counts; None when it fails, or does not end at once."""
        asked = ("query", "useLegacySql", "queryParameters", "parameterMode", "defaultDataset")
        body = {name: query[name] for name in asked if name in query} | {"useLegacySql": False}
        answer = await self._bigquery.post(body, "bigquery", "v2", "projects", project, "queries")
        rows = (answer or {}).get("rows")
        return int(rows[0]["f"][0]["v"] or 0) if rows else None

    async def _judge_load(self, load: dict[str, Any], seen: Seen, data: bytes | None) -> Refusal | None:
        """Return why a load is refused; one that reads its rows elsewhere than here cannot be judged."""
        loop = asyncio.get_running_loop()
        read: loads.Read
        if data is not None:
            load, read = {**load, "sourceUris": [_UPLOADED]}, lambda _: [data]
        elif self._storage is not None:
            read = Files(self._storage, loop)
        else:
            return None
        named = load["destinationTable"]
        path = (named["projectId"], named["datasetId"], named["tableId"].partition("$")[0])
        found = await loop.run_in_executor(self._reading, seen, *path)
        table = self.declared.complete(path, found)
        refusal = await loop.run_in_executor(self._reading, loads.check_load, load, read, table)
        makes = table is None or load.get("writeDisposition") == "WRITE_TRUNCATE"
        if refusal is None and makes and (fields := (load.get("schema") or {}).get("fields")):
            self.declared.keep(path, fields)
        return refusal

    async def _where(
        self, project: str, configuration: Mapping[str, Any], location: str | None, seen: Seen
    ) -> tuple[str, Refusal | None]:
        """Return where a job runs, and the refusal if one of its datasets is elsewhere."""
        named = sorted(_named_datasets(project, configuration) | seen.datasets)
        places = {one: place for one in named if (place := await self._place(*one))}
        where = location or next(iter(places.values()), DEFAULT_LOCATION)
        for (owner, dataset), place in places.items():
            if place.upper() != where.upper():
                return where, _elsewhere(owner, dataset, where)
        return where, None

    def _buckets_elsewhere(self, configuration: Mapping[str, Any], where: str) -> Refusal | None:
        """Return the refusal if a load would read a bucket in a place that its own cannot read."""
        for uri in (configuration.get("load") or {}).get("sourceUris") or []:
            bucket = self._memory.get("bucket", uri.removeprefix("gs://").partition("/")[0])
            if bucket and not locations.may_read(where, bucket["location"]):
                return Refusal(
                    400,
                    "invalid",
                    f"Cannot read and write in different locations: source: {bucket['location']}, "
                    f"destination: {where}",
                    "a load reads buckets where its dataset is",
                    _BUCKETS,
                )
        return None

    async def _place(self, project: str, dataset: str) -> str | None:
        found = await self._bigquery.look_into(project, dataset)
        return found["location"] if found else None


def _named_datasets(project: str, configuration: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Return the datasets that a job's settings name."""
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
