"""Counts what a process does to the object store and BigQuery, and can end it right after any of it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final
from unittest import mock
from urllib.parse import unquote, urlsplit

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

_READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_REFUSED: Final = 400
# What differs from run to run in a name.
_UNIQUE: Final = re.compile(r"[0-9a-f]{8,}(-[0-9a-f]+)*|[0-9]{5,}")


class DeadError(BaseException):
    """The process was killed. Not an ``Exception``: nothing of the task catches it, as nothing catches SIGKILL."""


@dataclass
class Effects:
    """What was done to Google's services.

    Attributes:
        last: The effect after which the process is dead; None for a process that lives.
        done: Each effect: task, method, what.
        task: The task that runs, for names.
        dead: Whether it died: then no request leaves the process any more.
    """

    last: int | None = None
    done: list[str] = field(default_factory=list)
    task: str = ""
    dead: bool = False
    _one_by_one: Lock = field(default_factory=Lock)

    def kinds(self) -> dict[str, int]:
        """The first effect of each kind, by name: what differs from run to run counts as one."""
        found: dict[str, int] = {}
        for number, name in enumerate(self.done, start=1):
            found.setdefault(_UNIQUE.sub("…", name), number)
        return found

    def _after(self, request: PreparedRequest, response: Response) -> None:
        if request.method in _READS or response.status_code >= _REFUSED:
            return
        address = urlsplit(request.url or "")
        with self._one_by_one:
            # Of the requests that are under way at once, those that end later have an effect, too, and no answer.
            if self.dead:
                raise DeadError("an answer to a dead process")
            self.done.append(
                f"{self.task}: {request.method} {unquote(str(address.path))}?{_names(str(address.query))}"
            )
            if len(self.done) == self.last:
                self.dead = True
                raise DeadError(self.done[-1])


def _names(query: str) -> str:
    return "&".join(part for part in unquote(query).split("&") if part.startswith(("name=", "uploadType=")))


@contextmanager
def effects(last: int | None = None) -> Iterator[Effects]:
    """Count the effects of what runs in the block, which dies right after one of them, if asked to."""
    counted, send = Effects(last), HTTPAdapter.send
    services = {
        urlsplit(os.environ[name]).netloc for name in ("STORAGE_EMULATOR_HOST", "BIGQUERY_EMULATOR_HOST")
    }

    def watched(adapter: HTTPAdapter, request: PreparedRequest, **options: Any) -> Response:
        if counted.dead:
            raise DeadError("a request of a dead process")
        response = send(adapter, request, **options)
        if urlsplit(request.url or "").netloc in services:
            counted._after(request, response)
        return response

    with mock.patch.object(HTTPAdapter, "send", watched):
        yield counted
