"""Dates of which Tiny never answers the search, or not so that it can be used.

They keep no other date out, and are never dates without orders.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pytest
from airflow.providers.google.cloud.hooks.bigquery import BigQueryHook

from local.demo.parts import Simulator, Warehouse
from tests.component.whole_runs import WholeRun
from tests.dates import free_day
from tiny_operators.batches.dates import DatePlan, DatePlanner, date_plans, read_part
from tiny_operators.batches.run_request import RunRequest
from tiny_operators.batches.unanswered import UnansweredMemory
from tiny_operators.hooks.tiny import TinyHook
from tiny_operators.lake import names
from tiny_operators.lake.objects import Objects
from tiny_operators.lake.raw_writer import RawWriter
from tiny_operators.operators.plan_dates import PlanDailyOperator
from tiny_operators.tiny.answers import Answer
from tiny_operators.tiny.api import TinyUnavailableError
from tiny_operators.tiny.search import date_parameters
from tiny_operators.warehouse.known_orders import KnownOrders

pytestmark = [pytest.mark.stack, pytest.mark.usefixtures("impatient", "run")]

DATES = 12
# What a search page has in the place of its orders.
NO_ORDERS: list[Any] = [{"pedido": {"id": ""}}, {"novo": 1}, [{"pedido": {"id": ""}}] * 3, "texto"]


@pytest.fixture
def days() -> list[date]:
    """Dates in a row that no other test uses."""
    # Free days go back in time, three at once.
    last, *_, first = (free_day() for _ in range(DATES // 3))
    found = [first + timedelta(days=number) for number in range(DATES)]
    assert found[-1] == last + timedelta(days=2)
    return found


@dataclass
class Nights:
    """Runs about dates.

    Attributes:
        simulator: The simulated Tiny.
        warehouse: Buckets and tables.
        dags: The DAGs.
        objects: The API bucket.
    """

    simulator: Simulator
    warehouse: Warehouse
    dags: Any
    objects: Objects

    def sell(self, days: list[date]) -> dict[date, int]:
        """One order on each date."""
        return {day: self.simulator.sell_on(day, 1)[0].pedido for day in days}

    def silence(self, *days: date, fault: str = "code_35") -> None:
        """Let Tiny be silent about the search of these dates, or answer with another fault."""
        for day in days:
            self.simulator.fault(service="pedidos.pesquisa", faults=[fault], date=day.isoformat(), times=None)

    def plan(self, days: list[date], run: Any, tiny: TinyHook) -> dict[date, DatePlan]:
        """What one run plans for these dates."""
        client = BigQueryHook(location=run.store.location, use_legacy_sql=False).get_client()
        raw = RawWriter(self.objects, run.store, "daily", f"z316_daily_{uuid.uuid4().hex[:12]}")
        planner = DatePlanner(tiny, KnownOrders(client, run.store), raw)
        return {day: planner.plan(day) for day in days}

    def orders_of(self, plans: dict[date, DatePlan]) -> dict[date, list[int]]:
        """The orders that are to be read."""
        return {
            day: [order.pedido for order in read_part(self.objects, plan.part)] for day, plan in plans.items()
        }

    def run(self, days: list[date], dag: str = "daily", **more: Any) -> WholeRun:
        """A run that a person triggers for dates in a row."""
        form = {"from_date": days[0].isoformat(), "to_date": days[-1].isoformat(), **more}
        return WholeRun(self.dags[f"z316_{dag}"], form)

    def loaded(self, sold: dict[date, int]) -> set[date]:
        """The dates whose order is in the tables."""
        found = {row["id"] for row in self.warehouse.rows_of("pdv", sold.values())}
        return {day for day, pedido in sold.items() if pedido in found}

    def remembered(self) -> list[str]:
        """The dates that are known to be silent."""
        found = self.objects.read_json(names.silent_dates_object("z316")) or {"silent": {}}
        return sorted(found["silent"])


@pytest.fixture
def nights(simulator: Simulator, warehouse: Warehouse, dags: Any, store: Any) -> Nights:
    simulator.set(limits={"per_minute": 100_000, "concurrency": 1000})
    return Nights(simulator, warehouse, dags, Objects(warehouse.storage_client(), store.api_bucket))


class OddTiny(TinyHook):
    """The account, in which a search page of some dates comes with other content.

    Attributes:
        odd: Dates with what stands in the place of their orders.
        page: The number of the page.
    """

    odd: dict[date, Any]
    page = 1

    def pedidos_pesquisa(self, parameters: dict[str, str], page: int = 1, sort: str = "DESC") -> Answer:
        """Spoil an answer of the simulator."""
        answer = super().pedidos_pesquisa(parameters, page, sort)
        for day, content in self.odd.items():
            if parameters == date_parameters(day) and page == self.page:
                return replace(answer, retorno={**answer.retorno, "pedidos": content})
        return answer


@pytest.mark.parametrize(("count", "starts"), [(1, (0, 6, 11)), (3, (5,)), (10, (1,))])
def test_the_other_dates_are_planned_wherever_the_silent_ones_stand(
    count: int, starts: tuple[int, ...], days: list[date], nights: Nights, run: Any
) -> None:
    sold = nights.sell(days)
    for start in starts:
        bad = days[start : start + count]
        nights.silence(*bad)
        plans = nights.plan(days, run, TinyHook(run.store.tiny_conn_id))
        assert [day for day, plan in plans.items() if plan.unanswered] == bad
        assert nights.orders_of(plans) == {
            day: [] if day in bad else [pedido] for day, pedido in sold.items()
        }
        assert nights.remembered() == sorted(map(str, bad))
        nights.simulator.no_faults()
        UnansweredMemory.of_dates(nights.objects, run.store.prefix).forget(bad)


@pytest.mark.parametrize(("count", "starts"), [(1, (0, 2, 4)), (3, (1,)), (4, (1,))])
def test_dates_that_cannot_be_listed_keep_no_other_date_out(
    count: int, starts: tuple[int, ...], days: list[date], nights: Nights, run: Any
) -> None:
    """Refused dates and dates whose page has no order, in turn."""
    days = days[:5]
    sold = nights.sell(days)
    tiny = OddTiny(run.store.tiny_conn_id)
    for start in starts:
        bad = days[start : start + count]
        refused = bad[start % 4 != 0 :: 2]
        tiny.odd = {day: NO_ORDERS[at] for at, day in enumerate(bad) if day not in refused}
        nights.silence(*refused, fault="code_21")
        plans = nights.plan(days, run, tiny)
        words = {day: "too many rows" if day in refused else "none of them can be read" for day in bad}
        assert [day for day, plan in plans.items() if plan.unanswered] == bad
        assert {day for day, plan in plans.items() if plan.reason} == words.keys()
        assert all(words[day] in plans[day].reason and str(day) in plans[day].reason for day in bad)
        assert nights.orders_of(plans) == {
            day: [] if day in bad else [pedido] for day, pedido in sold.items()
        }
        assert nights.remembered() == sorted(map(str, bad))
        nights.simulator.no_faults()
        UnansweredMemory.of_dates(nights.objects, run.store.prefix).forget(bad)


@pytest.mark.parametrize("page", [1, 2, 3])
def test_of_a_date_with_a_page_without_an_order_the_pages_before_are_planned(
    page: int, days: list[date], nights: Nights, run: Any
) -> None:
    nights.simulator.set(limits={"page_size": 3})
    nights.simulator.sell_on(days[0], 8)
    tiny = OddTiny(run.store.tiny_conn_id)
    tiny.odd, tiny.page = {days[0]: {"pedido": {"id": ""}}}, page
    plan = nights.plan(days[:1], run, tiny)[days[0]]
    assert (plan.unanswered, plan.new, plan.vanished) == (True, 3 * (page - 1), 0)


def test_a_date_that_cannot_be_listed_is_reported_with_its_reason_and_listed_later(
    days: list[date], nights: Nights
) -> None:
    days, bad = days[:3], days[1]
    sold = nights.sell(days)
    nights.silence(bad, fault="code_21")
    night = nights.run(days)
    with pytest.raises(Exception, match=rf"pesquisa of {bad} cannot be used, such as: .*too many rows"):
        night.finish()
    assert nights.loaded(sold) == {days[0], days[2]}
    nights.simulator.no_faults()
    nights.run([bad]).finish()
    assert nights.loaded(sold) == set(days)
    assert nights.remembered() == []
    night.finish()


@pytest.mark.parametrize("places", [[0], [1], [2], [0, 1, 2]])
def test_the_other_dates_are_loaded_and_a_later_run_brings_the_silent_ones(
    places: list[int], days: list[date], nights: Nights
) -> None:
    days = days[:3]
    sold, bad = nights.sell(days), [days[place] for place in places]
    nights.silence(*bad)
    night = nights.run(days)
    with pytest.raises(Exception, match=r"did not answer pedidos\.pesquisa of") as caught:
        night.finish()
    assert [day for day in days if str(day) in str(caught.value)] == bad
    assert nights.loaded(sold) == set(days) - set(bad)
    assert nights.remembered() == sorted(map(str, bad))
    nights.simulator.no_faults()
    # It was mended: another run for these dates, then the first one's last task is cleared.
    nights.run(bad).finish()
    assert nights.loaded(sold) == set(days)
    assert nights.remembered() == []
    night.finish()


def test_the_next_night_asks_again_by_itself(
    days: list[date], nights: Nights, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once in vain, with few calls; then it is answered."""
    sold = nights.sell(days[:3])
    nights.silence(days[0])
    with pytest.raises(Exception, match=str(days[0])):
        nights.run(days[:1]).finish()

    def by_schedule(day: date) -> WholeRun:
        """The run that the scheduler makes for a date."""
        request = RunRequest(day, day, of_interval=True)
        monkeypatch.setattr(PlanDailyOperator, "request", lambda self, context: request)
        return WholeRun(nights.dags["z316_daily"])

    nights.simulator.forget_calls()
    with pytest.raises(Exception, match=str(days[0])):
        by_schedule(days[1]).finish()
    assert sum(call["fault"] is not None for call in nights.simulator.call_log()) == 3 + 1
    assert nights.loaded(sold) == {days[1]}
    nights.simulator.no_faults()
    by_schedule(days[2]).finish()
    assert nights.loaded(sold) == set(days[:3])
    assert nights.remembered() == []


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_comparison_has_no_row_for_a_date_that_was_not_listed(
    place: int, days: list[date], nights: Nights
) -> None:
    """Its orders are not taken for deleted; the other dates are compared, repaired and recorded."""
    days, silent = days[:3], days[place]
    sold = nights.sell(days)
    nights.run(days).finish()
    for pedido in sold.values():
        nights.simulator.change(pedido, "edit", frete=17.5)
    nights.silence(silent)
    weekly = nights.run(days, "reconcile")
    with pytest.raises(Exception, match=str(silent)):
        weekly.finish()
    weekly.finish_but("all_listed")
    key = names.run_key("z316_reconcile", weekly.run_id)
    rows = {row["date"]: row for row in nights.warehouse.rows("reconciliation") if row["run"] == key}
    assert {day: (row["changed"], row["vanished"], row["repaired"]) for day, row in rows.items()} == {
        day: (1, 0, 1) for day in days if day != silent
    }
    found = nights.warehouse.rows_of("pdv", sold.values())
    assert len(found) == len(days)
    assert not any(row["deleted_at"] for row in found)


