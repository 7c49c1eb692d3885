"""What goes over the wire, and what comes over it: the token in the body only, answers kept, broken ones survived."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from http import HTTPStatus
from urllib.parse import parse_qs

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tiny_operators.conftest import REPO, TOKEN, MakeHook, ScriptedServer, Simulator
from tests.tiny_operators.helpers import ODD_SAMPLES, sample_text
from tests.tiny_operators.hooks.talkative import CONTROL
from tiny_operators._compat import AirflowFailException
from tiny_operators.tiny.answers import Meaning
from tiny_operators.tiny.api import TinyUnavailableError
from tiny_operators.tiny.pacing import BACKOFF

ORDER, SEARCH, PRODUCT = "pdv.pedido.obter", "pedidos.pesquisa", "produto.obter"
GOOD = sample_text("pdv_pedido_obter.json").encode()


def test_the_answer_is_kept_as_it_came_on_one_line(make_hook: MakeHook, scripted: ScriptedServer) -> None:
    text = (
        '{"retorno":\n{"status_processamento":3,"pedido":{"id":"1","frete":1.500,"nome":"Jos\\u00e9 ☕"}}}\n'
    )
    scripted.answers = [(200, {}, text.encode())]
    answer = make_hook(scripted.url).pdv_pedido_obter(1)
    assert answer.text == text.strip().replace("\n", " ")


@pytest.mark.parametrize("header", ["application/json; charset=ISO-8859-1", "application/json", "text/html"])
def test_an_answer_in_latin_1_is_read_as_such(
    header: str, make_hook: MakeHook, scripted: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    content = (ODD_SAMPLES / "answer-01-latin1.json").read_bytes()
    scripted.answers = [(200, {"Content-Type": header}, content)]
    with caplog.at_level("INFO"):
        answer = make_hook(scripted.url).pdv_pedido_obter(1)
    assert answer.retorno["pedido"]["contato"]["nome"] == "Ação"
    assert (answer.text.encode(answer.encoding), answer.base64) == (content, None)
    assert "event=answer_not_utf_8 service=pdv.pedido.obter encoding=cp1252 exact=" in caplog.text


def test_the_token_goes_into_the_body_of_a_post_and_nowhere_else(
    make_hook: MakeHook, scripted: ScriptedServer
) -> None:
    scripted.answers = [(200, {}, GOOD)] * 3
    hook = make_hook(scripted.url)
    hook.pdv_pedido_obter(910000101)
    hook.call(SEARCH, "pedido", {"numero": "20451", "formato": "JSON"})
    hook.call(PRODUCT, "pedido", {"id": "7", "formato": "JSON"})
    lines = [request.line for request in scripted.received]
    assert lines == [f"POST /api2/{service}.php HTTP/1.1" for service in (ORDER, SEARCH, PRODUCT)]
    bodies = [parse_qs(request.body) for request in scripted.received]
    assert [body["token"] for body in bodies] == [[TOKEN]] * 3
    assert bodies[0]["id"] == ["910000101"]
    assert bodies[1] == {"token": [TOKEN], "numero": ["20451"], "formato": ["JSON"]}
    for request in scripted.received:
        assert TOKEN not in str(request.headers)
        assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
        assert not {"authorization", "cookie"} & {name.lower() for name in request.headers}


def test_a_redirect_is_not_followed_with_the_token(make_hook: MakeHook, scripted: ScriptedServer) -> None:
    for status in (301, 302, 307, 308):
        scripted.received.clear()
        scripted.answers = [(status, {"Location": f"{scripted.url}/elsewhere"}, b""), (200, {}, GOOD)]
        with pytest.raises(AirflowFailException, match=f"HTTP {status}: check the connection's host"):
            make_hook(scripted.url).pdv_pedido_obter(1)
        assert len(scripted.received) == 1


def test_an_answer_that_breaks_off_is_tried_again(make_hook: MakeHook, scripted: ScriptedServer) -> None:
    short = {"Content-Length": str(len(GOOD) + 500)}
    chunked = {"Transfer-Encoding": "chunked"}
    gzipped = {"Content-Encoding": "gzip"}
    scripted.answers = [
        (200, short, GOOD),
        (200, chunked, b"zz\r\nno chunk"),
        (200, gzipped, GOOD),
        (200, {}, GOOD),
    ]
    assert make_hook(scripted.url).pdv_pedido_obter(910000101).meaning is Meaning.OK
    assert len(scripted.received) == 4


def test_no_log_holds_the_token_and_a_retry_is_one_event(simulator: Simulator) -> None:
    simulator.fault("reset", service=ORDER, times=BACKOFF[Meaning.TRY_AGAIN].tries)
    simulator.fault("code_6", service=ORDER, times=BACKOFF[Meaning.THROTTLED].tries)
    simulator.fault("html_502", "truncated", "code_35", "code_2", "code_5", service=ORDER)
    environment = dict(os.environ)
    for name, token in {"tiny_right": TOKEN, "tiny_wrong": f"{TOKEN}-wrong"}.items():
        extra = {"requests_per_minute": 6000, "share": 1}
        connection = {"conn_type": "tiny", "host": simulator.url, "password": token, "extra": extra}
        environment[f"AIRFLOW_CONN_{name.upper()}"] = json.dumps(connection)
    command = [sys.executable, "-m", "tests.tiny_operators.hooks.talkative", "tiny_right", "tiny_wrong"]
    done = subprocess.run(
        command,
        cwd=REPO,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    lines = done.stdout.splitlines()
    controls = [line for line in lines if CONTROL in line]
    assert len(controls) == 2, done.stdout
    assert all(TOKEN in line for line in controls), "nothing hides a token in this output"
    assert [line for line in lines if TOKEN in line] == controls
    assert f"POST /api2/{ORDER}.php HTTP/1.1" in done.stdout, "urllib3 logs at DEBUG"
    assert done.stdout.count("task failed") == 4 + 6
    retries = [line for line in lines if "event=tiny_retry" in line]
    assert len(retries) == 6 + 7 + 3
    assert (
        'event=tiny_retry service=pdv.pedido.obter reason="unexpected error at Tiny" code=35 failures=3 seconds='
        in retries[-1]
    )


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=60), status=st.sampled_from([200, 200, 200, 404, 429, 500]))
def test_whatever_a_server_sends_ends_in_an_answer_or_one_of_two_errors(
    body: bytes, status: int, make_hook: MakeHook, scripted: ScriptedServer
) -> None:
    scripted.answers = [(status, {}, body)] * 10
    expected = AirflowFailException if status == HTTPStatus.NOT_FOUND else TinyUnavailableError
    with pytest.raises(expected):
        make_hook(scripted.url).pdv_pedido_obter(1)
