"""One request on its way to an emulator, and what can come back."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from aiohttp import StreamReader, web

from local.strict_front.emulator import Answer, Emulator
from local.strict_front.refusal import Refusal

Reply = Answer | Refusal | web.StreamResponse
"""An answer that was read, a refusal, or an answer that has gone back already."""


class Passing:
    """A request that came, and the emulator that it is for.

    Args:
        request: The request.
        emulator: The emulator.
        query: See below.
        content: See below.

    Attributes:
        query: Its parameters, as the emulator shall get them.
        content: Its body: what was read, or what comes.
        statements: How many jobs the statements of its query are; 0 until the query was read.
        reads: How many tables they read.
    """

    def __init__(
        self,
        request: web.Request,
        emulator: Emulator,
        query: list[tuple[str, str]],
        content: bytes | StreamReader,
    ) -> None:
        self._request = request
        self._emulator = emulator
        self.query = query
        self.content = content
        self.statements = 0
        self.reads = 0

    @property
    def is_download(self) -> bool:
        """Whether the address is that of downloads."""
        return self._request.path.startswith("/download/")

    @property
    def target(self) -> str:
        """Path and parameters."""
        asked = urlencode(self.query, quote_via=quote)
        path = self._request.rel_url.raw_path
        return f"{path}?{asked}" if asked else path

    async def read(self) -> bytes:
        """Read the body to its end."""
        return self.content if isinstance(self.content, bytes) else await self.content.read()

    async def ask(self, content: bytes | None = None) -> Answer:
        """Pass it on and read the answer.

        Args:
            content: Another body to send.
        """
        body = self.content if content is None else content
        return await self._emulator.ask(self._request, self.target, body)

    async def stream(self) -> web.StreamResponse:
        """Pass it on, and the answer back as it comes."""
        return await self._emulator.stream(self._request, self.target)
