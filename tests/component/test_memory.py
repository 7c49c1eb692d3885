"""The memory of a run does not grow with the number of its orders."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest

from local.demo.parts import Warehouse
from tests.tiny_operators.helpers import envelope, sample_text
from tiny_operators.lake import names
from tiny_operators.lake.objects import Objects
from tiny_operators.operators.rows import MakeRowsOperator
from tiny_operators.orders.plan import Plan, PlannedOrder
from tiny_operators.tiny.answers import one_line

pytestmark = pytest.mark.stack

CHUNK = 20
DAY = "2026-03-14"
FIRST = 810_000_000
# Enough for the buffers of the files that are written to be full.
SOME, MANY = 800, 4000


def fetched(objects: Objects, run: Any, orders: int) -> None:
    """A day of history whose orders were read: the plan in a part of its own, and the raw answers in chunks."""
    sample = json.loads(sample_text("pdv_pedido_obter.json"))
    page = json.loads(sample_text("pedidos_pesquisa.json"))
    part = names.date_orders_object(run.key, DAY, "all")
    with objects.writing(part) as stream:
        for pedido in range(FIRST, FIRST + orders):
            planned = PlannedOrder(pedido, f"{DAY}T03:00:00+00:00", DAY, DAY)
            stream.write(json.dumps(planned.to_json()) + "\n")
    plan = Plan("z316", "daily", parts=(part,), in_parts=orders, chunk_orders=CHUNK)
    objects.write_json(names.plan_object(run.key), plan.to_json())
    for number in range(orders // CHUNK):
        some = range(FIRST + number * CHUNK, FIRST + (number + 1) * CHUNK)
        line = page["retorno"]["pedidos"][0]["pedido"]
        page["retorno"]["pedidos"] = [{"pedido": {**line, "id": str(pedido)}} for pedido in some]
        listed = names.raw_search_object(run.key, DAY, str(number))
        objects.create(listed, envelope("pesquisa").line(one_line(json.dumps(page))))
        lines = []
        for pedido in some:
            sample["retorno"]["pedido"]["id"] = pedido
            about = envelope("pdv", pedido=pedido, pesquisa=listed)
            lines.append(about.line(one_line(json.dumps(sample))))
        objects.create(names.raw_orders_object(run.key, DAY, number + 1), "".join(lines))


def peak(run: Any, orders: int) -> int:
    """The most that making the rows held, in bytes."""
    tracemalloc.start()
    try:
        made = run.do(MakeRowsOperator(task_id="rows", store=run.store))
        found = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (made["pdv"], made["rejects"]) == (orders, 0)
    return found


def test_rows_of_five_times_the_orders_take_the_same_memory(
    run: Any, store: Any, warehouse: Warehouse
) -> None:
    objects = Objects(warehouse.storage_client(), store.api_bucket)
    runs = {orders: type(run)(store) for orders in (CHUNK, SOME, MANY)}
    for orders, one in runs.items():
        fetched(objects, one, orders)
    # The first one also loads what Python and the clients load once.
    peaks = {orders: peak(one, orders) for orders, one in runs.items()}
    assert peaks[MANY] < 1.3 * peaks[SOME], peaks
