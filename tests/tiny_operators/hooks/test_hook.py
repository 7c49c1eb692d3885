"""The hook against the real simulator over HTTP: what is sent, what is tried again, what is not, and how fast."""

from __future__ import annotations

from typing import Any

import pytest

from local.stack.settings import free_port
from tests.tiny_operators.conftest import TOKEN, FakeTime, MakeHook, Simulator
from tiny_operators._compat import AirflowException, AirflowFailException
from tiny_operators.hooks.tiny import TinyHook, UnavailableError
from tiny_operators.tiny.answers import Meaning
from tiny_operators.tiny.api import TinyUnavailableError
from tiny_operators.tiny.pacing import BACKOFF
from tiny_operators.tiny.search import order_id, page_lines

ORDER, SEARCH, PRODUCT = "pdv.pedido.obter", "pedidos.pesquisa", "produto.obter"
FAULTS = [
    ("html_502", Meaning.TRY_AGAIN),
    ("html_503", Meaning.TRY_AGAIN),
    ("truncated", Meaning.TRY_AGAIN),
    ("empty", Meaning.TRY_AGAIN),
    ("reset", Meaning.TRY_AGAIN),
    ("code_35", Meaning.TRY_AGAIN),
    ("code_6", Meaning.THROTTLED),
    ("code_11", Meaning.TOO_MANY_AT_ONCE),
    ("code_99", Meaning.MAINTENANCE),
    ("html_401", Meaning.EDGE_REFUSED),
    ("html_403", Meaning.EDGE_REFUSED),
]


def backoffs(time: FakeTime, meaning: Meaning) -> list[float]:
    """Waits that are too long to be those of the pace."""
    return [seconds for seconds in time.sleeps if seconds >= BACKOFF[meaning].first]


def test_the_services_answer(hook: TinyHook, simulator: Simulator) -> None:
    sale = simulator.order()
    answer = hook.pdv_pedido_obter(sale["id"])
    assert answer.meaning is Meaning.OK
    assert int(answer.retorno["pedido"]["id"]) == sale["id"]
    found = hook.pedidos_pesquisa({"numero": str(sale["numero"])})
    assert [order_id(line) for line in page_lines(found)] == [sale["id"]]
    produto = next(int(item["idProduto"]) for item in answer.retorno["pedido"]["itens"] if item["idProduto"])
    assert int(hook.produto_obter(produto).retorno["produto"]["id"]) == produto
    assert simulator.calls()["services"] == {ORDER: 1, SEARCH: 1, PRODUCT: 1} == dict(hook.calls)


def test_a_search_asks_for_the_newest_first_as_json(hook: TinyHook, simulator: Simulator) -> None:
    hook.pedidos_pesquisa({"dataInicial": "01/01/2020", "dataFinal": "31/12/2099"}, page=1)
    (call,) = simulator.calls()["calls"]
    assert call["params"]["sort"] == "DESC"
    assert call["params"]["pagina"] == "1"


def test_an_empty_search_an_unknown_page_and_an_unknown_order_are_answers(
    hook: TinyHook, simulator: Simulator
) -> None:
    empty = hook.pedidos_pesquisa({"dataInicial": "01/01/2001", "dataFinal": "01/01/2001"})
    assert (empty.meaning, empty.code, list(page_lines(empty))) == (Meaning.NO_ROWS, 20, [])
    beyond = hook.pedidos_pesquisa({"dataInicial": "01/01/2020", "dataFinal": "31/12/2099"}, page=999)
    assert (beyond.meaning, beyond.code, list(page_lines(beyond))) == (Meaning.PAST_LAST_PAGE, 23, [])
    gone = hook.pdv_pedido_obter(1)
    assert (gone.meaning, gone.code) == (Meaning.NOT_FOUND, 32)
    assert hook.produto_obter(1).meaning is Meaning.NOT_FOUND
    assert simulator.calls()["total"] == 4


@pytest.mark.parametrize(("kind", "meaning"), FAULTS)
def test_one_fault_is_tried_again(
    kind: str, meaning: Meaning, hook: TinyHook, simulator: Simulator, fake_time: FakeTime
) -> None:
    sale = simulator.order()
    simulator.fault(kind, service=ORDER)
    assert hook.pdv_pedido_obter(sale["id"]).meaning is Meaning.OK
    assert simulator.calls()["services"] == {ORDER: 2}
    (waited,) = backoffs(fake_time, meaning)
    assert waited <= BACKOFF[meaning].first * 1.5


