"""The replay DAG as Airflow runs it: the tables come back from the bucket alone, also from the older layout."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from airflow.providers.google.cloud.hooks.gcs import GCSHook

from local.demo.compare import table_differences, truth_rows
from local.demo.parts import Simulator, Warehouse, post_webhook
from tests.component.other_stores import dag_of
from tests.component.replaying import older_folder, upload
from tests.component.whole_runs import WholeRun
from tests.dates import TODAY, ZONE, free_day
from tiny_operators.hooks.tiny import TinyHook
from tiny_operators.lake import names
from tiny_operators.lake.objects import Objects
from tiny_operators.params import daily_form, date_range_form
from tiny_operators.schemas import TABLES
from tiny_operators.setup.provision import create_missing
from tiny_operators.stores import load_stores

pytestmark = pytest.mark.stack

FORMS = {"daily": daily_form(), "replay": date_range_form()}


def run_dag(dags: Any, name: str, **conf: Any) -> dict[str, str]:
    """Run a DAG; the state of each task, and of the run."""
    # All of the form: on 2.11 a DAG object remembers what it was tested with before.
    form = {key: param.value for key, param in FORMS.get(name, {}).items()}
    run = dags[f"z316_{name}"].test(datetime.now(UTC), run_conf={**form, **conf})
    states = {task.task_id: task.state for task in run.get_task_instances()} | {"run": run.state}
    return {task: str(getattr(state, "value", state)) for task, state in states.items()}


def loaded_all(states: dict[str, str]) -> bool:
    """Whether a run has done all; what nothing was set aside for needs no load."""
    return {name: state for name, state in states.items() if state != "success"} in (
        {},
        {"load_rejeitados": "skipped"},
    )


def replay(dags: Any, first: date, last: date | None = None) -> dict[str, str]:
    return run_dag(dags, "replay", from_date=first.isoformat(), to_date=last.isoformat() if last else None)


Tables = dict[str, dict[tuple[Any, ...], dict[str, Any]]]


def tables(warehouse: Warehouse, pedidos: set[int], *without: str) -> Tables:
    """The rows of some orders by their keys, without some columns."""
    found: Tables = {}
    for table in TABLES:
        found[table] = {}
        for row in warehouse.rows(table):
            pedido = int(row.get("pedido_id") or row["id"])
            if pedido in pedidos:
                key = (pedido, int(row["id"]))
                assert key not in found[table], "a row stands twice"
                found[table][key] = {name: value for name, value in row.items() if name not in without}
    return found


@dataclass(frozen=True)
class History:
    """Orders that were loaded by the live path and by the daily DAG.

    Attributes:
        pedidos: Their ids.
        past: Date of those that came by the daily DAG.
        today: Date on which the others arrived: not the one on which the test session began, which may be over.
    """

    pedidos: set[int]
    past: date
    today: date


@pytest.fixture(scope="module")
def history(dags: Any, store: Any, emulators: dict[str, str]) -> History:
    """Orders as life makes them: edited, cancelled, gone, known to the back office only, with costs asked for again."""
    simulator, past = Simulator(emulators["TINY_SIMULATOR_URL"]), free_day()
    today = datetime.now(ZONE).date()
    # Today's raw answers of other tests, some of which lost what they refer to.
    objects = Objects(GCSHook().get_conn(), store.api_bucket)
    for blob in objects.list(names.raw_orders_prefix(today.isoformat())):
        objects.delete(blob.name)
    sales = {sale.pedido: sale for sale in simulator.sell(6)}
    _plain, edited, cancelled, gone, office, loaded_twice = sales
    simulator.fault(service="pdv.pedido.obter", faults=["code_32"], key=str(office), times=100)
    for sale in sales.values():
        post_webhook(emulators["WEBHOOK_URL"], sale.webhook)
    assert run_dag(dags, "webhook")["run"] == "success"
    post_webhook(emulators["WEBHOOK_URL"], simulator.change(edited, "edit"))
    post_webhook(emulators["WEBHOOK_URL"], simulator.change(cancelled, "cancel"))
    post_webhook(emulators["WEBHOOK_URL"], sales[loaded_twice].webhook)
    simulator.delete(gone)
    post_webhook(emulators["WEBHOOK_URL"], sales[gone].webhook)
    assert run_dag(dags, "webhook")["run"] == "success"
    simulator.no_faults()
    older = {sale.pedido for sale in simulator.sell_on(past, 3)}
    assert run_dag(dags, "daily", from_date=past.isoformat())["run"] == "success"
    assert run_dag(dags, "daily", from_date=past.isoformat(), refresh_costs=True)["run"] == "success"
    return History({*sales, *older}, past, today)


def _drop_tables(warehouse: Warehouse) -> None:
    """Drop the tables, and make them anew."""
    store, client = load_stores()[0], warehouse.bigquery_client()
    for table in TABLES:
        client.delete_table(f"{store.dataset}.{table}")
    create_missing(store, warehouse.storage_client(), client)


def test_dropped_tables_come_back_row_for_row_without_a_call(
    dags: Any, simulator: Simulator, warehouse: Warehouse, history: History
) -> None:
    before = tables(warehouse, history.pedidos, "update_timestamp")
    assert len(before["pdv"]) == len(before["pesquisa"]) == len(history.pedidos)
    assert [row for row in before["pdv"].values() if row["deleted_at"]], "an order that is gone is among them"
    assert [row for row in before["produto"].values() if row["refreshed_at"]], (
        "and costs that were asked for again"
    )
    _drop_tables(warehouse)
    for first in (history.today, history.past):
        assert loaded_all(replay(dags, first))
    assert tables(warehouse, history.pedidos, "update_timestamp") == before
    assert not simulator.calls()


def test_replaying_what_is_there_changes_nothing(
    dags: Any, simulator: Simulator, warehouse: Warehouse, history: History
) -> None:
    before = tables(warehouse, history.pedidos)
    for first in (history.today, history.past):
        assert replay(dags, first)["run"] == "success"
    assert tables(warehouse, history.pedidos) == before
    assert not simulator.calls()


@pytest.mark.parametrize("ahead", [(0,), (1,), (2,), (0, 1, 2)], ids=str)
def test_orders_that_are_dated_in_advance_come_back_too(
    dags: Any,
    simulator: Simulator,
    warehouse: Warehouse,
    history: History,
    day: date,
    *,
    ahead: tuple[int, ...],
) -> None:
    """Tiny lists them on the day of their registration: that is their arrival, in the tables and in the bucket."""
    simulator.set(quirks={"search_by_registration": True})
    dates = [TODAY + timedelta(days=95 + place) if place in ahead else day for place in range(3)]
    pedidos = [sale.pedido for own in dates for sale in simulator.sell_on(own, 1, registered=day)]
    objects = set(warehouse.objects("raw/"))
    assert loaded_all(run_dag(dags, "daily", from_date=day.isoformat()))
    simulator.change(pedidos[ahead[0]], "edit")
    assert loaded_all(run_dag(dags, "daily", from_date=day.isoformat()))
    new = {name for name in warehouse.objects("raw/pdv/") if name not in objects}
    assert len(new) == 2
    assert all(f"/dt={day}/" in name for name in new)
    before = tables(warehouse, set(pedidos), "update_timestamp")
    assert [row["data"] for _, row in sorted(before["pdv"].items())] == dates
    midnight = datetime.combine(day, datetime.min.time(), ZONE)
    assert {row["timestamp"] for rows in before.values() for row in rows.values()} == {midnight}
    simulator.forget_calls()
    assert run_dag(dags, "daily", from_date=day.isoformat())["fetch"] == "skipped", "a known order is let be"
    _drop_tables(warehouse)
    for first in (history.today, history.past, day):
        assert loaded_all(replay(dags, first))
    assert tables(warehouse, set(pedidos), "update_timestamp") == before


@pytest.mark.parametrize("expired", [(0,), (2,), (0, 1), (0, 1, 2)], ids=str)
def test_a_date_whose_answers_have_expired_is_named_and_its_rows_stay(
    store: Any,
    warehouse: Warehouse,
    history: History,
    expired: tuple[int, ...],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The first, the last, several and all dates of a range."""
    days = [history.past - timedelta(days=back) for back in (2, 1, 0)]
    bucket = warehouse.storage_client().bucket(warehouse.api_bucket)
    kept = {name: bucket.blob(name).download_as_bytes() for name in warehouse.objects(raw(history.past))}
    made = {place: names.raw_orders_object("expiring", day.isoformat(), 0) for place, day in enumerate(days)}
    for name in kept:
        bucket.blob(name).delete()
    for place in set(made).difference(expired):
        bucket.blob(made[place]).upload_from_string(b"".join(kept.values()))
    before = tables(warehouse, history.pedidos)
    try:
        dates = {"from_date": days[0].isoformat(), "to_date": days[-1].isoformat()}
        run = WholeRun(dag_of("replay", replace(store, keep_raw_days=2192)), dates)
        with caplog.at_level("WARNING", logger="tiny_operators"):
            run.finish()
    finally:
        for place in set(made).difference(expired):
            bucket.blob(made[place]).delete()
        for name, content in kept.items():
            bucket.blob(name).upload_from_string(content)
    assert tables(warehouse, history.pedidos) == before
    (reported,) = [r.getMessage() for r in caplog.records if "dates_without_answers" in r.getMessage()]
    assert f"dates={len(expired)} first={days[min(expired)]} last={days[max(expired)]}" in reported
    assert ("rows" in run.skipped) is (len(expired) == len(days))


