"""A replay of a long range: in slices, the oldest dates first, one after another, by one trigger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from local.demo.parts import Simulator, Warehouse, post_webhook
from tests.component.test_replay import run_dag, tables
from tests.dates import ZONE
from tiny_operators._compat import AIRFLOW_V_3_0_PLUS
from tiny_operators.operators.plan_dates import PlanDailyOperator
from tiny_operators.operators.replay import ReplayRowsOperator
from tiny_operators.schemas import TABLES
from tiny_operators.setup.provision import create_missing

pytestmark = pytest.mark.stack

# Partitions that one job of BigQuery may change.
PARTITIONS = 4_000


def triggered(dag_id: str) -> dict[str, Any]:
    """The runs of a DAG that stand and have not begun: what each is asked for, by id."""
    from airflow.models import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        found = session.scalars(select(DagRun).where(DagRun.dag_id == dag_id, DagRun.state == "queued"))
        return {run.run_id: dict(run.conf or {}) for run in found}


def series(dags: Any, first: date, last: date, **conf: Any) -> Iterator[dict[str, Any]]:
    """Replay a range, run by run, as a scheduler does that finds the runs which the runs before have triggered."""
    asked: dict[str, Any] | None = {"from_date": first.isoformat(), "to_date": last.isoformat(), **conf}
    while asked:
        before = triggered("z316_replay")
        assert run_dag(dags, "replay", **asked)["run"] == "success"
        yield asked
        new = [conf for run_id, conf in triggered("z316_replay").items() if run_id not in before]
        assert len(new) <= 1
        asked = new[0] if new else None


@pytest.fixture(autouse=True, scope="module")
def stored_dags(dags: Any) -> None:
    """The DAGs stand in Airflow's database, as a scheduler writes them: only such a DAG can be triggered."""
    if AIRFLOW_V_3_0_PLUS:
        return
    from airflow.models.serialized_dag import SerializedDagModel

    # The types are those of Airflow 3, where it takes more.
    write_dag: Any = SerializedDagModel.write_dag
    for name in ("replay", "daily"):
        dags[f"z316_{name}"].sync_to_db()
        write_dag(dags[f"z316_{name}"])


