"""The requests of a batch of sales, by kind, and those one after the other."""

from __future__ import annotations

import os
import runpy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks import batch
from benchmarks.front import Front
from benchmarks.table.rows import Row
from local.demo.parts import Simulator, Warehouse
from local.stack.settings import PROJECT, REPO

if TYPE_CHECKING:
    from tiny_operators.stores import Store

# Those that depend on each other by their nature: list the inbox, read a file, write the plan, a page of the search, a
# product and the order's line, read them again, write the rows, load, merge, copy the file and delete it.
_NATURE: Final = 12
_MANY: Final = 100


@dataclass(frozen=True)
class Live:
    """The webhook DAG, whose runs are counted.

    Attributes:
        front: The strict front.
        simulator: The simulated Tiny.
        warehouse: The store's buckets and tables.
        store: The store.
        dag: The DAG.
    """

    front: Front
    simulator: Simulator
    warehouse: Warehouse
    store: Store
    dag: Any

    def batch(self, count: int) -> batch.Batch:
        """Sell so many orders, and run the DAG once."""
        batch.sell(self.simulator, self.warehouse, self.store, count)
        return batch.run(self.front, self.simulator, self.dag, count)


def live() -> Live:
    """Return the webhook DAG, after a run that did what is done once a day."""
    from tiny_operators.stores import load_stores

    store = load_stores()[0]
    found = Live(
        Front(os.environ["STORAGE_EMULATOR_HOST"]),
        Simulator(os.environ["TINY_SIMULATOR_URL"]),
        Warehouse(PROJECT, store.webhook_bucket, store.api_bucket, store.dataset),
        store,
        dag_of(store, "webhook"),
    )
    found.batch(1)
    return found


def dag_of(store: Store, kind: str) -> Any:
    """Return a DAG of a store."""
    return runpy.run_path(str(REPO / "dags" / f"tiny_{kind}.py"))[store.dag_id(kind)]


def requests_of_sales() -> Iterator[Row]:
    """Count the requests of one sale and of a hundred, without and with the services' times.

    Each of the requests, with its place in the chain, goes into the file ``chains.txt``.
    """
    sales = live()
    one, many = sales.batch(1), sales.batch(_MANY)
    chains = Path(os.environ["AIRFLOW_HOME"]).parent / "chains.txt"
    chains.write_text("\n\n".join("\n".join(found.chain) for found in (one, many)) + "\n")
    for found in (one, many):
        orders = f"{found.orders} order{'s' if found.orders > 1 else ''}"
        calls = found.tiny["pdv.pedido.obter"]
        yield Row(f"{orders}: calls for orders", calls, found.orders, "one an order", 1.0, promised=True)
        yield Row(f"{orders}: requests to Google an order", found.google.requests / found.orders, 1, "one")
        yield Row(f"{orders}: statements", found.google.statements, 4, "a merge a table and the check")
        yield Row(f"{orders}: load jobs", found.google.loads, 3, "a table with rows", 1.0, promised=True)
        yield Row(
            f"{orders}: bytes of XCom",
            found.xcom_bytes,
            48 * 1024,
            "what Airflow advises",
            1.0,
            promised=True,
        )
    yield Row("1 order: requests one after the other", one.in_a_row, _NATURE, "by their nature", 1.5)
    yield Row(
        f"{_MANY} orders: requests one after the other", many.in_a_row, one.in_a_row, "those of 1 order",
        3.0, promised=True,
    )  # fmt: skip
    with sales.front.delays():
        slow = sales.batch(1)
    yield Row("1 order with Google's times, seconds in tasks", slow.seconds, one.seconds, "without them")
