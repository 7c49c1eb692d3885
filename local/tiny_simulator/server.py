"""HTTP around the simulator: one asyncio loop, so that a slow answer holds nobody else."""

import asyncio
import logging
import socket
import threading
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from aiohttp import web

from local.tiny_simulator.answers import TinyError
from local.tiny_simulator.control import SIMULATOR, guard, routes
from local.tiny_simulator.services import SERVICES
from local.tiny_simulator.simulator import Answer, Simulator, asked_for, harmless, page

Made = TypeVar("Made")
log = logging.getLogger(__name__)
START_TIMEOUT_S: Final = 30
_SUFFIX: Final = ".php"
_RESET: Final = "reset"


async def call(request: web.Request) -> web.StreamResponse:
    """Answer one call of a service: token, limit, fault, latency, answer, record."""
    sim = request.app[SIMULATOR]
    arrived = sim.clock()
    name = request.match_info["service"]
    service = name.removesuffix(_SUFFIX)
    params = {key: str(value) for key, value in {**request.query, **await request.post()}.items()}
    refused = sim.admit(params)
    if refused is not None:
        answer, fault, running = sim.answer(service, params, refused, None), None, 0
    else:
        code, running = sim.gate.enter(sim.settings.limits), sim.gate.running
        try:
            answer, fault = await _serve(sim, name, params, TinyError(code) if code else None)
        finally:
            sim.gate.leave()
    status = 0 if fault == _RESET else answer.status
    key = asked_for(params)
    sim.calls.add(
        at=arrived,
        service=service,
        key=key,
        code=answer.code,
        http=status,
        fault=fault,
        running=running,
        params=harmless(params),
    )
    log.info(
        "event=call service=%s key=%s code=%d http=%d fault=%s ms=%.1f",
        service, key or "-", answer.code, status, fault or "-", (sim.clock() - arrived) * 1000,
    )  # fmt: skip
    if fault == _RESET:
        _reset(request)
    return _response(answer, sim)


async def _serve(
    sim: Simulator, name: str, params: dict[str, str], refused: TinyError | None
) -> tuple[Answer, str | None]:
    service = name.removesuffix(_SUFFIX)
    if service not in SERVICES or not name.endswith(_SUFFIX):
        return page(404, "404 Not Found"), None
    fault = (
        None
        if refused
        else sim.faults.choose(service, asked_for(params), sim.settings.faults, params.get("dataInicial"))
    )
    await asyncio.sleep(sim.settings.latency_s + (sim.settings.slow_s if fault == "slow" else 0))
    return sim.answer(service, params, refused, fault), fault


def _response(answer: Answer, sim: Simulator) -> web.Response:
    named = "charset=" in answer.content_type
    return web.Response(
        status=answer.status,
        body=answer.body,
        headers={
            "Content-Type": answer.content_type if named else f"{answer.content_type}; charset=utf-8",
            "x-limit-api": str(sim.settings.limits.per_minute),
        },
    )


def _reset(request: web.Request) -> None:
    """Cut the connection without an answer."""
    if request.transport is not None:
        raw = request.transport.get_extra_info("socket")
        # Linger of zero seconds: the peer sees a reset rather than an orderly end.
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        request.transport.abort()


async def nothing(request: web.Request) -> web.StreamResponse:
    """Answer any other path."""
    return _response(page(404, "404 Not Found"), request.app[SIMULATOR])


def application(simulator: Simulator) -> web.Application:
    """Build the whole server as an aiohttp application."""
    app = web.Application(middlewares=[guard], client_max_size=64 * 1024**2)
    app[SIMULATOR] = simulator
    app.add_routes([
        *routes(),
        web.route("*", "/api2/{service}", call),
        web.route("*", "/{path:.*}", nothing),
    ])
    return app


async def start(simulator: Simulator, host: str, port: int) -> web.AppRunner:
    """Begin to serve; the runner's ``cleanup`` ends it.

    Raises:
        OSError: The port cannot be had.
    """
    runner = web.AppRunner(application(simulator), access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, backlog=1024).start()
    except OSError:
        await runner.cleanup()
        raise
    log.info("event=listening host=%s port=%d orders=%d", host, port, len(simulator.shop.orders))
    return runner


async def serve(simulator: Simulator, host: str, port: int) -> None:
    """Serve until cancelled.

    Raises:
        OSError: The port cannot be had.
    """
    runner = await start(simulator, host, port)
    try:
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


class Server:
    """The simulator in a thread of this process, for tests: ``with Server(simulator, port) as server``."""

    def __init__(self, simulator: Simulator, port: int, host: str = "127.0.0.1") -> None:
        self.simulator = simulator
        self.url = f"http://{host}:{port}"
        self._address = (host, port)
        self._loop = asyncio.new_event_loop()
        self._runner: web.AppRunner | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, name="tiny-simulator", daemon=True)

    def __enter__(self) -> Self:
        """Start, and wait until it listens.

        Raises:
            OSError: The port cannot be had.
        """
        self._thread.start()
        try:
            self._runner = self._wait(start(self.simulator, *self._address))
        except OSError:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        """Stop, and wait until it is over."""
        if self._runner is not None:
            self._wait(self._runner.cleanup())
        self._end()

    def _wait(self, work: Coroutine[Any, Any, Made]) -> Made:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(START_TIMEOUT_S)

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(START_TIMEOUT_S)
        self._loop.close()
