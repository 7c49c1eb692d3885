"""A run that is made again, because a person cleared it or a backfill was asked for once more, merges again."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from local.demo.parts import Simulator, Warehouse
from tests.component.effects import effects
from tests.component.whole_runs import WholeRun

pytestmark = pytest.mark.stack


def test_a_cleared_run_brings_what_changed(
    simulator: Simulator, warehouse: Warehouse, run: Any, dags: Any, day: date
) -> None:
    orders = [sale.pedido for sale in simulator.sell_on(day, 2)]
    night = WholeRun(dags["z316_daily"], {"from_date": day.isoformat(), "to_date": day.isoformat()})
    with effects() as counted:
        night.go_on(counted)
    assert warehouse.differences(simulator.truth(orders), orders) == []
    simulator.edit(orders[0], desconto="3,00")
    night.clear()
    with effects() as counted:
        night.go_on(counted)
    assert warehouse.differences(simulator.truth(orders), orders) == []
    assert night.failures == []
