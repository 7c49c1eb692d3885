"""Rows of ``rejeitados`` that go into the table by a statement, without a load."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from datetime import datetime
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from tiny_operators.schemas import columns
from tiny_operators.stores import Store
from tiny_operators.tiny.answers import Json
from tiny_operators.warehouse.sql_files import sql_files

if TYPE_CHECKING:
    from google.cloud import bigquery

# Rows of one statement: some 600 bytes each, of the 10 MB that a request may have.
_ROWS_OF_STATEMENT: Final = 1000


def insert_rejects(
    client: bigquery.Client, store: Store, rows: Sequence[Json], first_arrival: datetime, job: str
) -> None:
    """Add rows to ``rejeitados``; those that are there already are left out, by their id.

    Args:
        client: Client of BigQuery.
        store: The store.
        rows: The rows.
        first_arrival: Arrival of the oldest file that they are about; rows that are there are looked for from then on.
        job: First part of the ids of the jobs: a later try finds the job of an earlier one and waits for it. BigQuery
            lets two statements that insert run side by side, and both insert.

    Raises:
        GoogleAPICallError: When a job failed.
    """
    for start in range(0, len(rows), _ROWS_OF_STATEMENT):
        some = rows[start : start + _ROWS_OF_STATEMENT]
        _insert(client, store, some, first_arrival, f"{job}_{_digest(some)}")


def _insert(
    client: bigquery.Client, store: Store, rows: Sequence[Json], first_arrival: datetime, job: str
) -> None:
    from google.api_core.exceptions import Conflict
    from google.cloud.bigquery import QueryJobConfig, ScalarQueryParameter

    config = QueryJobConfig(
        query_parameters=[
            ScalarQueryParameter("store", "STRING", store.prefix),
            ScalarQueryParameter("rejects", "STRING", json.dumps(rows)),
            ScalarQueryParameter("first_arrival", "TIMESTAMP", first_arrival),
        ],
    )
    # The next number only after a job that failed.
    for number in count(1):
        job_id = re.sub(r"[^A-Za-z0-9_-]", "_", f"{job}_{number}")
        try:
            query = client.query(
                insert_statement(store), job_config=config, job_id=job_id, location=store.location
            )
        except Conflict:
            earlier: Any = client.get_job(job_id, location=store.location)
            if earlier.exception() is None:
                return
        else:
            query.result()
            return


def _digest(rows: Sequence[Json]) -> str:
    return hashlib.sha256("".join(row["id"] for row in rows).encode()).hexdigest()[:12]


def insert_statement(store: Store) -> str:
    """Return the statement that adds the rows."""
    template = sql_files().get_template("insert_rejects.sql")
    return template.render(target=lambda name: f"{store.dataset}.{name}", columns=columns)
