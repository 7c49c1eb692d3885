"""The daily path in parts: pages that move, tries that go on, live sales that go first."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from airflow.providers.common.compat.sdk import AirflowSkipException, TaskDeferred
from airflow.providers.google.cloud.hooks.bigquery import BigQueryHook

from local.demo.parts import Simulator, Warehouse
from tests.component.webhook_steps import fetch
from tests.component.whole_runs import WholeRun
from tests.dates import TODAY
from tiny_operators.batches import live_priority as turns
from tiny_operators.batches.dates import DatePlan, DatePlanner
from tiny_operators.batches.live_priority import LivePriority
from tiny_operators.hooks.tiny import TinyHook
from tiny_operators.lake import names
from tiny_operators.lake.objects import Objects
from tiny_operators.lake.raw_writer import RawWriter
from tiny_operators.operators.fetch import FetchOrdersOperator
from tiny_operators.operators.plan_dates import PlanDailyOperator
from tiny_operators.operators.rows import MakeRowsOperator
from tiny_operators.orders.plan import Plan, PlannedOrder
from tiny_operators.tiny.answers import Answer
from tiny_operators.warehouse.known_orders import KnownOrders

pytestmark = pytest.mark.stack


@pytest.fixture
def objects(run: Any, warehouse: Warehouse) -> Objects:
    return Objects(warehouse.storage_client(), run.store.api_bucket)


@pytest.fixture
def planner(run: Any, objects: Objects) -> DatePlanner:
    client = BigQueryHook(location=run.store.location, use_legacy_sql=False).get_client()
    known, raw = KnownOrders(client, run.store), RawWriter(objects, run.store, "daily", run.key)
    return DatePlanner(TinyHook(run.store.tiny_conn_id), known, raw)


def planned(objects: Objects, plan: DatePlan) -> list[PlannedOrder]:
    return [PlannedOrder.from_json(json.loads(line)) for line in objects.stream(plan.part)]


def write_plan(run: Any, objects: Objects, *dates: DatePlan, chunk_orders: int = 20) -> None:
    orders = sum(plan.orders for plan in dates)
    parts = tuple(plan.part for plan in dates)
    head = Plan("z316", "daily", parts=parts, in_parts=orders, chunk_orders=chunk_orders)
    objects.create_json(names.plan_object(run.key), head.to_json())


def test_every_order_of_a_date_with_many_pages_is_planned_once(
    simulator: Simulator, planner: DatePlanner, objects: Objects, day: date
) -> None:
    simulator.set(limits={"page_size": 5})
    sold = [sale.pedido for sale in simulator.sell_on(day, 23)]
    plan = planner.plan(day)
    assert (plan.listed, plan.new, plan.pages) == (23, 23, 10)
    found = planned(objects, plan)
    assert sorted(order.pedido for order in found) == sorted(sold)
    midnight = datetime.combine(day, datetime.min.time(), ZoneInfo("America/Sao_Paulo"))
    assert {datetime.fromisoformat(order.arrived_at) for order in found} == {midnight}
    assert {order.day for order in found} == {day.isoformat()}


def test_orders_that_move_while_pages_are_read_are_not_missed(
    simulator: Simulator,
    planner: DatePlanner,
    objects: Objects,
    day: date,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Between two pages an order of a page that was read goes, another comes, and one moves in from another date."""
    simulator.set(limits={"page_size": 5})
    (stranger,) = (sale.pedido for sale in simulator.sell_on(day - timedelta(days=3000), 1))
    sold = sorted(sale.pedido for sale in simulator.sell_on(day, 23))
    happenings: Iterator[Callable[[], object]] = iter([
        lambda: None,
        lambda: simulator.delete(sold[0]),
        lambda: simulator.edit(stranger, data=day.isoformat()),
        lambda: simulator.delete(sold[6]),
        lambda: simulator.sell_on(day, 1),
    ])
    search_page = planner.hook.pedidos_pesquisa

    def moving(*arguments: Any) -> Answer:
        next(happenings, lambda: None)()
        return search_page(*arguments)

    monkeypatch.setattr(planner.hook, "pedidos_pesquisa", moving)
    found = [order.pedido for order in planned(objects, planner.plan(day))]
    assert len(found) == len(set(found)), "none twice"
    assert set(sold) - {sold[0], sold[6]} <= set(found), "none missed that was there all the time"


