"""The plan DAG as Airflow runs it: what a range would take, and nothing else starts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from local.demo.parts import Simulator, Warehouse
from tests.dates import TODAY, free_day
from tiny_operators.batches.run_request import SLICE_DAYS
from tiny_operators.lake import names
from tiny_operators.operators.fetch import FetchOrdersOperator
from tiny_operators.operators.plan_dates import PlanDailyOperator
from tiny_operators.schemas import TABLES

pytestmark = pytest.mark.stack

QUESTIONS = ("z316_plan", "z316_compare")


def ask(dags: Any, **conf: Any) -> tuple[Any, dict[str, str]]:
    """Run the DAG: its run, and the state of each task and of the run."""
    # All of the form: on 2.11 a DAG object remembers what it was tested with before.
    form = {"from_date": None, "to_date": None, "force": False}
    run = dags["z316_plan"].test(datetime.now(UTC), run_conf={**form, **conf})
    tasks = {task.task_id: str(task.state) for task in run.get_task_instances()}
    return run, {**tasks, "run": str(getattr(run.state, "value", run.state))}


def found(run: Any) -> dict[str, Any]:
    """What the run planned."""
    (plan,) = (task for task in run.get_task_instances() if task.task_id == "plan")
    pulled: dict[str, Any] = plan.xcom_pull(task_ids="plan", key="plan")
    return pulled


def runs() -> set[tuple[str, str]]:
    """All runs of all DAGs that Airflow knows."""
    from airflow.models import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        return {(dag_id, run_id) for dag_id, run_id in session.execute(select(DagRun.dag_id, DagRun.run_id))}


def days_in_a_row(count: int) -> list[date]:
    """Dates that no other test uses: free days go back in time, three at once."""
    *_, first = (free_day() for _ in range(-(-count // 3)))
    return [first + timedelta(days=number) for number in range(count)]


@pytest.mark.parametrize("count", [1, 3, 12])
def test_a_question_starts_nothing_else(
    count: int, dags: Any, simulator: Simulator, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as it may be: also of more dates than one run of the daily DAG takes."""
    monkeypatch.setattr(dags["z316_plan"].get_task("plan"), "slice_days", 2)
    days = days_in_a_row(count)
    sold = [sale.pedido for day in (days[0], days[-1]) for sale in simulator.sell_on(day, 2)]
    simulator.forget_calls()
    before, rows = runs(), {table: warehouse.count(table) for table in (*TABLES, "reconciliation")}
    objects = set(warehouse.objects(""))

    run, states = ask(dags, from_date=str(days[0]), to_date=str(days[-1]))

    assert states == {"ready": "success", "plan": "skipped", "all_listed": "skipped", "run": "success"}
    plan = found(run)
    assert (plan["first"], plan["last"], plan["days"]) == (str(days[0]), str(days[-1]), count)
    assert (plan["listed"], plan["new"], plan["orders"]) == (len(sold),) * 3
    assert runs() - before == {("z316_plan", run.run_id)}
    assert simulator.calls() == {"pedidos.pesquisa": count}, "no order was read"
    assert {table: warehouse.count(table) for table in rows} == rows
    own = names.run_prefix(names.run_key("z316_plan", run.run_id))
    left = set(warehouse.objects("")) - objects
    assert all(name.startswith((own, "raw/", "accounts/")) for name in left), left
    assert not warehouse.waiting()


def test_no_dag_that_only_asks_has_a_task_that_reads_orders_or_starts_a_run(dags: Any) -> None:
    from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator

    for dag_id in QUESTIONS:
        dag = dags[dag_id]
        assert dag.is_paused_upon_creation is False, "a form that is sent unpauses nothing"
        assert not [
            task for task in dag.tasks if isinstance(task, (FetchOrdersOperator, TriggerDagRunOperator))
        ]
        # Nor does an update of the tables start anything.
        assert not [task for task in dag.tasks if task.outlets]


def test_what_is_loaded_takes_nothing_unless_all_of_it_is_asked_for(
    dags: Any, simulator: Simulator, day: date
) -> None:
    simulator.sell_on(day, 3)
    dags["z316_daily"].test(
        datetime.now(UTC),
        run_conf={"from_date": str(day), "to_date": None, "force": False, "refresh_costs": False},
    )
    simulator.forget_calls()
    plans = [found(ask(dags, from_date=str(day), force=force)[0]) for force in (False, True)]
    assert [plan["orders"] for plan in plans] == [0, 3]
    assert simulator.calls() == {"pedidos.pesquisa": 2}


def asked(store: Any, **params: Any) -> list[date]:
    """The dates that a run by hand takes, whose interval is the moment of its trigger, as on 2.11."""
    now = datetime.now(UTC)
    run = SimpleNamespace(run_type="manual", conf=params, queued_at=now)
    context: Any = {"dag_run": run, "params": params, "data_interval_start": now, "data_interval_end": now}
    request = PlanDailyOperator(task_id="plan", store=store, only_asks=True).request(context)
    assert (request.only_asks, request.of_interval) == (True, False)
    return request.dates


def test_years_are_one_plan(store: Any) -> None:
    dates = asked(store, from_date="2015-01-01", to_date="2025-12-31")
    assert len(dates) == (date(2025, 12, 31) - date(2015, 1, 1)).days + 1 > 10 * SLICE_DAYS


@pytest.mark.parametrize(
    "empty", [{}, {"from_date": None, "to_date": None}, {"from_date": "", "to_date": ""}]
)
def test_without_dates_it_is_yesterday_as_the_form_says(store: Any, empty: dict[str, Any]) -> None:
    assert asked(store, **empty) == [TODAY - timedelta(days=1)]


@pytest.mark.parametrize(
    "conf",
    [
        {"from_date": str(TODAY), "to_date": str(TODAY - timedelta(days=1))},
        {"from_date": str(TODAY + timedelta(days=2))},
        {"to_date": str(TODAY - timedelta(days=1))},
        {"plan_only": True},
        {"refresh_costs": True},
    ],
    ids=["end before start", "future", "no start", "of the old form", "unknown parameter"],
)
def test_what_cannot_be_is_refused_at_once_and_without_a_call(
    dags: Any, simulator: Simulator, conf: dict[str, Any]
) -> None:
    _, states = ask(dags, **conf)
    assert (states["plan"], states["run"]) == ("failed", "failed")
    assert not simulator.calls()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("31/01/2026", "must be a date as YYYY-MM-DD"),
        ("2026-02-30", "has the form YYYY-MM-DD, but there is no"),
    ],
)
def test_what_is_no_date_is_refused(store: Any, given: str, said: str) -> None:
    with pytest.raises(Exception, match=f"from_date {said}"):
        asked(store, from_date=given)


def test_the_daily_dag_says_which_fields_it_has_instead(store: Any) -> None:
    run = SimpleNamespace(run_type="manual", conf={"plan_only": True}, queued_at=datetime.now(UTC))
    context: Any = {"dag_run": run, "params": run.conf}
    says = r"unknown parameters \['plan_only'\]; this DAG has \['force', 'from_date', 'refresh_costs', 'to_date'\]"
    with pytest.raises(Exception, match=says):
        PlanDailyOperator(task_id="plan", store=store).request(context)
