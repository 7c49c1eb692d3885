"""Setup, and the first things that go wrong when it was not run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.component.provision.stores import Clients, clients_of
from tiny_operators._compat import AIRFLOW_V_3_0_PLUS, AirflowException, AirflowFailException
from tiny_operators.operators.setup import SetupStoreOperator
from tiny_operators.schemas import LAYOUTS, column_names, schema_fields
from tiny_operators.sensors.webhooks import WebhookFilesSensor

pytestmark = pytest.mark.stack


@pytest.fixture
def clients(store: Any) -> Clients:
    return clients_of(store)


def test_tables_are_as_their_schema_files_say(store: Any, clients: Clients) -> None:
    for name in LAYOUTS:
        table = clients[1].get_table(f"{store.dataset}.{name}")
        assert [field.name for field in table.schema] == column_names(name)
        assert {field.name: field.description for field in table.schema} == {
            field["name"]: field["description"] for field in schema_fields(name)
        }
        assert table.time_partitioning.field == LAYOUTS[name].partition
        assert table.clustering_fields == list(LAYOUTS[name].cluster)


def test_staging_tables_expire_after_a_day(store: Any, clients: Clients) -> None:
    assert clients[1].get_dataset(store.staging_dataset).default_table_expiration_ms == 86_400_000


def test_a_missing_bucket_is_named_with_what_to_do(store: Any, run: Any) -> None:
    sensor = WebhookFilesSensor(task_id="wait", store=replace(store, webhook_bucket="not-made"))
    with pytest.raises(AirflowException, match=r"gs://not-made is missing: run the DAG z316_setup"):
        run.do(sensor)


def test_a_missing_connection_is_named_with_what_to_do(
    store: Any, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tiny_operators.hooks.tiny import TinyHook

    with pytest.raises(AirflowFailException, match=r"'tiny_nowhere' is missing.*airflow connections add"):
        TinyHook("tiny_nowhere")


def test_waiting_is_deferred_to_the_providers_trigger(store: Any, run: Any) -> None:
    from airflow.providers.common.compat.sdk import TaskDeferred

    with pytest.raises(TaskDeferred) as deferred:
        run.do(WebhookFilesSensor(task_id="wait", store=store))
    path, values = deferred.value.trigger.serialize()
    assert path.startswith("airflow.providers.google.")
    assert (values["bucket"], values["prefix"]) == (store.webhook_bucket, "")


def test_a_quiet_day_is_no_failure_but_a_broken_trigger_is(store: Any) -> None:
    from airflow.providers.common.compat.sdk import AirflowSkipException

    sensor = WebhookFilesSensor(task_id="wait", store=store)
    # What each Airflow hands to a task whose wait took too long.
    timed_out = "Trigger timeout" if AIRFLOW_V_3_0_PLUS else "Trigger/execution timeout"
    with pytest.raises(AirflowSkipException, match="the next run continues to wait"):
        sensor.resume_execution("__fail__", {"error": timed_out}, {})
    with pytest.raises(AirflowException) as failure:
        sensor.resume_execution("__fail__", {"error": "Trigger failure"}, {})
    assert not isinstance(failure.value, AirflowSkipException)
    with pytest.raises(AirflowException, match="no right"):
        sensor.resume_execution("execute_complete", {"event": {"status": "error", "message": "no right"}}, {})


def test_a_wrong_setting_of_alerts_is_named(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tiny_operators.operators.setup.ensure_pool", lambda *arguments: None)
    monkeypatch.setenv("AIRFLOW_VAR_TINY_ALERTS", '{"notifier": "no.such.Notifier"}')
    with pytest.raises(
        AirflowFailException, match=r"variable tiny_alerts: notifier 'no\.such\.Notifier' cannot"
    ):
        SetupStoreOperator(task_id="setup", store=store).execute({})


def test_views_are_made_also_where_pools_must_be_made_by_hand(
    store: Any, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: Any) -> None:
        raise AirflowFailException("Pool 'tiny_z316' cannot be made")

    monkeypatch.setattr("tiny_operators.operators.setup.ensure_pool", refuse)
    clients[1].delete_table(f"{store.report_dataset}.pedidos", not_found_ok=True)
    with pytest.raises(AirflowFailException, match="Pool 'tiny_z316' cannot be made"):
        SetupStoreOperator(task_id="setup", store=store).execute({})
    assert clients[1].get_table(f"{store.report_dataset}.pedidos").table_type == "VIEW"
