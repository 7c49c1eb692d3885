"""The surroundings of an operator that runs alone: the emulators, and an Airflow that has no more than a home."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import version
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from local.stack.launcher import Stack
from local.stack.settings import PROJECT

if TYPE_CHECKING:
    from tiny_operators.stores import Store


def environment(stack: Stack) -> dict[str, str]:
    """Return the variables of a process that runs operators without a scheduler."""
    # A database that one version of Airflow has made is of no use to the other.
    home = stack.home / f"airflow-{version('apache-airflow')}"
    google = {"conn_type": "google_cloud_platform", "extra": {"is_anonymous": True, "project": PROJECT}}
    return {
        **stack.environ(),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW_CONN_GOOGLE_CLOUD_DEFAULT": json.dumps(google),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    }


def set_up(store: Store) -> None:
    """Create the store's buckets, datasets and tables."""
    from airflow.providers.google.cloud.hooks.bigquery import BigQueryHook
    from airflow.providers.google.cloud.hooks.gcs import GCSHook

    from tiny_operators.setup.provision import create_missing

    bigquery = BigQueryHook(location=store.location, use_legacy_sql=False).get_client()
    create_missing(store, GCSHook().get_conn(), bigquery)


def context_of(run_id: str, params: Mapping[str, Any], retries: int | None) -> Any:
    """Build what the operators ask of a running task: the first try of a run that a person triggered.

    Args:
        run_id: The run.
        params: What it was triggered with.
        retries: The tries that the task has besides.
    """
    run = SimpleNamespace(run_id=run_id, run_type="manual", conf={}, run_after=None, queued_at=None)
    task = SimpleNamespace(retries=retries or 0)
    ti = SimpleNamespace(try_number=1, max_tries=task.retries, task=task, xcom_push=lambda **_: None)
    return {"dag_run": run, "params": dict(params), "ti": ti}
