"""The program as it is started, and the webhooks that it sends."""

import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from local.stack.settings import free_port
from local.tiny_simulator.people import CNPJ
from tests.simulator.client import TIMEOUT_S, Tiny
from tiny_operators.orders.webhooks import OrderEvent, read_webhook

REPO = Path(__file__).resolve().parents[2]


def start(port: int, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "local.tiny_simulator", "--port", str(port), "--token", "s3cret", *more]
    return subprocess.Popen(command, cwd=REPO, stderr=subprocess.PIPE, text=True)


def healthy(port: int, program: subprocess.Popen[str]) -> dict[str, object]:
    for _ in range(300):
        try:
            answer = requests.get(f"http://127.0.0.1:{port}/_sim/health", timeout=TIMEOUT_S).json()
        except requests.ConnectionError:
            assert program.poll() is None
            time.sleep(0.1)
        else:
            assert answer["pid"] == program.pid
            return dict(answer)
    raise TimeoutError


def test_program(tmp_path: Path) -> None:
    port = free_port()
    scenario = tmp_path / "quiet.toml"
    scenario.write_text("[limits]\nper_minute = 25\n", encoding="utf-8")
    program = start(port, "--days", "7", "--orders", "20", "--scenario", str(scenario), "--profile", "plain",
                    "--today", "2026-03-14", "--seed", "5")  # fmt: skip
    try:
        state = healthy(port, program)
        assert (state["today"], state["seed"]) == ("2026-03-14", 5)
        assert 80 < int(str(state["orders"])) < 200
        url = f"http://127.0.0.1:{port}/api2/pedidos.pesquisa.php"
        form = {"token": "s3cret", "cliente": "Joana Exemplo", "cpf_cnpj": "111.444.777-35", "pagina": "1"}
        assert requests.post(url, data=form, timeout=TIMEOUT_S).headers["x-limit-api"] == "25"
    finally:
        program.terminate()
        _, errors = program.communicate(timeout=TIMEOUT_S)
    assert program.returncode == 0
    calls = [line for line in errors.splitlines() if "event=call" in line]
    assert len(calls) == 1
    assert "service=pedidos.pesquisa key=1" in calls[0]
    assert not any(secret in errors for secret in ("s3cret", "Joana", "111.444"))


def test_a_port_in_use_is_told(tiny: Tiny) -> None:
    program = start(int(tiny.url.rpartition(":")[2]), "--days", "1")
    _, errors = program.communicate(timeout=TIMEOUT_S)
    assert program.returncode == 1
    assert "cannot start" in errors
    assert "address already in use" in errors


def test_a_bad_scenario_is_told(tmp_path: Path) -> None:
    program = start(free_port(), "--scenario", str(tmp_path / "absent.toml"))
    _, errors = program.communicate(timeout=TIMEOUT_S)
    assert program.returncode == 1
    assert "absent.toml" in errors


class Receiver(ThreadingHTTPServer):
    """Answers the first posts of each order badly, then well."""

    def __init__(self, bad: list[int]) -> None:
        super().__init__(("127.0.0.1", free_port()), Handler)
        self.bad, self.seen, self.types = bad, Counter[bytes](), set[str]()
        self.url = f"http://127.0.0.1:{self.server_port}/"


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.types.add(self.headers["content-type"])
        tried = self.server.seen[body]
        self.server.seen[body] += 1
        self.send_response(self.server.bad[tried] if tried < len(self.server.bad) else 200)
        self.send_header("content-length", "0")
        self.end_headers()

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def receiver(request: pytest.FixtureRequest) -> Iterator[Receiver]:
    with Receiver(request.param) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("receiver", [[500, 201, 302]], indirect=True)
def test_only_200_counts(tiny: Tiny, receiver: Receiver) -> None:
    sent = tiny.post("webhooks/send", {"url": receiver.url, "count": 5, "step_s": 0.01})["deliveries"]
    assert [(d["tries"], d["status"], d["delivered"]) for d in sent] == [(4, 200, True)] * 5
    assert set(receiver.seen.values()) == {4}
    assert receiver.types == {"application/json"}


@pytest.mark.parametrize("receiver", [[503] * 20], indirect=True)
def test_given_up_after_ten_repetitions(tiny: Tiny, receiver: Receiver) -> None:
    tiny.quirks(webhook_plain_type=True)
    events = tiny.sell()[0]["webhooks"]
    (sent,) = tiny.post("webhooks/send", {"url": receiver.url, "payloads": events, "step_s": 0})["deliveries"]
    assert (sent["tries"], sent["status"], sent["delivered"]) == (11, 503, False)
    assert receiver.types == {"text/plain"}


@pytest.mark.parametrize("receiver", [[]], indirect=True)
def test_webhooks_come_in_every_form(tiny: Tiny, receiver: Receiver) -> None:
    tiny.quirks(webhook_envelopes=1)
    sent = tiny.post("webhooks/send", {"url": receiver.url, "count": 150})["deliveries"]
    assert all(d["delivered"] for d in sent)
    assert len(receiver.types) >= 5
    found = [read_webhook(body, CNPJ) for body in receiver.seen]
    assert {str(event.pedido) for (event,) in found if isinstance(event, OrderEvent)} == {
        d["id"] for d in sent
    }
    assert len({body[:1] for body in receiver.seen}) >= 4, "lists, objects, forms and packed ones"


@pytest.mark.parametrize("receiver", [[]], indirect=True)
def test_some_webhooks_get_lost(tiny: Tiny, receiver: Receiver) -> None:
    tiny.quirks(webhook_lost=0.2)
    sent = tiny.post("webhooks/send", {"url": receiver.url, "count": 100})["deliveries"]
    lost = [d for d in sent if not d["delivered"]]
    assert 5 < len(lost) < 40
    assert {(d["tries"], d["status"]) for d in lost} == {(0, 0)}
    assert len(receiver.seen) == 100 - len(lost)


@pytest.mark.parametrize(
    ("receiver", "saved"), [([], True), ([405], False), ([400], False)], indirect=["receiver"]
)
def test_an_address_is_tried_before_it_is_saved(tiny: Tiny, receiver: Receiver, saved: bool) -> None:
    answer = tiny.post("webhooks/address", {"url": receiver.url})
    status = receiver.bad[0] if receiver.bad else 200
    assert answer == {"saved": saved, "answers": {"GET": 200, "POST": status, "POST {}": status}}
    sent = requests.post(f"{tiny.url}/_sim/webhooks/send", json={"count": 1, "step_s": 0}, timeout=TIMEOUT_S)
    if saved:
        assert sent.json()["deliveries"][0]["delivered"]
    else:
        assert (sent.status_code, sent.json()["error"][:4]) == (400, "url:")


def test_nobody_listens(tiny: Tiny) -> None:
    url = f"http://127.0.0.1:{free_port()}/"
    (sent,) = tiny.post("webhooks/send", {"url": url, "count": 1, "step_s": 0, "tries": 2})["deliveries"]
    assert (sent["tries"], sent["status"], sent["delivered"]) == (2, 0, False)