def test_a_hostile_search_lists_every_order(
    simulator: Simulator, planner: DatePlanner, objects: Objects, day: date
) -> None:
    simulator.set(
        limits={"page_size": 5},
        quirks={
            "page_repeats": 0.7,
            "page_count_drift": True,
            "numeric_ids": 0.5,
            "single_row_as_object": 0.5,
        },
    )
    sold = [sale.pedido for sale in simulator.sell_on(day, 17)]
    assert sorted(order.pedido for order in planned(objects, planner.plan(day))) == sorted(sold)


@pytest.mark.parametrize(("run_type", "waits"), [("scheduled", True), ("backfill", True), ("manual", False)])
def test_a_day_that_is_not_over_is_waited_for_unless_a_person_asks(
    simulator: Simulator, run: Any, run_type: str, *, waits: bool
) -> None:
    start = datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=UTC)
    context: Any = {
        **run.context(),
        "dag_run": SimpleNamespace(run_id=run.run_id, run_type=run_type, conf={}, queued_at=None),
        "ti": SimpleNamespace(
            try_number=2, max_tries=0, task=SimpleNamespace(retries=3), xcom_push=lambda **_: None
        ),
        "params": {"force": False, "refresh_costs": False},
        "data_interval_start": start,
        "data_interval_end": start + timedelta(days=1),
    }
    operator = PlanDailyOperator(task_id="plan", store=run.store, gives_way=True)
    if not waits:
        # Whether the day has orders by now is not the matter.
        with suppress(AirflowSkipException):
            operator.execute(context)
        assert "pedidos.pesquisa" in simulator.calls()
        return
    with pytest.raises(TaskDeferred) as raised:
        operator.execute(context)
    moment = datetime.combine(TODAY + timedelta(days=1), time(2, 30), ZoneInfo("America/Sao_Paulo"))
    assert raised.value.trigger.moment == moment
    assert not simulator.calls()


def test_a_date_that_is_planned_is_not_searched_again_by_a_later_try(
    simulator: Simulator, planner: DatePlanner, day: date
) -> None:
    simulator.sell_on(day, 3)
    first = planner.plan(day)
    simulator.forget_calls()
    assert planner.plan(day) == first
    assert not simulator.calls()


@pytest.mark.usefixtures("impatient")
def test_an_order_that_tiny_never_answers_about_is_rejected_and_the_others_are_loaded(
    simulator: Simulator, planner: DatePlanner, objects: Objects, run: Any, day: date
) -> None:
    sold = [sale.pedido for sale in simulator.sell_on(day, 3)]
    simulator.fault(service="pdv.pedido.obter", faults=["html_502"], key=str(sold[1]), times=None)
    write_plan(run, objects, planner.plan(day))
    fetch(run)
    counts = run.do(MakeRowsOperator(task_id="rows", store=run.store))
    assert (counts["orders"], counts["pdv"], counts["rejects"]) == (3, 2, 1)
    (reject,) = [json.loads(line) for line in objects.stream(names.rejects_object(run.key, day.isoformat()))]
    assert (reject["pedido"], reject["step"], reject["field"]) == (sold[1], "fetch", "pedido")


