"""A server in front of an emulator that passes everything on, except what it is told to spoil."""

from __future__ import annotations

import http.client
import json
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from local.stack.settings import free_port

# "reset": the connection breaks before the request arrives; "lost": it was answered, but the answer is lost; a status with
# the body that the service gives instead.
Spoil = int | str | tuple[int, dict[str, Any]]
Rule = Callable[[str, int], Spoil | None]
"""Of a request (method and path) and its number: how to spoil it; None to pass it on."""

_HOP_BY_HOP: Final = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "host"})


class Proxy(ThreadingHTTPServer):
    """Passes requests on to one address.

    Args:
        target: The emulator's address.

    Attributes:
        rule: What to spoil.
        seen: How often each request came, by method and path.
        bodies: Each request that had a body, in order, with the body.
        spoiled: How many requests were spoiled.
    """

    daemon_threads = True

    def __init__(self, target: str) -> None:
        super().__init__(("127.0.0.1", free_port()), _Handler)
        self.target = target
        self.rule: Rule = lambda request, number: None
        self.seen: Counter[str] = Counter()
        self.bodies: list[tuple[str, bytes]] = []
        self.spoiled = 0
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """Its own address."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def spoil(self, request: str) -> Spoil | None:
        """How to spoil a request that came."""
        with self._lock:
            self.seen[request] += 1
            how = self.rule(request, self.seen.total())
            self.spoiled += how is not None
            return how


class _Handler(BaseHTTPRequestHandler):
    server: Proxy
    protocol_version = "HTTP/1.1"

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        request = f"{self.command} {unquote(self.path)}"
        if body:
            self.server.bodies.append((request, body))
        how = self.server.spoil(request)
        if how == "reset":
            self._break()
        elif isinstance(how, tuple):
            self._answer(how[0], {"Content-Type": "application/json"}, json.dumps(how[1]).encode())
        elif isinstance(how, int):
            self._answer(how, {"Content-Type": "application/json"}, _ERROR % (how, how))
        else:
            status, headers, content = self._ask(body)
            if how == "lost":
                self._break()
            else:
                self._answer(status, headers, content)

    def _ask(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        """The emulator's answer, with links that lead back here."""
        there = http.client.HTTPConnection(urlsplit(self.server.target).netloc, timeout=60)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP}
        there.request(self.command, self.path, body, headers)
        answer = there.getresponse()
        content = answer.read()
        there.close()
        back = {
            name: value.replace(self.server.target, self.server.url)
            for name, value in answer.getheaders()
            if name.lower() not in _HOP_BY_HOP
        }
        return answer.status, back, content

    def _answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _break(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def log_message(self, *args: object) -> None:
        """Stay quiet."""

    def finish(self) -> None:
        """End quietly, also where the connection was broken."""
        if self.connection.fileno() >= 0:
            super().finish()


for _method in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"):
    setattr(_Handler, f"do_{_method}", _Handler._pass_on)

_ERROR: Final = (
    b'{"error": {"code": %d, "message": "spoiled", "errors": [{"reason": "backendError", "code": %d}]}}'
)


@contextmanager
def proxy(target: str) -> Iterator[Proxy]:
    """A proxy for the time of a block."""
    with Proxy(target) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
