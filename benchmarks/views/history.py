"""Synthetic history in the tables: orders with items, payments, discounts, and unknown costs, all of them by SQL."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Final

from google.cloud import bigquery

from tiny_operators.schemas import TABLES
from tiny_operators.stores import Store

_SCRIPT: Final = Path(__file__).resolve().with_name("orders.sql")
# Rows that one statement makes: more would take more of the emulator's memory, and no less time.
_AT_ONCE: Final = 100_000


def fill(client: bigquery.Client, store: Store, orders: int, days: int) -> dict[str, int]:
    """Put orders into a store's empty tables.

    Args:
        client: Client of BigQuery.
        store: The store.
        orders: How many; their ids are 1 to this.
        days: Over how many days up to today they are spread, the oldest first.

    Returns:
        How many rows each table has.
    """
    script = _SCRIPT.read_text(encoding="utf-8")
    script = script.replace("`tables.", f"`{store.dataset}.").replace(
        "`scratch.", f"`{store.staging_dataset}."
    )
    first_day = date.today() - timedelta(days=days - 1)  # noqa: DTZ011 - a day more or less
    for first in range(1, orders + 1, _AT_ONCE):
        last = min(first + _AT_ONCE - 1, orders)
        numbers = {"first": first, "last": last, "orders": orders, "days": days}
        parameters = [bigquery.ScalarQueryParameter(name, "INT64", value) for name, value in numbers.items()]
        parameters.append(bigquery.ScalarQueryParameter("first_day", "DATE", first_day))
        client.query_and_wait(script, job_config=bigquery.QueryJobConfig(query_parameters=parameters))
    return {
        table: next(iter(client.query_and_wait(f"SELECT COUNT(*) AS n FROM `{store.dataset}.{table}`")))["n"]  # noqa: S608
        for table in TABLES
    }
