"""What fails no other run: no webhooks, and rejects that nobody puts back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from local.demo.parts import Warehouse
from tiny_operators._compat import (
    AIRFLOW_V_3_0_PLUS,
    AirflowException,
    AirflowFailException,
    AirflowSkipException,
    DagStatus,
)
from tiny_operators._compat_runs import loaded_dates
from tiny_operators.batches.run_backoff import RunBackoff
from tiny_operators.lake import names
from tiny_operators.lake.objects import Objects
from tiny_operators.operators.watch import (
    WatchAirflowOperator,
    WatchCompleteOperator,
    WatchInboxOperator,
    WatchWebhooksOperator,
)
from tiny_operators.schemas import schema_fields

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
    files = Objects(storage, bucket)
    # What people asked for or put back says nothing about the receiver; neither does a file that came hours ago, and
    # left the inbox now.
    for name in (names.asked_event("z316_orders_0a1b", 7), names.put_back_event("z316_put_back_0a1b", 7)):
        Objects(storage, f"{bucket}-in").write_json(name, {})
        files.write_json(names.done_object(name, 1, day), {})
    hours_ago = (datetime.now(ZoneInfo(noon)) - timedelta(hours=3)).strftime("%Y%m%dT%H%M%S")
    files.write_json(names.done_object(f"z316-tiny-webhook-vendas-7-{hours_ago}-a.json", 2, day), {})
    with pytest.raises(AirflowFailException, match="No webhook of z316"):
        quiet.execute({})
    files.write_json(names.done_object("sale.json", 1, day), {})
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


# What the last runs left behind, and minutes since then: None when the last one left nothing waiting.
@pytest.mark.parametrize(
    ("left", "stands_still"),
    [
        (None, True),
        # A run is under way, or has left orders that Tiny does not answer about.
        ((1, 5), False),
        ((0, 5), False),
        # It is so since long: no run began since.
        ((1, 61), True),
        ((0, 61), True),
        # Runs fail one after the other.
        ((2, 1), True),
        ((9, 14), True),
    ],
    ids=repr,
)
@pytest.mark.parametrize("files", [1, 3, 40])
def test_files_that_stand_still_are_told(
    files: int, left: tuple[int, int] | None, stands_still: bool, store: Any, warehouse: Warehouse
) -> None:
    import time_machine

    api = Objects(warehouse.storage_client(), store.api_bucket)
    inbox = warehouse.storage_client().bucket(store.webhook_bucket)
    now = datetime.now(UTC)
    watch = WatchInboxOperator(task_id="inbox", store=store, webhook_dag="watched_webhook")
    if left is None:
        RunBackoff(api, "watched_webhook").run_done(orders_wait=False)
    else:
        at = (now + timedelta(minutes=70 - left[1])).isoformat()
        api.write_json(names.unfinished_object("watched_webhook"), {"runs": left[0], "at": at})
    for number in range(files):
        inbox.blob(f"vendas/{number}.json").upload_from_string("{}")
    with time_machine.travel(now + timedelta(minutes=50)):
        assert watch.execute({})["files"] == files, "not long enough"
    with time_machine.travel(now + timedelta(minutes=70)):
        if stands_still:
            with pytest.raises(
                AirflowException, match=rf"^{files} (file waits|files wait) in gs://.* for (69|70) minutes"
            ):
                watch.execute({})
        else:
            assert watch.execute({})["files"] == files


def test_an_empty_inbox_stands_not_still(store: Any, warehouse: Warehouse) -> None:
    watch = WatchInboxOperator(task_id="inbox", store=store, webhook_dag="watched_webhook")
    assert watch.execute({}) == {"files": 0, "oldest_minutes": 0}


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (DagStatus(False, 1, "healthy"), ()),
        (DagStatus(True, 1, "healthy"), ("is paused: unpause it",)),
        (DagStatus(False, 0, "healthy"), ("has no run: see whether the scheduler is alive",)),
        (DagStatus(None, 0, "healthy"), ("does not know the DAG",)),
        (DagStatus(False, 1, "unhealthy"), ("no triggerer is alive (state: unhealthy)",)),
        (DagStatus(False, 1, None), ("no triggerer is alive (state: there never was one)",)),
        (DagStatus(True, 0, None), ("is paused", "no triggerer is alive")),
    ],
    ids=repr,
)
def test_an_airflow_that_does_not_run_the_webhook_dag_is_told(
    found: DagStatus, said: tuple[str, ...], store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tiny_operators.operators.watch.dag_status", lambda dag: found)
    watch = WatchAirflowOperator(task_id="airflow", store=store, webhook_dag="z316_webhook")
    if not said:
        assert watch.execute({}) == {"runs": 1}
        return
    with pytest.raises(AirflowFailException) as caught:
        watch.execute({})
    assert all(part in str(caught.value) for part in said)


@pytest.fixture
def dag_model(airflow_database: None) -> Iterator[Any]:
    """Airflow's own record of the DAG, which does not outlive the test: its pages cannot show one half made."""
    from airflow.models import dag as airflow_dag
    from airflow.utils.session import create_session
    from sqlalchemy import delete

    # It has no types.
    model: Any = airflow_dag.DagModel
    yield model
    with create_session() as session:
        session.execute(delete(model).where(model.dag_id == "z316_webhook"))


