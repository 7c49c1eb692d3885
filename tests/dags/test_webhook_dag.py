"""The whole DAG as Airflow runs it, task after task, in one process."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest

from local.demo.parts import Simulator, Warehouse, post_webhook
from tiny_operators._compat import AIRFLOW_V_3_0_PLUS
from tiny_operators.batches import order_reader as orders
from tiny_operators.batches.put_back import order_event
from tiny_operators.schemas import LOADED, TABLES
from tiny_operators.stores import load_stores

pytestmark = pytest.mark.stack


def test_sales_become_rows(
    dags: Any, emulators: dict[str, str], simulator: Simulator, warehouse: Warehouse
) -> None:
    sales = simulator.sell(3)
    for sale in sales:
        post_webhook(emulators["WEBHOOK_URL"], sale.webhook)
    run = dags["z316_webhook"].test(datetime.now(UTC))
    assert run.state == "success"
    ids = [sale.pedido for sale in sales]
    assert warehouse.differences(simulator.truth(ids), ids) == []
    assert warehouse.waiting() == []
    if not AIRFLOW_V_3_0_PLUS:
        # 3 is asked by its API, which is not there: tests/e2e/test_live_path.py.
        assert re.match(r"▸ 3 orders: \d+ rows, 0 rejected; \d+ calls in \d+ s$", note_of(run.run_id))


def note_of(run_id: str) -> str:
    """The note of a run, as Airflow's database has it."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session

    with create_session() as session:
        return str(session.query(DagRun).filter(DagRun.run_id == run_id).one().note)


def test_what_made_no_rows_is_neither_loaded_nor_merged(
    dags: Any,
    emulators: dict[str, str],
    simulator: Simulator,
    warehouse: Warehouse,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(orders, "_LISTING_WAITS", (0.01,))
    sales = simulator.sell(3)
    for sale in sales:
        number = str(sale.webhook["dados"]["numero"])
        simulator.fault(service="pedidos.pesquisa", faults=["code_20"], key=number, times=None)
        post_webhook(emulators["WEBHOOK_URL"], sale.webhook)
    simulator.fault(service="pedidos.pesquisa", faults=["code_20"], times=None)
    files = warehouse.waiting()
    run = dags["z316_webhook"].test(datetime.now(UTC))
    loads = {f"load_{table}" for table in LOADED}
    assert skipped(run) == {*loads, "merge", "check"}
    assert run.state == "success"
    assert warehouse.waiting() == files
    simulator.no_faults()
    run = dags["z316_webhook"].test(datetime.now(UTC))
    assert skipped(run) == {"load_rejeitados"}
    assert run.state == "success"
    ids = [sale.pedido for sale in sales]
    assert warehouse.differences(simulator.truth(ids), ids) == []
    assert warehouse.waiting() == []


def test_only_rejects_are_loaded_where_all_was_rejected(
    dags: Any, emulators: dict[str, str], simulator: Simulator, warehouse: Warehouse
) -> None:
    (bad,) = (sale.pedido for sale in simulator.sell(1))
    simulator.fault(service="pdv.pedido.obter", faults=["code_31"], key=str(bad), times=None)
    post_webhook(emulators["WEBHOOK_URL"], order_event(load_stores()[0].cnpj, bad))
    run = dags["z316_webhook"].test(datetime.now(UTC))
    assert skipped(run) == {f"load_{table}" for table in TABLES}
    assert bad in {row["pedido"] for row in warehouse.rows("rejeitados")}
    assert warehouse.waiting() == []


@pytest.mark.usefixtures("emulators")
@pytest.mark.parametrize(("many", "archived"), [(1, "success"), (3, "success"), (5, "failed")])
def test_files_without_an_order_cost_no_call_no_load_and_no_merge(
    dags: Any, simulator: Simulator, warehouse: Warehouse, many: int, archived: str
) -> None:
    bad = {f"by-hand/{uuid.uuid4()}.json" for _ in range(many)}
    for name in bad:
        warehouse.storage_client().bucket(warehouse.webhook_bucket).blob(name).upload_from_string("no JSON")
    simulator.forget_calls()
    run = dags["z316_webhook"].test(datetime.now(UTC))
    states = {task.task_id: str(task.state) for task in run.get_task_instances()}
    assert skipped(run) == {"fetch", "rows", *(f"load_{table}" for table in LOADED), "merge", "check"}
    assert (states["plan"], states["archive"]) == ("success", archived)
    assert not simulator.calls()
    reported = [row["file"] for row in warehouse.rows("rejeitados") if row["file"] in bad]
    assert sorted(reported) == sorted(bad)
    assert warehouse.waiting() == []


def skipped(run: Any) -> set[str]:
    return {task.task_id for task in run.get_task_instances() if task.state == "skipped"}


def test_many_rejects_fail_the_run_after_the_good_were_loaded_and_the_bad_set_aside(
    dags: Any, emulators: dict[str, str], simulator: Simulator, warehouse: Warehouse
) -> None:
    good, *bad = (sale.pedido for sale in simulator.sell(6))
    for pedido in bad:
        simulator.fault(service="pdv.pedido.obter", faults=["code_31"], key=str(pedido), times=None)
    for pedido in (good, *bad):
        post_webhook(emulators["WEBHOOK_URL"], order_event(load_stores()[0].cnpj, pedido))
    run = dags["z316_webhook"].test(datetime.now(UTC))
    states = {task.task_id: task.state for task in run.get_task_instances()}
    assert {name for name, state in states.items() if state not in {"success", "skipped"}} == {"check"}
    assert (states["check"], run.state) == ("failed", "failed")
    assert [row["id"] for row in warehouse.rows("pdv") if row["id"] in {good, *bad}] == [good]
    reported = {row["pedido"]: row for row in warehouse.rows("rejeitados")}
    assert {reported[pedido]["field"] for pedido in bad} == {"pedido"}
    assert warehouse.waiting() == []
    rejected = [name for name in warehouse.objects("rejected/") if not name.endswith(".json.reason.json")]
    for pedido in bad:
        assert [name for name in rejected if f"-{pedido}-" in name]
