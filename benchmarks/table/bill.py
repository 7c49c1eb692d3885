"""What Google bills for a thousand orders, by kind of request, beside the least that the flow needs.

The strict front counts the requests, and the tables that each statement reads. Loads and deletions are free.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from benchmarks import batch
from benchmarks.table.requests import Live, dag_of, live
from benchmarks.table.rows import Row
from tiny_operators.orders.plan import Plan
from tiny_operators.schemas import TABLES

_ORDERS: Final = 1_000
_A_DAY: Final = 100
# A day of which the shop has sold nothing by itself.
_DAY: Final = date(2020, 4, 1)

# https://cloud.google.com/storage/pricing#operations-by-class. Reads of buckets are of class B, too.
_CLASS_A: Final = ("insert", "copy", "rewrite", "list", "patch", "update", "compose")
_CLASS_B: Final = ("get",)
# https://cloud.google.com/bigquery/pricing: each table that a statement reads is billed 10 MB at least, and these hold
# less. Prices are those of São Paulo: see docs/cost.md.
_TABLE_MB: Final = 10
_A_USD: Final = 0.005 / 1_000
_B_USD: Final = 0.0004 / 1_000
_MB_USD: Final = 11.25 / 2**20


@dataclass(frozen=True)
class Bill:
    """What is billed.

    Attributes:
        class_a: Requests to Cloud Storage that write or list.
        class_b: Those that read.
        megabytes: What queries are billed.
    """

    class_a: float
    class_b: float
    megabytes: float

    @property
    def usd(self) -> float:
        """What it costs."""
        return self.class_a * _A_USD + self.class_b * _B_USD + self.megabytes * _MB_USD


def bill() -> Iterator[Row]:
    """Count a sale that comes alone, and a night of history."""
    sales = live()
    alone, night = sales.batch(1), _night(sales)
    for what, run, least in (
        (f"{_ORDERS:,} sales, each alone", alone, _least(alone, webhooks=1, known=0)),
        (f"{_ORDERS:,} orders of history, {_A_DAY} a night", night, _least(night, webhooks=0, known=1)),
    ):
        ours, times = _billed(run), _ORDERS / run.orders
        against = "the least that the flow needs"
        yield Row(f"{what}: requests of class A", ours.class_a * times, least.class_a * times, against, 1.5)
        yield Row(f"{what}: requests of class B", ours.class_b * times, least.class_b * times, against, 1.5)
        yield Row(f"{what}: MB of queries", ours.megabytes * times, least.megabytes * times, against, 1.5)
        yield Row(f"{what}: US$ of Google's bill", ours.usd * times, least.usd * times, against, 1.5)
        yield Row(
            f"{what}: load jobs, which are free", run.google.loads * times, len(TABLES) * times, "a table"
        )


def _night(sales: Live) -> batch.Batch:
    sales.simulator.sell_on(_DAY, _A_DAY)
    conf = {"from_date": _DAY.isoformat(), "to_date": _DAY.isoformat()}
    return batch.run(sales.front, sales.simulator, dag_of(sales.store, "daily"), _A_DAY, conf)


def _billed(run: batch.Batch) -> Bill:
    def count(verbs: tuple[str, ...]) -> int:
        return sum(
            number
            for kind, number in run.google.kinds.items()
            if kind.startswith("storage.") and kind.split()[0].rpartition(".")[2] in verbs
        )

    return Bill(count(_CLASS_A), count(_CLASS_B), run.google.reads * _TABLE_MB)


def _least(run: batch.Batch, webhooks: int, known: int) -> Bill:
    """Return what nobody can leave out: each thing is written once, read once, merged once and checked once.

    Args:
        run: The run, whose calls to Tiny say how many answers there are.
        webhooks: How many files an order has in the inbox.
        known: How many times BigQuery is asked what it has.
    """
    files = webhooks * run.orders
    answers = run.tiny["pedidos.pesquisa"] + run.tiny["produto.obter"] + -(-run.orders // Plan.chunk_orders)
    plan, rows = 1, len(TABLES)
    # Each table with its staging table, and once more when it is checked.
    tables = 3 * len(TABLES) + known
    # The inbox is listed once, and each file copied out of it.
    return Bill(bool(files) + plan + answers + rows + files, files + plan + answers, tables * _TABLE_MB)
