"""The real Tiny simulator as a process, a server that answers as told, connections in the environment, no waiting."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, settings

from local.stack.settings import free_port
from tiny_operators.hooks.tiny import TinyHook

REPO = Path(__file__).resolve().parents[2]
TOKEN = "f00dcafe5ecret70ken"  # invented
CONNECTION = "tiny_z316"
STARTUP_S = 60
TIMEOUT_S = 30

# Data is drawn from a machine that others use too: no limit of time on one example.
settings.register_profile("tiny_operators", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# `make quick` takes this one: a few examples of each.
settings.register_profile("quick", settings.get_profile("tiny_operators"), max_examples=10)
settings.load_profile("tiny_operators")


@dataclass
class FakeTime:
    """A clock that only moves when somebody waits."""

    now: float = 1000.0
    sleeps: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.sleeps.append(seconds)
        self.now += seconds


@pytest.fixture
def fake_time() -> FakeTime:
    return FakeTime()


class Simulator:
    """A running simulator and its control API."""

    def __init__(self, url: str) -> None:
        self.url = url

    def control(self, method: str, path: str, body: Any = None) -> Any:
        answer = requests.request(method, f"{self.url}/_sim/{path}", json=body, timeout=TIMEOUT_S)
        assert answer.ok, answer.text
        return answer.json()

    def fault(self, *kinds: str, service: str = "*", times: int = 1) -> None:
        self.control("POST", "faults", {"service": service, "faults": list(kinds), "times": times})

    def settings(self, **values: Any) -> None:
        self.control("PUT", "settings", values)

    def calls(self) -> dict[str, Any]:
        found: dict[str, Any] = self.control("GET", "calls")
        return found

    def order(self) -> dict[str, Any]:
        """A new sale."""
        made: dict[str, Any] = self.control("POST", "sell", {"count": 1})["orders"][0]
        return made


@pytest.fixture(scope="session")
def simulator_process() -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "local.tiny_simulator", "--port", str(port), "--token", TOKEN, "--quiet"]
    command += ["--days", "2", "--orders", "5"]
    with subprocess.Popen(command, cwd=REPO) as process:
        url = f"http://127.0.0.1:{port}"
        try:
            _wait_for(f"{url}/_sim/health", process)
            yield url
        finally:
            process.terminate()
            process.wait(TIMEOUT_S)


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + STARTUP_S
    while time.monotonic() < deadline:
        assert process.poll() is None, "the simulator ended"
        try:
            if requests.get(url, timeout=TIMEOUT_S).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.1)
    raise TimeoutError(url)


@pytest.fixture
def simulator(simulator_process: str) -> Simulator:
    """The simulator with all switches off and nothing counted yet."""
    found = Simulator(simulator_process)
    found.control("DELETE", "faults")
    limits = {
        "per_minute": 600,
        "concurrency": 0,
        "block_s": 0,
        "status": 200,
        "max_rows": 0,
        "account_code": 0,
    }
    found.settings(profile="plain", limits=limits, faults={}, latency_s=0)
    found.control("POST", "calls/reset")
    return found


@dataclass
class Received:
    """A request that the told server got."""

    line: str
    headers: dict[str, str]
    body: str


class ScriptedServer(ThreadingHTTPServer):
    """Answers with what it is told, in turn; keeps what it got: shows the bytes that a client really sends."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", free_port()), _Told)
        self.answers: list[tuple[int, dict[str, str], bytes]] = []
        self.received: list[Received] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Told(BaseHTTPRequestHandler):
    server: ScriptedServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self.server.received.append(Received(self.requestline, dict(self.headers), body))
        status, headers, content = self.server.answers.pop(0)
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
        self.close_connection = True

    def log_message(self, *args: object) -> None:
        """Stay quiet."""


@pytest.fixture
def scripted() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join(TIMEOUT_S)


MakeHook = Callable[..., TinyHook]


@pytest.fixture
def make_hook(monkeypatch: pytest.MonkeyPatch, fake_time: FakeTime) -> MakeHook:
    """Makes hooks on a connection to an address, which never really wait."""

    def make(url: str, *, token: str = TOKEN, **extra: Any) -> TinyHook:
        connection = {
            "conn_type": "tiny",
            "host": f"{url}/api2/",
            "password": token,
            "extra": {"requests_per_minute": 6000, "share": 1, **extra},
        }
        monkeypatch.setenv(f"AIRFLOW_CONN_{CONNECTION.upper()}", json.dumps(connection))
        return TinyHook(CONNECTION, clock=fake_time.clock, sleep=fake_time.sleep)

    return make


@pytest.fixture
def hook(make_hook: MakeHook, simulator: Simulator) -> TinyHook:
    return make_hook(simulator.url)
