"""The whole DAG as Airflow runs it, task after task, in one process."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from local.demo.compare import table_differences, truth_rows
from local.demo.parts import Simulator, Warehouse, post_webhook
from tiny_operators.stores import load_stores

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def dags(airflow_database: None, emulators: dict[str, str]) -> Any:
    try:
        from airflow.dag_processing.dagbag import DagBag
    except ImportError:
        from airflow.models.dagbag import DagBag
    return DagBag().dags


@pytest.fixture(scope="module")
def warehouse(emulators: dict[str, str]) -> Warehouse:
    from airflow.providers.google.cloud.hooks.bigquery import BigQueryHook
    from airflow.providers.google.cloud.hooks.gcs import GCSHook

    from tiny_operators.provision import create_missing

    store = load_stores()[0]
    create_missing(
        store, GCSHook().get_conn(), BigQueryHook(location=store.location, use_legacy_sql=False).get_client()
    )
    found = Warehouse("z316-local", store.webhook_bucket, store.api_bucket, store.dataset)
    bucket = found._storage().bucket(found.webhook_bucket)
    for name in found.waiting():
        bucket.blob(name).delete()
    return found


def test_sales_become_rows(dags: Any, emulators: dict[str, str], warehouse: Warehouse) -> None:
    simulator = Simulator(emulators["TINY_SIMULATOR_URL"])
    sales = simulator.sell(3)
    for sale in sales:
        post_webhook(emulators["WEBHOOK_URL"], sale.webhook)
    run = dags["z316_webhook"].test(datetime.now(UTC))
    assert run.state == "success"
    ids = [sale.pedido for sale in sales]
    truth = truth_rows(simulator.truth(ids))
    for table, rows in truth.items():
        key = "pedido_id" if table == "produto" else "id"
        found = [row for row in warehouse.rows(table) if int(row[key]) in ids]
        assert list(table_differences(table, rows, found)) == []
    assert warehouse.waiting() == []
