"""What one batch of sales costs: calls to Tiny, requests to Google's services by kind, those one after the other."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from benchmarks.chain import BUSY, chained
from benchmarks.front import Counts, Front, counted
from local.demo.parts import Simulator, Warehouse
from tiny_operators.lake import names
from tiny_operators.lake.objects import Objects

if TYPE_CHECKING:
    from tiny_operators.stores import Store

PRODUCTS: Final = 5
_LOOKS: Final = {"bigquery.jobs.get", "bigquery.jobs.getQueryResults"}
_FIRST_PRODUCT: Final = 730000001


@dataclass(frozen=True)
class Batch:
    """A batch that went all the way.

    Attributes:
        orders: How many orders it has.
        tiny: Calls to Tiny, by service.
        google: Requests to Google's services, without those that came too soon after another write, and without looks
            at running jobs, whose number depends on how long the jobs run.
        in_a_row: How many of them come one after the other by the way the code is written.
        xcom_bytes: What its tasks handed on, as JSON.
        seconds: How long it took, from the plan to the last file.
        chain: Each request to Google's services, in the order in which they could be made.
    """

    orders: int
    tiny: dict[str, int]
    google: Counts
    in_a_row: int
    xcom_bytes: int
    seconds: float
    chain: tuple[str, ...]


def sell(simulator: Simulator, warehouse: Warehouse, store: Store, count: int) -> None:
    """Put the webhooks of some orders of one item each into the inbox; no run has read anything today yet."""
    objects = Objects(warehouse.storage_client(), store.api_bucket)
    day = names.day_of(datetime.now(UTC), store.timezone)
    for blob in objects.list(names.raw_product_prefix(day)):
        objects.delete(blob.name)
    objects.delete(names.fields_object(store.prefix))
    inbox = warehouse.storage_client().bucket(store.webhook_bucket)
    for number, sale in enumerate(simulator.sell(count)):
        item = {"id_produto": _FIRST_PRODUCT + number % PRODUCTS, "quantidade": 1}
        simulator.edit(sale.pedido, itens=[item])
        inbox.blob(f"by-hand/{sale.pedido}.json").upload_from_string(json.dumps(sale.webhook))


def run(
    front: Front, simulator: Simulator, dag: Any, count: int, conf: Mapping[str, Any] | None = None
) -> Batch:
    """Run a DAG once, task after task in this process, and count.

    Args:
        front: The strict front.
        simulator: The simulated Tiny.
        dag: The DAG.
        count: How many orders it has to do with.
        conf: What it is triggered with.
    """
    from tests.component.whole_runs import WholeRun

    simulator.forget_calls()
    front.forget()
    whole, began = WholeRun(dag, dict(conf or {})), time.monotonic()
    with chained() as chain:
        whole.finish()
    seconds = time.monotonic() - began
    made = [
        request for request in front.requests() if request.status != BUSY and request.method not in _LOOKS
    ]
    calls = Counter(call["service"] for call in simulator.call_log())
    return Batch(
        count,
        dict(sorted(calls.items())),
        counted(made),
        chain.length,
        whole.xcom_bytes,
        seconds,
        tuple(chain.lines()),
    )
