"""Reads the report views, and nothing else of BigQuery, into the values of the page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jinja2
from google.cloud import bigquery

from local.report_page.values import Day, Freshness, Hour, Payment, Product, Report, Seller
from tiny_operators.stores import Store
from tiny_operators.warehouse.views import report_macros

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

    def rows(name: str) -> list[Mapping[str, Any]]:
        sql, config = query(name, store, first, last)
        return list(client.query_and_wait(sql, job_config=config))

    return Report(
        store=store.name,
        zone=zone,
        first=first,
        last=last,
        made_at=now,
        days=tuple(
            Day(
                row["dia"],
                row["pedidos"],
                row["faturamento"],
                row["margem"],
                row["clientes_novos"],
                row["pedidos_sem_custo"],
            )
            for row in rows("days")
        ),
        products=tuple(
            Product(row["nome"], row["unidades"], row["faturamento"], row["margem"])
            for row in rows("products")
        ),
        sellers=tuple(
            Seller(row["nome"], row["pedidos"], row["faturamento"], row["margem"]) for row in rows("sellers")
        ),
        payments=tuple(
            Payment(row["forma_pagamento"], row["pedidos"], row["valor"]) for row in rows("payments")
        ),
        hours=tuple(Hour(row["hora"], row["pedidos"], row["faturamento"]) for row in rows("hours")),
        freshness=_freshness(rows("freshness")),
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


def _freshness(rows: list[Mapping[str, Any]]) -> Freshness:
    row = rows[0]
    return Freshness(
        last_webhook=row["ultima_venda_recebida"],
        last_load=row["ultima_carga"],
        orders_today=row["pedidos_hoje"],
        orders_yesterday=row["pedidos_ontem"],
        orders_without_cost=row["pedidos_sem_custo_30_dias"],
        last_reconcile=row["ultima_reconciliacao"],
        differences=row["diferencas"],
        open_differences=row["diferencas_abertas"],
    )
