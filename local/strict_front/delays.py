"""The time that Google's services take, which the emulators do not: off, unless the front is asked for it."""

from __future__ import annotations

import asyncio
import random
import time
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

from local.strict_front.call import Call
from local.strict_front.emulator import Answer
from local.strict_front.passing import Reply

_FILE: Final = Path(__file__).resolve().with_name("delays.toml")
# How long a request for results waits for the end of the job, by itself
# (https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/getQueryResults#query-parameters).
_RESULTS_S: Final = 10.0
_STARTING: Final = {"bigquery.jobs.insert", "bigquery.jobs.query"}
_WAITING: Final = {"bigquery.jobs.getQueryResults", "bigquery.jobs.query"}
_SEED: Final = 316


@dataclass
class Delays:
    """How long requests and jobs take.

    Attributes:
        on: Whether they take that long; otherwise nothing is delayed.
        settings: The times, as ``delays.toml`` has them.
    """

    on: bool = False
    settings: Mapping[str, Any] = field(default_factory=lambda: tomllib.loads(_FILE.read_text("utf-8")))
    _ends: dict[str, float] = field(default_factory=dict)
    _chance: random.Random = field(default_factory=lambda: random.Random(_SEED))

    async def before(self, call: Call) -> None:
        """Wait as long as the service takes for a request; others are answered meanwhile."""
        if self.on:
            await asyncio.sleep(self.settings[call.method.service][kind_of(call)])

    async def after(self, call: Call, reply: Reply, statements: int) -> Reply:
        """Let a job take its time: until then it runs, and has no results.

        Args:
            call: The request.
            reply: The answer, of an emulator that was done at once.
            statements: How many jobs the statements of a query are.
        """
        job_id = _job_id(call, reply)
        if not job_id or not isinstance(reply, Answer) or not reply.is_good:
            return reply
        if self.on and call.method.id in _STARTING:
            self._ends.setdefault(job_id, time.monotonic() + self._duration(call, statements))
        if call.method.id in _WAITING:
            given = call.query.get("timeoutMs") or call.field("timeoutMs")
            await asyncio.sleep(min(self._left(job_id), float(given) / 1000 if given else _RESULTS_S))
        if self._left(job_id) > 0:
            return _unfinished(call, reply)
        self._ends.pop(job_id, None)
        return reply

    def runs_on(self, call: Call, reply: Reply) -> float:
        """Return how long the new job of an answered request goes on (seconds); zero for other requests."""
        return self._left(_job_id(call, reply)) if call.method.id in _STARTING else 0.0

    def _left(self, job_id: str) -> float:
        return max(0.0, self._ends.get(job_id, 0.0) - time.monotonic())

    def _duration(self, call: Call, statements: int) -> float:
        # Only the rows of loads are uploaded; the last part of an upload says nothing of its job.
        loads = call.method.is_upload or call.field("configuration.load")
        kind, count = ("load", 1) if loads else ("statement", statements)
        return sum(self._chance.uniform(*self.settings["jobs"][kind]) for _ in range(count))


def kind_of(call: Call) -> str:
    """Return which of the service's times a request takes."""
    if call.method.service == "bigquery":
        return "request"
    if call.method.id.endswith(".list"):
        return "list"
    return "read" if call.method.verb == "GET" else "write"


def _job_id(call: Call, reply: Reply) -> str:
    """Return the job that a request is about; an empty text for those that do not look at one."""
    if not call.method.id.startswith("bigquery.jobs.") or call.method.id.endswith((".list", ".delete")):
        return ""
    if "jobId" in call.names:
        return call.names["jobId"]
    value = reply.value if isinstance(reply, Answer) else None
    return str(((value or {}).get("jobReference") or {}).get("jobId") or "")


def _unfinished(call: Call, answer: Answer) -> Answer:
    """Return the answer of a job that still runs."""
    value = cast("dict[str, Any]", answer.value)
    if call.method.id in _WAITING:
        value = {"kind": value.get("kind"), "jobReference": value.get("jobReference"), "jobComplete": False}
    elif "errorResult" not in value.get("status", {}):
        value = {**value, "status": {"state": "RUNNING"}}
    return answer.saying(value)
