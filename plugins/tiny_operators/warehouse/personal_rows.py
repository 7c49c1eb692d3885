"""Rows of the tables with personal data: of one person, or of old orders.

To forget a person, rows are read to look for them, and written back without what belongs to them. No statement that
does so has a personal value in it: BigQuery keeps the text and parameters of each job for months. So rows are read as
rows, which costs nothing, compared here, and come back by a load job into a staging table.

The rows of old orders are blanked by a statement.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from tiny_operators.people.stored_texts import as_json
from tiny_operators.schemas import LAYOUTS, LOADED, columns, customer_columns, partition, schema_fields
from tiny_operators.stores import Store
from tiny_operators.warehouse.sql_files import sql_files

if TYPE_CHECKING:
    from google.cloud import bigquery

# Columns that hold text, at whatever depth: only in them anything is blanked.
_WITH_TEXT: Final = frozenset({"STRING", "JSON", "RECORD"})
# When a row's content was read or found, by table.
_READ_AT: Final = {"rejeitados": "rejected_at"}
_TABLE: Final = "esquecimentos"
# Tables with personal data of customers.
WITH_CUSTOMERS: Final = tuple(table for table in LOADED if customer_columns(table))


@dataclass(frozen=True)
class PersonalRows:
    """The tables of one store that may have somebody's data.

    Attributes:
        client: Client of BigQuery.
        store: The store.
    """

    client: bigquery.Client
    store: Store

    def rows(self, table: str) -> Iterator[dict[str, Any]]:
        """Yield the rows of a table, few in memory at a time."""
        yield from self._rows(f"{self.store.dataset}.{table}", table)

    def staging_tables(self) -> Iterator[tuple[str, str]]:
        """Yield the staging tables of runs: the table that each is for, and its run's key."""
        for item in self.client.list_tables(self.store.staging_dataset):
            for table in LOADED:
                if item.table_id.startswith(f"{table}_"):
                    yield table, item.table_id.removeprefix(f"{table}_")

    def staged_rows(self, table: str, key: str) -> Iterator[dict[str, Any]]:
        """Yield the rows of a staging table; none when it is gone."""
        from google.cloud.exceptions import NotFound

        try:
            yield from self._rows(f"{self.store.staging_dataset}.{table}_{key}", table)
        except NotFound:
            return

    def stage_again(self, table: str, key: str, source: str | None) -> None:
        """Load a staging table again from its run's file of rows; drop it when there is no such file.

        Args:
            table: The table that it is for.
            key: The run's key.
            source: The file, as ``gs://bucket/object``.
        """
        path = f"{self.store.staging_dataset}.{table}_{key}"
        if source is None:
            self.client.delete_table(path, not_found_ok=True)
            return
        job = self.client.load_table_from_uri(
            source,
            f"{self.client.project}.{path}",
            location=self.store.location,
            job_config=_load_config(table, "WRITE_TRUNCATE"),
        )
        job.result()

    def replace(self, table: str, rows: list[dict[str, Any]], key: str) -> None:
        """Write rows in the place of the same readings.

        Args:
            table: The table.
            rows: The rows, with all columns.
            key: The run's key, for the name of the staging table.
        """
        staging = f"{self.store.staging_dataset}.{_TABLE}_{table}_{key}"
        self.client.load_table_from_json(
            [as_json(row) for row in rows],
            f"{self.client.project}.{staging}",
            location=self.store.location,
            job_config=_load_config(table, "WRITE_TRUNCATE"),
        ).result()
        self.client.query_and_wait(
            blanked_statement(f"{self.store.dataset}.{table}", staging, table),
            location=self.store.location,
        )
        self.client.delete_table(staging, not_found_ok=True)

    def record(self, rows: list[dict[str, Any]], key: str) -> None:
        """Add rows about a run to the table of what was forgotten, once, however often it is called."""
        from google.api_core.exceptions import Conflict

        number = 0
        while True:
            number += 1
            job_id = f"airflow_{key}_{_TABLE}_{number}"
            job: Any
            try:
                job = self.client.load_table_from_json(
                    rows,
                    f"{self.client.project}.{self.store.dataset}.{_TABLE}",
                    job_id=job_id,
                    location=self.store.location,
                    job_config=_load_config(_TABLE, "WRITE_APPEND"),
                )
            except Conflict:
                job = self.client.get_job(job_id, location=self.store.location)
                if job.error_result:
                    continue
            job.result()
            return

    def _rows(self, path: str, table: str) -> Iterator[dict[str, Any]]:
        from google.cloud.bigquery import SchemaField

        fields = [SchemaField.from_api_repr(field) for field in schema_fields(table)]
        for row in self.client.list_rows(f"{self.client.project}.{path}", selected_fields=fields):
            found = dict(row)
            # Older versions of the client leave JSON as text.
            if isinstance(found.get("payload"), str):
                found["payload"] = json.loads(found["payload"])
            yield found


