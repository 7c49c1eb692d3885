"""The whole DAG as Airflow runs it, task after task, in one process."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from local.demo.parts import Simulator, Warehouse, post_webhook
from tiny_operators.planning.put_back import order_event
from tiny_operators.stores import load_stores

pytestmark = pytest.mark.stack


def test_sales_become_rows(
    dags: Any, emulators: dict[str, str], simulator: Simulator, warehouse: Warehouse
) -> None:
    sales = simulator.sell(3)
    for sale in sales:
        post_webhook(emulators["WEBHOOK_URL"], sale.webhook)
    run = dags["z316_webhook"].test(datetime.now(UTC))
    assert run.state == "success"
    ids = [sale.pedido for sale in sales]
    assert warehouse.differences(simulator.truth(ids), ids) == []
    assert warehouse.waiting() == []


def test_many_rejects_fail_the_run_after_the_good_were_loaded_and_the_bad_set_aside(
    dags: Any, emulators: dict[str, str], simulator: Simulator, warehouse: Warehouse
) -> None:
    good, *bad = (sale.pedido for sale in simulator.sell(6))
    for pedido in bad:
        simulator.fault(service="pdv.pedido.obter", faults=["code_31"], key=str(pedido), times=None)
    for pedido in (good, *bad):
        post_webhook(emulators["WEBHOOK_URL"], order_event(load_stores()[0].cnpj, pedido))
    run = dags["z316_webhook"].test(datetime.now(UTC))
    states = {task.task_id: task.state for task in run.get_task_instances()}
    assert {name for name, state in states.items() if state != "success"} == {"check"}
    assert (states["check"], run.state) == ("failed", "failed")
    assert [row["id"] for row in warehouse.rows("pdv") if row["id"] in {good, *bad}] == [good]
    told = {row["pedido"]: row for row in warehouse.rows("rejeitados")}
    assert {told[pedido]["field"] for pedido in bad} == {"pedido"}
    assert warehouse.waiting() == []
    rejected = [name for name in warehouse.objects("rejected/") if not name.endswith(".json.reason.json")]
    for pedido in bad:
        assert [name for name in rejected if f"-{pedido}-" in name]
