"""The rows of old orders in the tables: blanked where they hold personal data of customers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from tiny_operators.schemas import LAYOUTS, LOADED, columns, customer_columns
from tiny_operators.stores import Store
from tiny_operators.warehouse.sql_files import sql_files

if TYPE_CHECKING:
    from google.cloud import bigquery

# Tables with personal data of customers.
WITH_CUSTOMERS: Final = tuple(table for table in LOADED if customer_columns(table))


@dataclass(frozen=True)
class OldRows:
    """The tables of one store.

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
                maximum_bytes_billed=self.store.maximum_bytes_billed,
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
    """Return what the statements ask about a table: its partitions, and whether it says when a row was written."""
    types = {column.name: column.type for column in columns(table)}
    partition = LAYOUTS[table].partition
    return {
        "table": table,
        "partition": partition,
        "moment": types[partition] == "TIMESTAMP",
        "stamped": "update_timestamp" in types,
    }
