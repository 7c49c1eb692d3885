"""All views over synthetic orders: time of each for one month and for one year, and what it reads of the tables.

``make bench-views`` (``ARGS="--orders 10000"`` for a quick look): the orders are made by SQL inside the emulator, over
five years up to today, with items, payments, discounts, cancelled orders and unknown costs. Each view is asked for the
last whole month and for the year that ends with it, all columns at once, which is more than a chart asks for. What is
read is told from the text of the queries (:mod:`benchmarks.views.filters` says why, and how). In the end everything is
removed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import time
from datetime import date, timedelta
from typing import Final

from google.cloud import bigquery
from google.cloud.storage import Client as Storage

from benchmarks.history.figures import Figures
from benchmarks.views.history import fill
from benchmarks.views.reads import Read, Reads
from local.stack.launcher import running
from local.stack.settings import PROJECT, REPO, Settings
from tiny_operators.schemas import TABLES
from tiny_operators.setup.provision import create_missing
from tiny_operators.stores import Store, load_stores
from tiny_operators.warehouse.views import View, create_views, views

_DAYS: Final = 5 * 365
_ROUNDS: Final = 3
_DAY_COLUMNS: Final = ("dia", "pedido_dia")
_NUMBERS: Final = frozenset({"NUMERIC", "INTEGER"})


def main() -> int:
    """Measure and print; 0 when no order is lost and all add up."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.views", description=__doc__)
    parser.add_argument("--orders", type=int, default=1_000_000, help="orders to make (default 1000000)")
    orders = parser.parse_args().orders
    figures, store, began = Figures("views"), load_stores()[0], time.monotonic()
    home = REPO / ".local" / "bench-views"
    settings = Settings.from_env(home=home, parts=frozenset({"gcs", "bigquery"}), free_ports=True)
    shown = [view for view in views(store) if view.dataset == store.report_dataset]
    periods = _periods(date.today())  # noqa: DTZ011 - a month that is over
    queries = {
        f"{view.name} {period}": _query(view, *days)
        for view in shown
        for period, days in periods.items()
        if _day(view) or period == "year"
    }
    try:
        with running(settings) as stack:
            os.environ.update(stack.env)
            client = bigquery.Client(project=PROJECT)
            create_missing(store, Storage(project=PROJECT), client)
            create_views(client, store)
            _fill(client, store, orders, figures)
            _check_sums(client, store, orders, figures)
            seconds = {name: _seconds(client, query) for name, query in queries.items()}
            reads = Reads(client, store)
            found = reads.of(queries, {view.path: view.query for view in shown})
            days = {table: reads.days(table) for table in TABLES}
    finally:
        shutil.rmtree(home, ignore_errors=True)
    figures.tell(f"days of the tables: {', '.join(f'{table} {count}' for table, count in days.items())}")
    for view in shown:
        _tell(figures, view, seconds, found)
    figures.tell(f"all of it: {time.monotonic() - began:.0f} s")
    return figures.end()


def _day(view: View) -> str | None:
    """Return the column of a report's date range; None when the view has none."""
    return next((column.name for column in view.columns if column.name in _DAY_COLUMNS), None)


def _query(view: View, first: date, last: date) -> str:
    """Build a query of all columns of the days from first to last, in one row."""
    parts = (f"{'SUM' if column.type in _NUMBERS else 'MAX'}(`{column.name}`)" for column in view.columns)
    day = _day(view)
    where = f" WHERE `{day}` BETWEEN DATE '{first}' AND DATE '{last}'" if day else ""
    return f"SELECT COUNT(*) AS n, {', '.join(parts)} FROM `{view.path}`{where}"  # noqa: S608 - own names


def _periods(today: date) -> dict[str, tuple[date, date]]:
    """Return first and last day of the last whole month, and of the year that ends with it."""
    after = today.replace(day=1)
    last = after - timedelta(days=1)
    return {"month": (last.replace(day=1), last), "year": (after.replace(year=after.year - 1), last)}


def _fill(client: bigquery.Client, store: Store, orders: int, figures: Figures) -> None:
    """Fill the tables, and tell what they hold."""
    began = time.monotonic()
    counts = fill(client, store, orders, _DAYS)
    rows = ", ".join(f"{table} {count}" for table, count in counts.items())
    figures.tell(f"rows of {_DAYS} days: {rows}; made in {time.monotonic() - began:.0f} s")


def _check_sums(client: bigquery.Client, store: Store, orders: int, figures: Figures) -> None:
    """Check that no order is lost, and that each one's items with freight and taxes are what was charged."""
    query = f"""
        WITH items AS (
          SELECT pedido_dia, pedido_id, SUM(total_produto_valor_faturado) AS total
          FROM `{store.report_dataset}.itens_pedido`
          GROUP BY pedido_dia, pedido_id
        )
        SELECT
          COUNT(*) AS orders,
          COUNTIF(IFNULL(items.total, 0) + valor_frete + valor_ipi + valor_icms_st != valor_faturado) AS wrong
        FROM `{store.report_dataset}.pedidos`
        LEFT JOIN items USING (pedido_dia, pedido_id)
    """  # noqa: S608 - own names
    began = time.monotonic()
    found = next(iter(client.query_and_wait(query)))
    figures.at_least("orders in the view pedidos", found["orders"], orders)
    figures.at_most("orders whose items do not add up", found["wrong"], 0)
    figures.tell(f"adding up all of them: {time.monotonic() - began:.1f} s")


def _seconds(client: bigquery.Client, query: str) -> float:
    """Measure the median of some runs, each with the 0.1 s that the emulator takes for any query."""
    took = []
    for _ in range(_ROUNDS):
        began = time.monotonic()
        [*_] = client.query_and_wait(query, job_config=bigquery.QueryJobConfig(use_query_cache=False))
        took.append(time.monotonic() - began)
    return statistics.median(took)


def _tell(figures: Figures, view: View, seconds: dict[str, float], reads: dict[str, list[Read]]) -> None:
    month, year = f"{view.name} month", f"{view.name} year"
    if not _day(view):
        figures.tell(f"{view.name}, which has no date range: {seconds[year]:.2f} s")
        figures.tell(f"  reads {_read(reads[year])}")
        return
    figures.tell(
        f"{view.name}: month {seconds[month]:.2f} s, year {seconds[year]:.2f} s "
        f"(year ÷ month {seconds[year] / seconds[month]:.1f})"
    )
    figures.tell(f"  month reads {_read(reads[month])}")
    figures.tell(f"  year reads {_read(reads[year])}")


def _read(reads: list[Read]) -> str:
    parts = [
        f"{read.table} {read.days} days{' by join' if read.joined else ''} ({read.bytes / 1e6:.1f} MB)"
        for read in reads
    ]
    return f"{', '.join(parts)}: {sum(read.bytes for read in reads) / 1e6:.1f} MB"


if __name__ == "__main__":
    sys.exit(main())
