"""Which requests came: how many of which kind, and how many of them one after the other."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from local.strict_front.call import Call
    from local.strict_front.passing import Passing

_MOST: Final = 50_000


@dataclass(frozen=True)
class Request:
    """A request that was answered; it says nothing of names or contents.

    Attributes:
        account: Who asked.
        method: The API's method, as ``storage.objects.get``.
        upload: The kind of an upload; an empty text for others.
        job: What a new job is: "load" or "query"; an empty text for other requests.
        statements: How many jobs the statements of a new query are on BigQuery.
        status: HTTP status of the answer.
        began: When it came (seconds since the epoch, as the tables have them).
        ended: When it was answered.
        reads: How many tables these statements read.
        runs_on: How long a new job goes on after the answer (seconds).
    """

    account: str
    method: str
    upload: str
    job: str
    statements: int
    status: int
    began: float
    ended: float
    reads: int = 0
    runs_on: float = 0.0

    @property
    def kind(self) -> str:
        """The method, with the kind of a new job or of an upload."""
        return " ".join(filter(None, (self.method, self.job or self.upload)))


@dataclass
class Record:
    """The last requests, in the order of their answers."""

    _requests: deque[Request] = field(default_factory=lambda: deque(maxlen=_MOST))

    def add(
        self, call: Call, passing: Passing, status: int, span: tuple[float, float], runs_on: float
    ) -> None:
        """Note a request, with its begin and end."""
        job = next((kind for kind in ("load", "query") if call.field(f"configuration.{kind}")), "")
        if call.method.id == "bigquery.jobs.query":
            job = "query"
        self._requests.append(
            Request(
                call.account, call.method.id, call.upload_type, job, passing.statements, status, *span,
                passing.reads, runs_on,
            )
        )  # fmt: skip

    def reported(self) -> list[dict[str, Any]]:
        """Return the requests as JSON has them."""
        return [asdict(request) for request in self._requests]

    def forget(self) -> None:
        """Begin anew."""
        self._requests.clear()
