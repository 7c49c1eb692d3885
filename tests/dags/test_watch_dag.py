"""What fails no other run: no webhooks, and rejects that nobody puts back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.demo.parts import Warehouse
from tiny_operators import names
from tiny_operators._compat import AirflowFailException, AirflowSkipException
from tiny_operators.gcp.storage import Objects
from tiny_operators.operators.watch import WatchWebhooksOperator
from tiny_operators.rows.schema import schema_fields

pytestmark = pytest.mark.stack

ALWAYS = "mon-sun 00:00-23:59"


@pytest.fixture
def moment() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def noon(moment: datetime) -> str:
    """A time zone in which it is about noon: the store opened some hours ago, and its day does not end soon."""
    return f"Etc/GMT{moment.hour - 12:+d}"


def watched(store: Any, **settings: Any) -> WatchWebhooksOperator:
    return WatchWebhooksOperator(task_id="webhooks", store=replace(store, **settings))


def test_no_webhook_is_expected_while_the_store_is_closed(store: Any) -> None:
    with pytest.raises(AirflowSkipException, match="No webhooks are expected now"):
        watched(store).execute({})


def test_a_quiet_day_is_told(store: Any, warehouse: Warehouse, noon: str) -> None:
    bucket = f"{store.api_bucket}-quiet"
    storage = warehouse.storage_client()
    for name in (bucket, f"{bucket}-in"):
        storage.create_bucket(name)
    quiet = watched(
        store,
        api_bucket=bucket,
        webhook_bucket=f"{bucket}-in",
        timezone=noon,
        opening_hours=ALWAYS,
        quiet_minutes=1,
    )
    with pytest.raises(
        AirflowFailException, match=r"No webhook of z316 for \d+ minutes, and the store is open"
    ):
        quiet.execute({})
    day = names.day_of(datetime.now(UTC), noon)
    Objects(storage, bucket).write_json(names.done_object("sale.json", 1, day), {})
    assert quiet.execute({}) == {"quiet_minutes": 0}


def reject(pedido: int | None, at: datetime, **values: Any) -> dict[str, Any]:
    row = {"store": "z316", "id": f"test-{pedido}-{values}", "rejected_at": at.isoformat(), "pedido": pedido}
    return {**row, **values}


def test_rejects_that_nobody_puts_back_are_told(
    dags: Any, store: Any, warehouse: Warehouse, moment: datetime
) -> None:
    from airflow.providers.google.cloud.hooks.bigquery import BigQueryHook
    from google.cloud.bigquery import LoadJobConfig, SchemaField

    client = BigQueryHook(location=store.location, use_legacy_sql=False).get_client()
    table = f"{client.project}.{store.dataset}.rejeitados"
    # What other tests set aside counts as well.
    client.query_and_wait(f"DELETE FROM `{table}` WHERE TRUE")
    task = dags["z316_watch"].get_task("rejects")

    def add(rows: list[dict[str, Any]]) -> None:
        schema = [SchemaField.from_api_repr(field) for field in schema_fields("rejeitados")]
        client.load_table_from_json(rows, table, job_config=LoadJobConfig(schema=schema)).result()

    def look() -> None:
        sql = dags["z316_watch"].get_template_env().get_template("watch_rejects.sql").render()
        client.query_and_wait(sql, location=store.location)

    assert "watch_rejects.sql" in str(task.configuration)
    add([reject(9_000_000 + n, moment) for n in range(store.rejects_limit)])
    # Too old, only a product of an order that was loaded, and only a value that could not be read.
    add([reject(9_100_000, moment - timedelta(days=8)), reject(9_100_001, moment, produto=5)])
    add([reject(9_100_002 + n, moment, kind="note") for n in range(3)])
    look()
    add([reject(None, moment, file="upload.json", kind="reject")])
    with pytest.raises(
        Exception, match=r"21 orders and files are set aside, more than 20; of the orders: .*9000000"
    ):
        look()
