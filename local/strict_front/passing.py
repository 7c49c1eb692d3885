"""One request on its way to an emulator, and what can come back."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlencode

from aiohttp import StreamReader, web

from local.strict_front.emulator import Answer, Emulator
from local.strict_front.refusal import Refusal

Reply = Answer | Refusal | web.StreamResponse
"""An answer that was read, a refusal, or an answer that has gone back already."""


@dataclass
class Passing:
    """A request that came, and the emulator that it is for.

    Attributes:
        request: The request.
        emulator: The emulator.
        query: Its parameters, as the emulator shall get them.
        content: Its body: what was read, or what comes.
        statements: How many jobs the statements of its query are; 0 until the query was read.
        reads: How many tables they read.
    """

    request: web.Request
    emulator: Emulator
    query: list[tuple[str, str]]
    content: bytes | StreamReader
    statements: int = 0
    reads: int = 0

    @property
    def is_download(self) -> bool:
        """Whether the address is that of downloads."""
        return self.request.path.startswith("/download/")

    @property
    def target(self) -> str:
        """Path and parameters."""
        asked = urlencode(self.query, quote_via=quote)
        path = self.request.rel_url.raw_path
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
        return await self.emulator.ask(self.request, self.target, body)

    async def stream(self) -> web.StreamResponse:
        """Pass it on, and the answer back as it comes."""
        return await self.emulator.stream(self.request, self.target)