@pytest.mark.skipif(AIRFLOW_V_3_0_PLUS, reason="3 asks the API: tests/e2e/test_watch.py")
def test_airflow_2_is_asked_by_its_database(dags: Any, store: Any, dag_model: Any) -> None:
    from airflow.utils.session import create_session

    watch = WatchAirflowOperator(task_id="airflow", store=store, webhook_dag="z316_webhook")
    with create_session() as session:
        session.merge(dag_model(dag_id="z316_webhook", is_paused=True, is_active=True))
    with pytest.raises(
        AirflowFailException, match=r"z316_webhook is paused.*no triggerer is alive .state: there never"
    ):
        watch.execute({})
    with create_session() as session:
        session.merge(dag_model(dag_id="z316_webhook", is_paused=False, is_active=True))
    with pytest.raises(AirflowFailException, match=r"z316_webhook is not paused and has no run"):
        watch.execute({})
    unknown = WatchAirflowOperator(task_id="airflow", store=store, webhook_dag="no_such_dag")
    with pytest.raises(AirflowFailException, match="does not know the DAG no_such_dag"):
        unknown.execute({})


def hours_behind(store_hour: int) -> int:
    """How far a store is behind UTC where it is this hour now."""
    return (datetime.now(UTC).hour - store_hour + 11) % 24 - 11


def complete(
    store: Any,
    hour_now: int,
    newest: datetime | None,
    monkeypatch: pytest.MonkeyPatch,
    *,
    paused: bool | None = False,
) -> Any:
    """Look, at some hour of the store's day."""
    zone = f"Etc/GMT{hours_behind(hour_now):+d}"
    loaded = [newest.date()] if newest else []
    monkeypatch.setattr("tiny_operators.operators.watch.loaded_dates", lambda dag_id, timezone: loaded)
    found = DagStatus(paused, 0, "healthy")
    monkeypatch.setattr("tiny_operators.operators.watch.dag_status", lambda dag_id: found)
    there = replace(store, timezone=zone)
    return WatchCompleteOperator(task_id="complete", store=there, daily_dag="z316_daily").execute({})


def of_yesterday(store_hour: int) -> datetime:
    """The interval of yesterday, in a store where it is this hour."""
    there = datetime.now(UTC) - timedelta(hours=hours_behind(store_hour))
    return datetime(there.year, there.month, there.day, tzinfo=UTC) - timedelta(days=1)