def test_of_a_date_with_a_silent_page_the_other_pages_are_loaded(days: list[date], nights: Nights) -> None:
    """The second page of three is silent: what stands behind it waits, and nothing is taken for deleted."""
    day, simulator = days[0], nights.simulator
    simulator.set(limits={"page_size": 3})
    sold = {sale.pedido for sale in simulator.sell_on(day, 8)}
    simulator.fault(service="pedidos.pesquisa", faults=["code_35"], key="2", times=None)
    night = nights.run([day])
    with pytest.raises(Exception, match=str(day)):
        night.finish()
    assert len(nights.warehouse.rows_of("pdv", sold)) == 3
    (plan,) = date_plans(nights.objects, names.run_key("z316_daily", night.run_id))
    assert (plan.unanswered, plan.new, plan.vanished) == (True, 3, 0)
    simulator.no_faults()
    nights.run([day]).finish()
    assert nights.warehouse.differences(simulator.truth_of_dates(day, day)) == []


def test_a_tiny_that_is_down_is_no_silent_date(days: list[date], nights: Nights) -> None:
    nights.simulator.fault(faults=["html_502"], times=None)
    with pytest.raises(TinyUnavailableError):
        nights.run(days[:1]).finish()
    assert nights.remembered() == []


def test_only_a_plan_forgets_no_silent_date(days: list[date], nights: Nights) -> None:
    """It reads no order, so the next night still has to."""
    nights.silence(days[0])
    with pytest.raises(Exception, match=f"{days[0]}.* trigger the daily DAG for these dates"):
        nights.run(days[:1], "plan").finish()
    nights.simulator.no_faults()
    nights.run(days[:1], "plan").finish()
    assert nights.remembered() == [str(days[0])]
