"""When an order arrived that a date of history lists, and no table knows."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.tiny_operators.helpers import sample
from tiny_operators.batches.date_diff import DateDiff
from tiny_operators.orders.plan import PlannedOrder
from tiny_operators.people.forgotten import Forgotten
from tiny_operators.stores import load_stores
from tiny_operators.tiny.answers import Answer, read_body

ZONE = ZoneInfo("America/Sao_Paulo")
DAY = date(2026, 3, 14)
GOOD = 3


def planned(days_ahead: list[int]) -> list[PlannedOrder]:
    """What a date plans that lists orders whose own dates are so many days ahead of it."""
    line = sample("pedidos_pesquisa.json")["retorno"]["pedidos"][0]["pedido"]
    lines = [
        {"pedido": {**line, "id": str(number), "data_pedido": f"{DAY + timedelta(days=days):%d/%m/%Y}"}}
        for number, days in enumerate(days_ahead, 1)
    ]
    content = {"status_processamento": "3", "numero_paginas": 1, "pedidos": lines}

    def read_page(*_: Any) -> Answer:
        return read_body({"retorno": content}, "pedidos")

    def nothing(*_: Any) -> dict[int, Any]:
        return {}

    known: Any = SimpleNamespace(of_date=nothing, of_ids=nothing, arrivals=nothing)
    raw: Any = SimpleNamespace(
        store=load_stores()[0],
        forgotten=Forgotten(),
        objects=SimpleNamespace(read_json=nothing, change_json=nothing),
        search_page=lambda *_: "page",
    )
    return list(DateDiff(DAY, read_page, known, raw, lambda: None, force=False).orders())


def midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), ZONE)


@pytest.mark.parametrize("ahead", [1, 30, 400, 20_000])
@pytest.mark.parametrize("many", [1, 3, 40])
@pytest.mark.parametrize("place", range(GOOD + 1))
def test_no_order_arrives_later_than_tiny_lists_it(place: int, many: int, ahead: int) -> None:
    """So the moment of the reading does not matter: whoever reads it again finds the same arrival."""
    days = [0] * GOOD
    days[place:place] = [ahead] * many
    found = planned(days)
    assert [order.data for order in found] == [str(DAY + timedelta(days=each)) for each in days]
    assert {datetime.fromisoformat(order.arrived_at) for order in found} == {midnight(DAY)}
    assert {order.day for order in found} == {str(DAY)}


@pytest.mark.parametrize("behind", [1, 30, 400])
def test_an_order_of_an_earlier_date_arrived_on_that_date(behind: int) -> None:
    (order,) = planned([-behind])
    own = DAY - timedelta(days=behind)
    assert (datetime.fromisoformat(order.arrived_at), order.day) == (midnight(own), str(own))
