"""Reads the report views, and nothing else of BigQuery, into the values of the page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

import jinja2
from google.cloud import bigquery

from local.report_page.values import Day, Freshness, Hour, Payment, Product, Report, Seller
from tiny_operators.stores import Store
from tiny_operators.warehouse.views import report_macros

Value = TypeVar("Value")
_SQL = Path(__file__).resolve().parent / "sql"
QUERIES = tuple(sorted(path.stem for path in _SQL.glob("*.sql")))
"""The queries of the page, by name."""


def read_report(client: bigquery.Client, store: Store, days: int, now: datetime | None = None) -> Report:
    """Read the report of the last days, today included.

    Args:
        client: Client of BigQuery.
        store: The store whose views are read; days are days in its time zone.
        days: How many days, at least 1.
        now: Time that counts as now, for the period alone: the views have their own.

    Raises:
        google.api_core.exceptions.GoogleAPICallError: A view is missing or may not be read.
    """
    now, zone = now or datetime.now(UTC), ZoneInfo(store.timezone)
    last = now.astimezone(zone).date()
    first = last - timedelta(days=days - 1)

    def read(name: str, kind: Callable[..., Value]) -> tuple[Value, ...]:
        """Read the rows of a query: its columns are the fields of the value, in their order."""
        sql, config = query(name, store, first, last)
        return tuple(kind(*row.values()) for row in client.query_and_wait(sql, job_config=config))

    return Report(
        store=store.name,
        zone=zone,
        first=first,
        last=last,
        made_at=now,
        days=read("days", Day),
        products=read("products", Product),
        sellers=read("sellers", Seller),
        payments=read("payments", Payment),
        hours=read("hours", Hour),
        freshness=read("freshness", Freshness)[0],
    )


def query(name: str, store: Store, first: date, last: date) -> tuple[str, bigquery.QueryJobConfig]:
    """Build one query of the page: its text and its parameters.

    Args:
        name: Which, of :data:`QUERIES`.
        store: The store whose views are read.
        first: First day of the period.
        last: Its last day.
    """
    template = jinja2.Template((_SQL / f"{name}.sql").read_text(encoding="utf-8"))
    period = [
        bigquery.ScalarQueryParameter("first", "DATE", first),
        bigquery.ScalarQueryParameter("last", "DATE", last),
    ]
    return template.render(report_macros(store)), bigquery.QueryJobConfig(query_parameters=period)
