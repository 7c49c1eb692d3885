"""Statements as BigQuery's jobs: dry runs, real runs, and what they read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from google.api_core.exceptions import GoogleAPICallError
from google.cloud.bigquery import QueryJob, QueryJobConfig

from tiny_operators.readiness import query_options
from tiny_operators.stores import Store

from .report import Said, size
from .steps import StepError, reason_of

# A statement that reads one day of many reads far less than the table; what of it is read anyway are narrow columns.
_MOST_OF_TABLE: Final = 0.5


@dataclass
class Jobs:
    """Runs queries, and remembers the jobs.

    Stands in for BigQuery's client where the package takes one and asks it for queries.

    Attributes:
        client: The client.
        store: The store that they are for: where they run, and what they may cost.
        dry_run: Whether they only say what they would do.
        made: The jobs.
    """

    client: Any
    store: Store
    dry_run: bool = False
    made: list[QueryJob] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        """Return the client's own attribute for everything that is not a query."""
        return getattr(self.client, name)

    def query(
        self, sql: str, job_config: QueryJobConfig | None = None, job_id: str | None = None, **_: Any
    ) -> QueryJob:
        """Begin a query."""
        given = (job_config or QueryJobConfig()).to_api_repr()
        options = given.get("query", {}) | query_options(self.store)
        config: Any = QueryJobConfig.from_api_repr(given | {"query": options})
        config.dry_run = self.dry_run
        config.use_query_cache = False
        job: QueryJob = self.client.query(sql, job_config=config, job_id=job_id, location=self.store.location)
        self.made.append(job)
        return job

    def rows(self, sql: str, config: QueryJobConfig | None = None) -> list[dict[str, Any]]:
        """Return the rows of a query."""
        return [dict(row) for row in self.query(sql, config).result()]

    def said(self, text: str = "") -> Said:
        """Say what the jobs read."""
        read = [job.total_bytes_processed for job in self.made]
        billed = [job.total_bytes_billed for job in self.made]
        return Said(text, _sum(read), _sum(billed))


def try_statement(
    client: Any, store: Store, sql: str, config: QueryJobConfig | None = None, *, only_dry: bool = False
) -> Said:
    """Run a statement, first dry, then for real; also for real where the dry run was refused.

    Args:
        client: Client of BigQuery.
        store: The store that it is for.
        sql: The statement.
        config: Its parameters, if it has any.
        only_dry: Whether not to run it for real.

    Raises:
        StepError: When the dry run alone is refused.
        GoogleAPICallError: When it is refused.
    """
    refused: GoogleAPICallError | None = None
    dry, real = Jobs(client, store, dry_run=True), Jobs(client, store)
    try:
        dry.query(sql, config)
    except GoogleAPICallError as error:
        refused = error
    if only_dry:
        if refused:
            raise refused
        return dry.said(f"by dry run {size(dry.said().read)}")
    rows = list(real.query(sql, config).result())
    if refused:
        raise StepError(f"runs, but not as a dry run: {reason_of(refused)}") from refused
    return real.said(f"rows: {len(rows)}; by dry run {size(dry.said().read)}")


def children(client: Any, job_id: str) -> Iterator[QueryJob]:
    """Return the jobs of a script's statements, in their order."""
    found = client.list_jobs(parent_job=job_id)
    yield from sorted(found, key=lambda job: job.created)


def statement(job: QueryJob) -> tuple[Said, float]:
    """Say what a statement of a script did and read, and how many seconds it took."""
    table = f" {job.destination.table_id}" if job.statement_type == "MERGE" and job.destination else ""
    seconds = (job.ended - job.started).total_seconds() if job.started and job.ended else 0.0
    return Said(f"{job.statement_type}{table}", job.total_bytes_processed, job.total_bytes_billed), seconds


def unpruned(client: Any, script: str) -> tuple[int, list[str]]:
    """Count the MERGEs of a script that say what they read, and find those that read about all of their table.

    Args:
        client: Client of BigQuery.
        script: Id of the script's job.
    """
    reported, found = 0, []
    for job in children(client, script):
        if job.statement_type != "MERGE" or job.destination is None:
            continue
        table = client.get_table(job.destination)
        pruned = is_pruned(job.total_bytes_processed, table.num_bytes)
        reported += pruned is not None
        if pruned is False:
            found.append(f"{table.table_id} ({size(job.total_bytes_processed)} of {size(table.num_bytes)})")
    return reported, found


def is_pruned(read: int | None, whole: int | None) -> bool | None:
    """Return whether a statement left out partitions; None when BigQuery does not say what it read.

    Args:
        read: Bytes that it read, of all tables.
        whole: Bytes of the table.
    """
    if not read or not whole:
        return None
    return read < _MOST_OF_TABLE * whole


def _sum(numbers: list[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None
