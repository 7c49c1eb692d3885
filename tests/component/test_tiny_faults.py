"""Tiny fails in each way that it is known to, at each service: the whole run waits, asks again, and the tables are right."""

from __future__ import annotations

import pytest

from tests.component.whole_runs import Sold
from tiny_operators.hooks import tiny

pytestmark = [pytest.mark.stack, pytest.mark.usefixtures("impatient")]

# All kinds, few enough at once that one call's tries last.
KINDS = (
    ("html_502", "truncated", "slow", "code_6"),
    ("html_503", "empty", "code_11", "code_99"),
    ("reset", "code_35", "code_6", "code_11"),
)
SERVICES = ("pdv.pedido.obter", "pedidos.pesquisa", "produto.obter")


@pytest.mark.parametrize("kinds", KINDS, ids=" ".join)
def test_faults_of_each_service_change_nothing(
    kinds: tuple[str, ...], sold: Sold, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A slow answer comes after the hook's patience, which a test need not wait for.
    monkeypatch.setitem(tiny._SENDING, "timeout", (10, 0.5))
    # Errors in all shapes of erros, numbers as text and text as numbers.
    sold.simulator.set(profile="hostile", quirks={"search_delay_s": 0, "page_gaps": 0}, slow_s=2)
    sold.warehouse.forget_products_read_today()
    for service in SERVICES:
        sold.simulator.fault(service=service, faults=kinds)
    run = sold.run()
    assert run.failures == []
    met = {(call["service"], call["fault"]) for call in sold.simulator.call_log() if call["fault"]}
    assert met == {(service, kind) for service in SERVICES for kind in kinds}
    assert sold.wrong() == []


@pytest.mark.parametrize("code", [2, 8])
def test_what_cannot_be_retried_fails_at_the_first_call_and_waits(code: int, sold: Sold) -> None:
    sold.simulator.fault(service="*", faults=[f"code_{code}"], times=None)
    assert sold.failed_run("Tiny refused") == ("fetch", 1)
    assert sold.simulator.calls().total() == 1
    assert len(sold.warehouse.waiting()) == len(sold.orders)
    sold.simulator.no_faults()
    sold.run()
    assert sold.wrong() == []
