"""Tokens, parameters, paths, limits."""

import http.client
import threading

import pytest
import requests

from local.tiny_simulator.limits import Gate
from local.tiny_simulator.settings import Limits
from tests.simulator.client import TIMEOUT_S, TOKEN, Tiny
from tests.simulator.shops import Clock


@pytest.mark.parametrize("code", [5, 7, 8])
def test_an_account_can_be_blocked(tiny: Tiny, code: int) -> None:
    tiny.settings(limits={"account_code": code})
    answer = tiny.call("info")
    assert (answer["codigo_erro"], answer["status_processamento"]) == (str(code), "1")


def test_get_post_and_mixed_are_the_same(tiny: Tiny) -> None:
    url = f"{tiny.url}/api2/info.php"
    everything = {"token": TOKEN, "formato": "json"}
    by_get = requests.get(url, params=everything, timeout=TIMEOUT_S).json()
    by_post = requests.post(url, data=everything, timeout=TIMEOUT_S).json()
    mixed = requests.post(url, params={"token": TOKEN}, data={"formato": "json"}, timeout=TIMEOUT_S).json()
    assert by_get == by_post == mixed
    assert by_get["retorno"]["status"] == "OK"


@pytest.mark.parametrize(
    "path", ["api2/pdv.pedido.pesquisa.php", "api2/info", "api2/", "other", "_sim/other"]
)
def test_unknown_paths_are_html(tiny: Tiny, path: str) -> None:
    answer = requests.get(f"{tiny.url}/{path}", params={"token": TOKEN}, timeout=TIMEOUT_S)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "<html>" in answer.text


def test_the_control_api_is_for_this_machine_only(tiny: Tiny) -> None:
    # Linux takes every 127.x.x.x for its own, so a stranger can be played without a second machine.
    host, _, port = tiny.url.removeprefix("http://").partition(":")
    stranger = http.client.HTTPConnection(host, int(port), source_address=("127.0.0.2", 0), timeout=TIMEOUT_S)
    stranger.request("GET", "/_sim/health")
    assert stranger.getresponse().status == 403
    stranger.close()
    assert tiny.get("health")["status"] == "ok"


@pytest.mark.parametrize("code", [3, 4, 9, 21, 22, 30, 31, 33, 34, 35, 99, 777])
def test_any_code_can_be_had(tiny: Tiny, code: int) -> None:
    tiny.post("faults", {"service": "info", "faults": [f"code_{code}"]})
    answer = tiny.raw("info")
    assert (answer.status_code, answer.json()["retorno"]["codigo_erro"]) == (200, str(code))


@pytest.mark.parametrize("service", ["pdv.pedido.obter", "pedido.obter", "produto.obter"])
def test_the_id_is_needed_and_must_be_known(tiny: Tiny, service: str) -> None:
    assert [tiny.code(service), tiny.code(service, id=5), tiny.code(service, id="x")] == [10, 32, 32]


def test_a_bad_date_is_refused(tiny: Tiny) -> None:
    assert tiny.code("pedidos.pesquisa", dataInicial="2026-03-14") == 31


def test_header_on_every_answer(tiny: Tiny) -> None:
    tiny.settings(limits={"per_minute": 20})
    answers = [tiny.raw("info"), tiny.raw("info", token=None), tiny.raw("nothing")]
    tiny.post("faults", {"service": "info", "faults": ["html_502"]})
    answers.append(tiny.raw("info"))
    assert {answer.headers["x-limit-api"] for answer in answers} == {"20"}


def test_limit_over_http(tiny: Tiny, clock: Clock) -> None:
    tiny.settings(limits={"per_minute": 3})
    codes = [tiny.code("info") for _ in range(4)]
    assert codes == [0, 0, 0, 6]
    throttled = tiny.raw("info")
    assert throttled.status_code == 200
    assert throttled.json()["retorno"]["status_processamento"] == "1"
    clock.seconds += 60
    assert tiny.code("info") == 0


def test_the_throttle_may_have_its_own_status(tiny: Tiny) -> None:
    tiny.settings(limits={"per_minute": 1, "status": 429})
    assert [tiny.raw("info").status_code, tiny.raw("info").status_code] == [200, 429]


def test_refused_tokens_use_up_nothing(tiny: Tiny) -> None:
    tiny.settings(limits={"per_minute": 1})
    assert [tiny.code("info", token="wrong"), tiny.code("info", token="wrong"), tiny.code("info")] == [
        2,
        2,
        0,
    ]


def test_concurrency_over_http(tiny: Tiny) -> None:
    tiny.settings(limits={"per_minute": 8}, latency_s=0.5)  # a quarter: two at once
    codes: list[int] = []
    threads = [threading.Thread(target=lambda: codes.append(tiny.code("info"))) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes.count(0) >= 2
    assert set(codes) == {0, 11}
    assert tiny.get("calls")["most_at_once"] == 5


def test_rolling_minute() -> None:
    clock = Clock()
    gate, limits = Gate(clock), Limits(per_minute=2)
    codes = []
    for wait in (0, 30, 29, 1, 29, 1):
        clock.seconds += wait
        codes.append(gate.enter(limits))
        gate.leave()
    # The third comes while both others are younger than a minute; the fourth when the first is just gone.
    assert codes == [0, 0, 6, 0, 6, 0]


def test_a_block_lasts_and_may_be_extended() -> None:
    clock = Clock()
    gate, limits = Gate(clock), Limits(per_minute=1, concurrency=99, block_s=300)
    assert [gate.enter(limits), gate.enter(limits)] == [0, 6]
    clock.seconds += 299
    assert gate.enter(limits) == 6
    clock.seconds += 1
    assert gate.enter(limits) == 0
    patient = Limits(per_minute=1, concurrency=99, block_s=300, block_extends=True)
    assert gate.enter(patient) == 6
    clock.seconds += 299
    assert gate.enter(patient) == 6
    clock.seconds += 299
    assert gate.enter(patient) == 6


def test_a_quarter_at_once() -> None:
    gate = Gate(Clock())
    assert [gate.enter(Limits(per_minute=60)) for _ in range(16)] == [0] * 15 + [11]
    gate.leave()
    gate.leave()
    assert gate.enter(Limits(per_minute=60)) == 0
