"""The daily DAG as Airflow runs it, task after task, in one process."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from local.demo.parts import Simulator, Warehouse
from tests.dates import TODAY
from tiny_operators.tiny import search

pytestmark = pytest.mark.stack


def run_daily(dags: Any, first: date, last: date | None = None, **conf: Any) -> dict[str, str]:
    """Run the DAG for some dates; the state of each task, and of the run."""
    # All of the form: on 2.11 a DAG object remembers what it was tested with before.
    form = {
        "to_date": last.isoformat() if last else None,
        "force": False,
        "refresh_costs": False,
    }
    run = dags["z316_daily"].test(
        datetime.now(UTC), run_conf={"from_date": first.isoformat(), **form, **conf}
    )
    tasks = {task.task_id: str(task.state) for task in run.get_task_instances()}
    return {**tasks, "run": str(run.state.value if hasattr(run.state, "value") else run.state)}


def test_a_day_of_history_is_loaded_and_a_second_run_costs_its_page_only(
    dags: Any, simulator: Simulator, warehouse: Warehouse, day: date
) -> None:
    simulator.sell_on(day, 7)
    states = run_daily(dags, day)
    # Nothing was set aside: there is no empty file to load.
    assert {name: state for name, state in states.items() if state != "success"} == {
        "load_rejeitados": "skipped"
    }
    assert warehouse.differences(simulator.truth_of_dates(day, day)) == []
    calls = simulator.calls()
    assert (calls["pedidos.pesquisa"], calls["pdv.pedido.obter"]) == (1, 7)
    before = warehouse.rows("pdv")
    simulator.forget_calls()
    states = run_daily(dags, day)
    assert simulator.calls() == {"pedidos.pesquisa": 1}
    assert states["run"] == "success"
    assert {state for name, state in states.items() if name not in {"ready", "run"}} == {"skipped"}
    assert warehouse.rows("pdv") == before


def test_only_what_is_new_or_changed_is_read(
    dags: Any, simulator: Simulator, warehouse: Warehouse, day: date
) -> None:
    kept, edited, cancelled, deleted = (sale.pedido for sale in simulator.sell_on(day, 4))
    # Some are sold as cancelled: the change must change something.
    simulator.edit(cancelled, situacao="aprovado")
    run_daily(dags, day)
    simulator.change(edited, "edit")
    simulator.change(cancelled, "cancel")
    simulator.delete(deleted)
    (new,) = simulator.sell_on(day, 1)
    simulator.forget_calls()
    run_daily(dags, day)
    assert simulator.keys("pdv.pedido.obter") == sorted([edited, cancelled, deleted, new.pedido])
    assert simulator.keys("pedido.obter") == [deleted]
    rows = {row["id"]: row for row in warehouse.rows("pdv")}
    assert rows[deleted]["deleted_at"] is not None
    assert rows[deleted]["totalVenda"] is not None, "marked, not erased"
    assert [rows[order]["deleted_at"] for order in (kept, edited, cancelled)] == [None] * 3
    assert warehouse.differences(simulator.truth([kept, edited, cancelled, new.pedido])) == []
    simulator.forget_calls()
    run_daily(dags, day)
    assert simulator.calls() == {"pedidos.pesquisa": 1}, "what is gone is not asked for again"


def test_an_order_that_the_till_does_not_know_comes_from_the_back_office(
    dags: Any, simulator: Simulator, warehouse: Warehouse, day: date
) -> None:
    (sale,) = simulator.sell_on(day, 1)
    simulator.fault(service="pdv.pedido.obter", faults=["code_32"], key=str(sale.pedido), times=None)
    assert run_daily(dags, day)["run"] == "success"
    (row,) = [row for row in warehouse.rows("pdv") if row["id"] == sale.pedido]
    (truth,) = simulator.truth([sale.pedido])["pdv"]
    assert (row["data"], row["totalVenda"]) == (day, Decimal(truth["totalVenda"]))
    assert len(row["itens"]) == len(truth["itens"])
    assert row["deleted_at"] is None


def test_an_order_that_moved_to_another_date_keeps_its_arrival_and_is_one_row(
    dags: Any, simulator: Simulator, warehouse: Warehouse, day: date
) -> None:
    (sale,) = simulator.sell_on(day, 1)
    run_daily(dags, day)
    (before,) = [row for row in warehouse.rows("pdv") if row["id"] == sale.pedido]
    assert before["timestamp"] == datetime.combine(day, time(), ZoneInfo("America/Sao_Paulo"))
    later = day + timedelta(days=1)
    simulator.edit(sale.pedido, data=later.isoformat())
    run_daily(dags, later)
    (after,) = [row for row in warehouse.rows("pdv") if row["id"] == sale.pedido]
    assert after["data"] == later
    assert after["timestamp"] == before["timestamp"]


def test_force_reads_everything_again_and_changes_no_cost(
    dags: Any, simulator: Simulator, warehouse: Warehouse, day: date
) -> None:
    sales = simulator.sell_on(day, 3)
    run_daily(dags, day)
    simulator.forget_calls()
    run_daily(dags, day, force=True)
    assert simulator.keys("pdv.pedido.obter") == sorted(sale.pedido for sale in sales)
    assert simulator.calls()["produto.obter"] == 0, "read today already"
    assert warehouse.differences(simulator.truth_of_dates(day, day)) == []


def test_costs_are_refreshed_when_a_person_asks_for_it_and_else_stay(
    dags: Any, simulator: Simulator, warehouse: Warehouse, day: date
) -> None:
    (sale,) = simulator.sell_on(day, 1)
    run_daily(dags, day)
    frozen = {
        row["id"]: row["preco_custo"] for row in warehouse.rows("produto") if row["pedido_id"] == sale.pedido
    }
    product = min(frozen)
    simulator.edit_product(product, preco_custo="77.70")
    warehouse.forget_products_read_today()
    run_daily(dags, day, force=True)
    assert cost(warehouse, sale.pedido, product) == frozen[product]
    run_daily(dags, day, refresh_costs=True)
    assert cost(warehouse, sale.pedido, product) == Decimal("77.70")
    run_daily(dags, day, force=True)
    assert cost(warehouse, sale.pedido, product) == Decimal("77.70")


def cost(warehouse: Warehouse, pedido: int, produto: int) -> Decimal:
    (row,) = [r for r in warehouse.rows("produto") if (r["pedido_id"], r["id"]) == (pedido, produto)]
    found: Decimal = row["preco_custo"]
    return found


def test_a_day_without_orders_is_a_success(
    dags: Any, simulator: Simulator, warehouse: Warehouse, day: date
) -> None:
    assert run_daily(dags, day)["run"] == "success"
    assert simulator.calls() == {"pedidos.pesquisa": 1}


@pytest.mark.parametrize(
    "conf",
    [
        {"to_date": (TODAY - timedelta(days=5000)).isoformat()},
        {"to_date": (TODAY + timedelta(days=2)).isoformat()},
        {"from_date": None, "to_date": (TODAY - timedelta(days=5000)).isoformat()},
        {"from_date": "", "to_date": (TODAY - timedelta(days=5000)).isoformat()},
        {"store": "unknown"},
        {"plan_only": True},
    ],
    ids=["end before start", "future", "no start", "empty start", "unknown parameter", "only a question"],
)
def test_what_cannot_be_is_refused_at_once_and_without_a_call(
    dags: Any, simulator: Simulator, warehouse: Warehouse, day: date, conf: dict[str, Any]
) -> None:
    states = run_daily(dags, day, **conf)
    assert (states["plan"], states["run"]) == ("failed", "failed")
    assert not simulator.calls()


def test_a_filter_without_effect_is_noticed(
    dags: Any, simulator: Simulator, warehouse: Warehouse, day: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if Tiny had renamed the parameters: it ignores those that it does not know, and lists all orders."""
    monkeypatch.setattr(search, "date_parameters", lambda day: {"dataInicio": f"{day:%d/%m/%Y}"})
    simulator.sell_on(day, 1)
    assert run_daily(dags, day)["plan"] == "failed"
    assert "pdv.pedido.obter" not in simulator.calls()
