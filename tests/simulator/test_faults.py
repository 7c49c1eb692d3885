"""Faults meet the calls that they are meant for, once or always."""

import json

import pytest
import requests

from tests.simulator.client import TIMEOUT_S, Tiny


def test_a_queue_is_worked_off_in_order(tiny: Tiny) -> None:
    good = tiny.raw("info").content
    tiny.post(
        "faults", {"service": "info", "faults": ["html_502", "html_503", "truncated", "empty", "code_35"]}
    )
    first, second, third, fourth, fifth = (tiny.raw("info") for _ in range(5))
    assert (first.status_code, second.status_code) == (502, 503)
    assert "<html>" in first.text
    assert good.startswith(third.content)
    with pytest.raises(json.JSONDecodeError):
        json.loads(third.content)
    assert (fourth.status_code, fourth.content) == (200, b"")
    assert fifth.json()["retorno"]["codigo_erro"] == "35"
    assert tiny.raw("info").content == good


def test_reset_cuts_the_connection(tiny: Tiny) -> None:
    tiny.post("faults", {"service": "info", "faults": ["reset"]})
    with pytest.raises(requests.ConnectionError):
        tiny.raw("info")
    assert tiny.code("info") == 0
    first, second = tiny.get("calls")["calls"]
    assert (first["fault"], first["http"], second["fault"], second["http"]) == ("reset", 0, None, 200)


def test_slow_answers_late(tiny: Tiny) -> None:
    tiny.settings(slow_s=2)
    tiny.post("faults", {"service": "info", "faults": ["slow"]})
    with pytest.raises(requests.Timeout):
        requests.post(f"{tiny.url}/api2/info.php", data={"token": "test-token"}, timeout=0.5)
    assert tiny.code("info") == 0


def test_only_the_service_and_key_that_are_meant(tiny: Tiny) -> None:
    first, second = (order["id"] for order in tiny.sell(2))
    tiny.post("faults", {"service": "pdv.pedido.obter", "faults": ["code_35"], "times": None, "key": first})
    assert [tiny.code("pdv.pedido.obter", id=second), tiny.code("pedido.obter", id=first)] == [0, 0]
    assert [tiny.code("pdv.pedido.obter", id=first) for _ in range(3)] == [35, 35, 35]
    requests.delete(f"{tiny.url}/_sim/faults", timeout=TIMEOUT_S).raise_for_status()
    assert tiny.code("pdv.pedido.obter", id=first) == 0


def test_only_searches_of_the_date_that_is_meant(tiny: Tiny) -> None:
    tiny.post(
        "faults",
        {"service": "pedidos.pesquisa", "faults": ["code_35"], "times": None, "date": "2026-03-14"},
    )

    def code(day: str, **more: str) -> int:
        return tiny.code("pedidos.pesquisa", dataInicial=day, dataFinal=day, **more)

    assert 35 not in {code("13/03/2026"), code("15/03/2026"), tiny.code("pedidos.pesquisa", numero="1")}
    assert [code("14/03/2026"), code("14/03/2026", pagina="2")] == [35, 35]


def test_rates(tiny: Tiny) -> None:
    tiny.settings(faults={"*": {"code_35": 1}, "info": {"html_502": 0.5}})
    assert tiny.code("pdv.pedidos") == 35
    assert {tiny.raw("info").status_code for _ in range(40)} == {200, 502}
    tiny.settings(faults={})
    assert tiny.code("pdv.pedidos") == 0


def test_faults_count_as_calls(tiny: Tiny) -> None:
    tiny.settings(limits={"per_minute": 1})
    tiny.post("faults", {"service": "info", "faults": ["empty"]})
    assert tiny.raw("info").content == b""
    assert tiny.code("info") == 6


@pytest.mark.parametrize(
    ("method", "path", "body", "reported"),
    [
        ("POST", "faults", {"faults": ["explosion"]}, "explosion"),
        ("POST", "faults", {}, "faults"),
        ("PUT", "settings", {"quirks": {"no_such": True}}, "quirks.no_such"),
        ("PUT", "settings", {"quirks": {"rich_text": "yes"}}, "quirks.rich_text"),
        ("PUT", "settings", {"limits": {"per_minute": -1}}, "limits.per_minute"),
        ("PUT", "settings", {"profile": "evil"}, "evil"),
        ("PUT", "settings", {"other": 1}, "other"),
        ("PUT", "settings", {"faults": {"*": {"explosion": 1}}}, "explosion"),
        ("POST", "sell", {"count": 0}, "count"),
        ("POST", "sell", [], "object"),
    ],
)
def test_mistakes_are_named(tiny: Tiny, method: str, path: str, body: object, reported: str) -> None:
    answer = requests.request(method, f"{tiny.url}/_sim/{path}", json=body, timeout=TIMEOUT_S)
    assert answer.status_code == 400
    assert reported in answer.json()["error"]
