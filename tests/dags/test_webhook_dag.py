"""The whole DAG as Airflow runs it, task after task, in one process."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from local.demo.compare import table_differences, truth_rows
from local.demo.parts import Simulator, Warehouse, post_webhook

pytestmark = pytest.mark.stack


def test_sales_become_rows(dags: Any, emulators: dict[str, str], warehouse: Warehouse) -> None:
    simulator = Simulator(emulators["TINY_SIMULATOR_URL"])
    sales = simulator.sell(3)
    for sale in sales:
        post_webhook(emulators["WEBHOOK_URL"], sale.webhook)
    run = dags["z316_webhook"].test(datetime.now(UTC))
    assert run.state == "success"
    ids = [sale.pedido for sale in sales]
    truth = truth_rows(simulator.truth(ids))
    for table, rows in truth.items():
        key = "pedido_id" if table == "produto" else "id"
        found = [row for row in warehouse.rows(table) if int(row[key]) in ids]
        assert list(table_differences(table, rows, found)) == []
    assert warehouse.waiting() == []
