"""How many requests to Google's services come one after the other by the way the code is written, whatever each takes.

Every thread has a clock that each of its requests moves on by one. Work that is given to a pool begins at the clock of
who gave it, and who waits for its result goes on at the later of the two clocks. A task begins when those before it in
the DAG have ended. So the last clock is the length of the longest chain.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from unittest import mock
from urllib.parse import unquote, urlsplit

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

# How often a running job is looked at depends on how long it runs.
_JOB: Final = re.compile(r"/(?:jobs|queries)/[^/]+$")
_NAME: Final = re.compile(rb'"name": ?"([^"]+)"')
_NAME_BYTES: Final = 1000
# Another write of the same object within a second. On Composer a task takes seconds to start, so there are none.
BUSY: Final = 429
# Attribute of a future: the clock at the end of its work.
_ENDED: Final = "_chain_ended"


@dataclass(frozen=True)
class Step:
    """A request.

    Attributes:
        number: Its place in the longest chain that leads to it.
        task: The task that made it.
        what: Method and object.
    """

    number: int
    task: str
    what: str


@dataclass
class Chain:
    """The requests of the tasks of a run.

    Attributes:
        steps: Each request.
    """

    steps: list[Step] = field(default_factory=list)
    _task: str = ""
    _ends: dict[str, int] = field(default_factory=dict)
    _here: threading.local = field(default_factory=threading.local)

    @property
    def length(self) -> int:
        """How many come one after the other."""
        return max((step.number for step in self.steps), default=0)

    @contextmanager
    def task(self, task: Any) -> Iterator[None]:
        """Let what is done in the block be that of a task of a DAG."""
        before = task.get_flat_relative_ids(upstream=True)
        self._task, self._here.clock = (
            task.task_id,
            max((self._ends.get(one, 0) for one in before), default=0),
        )
        try:
            yield
        finally:
            self._ends[self._task] = self._clock

    def add(self, what: str) -> None:
        """Count a request of this thread."""
        self._here.clock = self._clock + 1
        self.steps.append(Step(self._clock, self._task, what))

    def lines(self) -> list[str]:
        """Write the requests as lines of text, in the order in which each could be made."""
        return [
            f"{step.number:3} {step.task:14} {step.what}"
            for step in sorted(self.steps, key=lambda step: step.number)
        ]

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Keep the clocks of what is given to pools in the block."""
        submit, result = ThreadPoolExecutor.submit, Future.result

        def given(
            pool: ThreadPoolExecutor, do: Callable[..., Any], /, *args: Any, **options: Any
        ) -> Future[Any]:
            ended = [self._clock]

            def done(*args: Any, **options: Any) -> Any:
                self._here.clock = ended[0]
                try:
                    return do(*args, **options)
                finally:
                    ended[0] = self._clock

            future = submit(pool, done, *args, **options)
            setattr(future, _ENDED, ended)
            return future

        def waited(future: Future[Any], timeout: float | None = None) -> Any:
            try:
                return result(future, timeout)
            finally:
                self._here.clock = max(self._clock, *getattr(future, _ENDED, [0]))

        with (
            mock.patch.object(ThreadPoolExecutor, "submit", given),
            mock.patch.object(Future, "result", waited),
        ):
            yield

    @property
    def _clock(self) -> int:
        return int(getattr(self._here, "clock", 0))


@contextmanager
def chained() -> Iterator[Chain]:
    """Count the requests to Google's services of what this process does in the block."""
    from tests.component.whole_runs import WholeRun

    chain, send, run = Chain(), HTTPAdapter.send, WholeRun._run
    services = {
        urlsplit(os.environ[name]).netloc for name in ("STORAGE_EMULATOR_HOST", "BIGQUERY_EMULATOR_HOST")
    }

    def watched(adapter: HTTPAdapter, request: PreparedRequest, **options: Any) -> Response:
        response = send(adapter, request, **options)
        address = urlsplit(request.url or "")
        looks = request.method == "GET" and _JOB.search(str(address.path))
        if address.netloc in services and response.status_code != BUSY and not looks:
            chain.add(_described(request))
        return response

    def task_run(whole: WholeRun, task: Any) -> None:
        with chain.task(task):
            run(whole, task)

    with ExitStack() as patches:
        patches.enter_context(mock.patch.object(HTTPAdapter, "send", watched))
        patches.enter_context(mock.patch.object(WholeRun, "_run", task_run))
        patches.enter_context(chain.watching())
        yield chain


def _described(request: PreparedRequest) -> str:
    """Say what a request is about: its method, and the path, or the object that it uploads."""
    path = unquote(str(urlsplit(request.url or "").path))
    body = request.body if isinstance(request.body, bytes) else b""
    if path.startswith("/upload/") and (name := _NAME.search(body[:_NAME_BYTES])):
        path = f"{path}/{name[1].decode()}"
    return f"{request.method} {path}"
