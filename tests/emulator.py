"""Keeps the BigQuery emulator fast: it looks through all tables, also those of jobs' results, at each statement."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from google.cloud.bigquery import Client


def drop_results(client: Client) -> None:
    """Forget the jobs that are done, with their results."""
    for job in client.list_jobs(state_filter="done"):
        client.delete_job_metadata(job)


def drop_tables(client: Client, dataset: str, *, more_than: int = 0, keep: str | None = None) -> None:
    """Drop the tables of a dataset.

    Args:
        client: Client of the emulator.
        dataset: The dataset.
        more_than: Only when there are more of them.
        keep: What the names of tables begin with that stay.
    """
    tables = [
        table for table in client.list_tables(dataset) if not (keep and table.table_id.startswith(keep))
    ]
    if len(tables) > more_than:
        for table in tables:
            client.delete_table(table.reference)