@pytest.fixture(autouse=True)
def one_try(dags: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails is not tried again, with the waits of real tries."""
    for name in ("replay", "daily"):
        for task in dags[f"z316_{name}"].tasks:
            monkeypatch.setattr(task, "retries", 0)


@dataclass(frozen=True)
class Sold:
    """Orders, and the days on which they arrived, oldest first.

    Attributes:
        pedidos: Their ids.
        days: The days; the last one is today.
        simulator: The simulated Tiny.
        warehouse: Buckets and tables.
    """

    pedidos: set[int]
    days: list[date]
    simulator: Simulator
    warehouse: Warehouse


@pytest.fixture
def sold(dags: Any, emulators: dict[str, str], simulator: Simulator, warehouse: Warehouse, day: date) -> Sold:
    """Orders of three days and of today, of which some changed and some are gone; the days, oldest first."""
    days = [day, day + timedelta(days=1), day + timedelta(days=2), datetime.now(ZONE).date()]
    past = [[sale.pedido for sale in simulator.sell_on(one, 2)] for one in days[:3]]
    assert run_dag(dags, "daily", from_date=str(days[0]), to_date=str(days[2]))["run"] == "success"
    # The first of each day is edited or gone; today a webhook tells of one of them, and of a new one.
    simulator.edit(past[0][0], desconto="3,00")
    simulator.delete(past[1][0])
    assert run_dag(dags, "daily", from_date=str(days[0]), to_date=str(days[2]))["run"] == "success"
    (new,) = simulator.sell(1)
    for webhook in (simulator.change(past[2][0], "edit"), new.webhook):
        post_webhook(emulators["WEBHOOK_URL"], webhook)
    assert run_dag(dags, "webhook")["run"] == "success"
    simulator.forget_calls()
    pedidos = {new.pedido, *(pedido for orders in past for pedido in orders)}
    return Sold(pedidos, days, simulator, warehouse)


@pytest.mark.parametrize("limit", [{"slice_orders": 1}, {"slice_days": 2}])
def test_slices_end_in_the_same_rows(
    dags: Any, store: Any, sold: Sold, monkeypatch: pytest.MonkeyPatch, limit: dict[str, int]
) -> None:
    pedidos, days, warehouse = sold.pedidos, sold.days, sold.warehouse
    before = tables(warehouse, pedidos, "update_timestamp")
    assert len(before["pdv"]) == len(pedidos)
    assert [row for row in before["pdv"].values() if row["deleted_at"]]
    client = warehouse.bigquery_client()
    for table in TABLES:
        client.delete_table(f"{store.dataset}.{table}")
    create_missing(store, warehouse.storage_client(), client)
    for name, value in limit.items():
        monkeypatch.setattr(dags["z316_replay"].get_task("rows"), name, value)
    asked = list(series(dags, days[0], days[-1]))
    assert len(asked) > 1
    assert [slice_["from_date"] for slice_ in asked] == sorted(slice_["from_date"] for slice_ in asked)
    assert {slice_["to_date"] for slice_ in asked} == {days[-1].isoformat()}
    assert tables(warehouse, pedidos, "update_timestamp") == before
    assert not sold.simulator.calls()


def test_a_range_that_is_short_enough_triggers_nothing(dags: Any, sold: Sold) -> None:
    before = triggered("z316_replay")
    assert (
        run_dag(dags, "replay", from_date=str(sold.days[0]), to_date=str(sold.days[2]))["next_slice"]
        == "success"
    )
    assert triggered("z316_replay") == before


def test_a_run_that_is_done_once_more_makes_no_second_run_of_the_same_dates(
    dags: Any, sold: Sold, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dags["z316_replay"].get_task("rows"), "slice_days", 1)
    before = triggered("z316_replay")
    conf = {"from_date": str(sold.days[0]), "to_date": str(sold.days[2])}
    moment = datetime.now(UTC)
    for _ in range(2):
        dags["z316_replay"].test(moment, run_conf=conf)
    (new,) = triggered("z316_replay").keys() - before.keys()
    assert new.startswith(f"from_{sold.days[1]}_of_")


def test_a_daily_run_takes_the_first_dates_and_leaves_the_rest(
    dags: Any, simulator: Simulator, warehouse: Warehouse, day: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = [day + timedelta(days=n) for n in range(3)]
    orders = [[sale.pedido for sale in simulator.sell_on(one, 1)] for one in days]
    for name in ("daily", "plan"):
        monkeypatch.setattr(dags[f"z316_{name}"].get_task("plan"), "slice_days", 2)
    before = triggered("z316_daily")
    conf = {"from_date": str(days[0]), "to_date": str(days[2])}
    assert set(run_dag(dags, "plan", **conf).values()) == {"skipped", "success"}
    assert simulator.calls()["pedidos.pesquisa"] == len(days), "a plan is made of all dates at once"
    assert triggered("z316_daily") == before
    run_dag(dags, "daily", **conf, force=True)
    assert [bool(warehouse.rows_of("pdv", one)) for one in orders] == [True, True, False]
    (new,) = triggered("z316_daily").keys() - before.keys()
    assert triggered("z316_daily")[new] == {"from_date": str(days[2]), "to_date": str(days[2]), "force": True}
    assert run_dag(dags, "daily", **triggered("z316_daily")[new])["run"] == "success"
    assert warehouse.rows_of("pdv", orders[2])


def test_no_run_changes_more_partitions_than_a_job_may(store: Any) -> None:
    rows = ReplayRowsOperator(task_id="rows", store=store)
    plan = PlanDailyOperator(task_id="plan", store=store)
    # A day's orders may move to another day: then two partitions are changed.
    assert 2 * rows.slice_days <= PARTITIONS
    assert 2 * plan.slice_days <= PARTITIONS
