"""Dates of Tiny: orders whose own date is not the one under which Tiny's search lists them, under both readings."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from local.demo.parts import Simulator, Warehouse
from tests.component.effects import effects
from tests.component.whole_runs import WholeRun
from tiny_operators._compat import AirflowFailException
from tiny_operators.lake import names

pytestmark = pytest.mark.stack

NEXT = timedelta(days=1)
Night = Callable[..., dict[str, Any]]


@pytest.fixture(params=[False, True], ids=["by date of sale", "by registration"])
def by_registration(request: pytest.FixtureRequest, simulator: Simulator) -> bool:
    """Which date the simulated search filters by."""
    simulator.set(quirks={"search_by_registration": request.param})
    return bool(request.param)


@pytest.fixture
def night(dags: Any, warehouse: Warehouse, simulator: Simulator) -> Night:
    """Run the daily DAG for some dates; say what it planned, and which calls it made."""

    def run(first: date, last: date | None = None, **form: Any) -> dict[str, Any]:
        simulator.forget_calls()
        made = WholeRun(dags["z316_daily"], {"from_date": str(first), "to_date": str(last or first), **form})
        with effects() as counted:
            made.go_on(counted)
        plan = made._said["plan", "plan"]
        return {name: plan[name] for name in ("listed", "new", "changed", "vanished")}

    return run


def planned(listed: int, new: int = 0, changed: int = 0, vanished: int = 0) -> dict[str, int]:
    return {"listed": listed, "new": new, "changed": changed, "vanished": vanished}


def test_orders_registered_later_are_loaded_once_and_never_taken_for_vanished(
    simulator: Simulator, warehouse: Warehouse, night: Night, day: date, by_registration: bool
) -> None:
    odd = 3
    plain = [sale.pedido for sale in simulator.sell_on(day, 2)]
    late = [sale.pedido for sale in simulator.sell_on(day, odd, registered=day + NEXT)]
    same_day = [sale.pedido for sale in simulator.sell_on(day + NEXT, 1)]
    first, second = night(day), night(day + NEXT)
    if by_registration:
        assert (first, second) == (planned(2, new=2), planned(1 + odd, new=1 + odd))
    else:
        assert (first, second) == (planned(2 + odd, new=2 + odd), planned(1, new=1))
    everything = [*plain, *late, *same_day]
    assert warehouse.differences(simulator.truth(everything), everything) == []
    for again in (night(day), night(day + NEXT), night(day, day + NEXT)):
        assert again["new"] == again["changed"] == again["vanished"] == 0
        assert set(simulator.calls()) == {"pedidos.pesquisa"}, "no order is read again"


def test_the_rows_of_an_order_registered_later_have_the_date_of_the_sale(
    simulator: Simulator, warehouse: Warehouse, night: Night, day: date, by_registration: bool
) -> None:
    (late,) = (sale.pedido for sale in simulator.sell_on(day, 1, registered=day + NEXT))
    night(day, day + NEXT)
    (pdv,), (pesquisa,) = warehouse.rows_of("pdv", [late]), warehouse.rows_of("pesquisa", [late])
    assert pdv["data"] == pesquisa["data_pedido"] == day
    assert pdv["timestamp"].isoformat() == f"{day}T03:00:00+00:00", "midnight of the sale's date in the store"


def test_a_change_of_an_order_registered_later_is_found_on_the_date_under_which_tiny_lists_it(
    simulator: Simulator, warehouse: Warehouse, night: Night, day: date, by_registration: bool
) -> None:
    (late,) = (sale.pedido for sale in simulator.sell_on(day, 1, registered=day + NEXT))
    night(day, day + NEXT)
    simulator.change(late, "edit")
    listed_on, not_listed_on = (day + NEXT, day) if by_registration else (day, day + NEXT)
    assert night(not_listed_on) == planned(0)
    assert night(listed_on) == planned(1, changed=1)
    assert warehouse.differences(simulator.truth([late]), [late]) == []
    assert night(day, day + NEXT) == planned(1)


def test_a_deleted_order_is_found_gone_on_the_date_under_which_tiny_listed_it(
    simulator: Simulator, warehouse: Warehouse, night: Night, day: date, by_registration: bool
) -> None:
    kept, deleted = (sale.pedido for sale in simulator.sell_on(day, 2, registered=day + NEXT))
    night(day, day + NEXT)
    simulator.delete(deleted)
    assert night(day, day + NEXT) == planned(1, vanished=1)
    assert [row["deleted_at"] is None for row in warehouse.rows_of("pdv", [deleted])] == [False]
    assert [row["deleted_at"] is None for row in warehouse.rows_of("pdv", [kept])] == [True]
    assert night(day, day + NEXT) == planned(1)


def test_an_order_whose_date_is_edited_afterwards_is_read_once_and_then_let_be(
    simulator: Simulator, warehouse: Warehouse, night: Night, day: date, by_registration: bool
) -> None:
    (moved,) = (sale.pedido for sale in simulator.sell_on(day, 1))
    night(day)
    simulator.edit(moved, data=str(day + NEXT))
    night(day, day + NEXT)
    assert warehouse.differences(simulator.truth([moved]), [moved]) == []
    assert night(day, day + NEXT) == planned(1), "it is listed on one of the dates, and equal"
    assert night(day + NEXT)["vanished"] == night(day)["vanished"] == 0


def test_an_order_that_tiny_lists_nowhere_is_asked_for_once(
    simulator: Simulator, warehouse: Warehouse, night: Night, day: date
) -> None:
    """Loaded by its webhook, it was registered on a date that no run has looked at."""
    simulator.set(quirks={"search_by_registration": True})
    elsewhere = day + 2 * NEXT
    (late,) = (sale.pedido for sale in simulator.sell_on(day, 1, registered=elsewhere))
    night(elsewhere)
    for name in warehouse.objects("listed/"):
        warehouse.storage_client().bucket(warehouse.api_bucket).blob(name).delete()
    assert night(day) == planned(0, vanished=1)
    assert simulator.keys("pdv.pedido.obter") == [late]
    assert [row["deleted_at"] for row in warehouse.rows_of("pdv", [late])] == [None]
    for _ in range(2):
        assert night(day) == planned(0)
        assert set(simulator.calls()) == {"pedidos.pesquisa"}


def test_counts_and_money_of_a_comparison_go_by_the_date_under_which_tiny_lists(
    simulator: Simulator, warehouse: Warehouse, night: Night, day: date, dags: Any
) -> None:
    simulator.set(quirks={"search_by_registration": True})
    late = [sale.pedido for sale in simulator.sell_on(day, 2, registered=day + NEXT)]
    night(day, day + NEXT)
    run = WholeRun(dags["z316_plan"], {"from_date": str(day), "to_date": str(day + NEXT)})
    with effects() as counted:
        run.go_on(counted)
    prefix = names.date_plans_prefix(names.run_key("z316_plan", run.run_id))
    bucket = warehouse.storage_client().bucket(warehouse.api_bucket)
    plans = [
        json.loads(bucket.blob(name).download_as_bytes())
        for name in sorted(warehouse.objects(prefix))
        if name.endswith(".json")
    ]
    assert [(plan["listed"], plan["known"]) for plan in plans] == [(0, 0), (len(late), len(late))]
    assert [Decimal(plan["value_difference"]) for plan in plans] == [0, 0]


def test_a_search_that_ignores_its_dates_is_told_by_asking(
    simulator: Simulator, dags: Any, warehouse: Warehouse, day: date
) -> None:
    simulator.sell_on(day, 1)
    simulator.set(quirks={"search_ignores_dates": True})
    simulator.forget_calls()
    run = WholeRun(dags["z316_daily"], {"from_date": str(day), "to_date": str(day)})
    with effects() as counted, pytest.raises(AirflowFailException, match="ignored dataInicial or dataFinal"):
        run.go_on(counted)
    assert simulator.calls()["pedidos.pesquisa"] <= 3, "no page after the first is read"
    assert not simulator.keys("pdv.pedido.obter")