@pytest.mark.parametrize("days_ago", [0, 1, 2, 30])
def test_a_day_that_is_not_complete_is_told(
    days_ago: int, store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    yesterday = of_yesterday(8)
    newest = yesterday - timedelta(days=days_ago)
    if days_ago == 0:
        assert complete(store, 8, newest, monkeypatch) == {"complete_to": f"{yesterday.date()}"}
        return
    with pytest.raises(AirflowFailException, match=f"The orders of {yesterday.date()} are not complete"):
        complete(store, 8, newest, monkeypatch)


@pytest.mark.parametrize("days_ago", [1, 30, None])
@pytest.mark.parametrize("hour", [6, 7, 12, 23])
def test_a_paused_daily_dag_is_told_once_a_day(
    hour: int, days_ago: int | None, store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    yesterday = of_yesterday(hour)
    newest = None if days_ago is None else yesterday - timedelta(days=days_ago)
    kind = AirflowFailException if hour == store.complete_by_hour else AirflowSkipException
    with pytest.raises(kind, match=r"z316_daily is paused\. Unpause it .*airflow dags unpause z316_daily"):
        complete(store, hour, newest, monkeypatch, paused=True)


@pytest.mark.parametrize("hour", [6, 7, 12, 23])
def test_a_daily_dag_whose_first_night_is_to_come_is_told_once_a_day(
    hour: int, store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = AirflowFailException if hour == store.complete_by_hour else AirflowSkipException
    with pytest.raises(kind, match=r"No night of z316_daily has succeeded yet"):
        complete(store, hour, None, monkeypatch)


def test_a_paused_daily_dag_is_not_told_when_yesterday_is_complete(
    store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    yesterday = of_yesterday(6)
    assert complete(store, 6, yesterday, monkeypatch, paused=True) == {"complete_to": f"{yesterday.date()}"}


def test_it_is_not_told_before_the_hour(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AirflowSkipException, match="before 6:00"):
        complete(store, 5, None, monkeypatch)


def test_the_loaded_dates_are_those_of_nights_and_backfills_and_those_that_a_person_named(dags: Any) -> None:
    if AIRFLOW_V_3_0_PLUS:
        pytest.skip("3 asks its API: tests/e2e/test_watch.py")
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session

    make: Any = DagRun
    dag_id = "z316_never_ran"
    assert loaded_dates(dag_id, "America/Sao_Paulo") == []
    first = datetime(2026, 1, 5, tzinfo=UTC)
    runs: list[tuple[str, str, dict[str, Any]]] = [
        ("scheduled", "success", {}),
        ("scheduled", "failed", {}),
        ("manual", "success", {}),
        ("scheduled", "running", {}),
        ("backfill", "success", {}),
        ("backfill", "failed", {}),
        ("manual", "success", {"from_date": "2025-12-24", "to_date": "2025-12-25"}),
        ("manual", "success", {"from_date": "no date"}),
        ("manual", "failed", {"from_date": "2025-11-02"}),
        # When it begins, at 22:00 of the 13th in the store, the 13th is not over.
        ("manual", "success", {"from_date": "2026-01-12", "to_date": "2026-01-13"}),
        # A long range is done in parts: this run has done the first 366 dates.
        ("manual", "success", {"from_date": "2023-01-01", "to_date": "2024-12-31"}),
    ]
    with create_session() as session:
        for number, (run_type, state, conf) in enumerate(runs):
            start = first + timedelta(days=number)
            interval = (start, start + timedelta(days=1))
            session.add(
                make(
                    dag_id,
                    f"{run_type}__{number}",
                    execution_date=start,
                    state=state,
                    run_type=run_type,
                    conf=conf,
                    data_interval=interval,
                    start_date=start + timedelta(hours=1),
                )
            )
    found = loaded_dates(dag_id, "America/Sao_Paulo")
    newest = ["2026-01-12", "2026-01-09", "2026-01-05", "2025-12-25", "2025-12-24"]
    assert [str(day) for day in found[:5]] == newest
    assert [str(day) for day in (found[5], found[-1])] == ["2024-01-01", "2023-01-01"]
    assert len(found) == 5 + 366
