"""An order that is edited while it is read: its row tells of the same moment as its line, or of a later one."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from local.demo.parts import Simulator, Warehouse
from tests.component.webhook_steps import archive, fetch, forget_pauses, made_rows, plan, post, rows
from tiny_operators.hooks.tiny import TinyHook

pytestmark = pytest.mark.stack

EDITS: dict[str, dict[str, Any]] = {
    "total": {"frete": "4.50"},
    "status": {"situacao": "cancelado"},
    "both": {"frete": "4.50", "situacao": "aprovado"},
}


@pytest.fixture
def sold(run: Any, warehouse: Warehouse, emulators: dict[str, str], simulator: Simulator) -> int:
    """Return an order that a run has planned to read."""
    assert not warehouse.waiting()
    (pedido,) = post(emulators, simulator, 1)
    plan(run)
    return pedido


@pytest.fixture
def edit_meanwhile(sold: int, simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Edit the order before the next search, when it has been read; from then on it may have no answer."""

    def install(edit: str, fault: str = "") -> None:
        search, edits = TinyHook.pedidos_pesquisa, [EDITS[edit]]

        def wrapped(hook: TinyHook, *args: Any, **kwargs: Any) -> Any:
            while edits:
                simulator.edit(sold, **edits.pop())
                if fault:
                    simulator.fault(service="pdv.pedido.obter", faults=[fault], key=str(sold), times=None)
            return search(hook, *args, **kwargs)

        monkeypatch.setattr(TinyHook, "pedidos_pesquisa", wrapped)

    return install


@pytest.mark.parametrize("edit", EDITS)
def test_an_order_is_read_again_that_was_edited_before_its_line_was_read(
    edit: str, edit_meanwhile: Callable[..., None], simulator: Simulator, run: Any, warehouse: Warehouse
) -> None:
    edit_meanwhile(edit)
    fetch(run)
    rows(run)
    (order,), (line,) = made_rows(warehouse, run, "pdv"), made_rows(warehouse, run, "pesquisa")
    assert Decimal(order["totalVenda"]) == Decimal(line["valor"])
    assert order["situacao"] == line["situacao"]
    assert simulator.calls()["pdv.pedido.obter"] == 2


@pytest.mark.usefixtures("impatient")
def test_an_order_that_cannot_be_read_again_waits_for_the_next_run(
    sold: int, edit_meanwhile: Callable[..., None], simulator: Simulator, run: Any, warehouse: Warehouse
) -> None:
    edit_meanwhile("both", fault="code_35")
    fetch(run)
    rows(run)
    assert archive(run)["waiting"] == 1
    assert made_rows(warehouse, run, "pdv") == []
    assert len(warehouse.waiting()) == 1
    simulator.no_faults()
    forget_pauses(warehouse, run)
    later = type(run)(run.store)
    plan(later)
    fetch(later)
    rows(later)
    (order,), (line,) = made_rows(warehouse, later, "pdv"), made_rows(warehouse, later, "pesquisa")
    assert order["id"] == sold
    assert Decimal(order["totalVenda"]) == Decimal(line["valor"])
    assert order["situacao"] == line["situacao"] == "Aprovado"


def test_an_edit_before_the_order_was_read_costs_no_call(sold: int, simulator: Simulator, run: Any) -> None:
    simulator.edit(sold, **EDITS["both"])
    fetch(run)
    assert simulator.calls()["pdv.pedido.obter"] == 1


@pytest.mark.parametrize("orders", [1, 3])
def test_answers_that_differ_by_themselves_cost_one_call_a_run(
    orders: int, emulators: dict[str, str], simulator: Simulator, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sold = post(emulators, simulator, orders)
    # Each alone on a day of its own, so that each is searched by its number.
    for number, pedido in enumerate(sold):
        simulator.edit(pedido, data=f"2026-03-{number + 1:02d}")
    plan(run)
    for name in ("pdv_pedido_obter", "pedido_obter"):
        ask = getattr(TinyHook, name)
        monkeypatch.setattr(TinyHook, name, _dearer(ask))
    fetch(run)
    assert simulator.calls()["pdv.pedido.obter"] == orders + 1


def _dearer(ask: Callable[..., Any]) -> Callable[..., Any]:
    def wrapped(hook: TinyHook, pedido: int) -> Any:
        answer = ask(hook, pedido)
        answer.retorno["pedido"]["totalVenda"] = "999999.99"
        return answer

    return wrapped
