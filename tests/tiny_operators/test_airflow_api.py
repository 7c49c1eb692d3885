"""Airflow's API is asked with the sign-in that the environment has, and what it refuses is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from local.stack.settings import free_port
from tiny_operators import _compat
from tiny_operators._compat import AIRFLOW_V_3_0_PLUS, AirflowFailException, ensure_pool, missing_pools
from tiny_operators.airflow_api import AirflowApi, AirflowApiError

only_3 = pytest.mark.skipif(not AIRFLOW_V_3_0_PLUS, reason="2.11 has its database")


class Server(ThreadingHTTPServer):
    """Stands for a web server in front of which Google asks who comes."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", free_port()), _Handler)
        self.pools: dict[str, dict[str, Any]] = {}
        self.seen: list[tuple[str, str]] = []
        self.status = 200

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.seen.append((f"{self.command} {self.path}", self.headers.get("Authorization", "")))
        status, content = self.server.status, self._pools(json.loads(body or "{}"))
        if status == 200 and content is None:
            status = 404
        self.send_response(status)
        self.send_header("Location", "https://accounts.example.com/")
        self.end_headers()
        self.wfile.write(json.dumps(content or {}).encode())

    def _pools(self, body: dict[str, Any]) -> dict[str, Any] | None:
        if self.command != "GET":
            self.server.pools[body["name"]] = body
            return body
        return self.server.pools.get(self.path.rpartition("/")[2])

    do_GET = do_POST = do_PATCH = _answer  # noqa: N815  (the library's names)

    def log_message(self, *args: object) -> None:
        """Stay quiet."""


@contextmanager
def serving() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The address is Airflow's own setting; credentials are found as Google's library finds them."""
    credentials = {
        "type": "authorized_user",
        "client_id": "test",
        "client_secret": "test",
        "refresh_token": "test",
        "token": "google-token",
        "expiry": "2999-01-01T00:00:00Z",
    }
    path = tmp_path / "credentials.json"
    path.write_text(json.dumps(credentials))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    monkeypatch.delenv("AIRFLOW_CONN_AIRFLOW_API", raising=False)
    with serving() as found:
        monkeypatch.setenv("AIRFLOW__API__BASE_URL", found.url)
        yield found


@only_3
def test_pools_are_looked_for_and_made_with_googles_sign_in(server: Server) -> None:
    assert missing_pools(["tiny_a", "merge_a"]) == ["tiny_a", "merge_a"]
    ensure_pool("tiny_a", 1, "calls")
    assert missing_pools(["tiny_a", "merge_a"]) == ["merge_a"]
    ensure_pool("tiny_a", 1, "calls")
    writes = [request for request, _ in server.seen if not request.startswith("GET ")]
    assert writes == ["POST /api/v2/pools"], "a pool that is as it should be is left alone"
    assert {authorization for _, authorization in server.seen} == {"Bearer google-token"}


@only_3
@pytest.mark.parametrize("change", [{"slots": 5}, {"include_deferred": True}])
def test_a_pool_of_another_size_is_set_right(server: Server, change: dict[str, Any]) -> None:
    ensure_pool("tiny_a", 1, "calls")
    server.pools["tiny_a"] |= change
    ensure_pool("tiny_a", 1, "calls")
    assert server.pools["tiny_a"] == {
        "name": "tiny_a",
        "slots": 1,
        "description": "calls",
        "include_deferred": False,
    }


@only_3
@pytest.mark.parametrize("status", [302, 403, 500])
def test_who_is_not_let_in_is_told_the_command(server: Server, status: int) -> None:
    server.status = status
    with pytest.raises(AirflowFailException) as caught:
        ensure_pool("tiny_a", 1, "calls")
    said = str(caught.value)
    assert f"HTTP {status}" in said
    assert "roles/composer.user" in said
    assert "pools set -- tiny_a 1 'calls'" in said
    assert "google-token" not in said
    assert missing_pools(["tiny_a"]) is None, "not known is not missing"


@only_3
def test_a_server_that_is_down_is_told(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(AirflowFailException, match="does not answer"):
        ensure_pool("tiny_a", 1, "calls")


@pytest.mark.parametrize("address", ["http://airflow.example.com", "ftp://x", "airflow.example.com"])
def test_googles_token_goes_nowhere_unencrypted(
    server: Server, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", address)
    with pytest.raises(AirflowApiError, match="must begin with https"):
        AirflowApi.connect()
    assert server.seen == []


@only_3
def test_how_airflow_stands_is_not_known_without_its_api(server: Server) -> None:
    server.status = 403
    with pytest.raises(AirflowApiError, match="HTTP 403"):
        _compat.dag_status("z316_webhook")
