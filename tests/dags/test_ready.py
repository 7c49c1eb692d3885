"""Without its pools or tables, or with tables older than its schema files, each DAG says so before it reads
anything."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from local.demo.parts import Simulator, Warehouse
from tiny_operators import readiness
from tiny_operators._compat import AIRFLOW_V_3_0_PLUS, AirflowFailException
from tiny_operators.batches.run_backoff import RunBackoff
from tiny_operators.lake.objects import Objects
from tiny_operators.operators.plan_webhooks import PlanWebhooksOperator
from tiny_operators.operators.replay import ReplayRowsOperator
from tiny_operators.operators.setup import CheckSetupOperator
from tiny_operators.schemas import LAYOUTS, schema_fields
from tiny_operators.sensors.webhooks import WebhookFilesSensor
from tiny_operators.setup import provision

pytestmark = pytest.mark.stack

FIRST = {"z316_webhook": "wait", "z316_daily": "ready", "z316_reconcile": "ready", "z316_replay": "rows"}


@pytest.mark.parametrize(("dag", "task"), FIRST.items())
def test_the_first_task_looks_and_is_in_no_pool_of_the_store(
    dag: str, task: str, dags: Any, store: Any
) -> None:
    """A task whose pool is missing is never scheduled, and nothing is said."""
    (first,) = [found for found in dags[dag].tasks if not found.upstream_task_ids]
    assert first.task_id == task
    assert first.pool not in store.pools


@pytest.fixture
def backoff(store: Any, warehouse: Warehouse) -> Iterator[RunBackoff]:
    """The pause of the webhook DAG, which is over."""
    found = RunBackoff(Objects(warehouse.storage_client(), store.api_bucket), "adhoc_airflow")
    found.run_done(orders_wait=False)
    yield found
    found.run_done(orders_wait=False)


def refused(task: Any, backoff: RunBackoff, match: str) -> None:
    """A task fails at once; after a failure the webhook DAG would pause first."""
    backoff.run_done(orders_wait=False)
    with pytest.raises(AirflowFailException, match=match):
        task.execute(context())


def looks(store: Any) -> Iterator[Any]:
    yield CheckSetupOperator(task_id="ready", store=store)
    yield WebhookFilesSensor(task_id="wait", store=store)
    yield ReplayRowsOperator(task_id="rows", store=store)


def test_tables_older_than_the_schema_files_are_told_before_anything_is_read(
    store: Any, backoff: RunBackoff, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a deployment, before setup was run: with one, three and all tables, at any depth."""
    names = list(LAYOUTS)
    for older in (["pdv"], names[:3], names):

        def newer(table: str, older: list[str] = older) -> list[dict[str, Any]]:
            fields = schema_fields(table)
            if table not in older:
                return fields
            records = [field for field in fields if "fields" in field]
            (records[-1]["fields"] if records else fields).append({"name": "novo", "type": "STRING"})
            return fields

        monkeypatch.setattr(provision, "schema_fields", newer)
        reported = ", ".join(name for name in LAYOUTS if name in older)
        for task in [*looks(store), PlanWebhooksOperator(task_id="plan", store=store)]:
            refused(
                task,
                backoff,
                rf"not as include/schemas says in z316_tiny: {reported}\. Nothing was read; run the",
            )
    assert simulator.calls() == {}


def context() -> Any:
    run_id = f"manual__{uuid.uuid4()}"
    ti = SimpleNamespace(xcom_push=lambda key, value: None)
    return {"dag_run": SimpleNamespace(run_id=run_id, run_type="manual"), "ti": ti, "run_id": run_id}


def test_a_dataset_that_is_missing_is_told(store: Any, backoff: RunBackoff) -> None:
    for task in looks(replace(store, dataset="not_made")):
        refused(task, backoff, "Dataset not_made is missing: run the DAG z316_setup")


@pytest.mark.parametrize("missing", [["tiny_z316"], ["merge_z316"], ["tiny_z316", "merge_z316"]], ids=repr)
def test_a_pool_that_is_missing_is_told(
    missing: list[str], store: Any, backoff: RunBackoff, monkeypatch: pytest.MonkeyPatch
) -> None:
    if AIRFLOW_V_3_0_PLUS:
        # With the API itself: tests/tiny_operators/test_airflow_api.py and tests/e2e/test_watch.py.
        monkeypatch.setattr(
            readiness, "missing_pools", lambda names: [name for name in names if name in missing]
        )
        check(store, backoff, missing)
        return
    from airflow.models.pool import Pool

    for name in missing:
        Pool.delete_pool(name)
    try:
        check(store, backoff, missing)
    finally:
        for name in missing:
            Pool.create_or_update_pool(name, slots=1, description="", include_deferred=False)
    CheckSetupOperator(task_id="ready", store=store).execute(context())


def check(store: Any, backoff: RunBackoff, missing: list[str]) -> None:
    for task in looks(store):
        refused(task, backoff, rf"Pools {', '.join(missing)} are missing: .*run the DAG z316_setup")


def test_the_webhook_dag_does_not_fail_without_a_pause(store: Any, backoff: RunBackoff) -> None:
    """It starts anew at once: without a pause it would fail, and tell people, all the time."""
    sensor = WebhookFilesSensor(task_id="wait", store=replace(store, dataset="not_made"))
    with pytest.raises(AirflowFailException, match="not_made"):
        sensor.execute(context())
    assert backoff.seconds_left() > 0
