"""History by Airflow's own backfill, through the real scheduler, while the shop sells on."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from local.demo.compare import KEYS
from local.demo.parts import post_webhook
from local.stack.airflow import end_waiting_nights, unpause
from local.stack.settings import PROJECT
from tiny_operators._compat_runs import loaded_dates
from tiny_operators.schemas import TABLES

pytestmark = pytest.mark.e2e

LAST = datetime.now(ZoneInfo("America/Sao_Paulo")).date() - timedelta(days=50)
FIRST = LAST - timedelta(days=2)
ON_3 = os.environ["AIRFLOW"] == "3"


def backfill(live: Any, dag_id: str, *, again: bool = False) -> None:
    """What docs/history.md says."""
    if ON_3:
        options = ["--reprocess-behavior", "completed", "--dag-run-conf", "{}"] if again else []
        dates = ["--from-date", FIRST.isoformat(), "--to-date", LAST.isoformat()]
        live.run("backfill", "create", "--dag-id", dag_id, *dates, *options)
    else:
        options = ["--reset-dagruns", "-y"] if again else []
        live.run("dags", "backfill", "-s", FIRST.isoformat(), "-e", LAST.isoformat(), *options, dag_id)


def ended_runs(live: Any, dag_id: str, since: datetime | None = None) -> list[str]:
    runs = live.api.get(f"dags/{dag_id}/dagRuns?limit=100").get("dag_runs", [])
    return [
        run["state"]
        for run in runs
        if run["run_type"] == "backfill"
        and run["state"] in {"success", "failed"}
        and (since is None or datetime.fromisoformat(run["end_date"]) > since)
    ]


def differences(live: Any) -> list[str]:
    found: list[str] = live.warehouse.differences(live.simulator.truth_of_dates(FIRST, LAST))
    return found


@pytest.fixture(scope="module")
def orders(live: Any) -> list[int]:
    """Three days of past sales, and DAGs that may run."""
    sold = [sale for n in range(3) for sale in live.simulator.sell_on(FIRST + timedelta(days=n), 6)]
    for dag_id in ("z316_daily", "z316_replay"):
        unpause(live.api, dag_id)
    live.until("the night's own run", lambda: at_rest(live))
    live.simulator.forget_calls()
    return [sale.pedido for sale in sold]


def at_rest(live: Any) -> bool:
    end_waiting_nights(live.api, "z316_daily")
    runs = live.api.get("dags/z316_daily/dagRuns?limit=100").get("dag_runs", [])
    return {run["state"] for run in runs} == {"success"}


def test_days_are_filled_while_a_sale_passes_by(live: Any, orders: list[int]) -> None:
    sale = live.simulator.sell(1)[0]
    post_webhook(live.env["WEBHOOK_URL"], sale.webhook)
    backfill(live, "z316_daily")
    live.until("three days", lambda: len(ended_runs(live, "z316_daily")) == 3)
    live.until("the sale", lambda: live.loaded([sale.pedido]))
    assert ended_runs(live, "z316_daily") == ["success"] * 3
    assert differences(live) == []
    if ON_3:
        # On 2.11 it is in the stack's own database: tests/dags/test_watch_dag.py.
        assert [day for day in loaded_dates("z316_daily", "America/Sao_Paulo") if day <= LAST] == [
            LAST - timedelta(days=n) for n in range(3)
        ]
    read = live.simulator.keys("pdv.pedido.obter")
    assert [order for order in read if order in orders] == sorted(orders)
    midnight = {
        datetime.combine(FIRST + timedelta(days=n), datetime.min.time(), ZoneInfo("America/Sao_Paulo"))
        for n in range(3)
    }
    assert {row["timestamp"] for row in live.warehouse.rows("pdv") if row["id"] in orders} == midnight


def test_the_same_days_again_cost_their_search_pages_and_change_nothing(live: Any, orders: list[int]) -> None:
    live.simulator.forget_calls()
    before = [live.warehouse.rows(table) for table in TABLES]
    since = datetime.now(ZoneInfo("UTC"))
    live.until("room for another backfill", lambda: accepted(live))
    live.until("three days", lambda: len(ended_runs(live, "z316_daily", since)) == 3)
    assert live.simulator.calls() == {"pedidos.pesquisa": 3}
    assert [live.warehouse.rows(table) for table in TABLES] == before


def accepted(live: Any) -> bool:
    """Airflow 3 takes some seconds to see that the backfill before has ended."""
    try:
        backfill(live, "z316_daily", again=True)
    except AssertionError as refused:
        if "running backfill" not in str(refused):
            raise
        return False
    return True


def test_dropped_tables_are_rebuilt_without_a_call(live: Any, orders: list[int]) -> None:
    before = {table: mine(live, table, orders) for table in TABLES}
    live.simulator.forget_calls()
    client = live.warehouse.bigquery_client()
    for table in TABLES:
        client.delete_table(f"{PROJECT}.{live.warehouse.dataset}.{table}")
    live.run("dags", "trigger", "z316_setup")
    live.until(
        "tables", lambda: {t.table_id for t in client.list_tables(live.warehouse.dataset)} >= set(TABLES)
    )
    backfill(live, "z316_replay")
    live.until("three days", lambda: len(ended_runs(live, "z316_replay")) == 3)
    assert {table: mine(live, table, orders) for table in TABLES} == before
    assert not live.simulator.calls()


def mine(live: Any, table: str, orders: list[int]) -> list[dict[str, Any]]:
    """Rows of these orders, without when they were written."""
    rows = live.warehouse.rows_of(table, orders)
    return sorted(
        ({name: value for name, value in row.items() if name != "update_timestamp"} for row in rows),
        key=KEYS[table],
    )
