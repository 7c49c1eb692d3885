"""How much of Tiny's limit a reading of history uses, however long Tiny takes to answer.

The hook and the simulated account are the real ones; their clock passes only when one of them waits, so that minutes
take seconds. A call reaches the account in the middle of the time that Tiny takes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter

from benchmarks.table.rows import Row
from local.tiny_simulator.answers import TinyError
from local.tiny_simulator.limits import THROTTLED
from local.tiny_simulator.settings import Limits, Settings
from local.tiny_simulator.simulator import Simulator
from tests.simulator.shops import make_shop

_PER_MINUTE: Final = (30, 60, 120, 600)
_LATENCIES_MS: Final = (50, 300, 1000)
_MINUTES: Final = 5
_TOKEN: Final = "t"  # noqa: S105 - opens nothing
_CONNECTION: Final = "tiny_pace"


class Clock:
    """Seconds that pass when somebody waits."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.seconds

    def sleep(self, seconds: float) -> None:
        """Wait."""
        self.seconds += seconds


@dataclass
class Account(BaseAdapter):
    """The way from the hook to the simulated account.

    Attributes:
        simulator: The account.
        clock: Its clock, and the hook's.
        latency_s: How long Tiny takes.
        arrived: When each call was admitted.
        throttled: How many calls were not.
    """

    simulator: Simulator
    clock: Clock
    latency_s: float
    arrived: list[float] = field(default_factory=list)
    throttled: int = 0

    def send(self, request: PreparedRequest, *args: Any, **options: Any) -> Response:
        """Answer a call."""
        self.clock.sleep(self.latency_s / 2)
        limits = self.simulator.settings.limits
        code = self.simulator.gate.enter(limits)
        if code:
            self.throttled += code == THROTTLED
        else:
            self.arrived.append(self.clock())
        service = urlsplit(str(request.url)).path.rpartition("/")[2].removesuffix(".php")
        answer = self.simulator.answer(
            service, dict(parse_qsl(str(request.body))), TinyError(code) if code else None, None
        )
        self.simulator.gate.leave()
        self.clock.sleep(self.latency_s / 2)
        response = Response()
        response.status_code, response.url = answer.status, str(request.url)
        response._content = answer.body
        response.headers.update({
            "content-type": f"{answer.content_type}; charset=utf-8",
            "x-limit-api": str(limits.per_minute),
        })
        return response

    def close(self) -> None:
        """Do nothing: nothing is open."""


def pace() -> Iterator[Row]:
    """Read orders for some minutes, at each limit and with each latency."""
    calls = throttled = 0
    for per_minute in _PER_MINUTE:
        for latency_ms in _LATENCIES_MS:
            account = _read(per_minute, latency_ms / 1000)
            calls, throttled = calls + len(account.arrived), throttled + account.throttled
            yield Row(
                f"{per_minute} calls a minute, answers after {latency_ms} ms: calls", len(account.arrived),
                per_minute * _MINUTES, f"allowed in {_MINUTES} minutes", 0.97, at_least=True,
            )  # fmt: skip
    yield Row("throttled answers", throttled, calls, "calls", 0.0, promised=True)


def _read(per_minute: int, latency_s: float) -> Account:
    """Read orders of history, one after the other as the step ``fetch`` does."""
    from tiny_operators.hooks.tiny import TinyHook

    clock = Clock()
    shop = make_shop(days=1)
    settings = Settings(limits=Limits(per_minute=per_minute))
    account = Account(Simulator(shop, token=_TOKEN, settings=settings, clock=clock), clock, latency_s)
    os.environ[f"AIRFLOW_CONN_{_CONNECTION.upper()}"] = json.dumps(_connection(per_minute))
    hook = TinyHook(_CONNECTION, clock=clock, sleep=clock.sleep)
    hook._session.mount("http://", account)
    orders = list(shop.orders)
    # The first call waits for one interval, since the task before may have called a moment ago.
    end = clock() + _MINUTES * 60 + hook._pace.interval
    number = 0
    while clock() < end:
        hook.pdv_pedido_obter(orders[number % len(orders)])
        number += 1
    return account


def _connection(per_minute: int) -> Mapping[str, Any]:
    extra = {"requests_per_minute": per_minute, "share": 1}
    return {"conn_type": "tiny", "host": "http://127.0.0.1:1/api2/", "password": _TOKEN, "extra": extra}
