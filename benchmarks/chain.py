"""How many requests to Google's services come one after the other by the way the code is written, whatever each takes.

What runs in no pool of threads comes in a row. Of what a pool of ``at_once`` does, as many requests come at the same
time as it has threads.
"""

from __future__ import annotations

import os
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from unittest import mock
from urllib.parse import urlsplit

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

from tiny_operators.lake.at_once import AT_ONCE

# How often a running job is looked at depends on how long it runs.
_JOB: Final = re.compile(r"/(?:jobs|queries)/[^/]+$")
# Another write of the same object within a second. On Composer a task takes seconds to start, so there are none.
BUSY: Final = 429


@dataclass
class Chain:
    """Requests, by the thread that made them.

    Attributes:
        alone: Those outside of pools.
        pools: Those of each pool, by its name.
    """

    alone: int = 0
    pools: Counter[str] = field(default_factory=Counter)
    _one_by_one: threading.Lock = field(default_factory=threading.Lock)

    @property
    def length(self) -> int:
        """How many come one after the other."""
        return self.alone + sum(-(-count // AT_ONCE) for count in self.pools.values())

    def add(self, thread: str) -> None:
        """Count a request of a thread."""
        pool, _, number = thread.rpartition("_")
        with self._one_by_one:
            if pool.startswith("ThreadPoolExecutor") and number.isdecimal():
                self.pools[pool] += 1
            else:
                self.alone += 1


@contextmanager
def chained() -> Iterator[Chain]:
    """Count the requests to Google's services of what this process does in the block."""
    chain, send = Chain(), HTTPAdapter.send
    services = {
        urlsplit(os.environ[name]).netloc for name in ("STORAGE_EMULATOR_HOST", "BIGQUERY_EMULATOR_HOST")
    }

    def watched(adapter: HTTPAdapter, request: PreparedRequest, **options: Any) -> Response:
        response = send(adapter, request, **options)
        address = urlsplit(request.url or "")
        looks = request.method == "GET" and _JOB.search(str(address.path))
        if address.netloc in services and response.status_code != BUSY and not looks:
            chain.add(threading.current_thread().name)
        return response

    with mock.patch.object(HTTPAdapter, "send", watched):
        yield chain