def raw(day: date) -> str:
    return names.raw_orders_prefix(day.isoformat())


def test_the_older_layout_makes_the_rows_that_a_reading_makes(
    dags: Any, emulators: dict[str, str], simulator: Simulator, warehouse: Warehouse, day: date
) -> None:
    sales, hook = simulator.sell(4), TinyHook("tiny_z316")
    pedidos = {sale.pedido for sale in sales}
    arrivals = [datetime(day.year, day.month, day.day, hour, 59, 59) for hour in (0, 12, 23, 23)]  # noqa: DTZ001
    for sale, arrived in zip(sales, arrivals, strict=True):
        for name, text in older_folder(hook, sale.pedido, arrived).items():
            upload(warehouse, name, text)
    simulator.forget_calls()
    assert loaded_all(replay(dags, day))
    assert not simulator.calls()
    found = tables(warehouse, pedidos)
    for table, truth in truth_rows(simulator.truth(sorted(pedidos))).items():
        assert list(table_differences(table, truth, list(found[table].values()))) == []
        assert {row["source_id"] for row in found[table].values()} == {"webhook-older"}
    expected = {
        sale.pedido: arrived.replace(tzinfo=ZONE) for sale, arrived in zip(sales, arrivals, strict=True)
    }
    assert {key[0]: row["timestamp"] for key, row in found["pdv"].items()} == expected

    for sale in sales:
        post_webhook(emulators["WEBHOOK_URL"], sale.webhook)
    assert run_dag(dags, "webhook")["run"] == "success"
    of_reading = ("source_id", "fetched_at", "update_timestamp")
    read = tables(warehouse, pedidos)
    assert {row["source_id"].split("-")[1] for row in read["pdv"].values()} != {"older"}
    for table in TABLES:
        assert _without(read[table], *of_reading) == _without(found[table], *of_reading)


