"""What became of an order: one word for each end, in objects, logs, counts and tables."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from tiny_operators.orders.records import from_json
from tiny_operators.orders.reject import Reject
from tiny_operators.orders.waits import Wait, Waiting


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
