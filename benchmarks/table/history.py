"""What a batch's merge, its check and the views of a month read, when the history is short and when it is long.

The emulator has no partitions, so its times say nothing about this. What is read follows from the statements' own text
and BigQuery's rules: see :mod:`benchmarks.views.filters`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from google.cloud import bigquery
from google.cloud.storage import Client as Storage

from benchmarks.table.requests import dag_of
from benchmarks.table.rows import Row
from benchmarks.views.batches import RUN, queries_of, script_of
from benchmarks.views.history import fill
from benchmarks.views.reads import Read, Reads
from local.stack.settings import PROJECT
from tiny_operators.lake import names
from tiny_operators.schemas import LAYOUTS, TABLES
from tiny_operators.setup.provision import create_missing
from tiny_operators.stores import Store, load_stores
from tiny_operators.warehouse.views import views

_SIZES: Final = (10_000, 1_000_000)
_A_DAY: Final = 200
_BATCH: Final = 100
_MONTH: Final = timedelta(days=30)
_FLAT: Final = 1.1
# What the task `rows` says of a batch without rejects.
_COUNTS: Final = dict.fromkeys((*TABLES, "orders"), _BATCH) | dict.fromkeys(("rejeitados", "rejected"), 0)
# Of each table, the column with the order's id.
_PEDIDO: Final = {"pdv": "id", "pesquisa": "SAFE_CAST(id AS INT64)", "produto": "pedido_id"}


@dataclass(frozen=True)
class Measured:
    """Bytes that something reads, and those of the partitions that hold what it is about."""

    bytes: int
    own: int

    @property
    def ratio(self) -> float:
        """What is read, as a part of its own."""
        return self.bytes / self.own


def history() -> Iterator[Row]:
    """Measure all at both sizes of the history; a further row says whether it is flat."""
    store, client = load_stores()[0], bigquery.Client(project=PROJECT)
    found = [_measured(client, store, orders) for orders in _SIZES]
    for what in found[0]:
        short, long = (measured[what] for measured in found)
        against = "the month's own" if "view" in what else "the batch's own partitions"
        for orders, measured in zip(_SIZES, (short, long), strict=True):
            yield Row(f"{what}, of {orders:,} orders: MB", measured.bytes / 1e6, measured.own / 1e6, against)
        yield Row(
            f"{what}, of {_SIZES[1]:,} orders: part of its own",
            long.ratio,
            short.ratio,
            f"of {_SIZES[0]:,}",
            _FLAT,
        )


def _measured(client: bigquery.Client, store: Store, orders: int) -> dict[str, Measured]:
    for table in TABLES:
        client.delete_table(f"{store.dataset}.{table}", not_found_ok=True)
    create_missing(store, Storage(project=PROJECT), client)
    fill(client, store, orders, orders // _A_DAY)
    reads = Reads(client, store)
    return {**_batch(client, store, reads, orders), **_views(store, reads)}


def _batch(client: bigquery.Client, store: Store, reads: Reads, orders: int) -> dict[str, Measured]:
    """Measure the merge and the check of the newest orders, each with its lookups of their partitions."""
    dag = dag_of(store, "webhook")
    batch = range(orders - _BATCH + 1, orders + 1)
    key = names.run_key(dag.dag_id, RUN)
    staging = {
        names.staging_table(store.staging_dataset, table, key).rpartition(".")[2]: table for table in TABLES
    }
    days = f"SELECT id, data FROM `{store.dataset}.pdv` WHERE id BETWEEN {batch[0]} AND {batch[-1]}"  # noqa: S608
    orders_of_batch = [(row["id"], row["data"]) for row in client.query_and_wait(days)]
    found = {}
    for name in ("merge", "check"):
        script = script_of(dag, f"{name}.sql", orders_of_batch, _COUNTS)
        queries = queries_of(script, lambda query: [row[0] for row in client.query_and_wait(query)])
        scans = reads.of({str(number): query for number, query in enumerate(queries)}, {}, staging)
        read = [scan for scans_of_query in scans.values() for scan in scans_of_query]
        # A lookup and the reading itself, of each table; the reading needs more columns.
        most = (max((scan for scan in read if scan.table == table), key=_columns) for table in TABLES)
        own = sum(reads.bytes(scan.table, scan.columns, _days_of(store, scan.table, batch)) for scan in most)
        found[f"{name} of {_BATCH} orders"] = Measured(sum(scan.bytes for scan in read), own)
    return found


def _views(store: Store, reads: Reads) -> dict[str, Measured]:
    """Measure the views that have a day, each asked for all columns of the last month."""
    shown = [view for view in views(store) if view.dataset == store.report_dataset]
    last = date.today()  # noqa: DTZ011 - a day more or less
    first = last - _MONTH + timedelta(days=1)
    queries = {
        view.name: f"SELECT * FROM `{view.path}` WHERE `{column.name}` BETWEEN DATE '{first}' AND DATE '{last}'"  # noqa: S608
        for view in shown
        for column in view.columns
        if column.name in ("dia", "pedido_dia")
    }
    scans = reads.of(queries, {view.path: view.query for view in shown})
    read = [scan for scans_of_view in scans.values() for scan in scans_of_view]

    def measured(part: list[Read]) -> Measured:
        own = (
            reads.bytes(
                scan.table,
                scan.columns,
                f"DATE(`{LAYOUTS[scan.table].partition}`) BETWEEN DATE '{first}' AND DATE '{last}'",
            )
            for scan in part
        )
        return Measured(sum(scan.bytes for scan in part), sum(own))

    costs = [scan for scan in read if scan.table == "produto"]
    return {
        "views of a month": measured(read),
        "views of a month without costs": measured([scan for scan in read if scan not in costs]),
    }


def _days_of(store: Store, table: str, batch: range) -> str:
    """Build a condition for the rows in partitions that hold orders of a batch."""
    day = f"DATE(`{LAYOUTS[table].partition}`)"
    of_batch = f"{_PEDIDO[table]} BETWEEN {batch[0]} AND {batch[-1]}"
    return f"{day} IN (SELECT {day} FROM `{store.dataset}.{table}` WHERE {of_batch})"  # noqa: S608 - own names


def _columns(scan: Read) -> int:
    return len(scan.columns)
