"""The reconcile DAG as Airflow runs it, task after task, in one process."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from local.demo.parts import Simulator, Warehouse
from tiny_operators.lake import names

pytestmark = pytest.mark.stack

REPORT = {"compare", "load_reconciliation", "record"}


def run_reconcile(
    dags: Any, day: date, dag_id: str = "z316_reconcile", **conf: Any
) -> tuple[str, dict[str, set[str]], str]:
    """Run a DAG for a date and the next; its key, the tasks of each state, and the state of the run."""
    dates = {"from_date": day.isoformat(), "to_date": (day + timedelta(days=1)).isoformat()}
    run = dags[dag_id].test(datetime.now(UTC), run_conf={**dates, **conf})
    states: dict[str, set[str]] = {}
    for task in run.get_task_instances():
        states.setdefault(str(task.state), set()).add(task.task_id)
    key = names.run_key(dag_id, run.run_id)
    return key, states, str(getattr(run.state, "value", run.state))


def recorded(warehouse: Warehouse, key: str) -> dict[date, tuple[int, int, list[int]]]:
    """By date: orders that were missing, that were repaired, and that still differ."""
    rows = [row for row in warehouse.rows("reconciliation") if row["run"] == key]
    return {row["date"]: (row["missing"], row["repaired"], row["unrepaired"]) for row in rows}


def test_what_differs_is_repaired_and_a_second_run_finds_nothing(
    dags: Any, simulator: Simulator, warehouse: Warehouse, day: date
) -> None:
    sold = sorted(sale.pedido for sale in simulator.sell_on(day, 3))
    next_day = day + timedelta(days=1)
    key, states, run = run_reconcile(dags, day)
    assert (set(states), run) == ({"success", "skipped"}, "success")
    assert states["skipped"] == {"load_rejeitados"}, "nothing was set aside"
    assert recorded(warehouse, key) == {day: (3, 3, []), next_day: (0, 0, [])}
    assert simulator.keys("pdv.pedido.obter") == sold
    simulator.forget_calls()

    key, states, run = run_reconcile(dags, day)
    assert (states["success"], run) == (REPORT | {"ready"}, "success")
    assert set(states) == {"success", "skipped"}
    assert recorded(warehouse, key) == {day: (0, 0, []), next_day: (0, 0, [])}
    assert simulator.calls() == {"pedidos.pesquisa": 2}


def test_what_cannot_be_repaired_fails_the_run_at_once_with_the_list(
    dags: Any, simulator: Simulator, warehouse: Warehouse, day: date
) -> None:
    good, bad, also_good = (sale.pedido for sale in simulator.sell_on(day, 3))
    simulator.fault(service="pdv.pedido.obter", faults=["code_31"], key=str(bad), times=None)
    key, states, run = run_reconcile(dags, day)
    assert (states["failed"], set(states), run) == ({"record"}, {"failed", "success"}, "failed")
    assert recorded(warehouse, key)[day] == (3, 2, [bad])
    assert {good, also_good} < {row["id"] for row in warehouse.rows("pdv")}


def test_what_repairs_cannot_be_told_to_compare_only(
    dags: Any, simulator: Simulator, warehouse: Warehouse, day: date
) -> None:
    """That is another DAG: this one may be paused, and its form would start the overdue run of Sunday."""
    simulator.sell_on(day, 1)
    _, states, run = run_reconcile(dags, day, plan_only=True)
    assert ("plan" in states["failed"], run) == (True, "failed")
    assert not simulator.calls()


def test_a_question_repairs_nothing_and_names_what_differs(
    dags: Any, simulator: Simulator, warehouse: Warehouse, day: date
) -> None:
    sold = sorted(sale.pedido for sale in simulator.sell_on(day, 3))
    key, states, run = run_reconcile(dags, day, "z316_compare")
    assert (states["failed"], states["skipped"], run) == ({"record"}, {"plan", "all_listed"}, "failed")
    assert recorded(warehouse, key)[day] == (3, 0, sold)
    assert simulator.calls() == {"pedidos.pesquisa": 2}, "no order was read"
    assert not warehouse.rows_of("pdv", sold)

    run_reconcile(dags, day)
    key, states, run = run_reconcile(dags, day, "z316_compare")
    assert (states["success"], run) == (REPORT | {"ready"}, "success")
    assert recorded(warehouse, key)[day] == (0, 0, [])


def test_the_question_cannot_be_told_to_do_more(dags: Any, day: date) -> None:
    _, states, run = run_reconcile(dags, day, "z316_compare", force=True)
    assert ("plan" in states["failed"], run) == (True, "failed")
