"""The web UI of the real Airflow in a real browser, as a person uses it."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from local.airflow_ui import ui
from local.demo.parts import post_webhook
from tests.environment import AIRFLOW

pytestmark = pytest.mark.e2e

DAY = "2026-01-05"


@pytest.mark.timeout(1800)
def test_each_dag_opens_and_the_daily_one_is_triggered_by_its_form(live: Any) -> None:
    sale = live.simulator.sell(1)[0]
    post_webhook(live.env["WEBHOOK_URL"], sale.webhook)
    live.until("the sale", lambda: live.loaded([sale.pedido]))
    live.until("its run", lambda: bool(runs_of(live, "merge")))
    run = runs_of(live, "merge")[-1]
    dags = [dag["dag_id"] for dag in live.api.get("dags")["dags"]]
    assert len(dags) > 10
    with ui(AIRFLOW, live.ui) as seen:
        for dag in dags:
            tasks = len(live.api.get(f"dags/{dag}/tasks")["tasks"])
            assert seen.graph(dag, tasks) >= tasks, dag
            assert len(seen.docs(dag)) > 100, dag
        for name in ("Table", "BigQuery job"):
            assert requests.get(seen.link("z316_webhook", run, "merge", name), timeout=60).status_code == 200
        try:
            seen.trigger("z316_daily", {"from_date": DAY, "to_date": DAY})
            live.until("a run of that day", lambda: DAY in dates_asked(live))
        finally:
            live.api.patch("dags/z316_daily?update_mask=is_paused", {"is_paused": True})
        assert seen.problems == []


@pytest.mark.timeout(900)
def test_an_order_is_fetched_by_a_form_with_one_field(live: Any) -> None:
    """Its webhook never came."""
    sales = live.simulator.sell(2)
    numbers = {
        row["id"]: row["numero"] for row in live.simulator.truth([sale.pedido for sale in sales])["pdv"]
    }
    fields = [("orders", sales[0].pedido), ("numbers", numbers[sales[1].pedido])]
    with ui(AIRFLOW, live.ui) as seen:
        for name, value in fields:
            seen.trigger("z316_orders", {name: str(value)})
        assert seen.problems == []
    live.until("both orders", lambda: live.loaded([sale.pedido for sale in sales]))
    live.until("the ends of both runs", lambda: len(ends_of(live, "z316_orders")) == len(fields))
    assert ends_of(live, "z316_orders") == ["success"] * len(fields)


def ends_of(live: Any, dag: str) -> list[str]:
    runs = live.api.get(f"dags/{dag}/dagRuns?limit=100")["dag_runs"]
    return [run["state"] for run in runs if run["end_date"]]


def runs_of(live: Any, task: str) -> list[str]:
    """Runs of the webhook DAG in which a task succeeded."""
    found = live.api.get("dags/z316_webhook/dagRuns/~/taskInstances?state=success&limit=1000")
    return [one["dag_run_id"] for one in found["task_instances"] if one["task_id"] == task]


def dates_asked(live: Any) -> list[str]:
    runs = live.api.get("dags/z316_daily/dagRuns?limit=100")["dag_runs"]
    return [str((run["conf"] or {}).get("from_date")) for run in runs]
