"""The files of a load job, read for its rules from a thread that may wait."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine, Iterator
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from local.strict_front.emulator import Emulator

_Found = TypeVar("_Found")


class Files:
    """Objects by their address.

    Args:
        storage: The emulator that keeps them.
        loop: The loop that its connections belong to.
    """

    def __init__(self, storage: Emulator, loop: asyncio.AbstractEventLoop) -> None:
        self._storage = storage
        self._loop = loop

    def __call__(self, uri: str) -> Iterator[bytes]:
        """Return the content of what an address names, in parts; it may hold a `*`.

        Raises:
            FileNotFoundError: It names nothing.
        """
        bucket, _, name = uri.removeprefix("gs://").partition("/")
        names = self._matching(bucket, name) if "*" in name else [name]
        if not names:
            raise FileNotFoundError(uri)
        for one in names:
            yield from self._content(bucket, one)

    def _content(self, bucket: str, name: str) -> Iterator[bytes]:
        path = f"/storage/v1/b/{quote(bucket, safe='')}/o/{quote(name, safe='')}?alt=media"
        parts = self._storage.read(path)
        while (part := self._wait(_next(parts))) is not None:
            yield part

    def _matching(self, bucket: str, pattern: str) -> list[str]:
        """Return the names of the objects that a `*` stands for, in their order."""
        before, _, after = pattern.partition("*")
        names: list[str] = []
        token = ""
        while True:
            page = self._wait(self._page(bucket, before, token))
            names += [item["name"] for item in page.get("items") or []]
            if not (token := page.get("nextPageToken", "")):
                shortest = len(before) + len(after)
                return sorted(name for name in names if name.endswith(after) and len(name) >= shortest)

    async def _page(self, bucket: str, prefix: str, token: str) -> dict[str, Any]:
        query = urlencode({"prefix": prefix, "pageToken": token}, quote_via=quote)
        path = f"/storage/v1/b/{quote(bucket, safe='')}/o?{query}"
        content = b"".join([part async for part in self._storage.read(path)])
        found: dict[str, Any] = json.loads(content)
        return found

    def _wait(self, work: Coroutine[Any, Any, _Found]) -> _Found:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


async def _next(parts: AsyncIterator[bytes]) -> bytes | None:
    return await anext(parts, None)
