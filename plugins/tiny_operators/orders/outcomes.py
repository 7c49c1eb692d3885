"""What became of an order, and why it was rejected or waits: one word each in objects, logs, counts and tables."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from tiny_operators.orders.json_values import from_json


class State(StrEnum):
    """What became of an order."""

    LOADED = "loaded"
    """It has rows."""
    GONE = "gone"
    """Tiny does not know it any more: its rows are marked as deleted."""
    WAITING = "waiting"
    """It waits in the inbox to be read again."""
    REJECTED = "rejected"
    """It was set aside with its reason."""


@dataclass(frozen=True)
class Reject:
    """Why something cannot be used.

    Attributes:
        step: Where it was found: ``plan``, ``fetch`` or ``rows``.
        field: The field, as a path such as ``dados.id``.
        expected: What it should be.
        found: The kind of what was there, never the value.
        action: What a person can do.
        produto: Tiny's id of the product, when only that was rejected and its order was not.
    """

    step: str
    field: str
    expected: str
    found: str
    action: str
    produto: int | None = None


class Wait(StrEnum):
    """Why an order, or a file, stays in the inbox."""

    NO_ANSWER = "no_answer"
    """Tiny does not answer about the order, while it answers other calls."""
    NO_SEARCH = "no_search"
    """Tiny does not answer the search for the order, while it answers other calls."""
    NOT_LISTED = "not_listed"
    """Tiny's search does not list the order."""
    NOT_MOVED = "not_moved"
    """The order is done, but its file cannot be moved."""


# How long each may last, from the first time that it was seen. Tiny lists an order some seconds after its webhook.
GRACE: Final = {
    Wait.NO_ANSWER: timedelta(days=1),
    Wait.NO_SEARCH: timedelta(days=1),
    Wait.NOT_LISTED: timedelta(minutes=15),
}


@dataclass(frozen=True)
class Waiting:
    """A wait that was seen at a moment.

    Attributes:
        wait: Why.
        at: When that was seen (ISO 8601, UTC).
    """

    wait: Wait
    at: str


def is_over(wait: Wait, since: str, at: str) -> bool:
    """Return whether a wait that began at one moment has lasted its time at another."""
    return datetime.fromisoformat(at) - datetime.fromisoformat(since) >= GRACE[wait]


@dataclass(frozen=True)
class Outcome:
    """What became of an order of a run.

    Attributes:
        state: In a word.
        reject: Why it was rejected; None when it was not.
        waiting: Why it waits; None when it does not.
    """

    state: State
    reject: Reject | None = None
    waiting: Waiting | None = None

    def to_json(self) -> dict[str, Any]:
        """Convert the outcome to JSON values: ``state``, and ``reject``, or ``wait`` and ``at``."""
        content: dict[str, Any] = {"state": self.state}
        if self.reject is not None:
            content["reject"] = asdict(self.reject)
        if self.waiting is not None:
            content |= asdict(self.waiting)
        return content

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Outcome:
        """Read the outcome from :meth:`to_json`."""
        return cls(
            State(content["state"]),
            from_json(Reject, content["reject"]) if "reject" in content else None,
            Waiting(Wait(content["wait"]), content["at"]) if "wait" in content else None,
        )
