"""Whole runs while Tiny answers in odd containers, spellings and encodings: the tables are right, and what nobody can read
is told beside the orders that it costs nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from local.demo.parts import Warehouse
from tests.component.whole_runs import Sold

pytestmark = [pytest.mark.stack, pytest.mark.usefixtures("impatient")]

ODD: list[dict[str, Any]] = [
    {"odd_containers": 1, "odd_values": 1},
    {"odd_containers": 0.5, "odd_values": 0.5, "unreadable_values": 0.5, "latin_1": True},
    {"unreadable_values": 1},
]


@pytest.fixture(autouse=True)
def products_of_their_own(warehouse: Warehouse) -> Iterator[None]:
    """Products are read anew here, and what is odd about them is read by no later test."""
    warehouse.forget_products_read_today()
    yield
    warehouse.forget_products_read_today()


@pytest.mark.parametrize("quirks", ODD, ids=" ".join)
def test_the_tables_hold_the_truth(sold: Sold, quirks: dict[str, Any]) -> None:
    sold.simulator.set(profile="common", quirks={"escaped_unicode": False, **quirks})
    run = sold.run()
    assert run.failures == []
    assert sold.wrong() == []
    reported = [row for row in sold.warehouse.rows("rejeitados") if row["pedido"] in sold.orders]
    assert {row["kind"] for row in reported} == ({"note"} if "unreadable_values" in quirks else set())
    assert {str(row["field"]).split("[")[0].split(".")[0] for row in reported} <= {"pdv", "produto"}
