"""What the strict front saw: the requests to Google's services, by kind, and how many came one after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import requests

from local.strict_front.record import Request

_TIMEOUT_S = 60
# Each time is measured without the times of Google's services, and then with them.
TIMES: Final = {False: "on emulators", True: "with Google's times"}


@dataclass(frozen=True)
class Front:
    """The strict front, at one of its addresses.

    Attributes:
        url: The address.
    """

    url: str

    def requests(self, account: str = "airflow") -> list[Request]:
        """Return the requests of an account since the record was forgotten, in the order of their answers."""
        answer = requests.get(f"{self.url}/_front/requests", timeout=_TIMEOUT_S)
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()["requests"]
        return [Request(**request) for request in found if request["account"] == account]

    def forget(self) -> None:
        """Let the record begin anew."""
        requests.delete(f"{self.url}/_front/requests", timeout=_TIMEOUT_S).raise_for_status()

    @contextmanager
    def delays(self, on: bool = True) -> Iterator[None]:  # noqa: FBT001, FBT002 - reads like a switch
        """Let Google's services take as long as the real ones while the block runs, or not."""
        self._switch(on=on)
        try:
            yield
        finally:
            self._switch(on=False)

    def _switch(self, *, on: bool) -> None:
        requests.put(f"{self.url}/_front/delays", json={"on": on}, timeout=_TIMEOUT_S).raise_for_status()


@dataclass(frozen=True)
class Counts:
    """Requests, counted.

    Attributes:
        requests: How many there are.
        kinds: How many of each kind.
        in_a_row: How many came one after the other: the longest chain of requests each of which began when the one
            before had ended.
        loads: How many load jobs began.
        statements: How many jobs the statements of the queries are on BigQuery.
        reads: How many tables these statements read.
    """

    requests: int
    kinds: dict[str, int]
    in_a_row: int
    loads: int
    statements: int
    reads: int


def counted(found: Iterable[Request]) -> Counts:
    """Count requests."""
    made = list(found)
    return Counts(
        len(made),
        dict(sorted(Counter(request.kind for request in made).items())),
        in_a_row(made),
        sum(request.job == "load" for request in made),
        sum(request.statements for request in made),
        sum(request.reads for request in made),
    )


def in_a_row(made: Iterable[Request]) -> int:
    """Return how many requests came one after the other."""
    count, end = 0, float("-inf")
    # The next one is always the one that ends first: no other choice gives a longer chain.
    for request in sorted(made, key=lambda request: request.ended):
        if request.began >= end:
            count, end = count + 1, request.ended
    return count
