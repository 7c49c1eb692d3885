"""A task that failed for good tells people, through the scheduler and a notifier of a provider."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from local.stack.airflow import unpause

pytestmark = pytest.mark.e2e

ON_3 = os.environ["AIRFLOW"] == "3"


@pytest.fixture
def reported() -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """Port of a chat that listens, and what it was told."""
    messages: list[dict[str, Any]] = []

    class Chat(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            messages.append(json.loads(self.rfile.read(length)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *arguments: Any) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Chat) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port, messages
        server.shutdown()


def test_a_failure_tells_store_step_and_what_to_do(
    live: Any, reported: tuple[int, list[dict[str, Any]]]
) -> None:
    port, messages = reported
    alerts = {
        "notifier": "airflow.providers.http.notifications.http.HttpNotifier",
        "arguments": {"http_conn_id": "chat", "endpoint": "/hook", "json": {"text": "{message}"}},
    }
    live.run("connections", "add", "chat", "--conn-type", "http", "--conn-host", f"http://127.0.0.1:{port}")
    live.run("variables", "set", "tiny_alerts", json.dumps(alerts))
    try:
        unpause(live.api, "z316_replay")
        conf = {"conf": {"from_date": "2999-01-01"}}
        live.api.post("dags/z316_replay/dagRuns", conf | ({"logical_date": None} if ON_3 else {}))
        live.until("the alert", lambda: bool(messages))
    finally:
        live.run("variables", "delete", "tiny_alerts")
        live.run("connections", "delete", "chat")
    lines = messages[0]["text"].splitlines()
    assert lines[0] == "z316: z316_replay.rows failed"
    assert lines[1].startswith("run: manual__")
    # The error says what to do, so nothing else does.
    assert lines[2].startswith("error: 2999-01-01 is in the future")
    assert lines[2].endswith("ask for dates up to then")
    assert not any(line.startswith("what to do") for line in lines)
    assert len(messages) == 1