@pytest.mark.parametrize("status", ["plain", "common", "hostile"])
def test_a_throttle_with_erros_as_an_object_or_in_any_other_shape(
    status: str, hook: TinyHook, simulator: Simulator, fake_time: FakeTime
) -> None:
    simulator.settings(
        profile=status, quirks={"throttle_object": 1.0, "numeric_status": 0.5, "stray_nulls": 0}
    )
    sale = simulator.order()
    simulator.fault("code_6", service=ORDER)
    assert hook.pdv_pedido_obter(sale["id"]).meaning is Meaning.OK
    assert simulator.calls()["codes"] == {"6": 1, "0": 1}
    assert len(backoffs(fake_time, Meaning.THROTTLED)) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_a_throttle_with_an_http_status(status: int, hook: TinyHook, simulator: Simulator) -> None:
    simulator.settings(limits={"status": status})
    sale = simulator.order()
    simulator.fault("code_6", service=ORDER)
    assert hook.pdv_pedido_obter(sale["id"]).meaning is Meaning.OK


def test_several_faults_in_a_row_wait_longer_each_time(
    hook: TinyHook, simulator: Simulator, fake_time: FakeTime
) -> None:
    sale = simulator.order()
    simulator.fault("html_502", "truncated", "reset", "empty", "code_35", service=ORDER)
    assert hook.pdv_pedido_obter(sale["id"]).meaning is Meaning.OK
    waits = backoffs(fake_time, Meaning.TRY_AGAIN)
    assert len(waits) == 5
    for n, seconds in enumerate(waits):
        assert 2**n <= seconds <= 2**n * 1.5


@pytest.mark.parametrize(
    ("kind", "meaning"), [(kind, meaning) for kind, meaning in FAULTS if kind != "html_503"]
)
def test_tries_are_bounded(
    kind: str, meaning: Meaning, hook: TinyHook, simulator: Simulator, fake_time: FakeTime
) -> None:
    sale = simulator.order()
    simulator.fault(kind, service=ORDER, times=50)
    with pytest.raises(TinyUnavailableError, match=f"{ORDER} in {BACKOFF[meaning].tries} tries") as caught:
        hook.pdv_pedido_obter(sale["id"])
    assert TOKEN not in str(caught.value)
    assert simulator.calls()["services"] == {ORDER: BACKOFF[meaning].tries}
    waits = backoffs(fake_time, meaning)
    assert len(waits) == BACKOFF[meaning].tries - 1
    assert max(waits) <= BACKOFF[meaning].most * 1.5


@pytest.mark.parametrize("most", [1, 3, 50])
def test_a_task_may_ask_for_fewer_tries_of_what_tiny_should_answer_at_once(
    most: int, hook: TinyHook, simulator: Simulator
) -> None:
    sale = simulator.order()
    simulator.fault("code_35", service=ORDER, times=50)
    hook.most_tries = most
    tries = min(most, BACKOFF[Meaning.TRY_AGAIN].tries)
    with pytest.raises(TinyUnavailableError, match=f"in {tries} tries"):
        hook.pdv_pedido_obter(sale["id"])
    assert simulator.calls()["services"] == {ORDER: tries}


@pytest.mark.parametrize(
    ("silent", "up", "calls"),
    [
        ((), True, {"info": 1}),
        (("info",), True, {"info": 3, SEARCH: 1}),
        (("info", SEARCH), False, {"info": 3, SEARCH: 3}),
        ((ORDER, PRODUCT), True, {"info": 1}),
    ],
)
@pytest.mark.parametrize("kind", ["html_502", "html_403", "code_6", "code_99", "reset"])
def test_whether_tiny_is_down_is_asked_by_calls_that_must_work(
    kind: str,
    silent: tuple[str, ...],
    *,
    up: bool,
    calls: dict[str, int],
    hook: TinyHook,
    simulator: Simulator,
) -> None:
    for service in silent:
        simulator.fault(kind, service=service, times=50)
    assert hook.is_up() is up
    assert simulator.calls()["services"] == calls


@pytest.mark.parametrize("kind", ["code_1", "code_2", "code_3", "code_31"])
def test_a_refusal_is_an_answer_too(kind: str, hook: TinyHook, simulator: Simulator) -> None:
    simulator.fault(kind, service="info")
    assert hook.is_up()


def test_a_later_try_of_the_task_may_help_when_tiny_is_away() -> None:
    """Airflow retries after an AirflowException, and never after an AirflowFailException."""
    assert issubclass(UnavailableError, TinyUnavailableError)
    assert issubclass(UnavailableError, AirflowException)
    assert not issubclass(UnavailableError, AirflowFailException)


def test_nobody_listens(make_hook: MakeHook) -> None:
    hook = make_hook(f"http://127.0.0.1:{free_port()}")
    with pytest.raises(TinyUnavailableError, match="ConnectionError"):
        hook.pdv_pedido_obter(1)


