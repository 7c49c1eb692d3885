"""The emulators behind the front, asked over connections that stay open."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlsplit

import aiohttp
from aiohttp import ClientTimeout, TCPConnector, web
from yarl import URL

_HOP_BY_HOP: Final = frozenset({
    "connection",
    "keep-alive",
    "transfer-encoding",
    "content-length",
    "host",
    "expect",
    "te",
    "upgrade",
    "date",
    "server",
})
_IDLE_SECONDS: Final = 3
"""How long an idle connection is kept: shorter than the emulators do, so that none is used that they just closed."""
_CHUNK: Final = 256 * 1024


class UnreachableError(Exception):
    """An emulator gave no answer."""


@dataclass(frozen=True)
class Answer:
    """What an emulator answered, read to its end.

    Attributes:
        status: HTTP status.
        headers: Its headers, without those of the connection.
        content: Its body.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes

    @classmethod
    def of(cls, value: Any) -> Answer:
        """Make an answer of the front's own: a value as JSON."""
        return cls(HTTPStatus.OK, {"Content-Type": "application/json"}, json.dumps(value).encode())

    def saying(self, value: Any) -> Answer:
        """Return the answer with another value in it."""
        return replace(self, content=json.dumps(value).encode())

    @property
    def is_good(self) -> bool:
        """Whether the request was done."""
        return self.status < HTTPStatus.BAD_REQUEST

    @property
    def session(self) -> str:
        """The id of the upload that was begun; an empty text where none was."""
        location = next((value for name, value in self.headers.items() if name.lower() == "location"), "")
        return dict(parse_qsl(urlsplit(location).query)).get("upload_id", "")

    @property
    def value(self) -> Any:
        """The body as JSON; None when it is none."""
        try:
            return json.loads(self.content)
        except ValueError:
            return None


class Emulator:
    """One emulator.

    Args:
        url: Its address.
        session: What keeps the connections.
    """

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url.rstrip("/")
        self._session = session

    async def look(self, *path: str) -> Any:
        """Return a resource; None when it is not there.

        Args:
            path: The parts of its path, in plain letters; each becomes one segment.
        """
        async with self._answering("GET", self._address(path), {}, None) as answer:
            content = await answer.read()
            return json.loads(content) if answer.status == HTTPStatus.OK else None

    async def look_into(self, project: str, dataset: str, table: str = "") -> Any:
        """Return a dataset of BigQuery, or a table of it; None when it is not there."""
        rest = ("tables", table) if table else ()
        return await self.look("bigquery", "v2", "projects", project, "datasets", dataset, *rest)

    async def post(self, body: Any, *path: str) -> Any:
        """Send a request of the front's own; give the answer, None when it is no good one."""
        headers = {"Content-Type": "application/json"}
        content = json.dumps(body).encode()
        async with self._answering("POST", self._address(path), headers, content) as answer:
            given = await answer.read()
            return json.loads(given) if answer.status == HTTPStatus.OK else None

    async def read(self, address: str) -> AsyncIterator[bytes]:
        """Return the content at an address, in parts.

        Raises:
            FileNotFoundError: There is none.
        """
        async with self._answering("GET", self.url + address, {}, None) as answer:
            if answer.status != HTTPStatus.OK:
                raise FileNotFoundError(address)
            async for chunk in answer.content.iter_chunked(_CHUNK):
                yield chunk

    async def ask(self, request: web.Request, target: str, content: bytes | aiohttp.StreamReader) -> Answer:
        """Pass a request on and read the whole answer.

        Args:
            request: The request as it came.
            target: Path and parameters to ask for.
            content: The body to send.
        """
        headers = _passed(request.headers) | {"Accept-Encoding": "identity"}
        async with self._answering(request.method, self.url + target, headers, content) as answer:
            return Answer(answer.status, _passed(answer.headers), await answer.read())

    async def stream(self, request: web.Request, target: str) -> web.StreamResponse:
        """Pass a request without a body on, and its answer back as it comes."""
        headers = _passed(request.headers)
        async with self._answering(request.method, self.url + target, headers, None) as answer:
            response = web.StreamResponse(status=answer.status, headers=_passed(answer.headers))
            response.content_length = answer.content_length
            await response.prepare(request)
            async for chunk in answer.content.iter_chunked(_CHUNK):
                await response.write(chunk)
            await response.write_eof()
            return response

    def _address(self, path: tuple[str, ...]) -> str:
        return f"{self.url}/{'/'.join(quote(part, safe='') for part in path)}"

    @asynccontextmanager
    async def _answering(
        self, verb: str, address: str, headers: Mapping[str, str], content: Any
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        url = URL(address, encoded=True)
        try:
            async with self._session.request(
                verb, url, headers=headers, data=content, allow_redirects=False
            ) as answer:
                yield answer
        except aiohttp.ClientConnectionError as error:
            raise UnreachableError(self.url) from error


def new_session() -> aiohttp.ClientSession:
    """Make what keeps the connections to the emulators."""
    return aiohttp.ClientSession(
        connector=TCPConnector(limit=0, keepalive_timeout=_IDLE_SECONDS),
        timeout=ClientTimeout(total=None, sock_connect=5),
        auto_decompress=False,
        skip_auto_headers=("User-Agent", "Content-Type", "Accept", "Accept-Encoding"),
    )


def _passed(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in _HOP_BY_HOP}