def _without(
    rows: dict[tuple[Any, ...], dict[str, Any]], *columns: str
) -> dict[tuple[Any, ...], dict[str, Any]]:
    return {
        key: {name: value for name, value in row.items() if name not in columns} for key, row in rows.items()
    }


def test_of_several_older_folders_of_one_order_the_newest_counts(
    dags: Any, simulator: Simulator, warehouse: Warehouse, day: date
) -> None:
    (sale,), hook = simulator.sell(1), TinyHook("tiny_z316")
    midday = datetime(day.year, day.month, day.day, 12)  # noqa: DTZ001 - the names have no zone
    folders = [older_folder(hook, sale.pedido, midday)]
    simulator.change(sale.pedido, "cancel")
    folders.append(older_folder(hook, sale.pedido, midday + timedelta(days=1)))
    for name, text in (folders[0] | folders[1]).items():
        upload(warehouse, name, text)
    for first, last in ((day + timedelta(days=1), None), (day, None), (day, day + timedelta(days=1))):
        assert replay(dags, first, last)["run"] == "success"
        (row,) = tables(warehouse, {sale.pedido})["pdv"].values()
        assert row["situacao"] == "Cancelado"
    assert row["timestamp"] == midday.replace(tzinfo=ZONE)


def test_dates_without_raw_answers_are_a_success_that_ends_there(
    dags: Any, simulator: Simulator, day: date
) -> None:
    states = replay(dags, day, day + timedelta(days=1))
    assert states.pop("run") == "success"
    assert set(states.values()) == {"skipped"}
