"""What the files of rows say of a batch."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from local.demo.parts import Warehouse
from tiny_operators.batches.row_files import RowFiles
from tiny_operators.lake import names
from tiny_operators.lake.objects import Objects
from tiny_operators.orders.outcomes import Origin
from tiny_operators.orders.rows import OrderRows

pytestmark = pytest.mark.stack


@pytest.fixture
def api(warehouse: Warehouse) -> Objects:
    return Objects(warehouse.storage_client(), warehouse.api_bucket)


def bounds_of(api: Objects, *orders: OrderRows) -> dict[str, Any]:
    with RowFiles(
        api, Origin("z316", names.run_key("z316_webhook", str(uuid.uuid4())), "webhook", "2026-03-14")
    ) as files:
        for order in orders:
            files.add(order)
    return files.bounds.to_xcom()


def order_rows(pedido: int, data: str | None, data_pedido: str | None, *arrivals: str) -> OrderRows:
    rows: dict[str, list[dict[str, Any]]] = {
        "pdv": [{"id": pedido, "data": data, "timestamp": arrivals[0]}],
        "pesquisa": [{"id": str(pedido), "data_pedido": data_pedido, "timestamp": arrivals[0]}],
        "produto": [{"pedido_id": pedido, "timestamp": arrival} for arrival in arrivals],
    }
    return OrderRows(pedido, rows)


def test_the_days_are_those_of_each_table_and_of_arrivals_in_utc(api: Objects) -> None:
    found = bounds_of(api, order_rows(7, "2026-03-14", "2026-03-15", "2026-03-20T23:30:00-03:00"))
    assert found["ids"] == [7]
    assert found["days"] == ["2026-03-14", "2026-03-15", "2026-03-21"]


@pytest.mark.parametrize("count", [1, 3])
def test_an_order_without_a_day_is_found_by_its_arrival(api: Objects, count: int) -> None:
    orders = [order_rows(number, None, None, "2026-03-20T12:00:00+00:00") for number in range(count)]
    found = bounds_of(api, *orders)
    assert (found["ids"], found["days"]) == (list(range(count)), ["2026-03-20"])


def test_an_order_without_rows_has_no_part_in_it(api: Objects) -> None:
    assert bounds_of(api, OrderRows(7))["days"] == []