def test_history_gives_way_to_live_sales_and_goes_on_where_it_was(
    simulator: Simulator, planner: DatePlanner, run: Any, day: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects = planner.raw.objects
    sold = [sale.pedido for sale in simulator.sell_on(day, 6)]
    write_plan(run, objects, planner.plan(day), chunk_orders=2)
    operator = FetchOrdersOperator(task_id="fetch", store=run.store, gives_way=True)
    turn = LivePriority(objects, run.store.prefix)
    turn.ask()
    with pytest.raises(TaskDeferred) as before_the_first_call:
        operator.execute(run.context())
    assert "pdv.pedido.obter" not in simulator.calls()
    turn.done()
    ask_tiny = TinyHook.pdv_pedido_obter

    def while_a_sale_comes(hook: TinyHook, pedido: int) -> Answer:
        turn.ask()
        return ask_tiny(hook, pedido)

    monkeypatch.setattr(TinyHook, "pdv_pedido_obter", while_a_sale_comes)
    with pytest.raises(TaskDeferred) as after_a_chunk:
        operator.go_on(run.context(), **(before_the_first_call.value.kwargs or {}))
    monkeypatch.setattr(TinyHook, "pdv_pedido_obter", ask_tiny)
    assert len(simulator.keys("pdv.pedido.obter")) == 2, "one chunk"
    turn.done()
    resumed = getattr(operator, after_a_chunk.value.method_name)
    counts = resumed(run.context(), event=None, **(after_a_chunk.value.kwargs or {}))
    assert counts["orders"] == 6
    assert simulator.keys("pdv.pedido.obter") == sorted(sold), "each once"


def test_the_live_path_never_gives_way_and_lets_history_go_on(
    simulator: Simulator, planner: DatePlanner, objects: Objects, run: Any, day: date
) -> None:
    simulator.sell_on(day, 1)
    write_plan(run, objects, planner.plan(day))
    turn = LivePriority(objects, run.store.prefix)
    turn.ask()
    assert fetch(run)["orders"] == 1
    assert not turn.wanted()


def renewed(objects: Objects, run: Any, **ago: float) -> None:
    moment = (datetime.now(UTC) - timedelta(**ago)).isoformat()
    objects.write_json(names.live_waits_object(run.store.prefix), {"renewed_at": moment})


def test_history_does_not_stand_still_for_a_live_task_that_died(objects: Objects, run: Any) -> None:
    """It lets the slot go for a moment after each piece of work, so that the task's next try gets it."""
    turn = LivePriority(objects, run.store.prefix)
    assert not turn.wanted()
    turn.ask()
    assert turn.wanted()
    renewed(objects, run, seconds=61)
    assert not turn.wanted()
    assert turn.wanted(after_work=True)
    renewed(objects, run, minutes=61)
    assert not turn.wanted(after_work=True)
    turn.done()
    assert not turn.wanted(after_work=True)


def test_a_live_task_renews_its_mark_while_it_reads(
    simulator: Simulator,
    planner: DatePlanner,
    objects: Objects,
    run: Any,
    *,
    day: date,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    simulator.sell_on(day, 2)
    write_plan(run, objects, planner.plan(day))
    seen: list[bool] = []
    ask_tiny, turn = TinyHook.pdv_pedido_obter, LivePriority(objects, run.store.prefix)

    def look(hook: TinyHook, pedido: int) -> Answer:
        seen.append(turn.wanted())
        return ask_tiny(hook, pedido)

    monkeypatch.setattr(TinyHook, "pdv_pedido_obter", look)
    monkeypatch.setattr(turns, "_RENEWED_EACH", timedelta())
    # Whatever the plan's mark says by now: it waited long for the slot.
    renewed(objects, run, minutes=5)
    fetch(run)
    assert seen == [True, True]


def test_after_a_mark_that_nobody_renews_history_reads_a_chunk_and_lets_the_slot_go(
    simulator: Simulator, planner: DatePlanner, objects: Objects, run: Any, day: date
) -> None:
    sold = [sale.pedido for sale in simulator.sell_on(day, 4)]
    write_plan(run, objects, planner.plan(day), chunk_orders=2)
    operator = FetchOrdersOperator(task_id="fetch", store=run.store, gives_way=True)
    renewed(objects, run, minutes=5)
    with pytest.raises(TaskDeferred) as away:
        operator.execute(run.context())
    assert len(simulator.keys("pdv.pedido.obter")) == 2, "one chunk"
    counts = operator.go_on(run.context(), **(away.value.kwargs or {}))
    assert counts["orders"] == 4
    assert simulator.keys("pdv.pedido.obter") == sorted(sold), "each once"


def test_an_order_in_pdv_under_another_date_than_its_search_line_is_not_read_each_night(
    simulator: Simulator, planner: DatePlanner, dags: Any, warehouse: Warehouse, day: date
) -> None:
    one, two, three = (sale.pedido for sale in simulator.sell_on(day, 3))
    WholeRun(dags["z316_daily"], {"from_date": day.isoformat(), "to_date": day.isoformat()}).finish()
    for pedido in (one, two):
        warehouse.bigquery_client().query_and_wait(
            f"UPDATE z316_tiny.pdv SET data = DATE_SUB(data, INTERVAL 40 DAY) WHERE id = {pedido}"
        )
    known = planner.known.of_date(day)
    assert {pedido for pedido, order in known.items() if order.arrived_at} == {one, two, three}
    assert planner.known.of_ids([one, two, three]) == known
    plan = planner.plan(day)
    assert (plan.listed, plan.orders) == (3, 0)
