"""A run that is made again, because a person cleared it or a backfill was asked for once more, merges again."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from local.demo.compare import table_differences, truth_rows
from local.demo.parts import Simulator, Warehouse
from tests.component.effects import effects
from tests.component.whole_runs import WholeRun

pytestmark = pytest.mark.stack


def differences(warehouse: Warehouse, truth: dict[str, Any], orders: list[int]) -> list[str]:
    found: list[str] = []
    for table, rows in truth_rows(truth).items():
        key = "pedido_id" if table == "produto" else "id"
        here = [row for row in warehouse.rows(table) if int(row[key]) in orders]
        found += table_differences(table, rows, here)
    return found


def test_a_cleared_run_brings_what_changed(
    simulator: Simulator, warehouse: Warehouse, run: Any, dags: Any, day: date
) -> None:
    orders = [sale.pedido for sale in simulator.sell_on(day, 2)]
    night = WholeRun(dags["z316_daily"], {"from_date": day.isoformat(), "to_date": day.isoformat()})
    with effects() as counted:
        night.go_on(counted)
    assert differences(warehouse, simulator.truth(orders), orders) == []
    simulator.edit(orders[0], desconto="3,00")
    night.clear()
    with effects() as counted:
        night.go_on(counted)
    assert differences(warehouse, simulator.truth(orders), orders) == []
    assert night.failures == []
