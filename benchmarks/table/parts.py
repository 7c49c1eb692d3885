"""The parts of the table, each measured in a process of its own that has the stack's variables."""

from __future__ import annotations

import os
import runpy
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks import batch
from benchmarks.front import Front
from benchmarks.table.rows import Row
from benchmarks.table.typing import typing
from local.demo.parts import Simulator, Warehouse
from local.stack.settings import PROJECT, REPO

if TYPE_CHECKING:
    from tiny_operators.lake.objects import Objects

# Those that depend on each other by their nature: list the inbox, read a file, write the plan, a page of the search, a
# product and the order's line, read them again, write the rows, load, merge, copy the file and delete it.
_NATURE: Final = 12
_MANY: Final = 100
_FILES: Final = 200
_LIMIT: Final = 32


def requests_of_sales() -> Iterator[Row]:
    """Count the requests of one sale and of a hundred, without and with the services' times.

    Each of the requests, with its place in the chain, goes into the file ``chains.txt``.
    """
    from tiny_operators.stores import load_stores

    store = load_stores()[0]
    simulator = Simulator(os.environ["TINY_SIMULATOR_URL"])
    warehouse = Warehouse(PROJECT, store.webhook_bucket, store.api_bucket, store.dataset)
    front = Front(os.environ["STORAGE_EMULATOR_HOST"])
    dag = runpy.run_path(str(REPO / "dags" / "tiny_webhook.py"))[f"{store.prefix}_webhook"]

    def measured(count: int) -> batch.Batch:
        batch.sell(simulator, warehouse, store, count)
        return batch.run(front, simulator, dag, count)

    measured(1)
    one, many = measured(1), measured(_MANY)
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
    with front.delays():
        slow = measured(1)
    yield Row("1 order with Google's times, seconds in tasks", slow.seconds, one.seconds, "without them")


def moves() -> Iterator[Row]:
    """Move files as archive and put_back do, with the services' times, beside a plain client with 32 at once."""
    from airflow.providers.google.cloud.hooks.gcs import GCSHook

    from tiny_operators.lake.at_once import at_once
    from tiny_operators.lake.objects import Objects
    from tiny_operators.stores import load_stores

    store = load_stores()[0]
    client = GCSHook().get_conn()
    inbox, api = Objects(client, store.webhook_bucket), Objects(client, store.api_bucket)
    front = Front(os.environ["STORAGE_EMULATOR_HOST"])

    def ours(names: list[tuple[str, int]]) -> None:
        list(at_once(lambda one: inbox.move(*one, api, f"bench/{one[0]}"), names))

    def plain(names: list[tuple[str, int]]) -> None:
        bucket, target = client.bucket(store.webhook_bucket), client.bucket(store.api_bucket)

        def move(one: tuple[str, int]) -> None:
            blob = bucket.blob(one[0])
            bucket.copy_blob(blob, target, f"bench/{one[0]}")
            blob.delete()

        with ThreadPoolExecutor(_LIMIT) as pool:
            list(pool.map(move, names))

    seconds = {do: _moving(do, inbox, front) for do in (plain, ours)}
    yield Row(
        f"{_FILES} files moved with Google's times, files a second", _FILES / seconds[ours],
        _FILES / seconds[plain], f"a plain client, {_LIMIT} at once", 0.7, at_least=True, promised=True,
    )  # fmt: skip


def _moving(do: Callable[[list[tuple[str, int]]], None], inbox: Objects, front: Front) -> float:
    key = uuid.uuid4().hex
    with ThreadPoolExecutor(_LIMIT) as pool:
        list(pool.map(lambda number: inbox.create(f"{key}/{number}", "x"), range(_FILES)))
    files = [(blob.name, int(blob.generation)) for blob in inbox.list(key)]
    with front.delays():
        began = time.monotonic()
        do(files)
        return time.monotonic() - began


PARTS: Final[dict[str, Callable[[], Iterator[Row]]]] = {
    "requests": requests_of_sales,
    "moves": moves,
    "typing": typing,
}
