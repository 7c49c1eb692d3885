"""An object store that answers late, or refuses: a proxy before the emulator.

``python -m benchmarks.receiver.slow_store``; POST ``/_refuse/on`` and ``/_refuse/off`` switch the refusing.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import AsyncIterator

from aiohttp import ClientSession, TCPConnector, web

_TARGET, _DELAY = web.AppKey("target", str), web.AppKey("delay", float)
_SESSION = web.AppKey("session", ClientSession)
_REFUSES = web.AppKey("refuses", asyncio.Event)
_ENCODED = {"Transfer-Encoding", "Content-Length", "Content-Encoding", "Connection"}


async def _answer(request: web.Request) -> web.Response:
    if request.path.startswith("/_refuse/"):
        (request.app[_REFUSES].set if request.path.endswith("on") else request.app[_REFUSES].clear)()
        return web.Response()
    body = await request.read()
    await asyncio.sleep(request.app[_DELAY])
    if request.app[_REFUSES].is_set():
        return web.json_response({"error": {"code": 503, "message": "Backend Error"}}, status=503)
    headers = {name: value for name, value in request.headers.items() if name not in _ENCODED}
    url = f"{request.app[_TARGET]}{request.raw_path}"
    async with request.app[_SESSION].request(request.method, url, data=body, headers=headers) as answer:
        content = await answer.read()
    kept = {name: value for name, value in answer.headers.items() if name not in _ENCODED}
    return web.Response(body=content, status=answer.status, headers=kept)


async def _session(app: web.Application) -> AsyncIterator[None]:
    app[_REFUSES] = asyncio.Event()
    app[_SESSION] = ClientSession(connector=TCPConnector(limit=0))
    yield
    await app[_SESSION].close()


def main() -> None:
    """Serve until SIGTERM."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--target", required=True)
    options.add_argument("--delay-ms", type=float, required=True)
    given = options.parse_args()
    app = web.Application(client_max_size=1 << 26)
    app[_TARGET], app[_DELAY] = given.target, given.delay_ms / 1000
    app.cleanup_ctx.append(_session)
    app.router.add_route("*", "/{path:.*}", _answer)
    web.run_app(app, host="127.0.0.1", port=given.port, access_log=None, print=None)


if __name__ == "__main__":
    main()