def blanked_statement(target: str, staging: str, table: str) -> str:
    """Return the statement that writes the rows of a staging table in the place of the same readings."""
    layout = LAYOUTS[table]
    module: Any = sql_files().get_template("merge/blanked.sql").module
    return str(
        module.merge_blanked(
            target,
            staging,
            [one.name for one in columns(table) if one.type in _WITH_TEXT and one.name not in layout.cluster],
            layout.cluster,
            _READ_AT.get(table, "fetched_at"),
            partition(table),
        )
    )


def _load_config(table: str, how: str) -> Any:
    from google.cloud.bigquery import LoadJobConfig, SchemaField, SourceFormat

    return LoadJobConfig(
        schema=[SchemaField.from_api_repr(field) for field in schema_fields(table)],
        source_format=SourceFormat.NEWLINE_DELIMITED_JSON,
        write_disposition=how,
    )


@dataclass(frozen=True)
class OldRows:
    """The rows of old orders in the tables of one store, blanked where they hold personal data of customers.

    Attributes:
        client: Client of BigQuery.
        store: The store.
    """

    client: bigquery.Client
    store: Store

    def first_day(self, table: str, since: date) -> date | None:
        """Return the first day before another one of which a table has rows; None when there is none."""
        from google.cloud.bigquery import ScalarQueryParameter

        job = self._run("oldest_order", table, ScalarQueryParameter("since", "DATE", since))
        found: date | None = next(iter(job.result()))["first_day"]
        return found

    def blank(self, table: str, first: date, last: date) -> int:
        """Blank the rows of some days, both included; return how many had personal data."""
        from google.cloud.bigquery import ScalarQueryParameter

        days = (("first", first), ("last", last))
        job = self._run(
            "blank_old_orders", table, *(ScalarQueryParameter(name, "DATE", day) for name, day in days)
        )
        job.result()
        return int(job.num_dml_affected_rows or 0)

    def _run(self, file: str, table: str, *parameters: bigquery.ScalarQueryParameter) -> bigquery.QueryJob:
        from google.cloud.bigquery import QueryJobConfig, ScalarQueryParameter

        return self.client.query(
            statement(file, table, self.store),
            job_config=QueryJobConfig(
                query_parameters=[ScalarQueryParameter("store", "STRING", self.store.prefix), *parameters],
            ),
            location=self.store.location,
        )


def statement(file: str, table: str, store: Store) -> str:
    """Render a statement about the old rows of a table."""
    return (
        sql_files()
        .get_template(f"{file}.sql")
        .render(
            target=lambda name: f"{store.dataset}.{name}", customer_columns=customer_columns, **facts(table)
        )
    )


def facts(table: str) -> dict[str, Any]:
    """Return what the statements ask about tables, and of one: its name, and whether it says when a row was written."""
    return {
        "table": table,
        "partition": partition,
        "stamped": any(column.name == "update_timestamp" for column in columns(table)),
    }
