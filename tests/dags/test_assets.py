"""The tables are Airflow's assets (2.11: datasets): a merge reports them, and other DAGs may wait for them."""

from __future__ import annotations

import importlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from airflow.providers.google.assets.bigquery import create_asset, sanitize_uri

from local.demo.parts import Simulator, Warehouse, post_webhook
from tests.environment import AIRFLOW
from tiny_operators import assets
from tiny_operators.schemas import LOADED
from tiny_operators.stores import StoresError, load_stores

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "after_each_update.py"
WITH_MERGE = ("z316_daily", "z316_reconcile", "z316_replay", "z316_webhook")


@pytest.mark.parametrize("dag_id", WITH_MERGE)
def test_a_merge_reports_its_tables_and_nothing_else_does(dags: Any, dag_id: str) -> None:
    outlets = {task.task_id: [asset.uri for asset in task.outlets] for task in dags[dag_id].tasks}
    tables = [f"bigquery://z316-local/z316_tiny/{table}" for table in LOADED]
    assert {task_id: uris for task_id, uris in outlets.items() if uris} == {"merge": tables}


@pytest.mark.parametrize("table", LOADED)
def test_an_asset_is_that_of_the_google_provider(table: str) -> None:
    store = load_stores()[0]
    own = assets.table_asset(store, table)
    theirs = create_asset(project_id="z316-local", dataset_id=store.dataset, table_id=table)
    assert own.uri == theirs.uri
    assert sanitize_uri(urlsplit(own.uri)).geturl() == own.uri


def test_without_a_project_there_is_no_asset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GOOGLE_CLOUD_PROJECT")
    monkeypatch.delenv("GCP_PROJECT", raising=False)
    store = load_stores()[0]
    assert assets.merged_assets(store) == []
    with pytest.raises(StoresError, match="GCP_PROJECT"):
        assets.table_asset(store, "pdv")


@pytest.mark.parametrize("table", ["orders", "reconciliation", ""])
def test_a_table_that_no_merge_updates_is_refused(table: str) -> None:
    with pytest.raises(StoresError, match="pdv"):
        assets.table_asset(load_stores()[0], table)


def test_the_example_waits_for_pdv(airflow_database: None) -> None:
    module = importlib.import_module(
        "airflow.models.dagbag" if AIRFLOW == "2.11" else "airflow.dag_processing.dagbag"
    )
    bag = module.DagBag(dag_folder=str(EXAMPLE))
    assert bag.import_errors == {}
    (dag,) = bag.dags.values()
    condition = dag.timetable.dataset_condition if AIRFLOW == "2.11" else dag.timetable.asset_condition
    uris = [asset.uri for asset in condition.objects]
    assert uris == ["bigquery://z316-local/z316_tiny/pdv"]


@pytest.mark.stack
def test_an_update_says_how_many_rows_each_table_got(
    dags: Any, emulators: dict[str, str], simulator: Simulator, warehouse: Warehouse
) -> None:
    for sale in simulator.sell(3):
        post_webhook(emulators["WEBHOOK_URL"], sale.webhook)
    if AIRFLOW == "2.11":
        # As the scheduler does: the updates of a table that no DAG file names are not kept.
        dags["z316_webhook"].sync_to_db()
    run = dags["z316_webhook"].test(datetime.now(UTC))
    assert run.state == "success"
    events = events_of(run.run_id)
    rows = {uri.rpartition("/")[2]: extra["rows"] for uri, extra in events.items()}
    assert set(rows) == set(LOADED)
    assert rows["pdv"] == rows["pesquisa"] == 3
    assert rows["rejeitados"] == 0


def events_of(run_id: str) -> dict[str, dict[str, Any]]:
    """The extras of a run's updates, by the address of what was updated."""
    models = importlib.import_module(
        "airflow.models.dataset" if AIRFLOW == "2.11" else "airflow.models.asset"
    )
    session = importlib.import_module("airflow.utils.session")
    event = models.DatasetEvent if AIRFLOW == "2.11" else models.AssetEvent
    with session.create_session() as asking:
        found = asking.query(event).filter(event.source_run_id == run_id).all()
        return {item.uri: item.extra for item in found}