@pytest.mark.parametrize("code", [1, 2, 3, 4, 5, 7, 8, 9, 10, 22])
def test_what_no_further_try_can_help_fails_at_once(
    code: int, hook: TinyHook, simulator: Simulator, fake_time: FakeTime
) -> None:
    sale = simulator.order()
    simulator.fault(f"code_{code}", service=ORDER, times=50)
    with pytest.raises(AirflowFailException, match=rf"code {code}\b") as caught:
        hook.pdv_pedido_obter(sale["id"])
    assert TOKEN not in str(caught.value)
    assert simulator.calls()["services"] == {ORDER: 1}
    assert len(fake_time.sleeps) <= 1, "nothing but the pace"


@pytest.mark.parametrize("code", [5, 7, 8])
def test_a_blocked_account_fails_at_once(code: int, hook: TinyHook, simulator: Simulator) -> None:
    simulator.settings(limits={"account_code": code})
    with pytest.raises(AirflowFailException, match=rf"code {code}\b"):
        hook.pdv_pedido_obter(1)
    assert simulator.calls()["services"] == {ORDER: 1}


def test_a_wrong_token_fails_at_once_and_says_what_to_set(make_hook: MakeHook, simulator: Simulator) -> None:
    hook = make_hook(simulator.url, token="another-t0ken")
    with pytest.raises(AirflowFailException, match="password") as caught:
        hook.pdv_pedido_obter(1)
    assert "another-t0ken" not in str(caught.value)
    assert simulator.calls()["services"] == {ORDER: 1}


def test_an_unknown_service_fails_at_once(hook: TinyHook, simulator: Simulator) -> None:
    with pytest.raises(AirflowFailException, match="HTTP 404"):
        hook.call("pdv.pedido.pesquisa", "pedidos", {})
    assert simulator.calls()["total"] == 1


@pytest.mark.parametrize("code", [30, 31, 33, 34, 77])
def test_a_refused_record_is_an_answer(code: int, hook: TinyHook, simulator: Simulator) -> None:
    simulator.fault(f"code_{code}", service=ORDER)
    answer = hook.pdv_pedido_obter(1)
    assert (answer.meaning, answer.code) == (Meaning.RECORD_REFUSED, code)
    assert simulator.calls()["total"] == 1


def test_calls_are_paced_to_the_share_of_the_connection(
    make_hook: MakeHook, simulator: Simulator, fake_time: FakeTime
) -> None:
    hook = make_hook(simulator.url, requests_per_minute=60, share=0.5)
    started = fake_time.now
    for _ in range(5):
        hook.pdv_pedido_obter(1)
    assert 5 * 2 <= fake_time.now - started <= 5 * 2 / 0.95
    assert simulator.calls()["total"] == 5


def test_the_header_lowers_the_pace_also_when_it_comes_with_an_error(
    make_hook: MakeHook, simulator: Simulator, fake_time: FakeTime
) -> None:
    simulator.settings(limits={"per_minute": 20, "concurrency": 5})
    hook = make_hook(simulator.url, requests_per_minute=600, share=0.5)
    hook.pdv_pedido_obter(1)
    hook.pdv_pedido_obter(1)
    fake_time.sleeps.clear()
    for _ in range(3):
        hook.pdv_pedido_obter(1)
    assert len(fake_time.sleeps) == 3
    assert all(6 <= seconds <= 6 / 0.95 for seconds in fake_time.sleeps)


def test_tries_again_keep_the_pace_too(
    make_hook: MakeHook, simulator: Simulator, fake_time: FakeTime
) -> None:
    hook = make_hook(simulator.url, requests_per_minute=6, share=1)
    sale = simulator.order()
    simulator.fault("code_35", service=ORDER)
    started = fake_time.now
    hook.pdv_pedido_obter(sale["id"])
    assert fake_time.now - started >= 20


PROFILES: list[dict[str, Any]] = [
    {"profile": "common"},
    {"profile": "hostile", "quirks": {"search_delay_s": 0}},
]


@pytest.mark.parametrize("values", PROFILES, ids=["common", "hostile"])
def test_all_quirks_of_the_simulator_are_understood(
    values: dict[str, Any], hook: TinyHook, simulator: Simulator
) -> None:
    simulator.settings(**values)
    for sale in (simulator.order() for _ in range(10)):
        answer = hook.pdv_pedido_obter(sale["id"])
        assert answer.meaning is Meaning.OK
        assert str(answer.retorno["pedido"]["id"]).strip() == str(sale["id"])
        found = hook.pedidos_pesquisa({"numero": str(sale["numero"])})
        assert sale["id"] in [order_id(line) for line in page_lines(found)]
    assert simulator.calls()["codes"] == {"0": 20}
