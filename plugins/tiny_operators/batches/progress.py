"""How far a reading is, how fast it goes and when it will be done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any


@dataclass(frozen=True)
class Progress:
    """The state of a reading at one moment.

    Attributes:
        planned: Orders that are to be read.
        done: Orders that are read, also by tries before this one.
        fresh: Orders that this try has read.
        calls: Calls of this try.
        seconds: Time of this try.
    """

    planned: int
    done: int
    fresh: int
    calls: int
    seconds: float

    @property
    def calls_per_minute(self) -> float:
        """The pace so far."""
        return 60 * self.calls / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Time until all is read, at the pace so far; None before the first order is read."""
        if self.done >= self.planned:
            return 0.0
        return self.seconds / self.fresh * (self.planned - self.done) if self.fresh else None

    def fields(self, now: datetime) -> dict[str, Any]:
        """Return the state as named values, for the log and for people.

        Args:
            now: The present.
        """
        left = self.seconds_left
        return {
            "orders": self.done,
            "planned": self.planned,
            "percent": 100 * self.done // self.planned if self.planned else 100,
            "calls": self.calls,
            "calls_per_minute": round(self.calls_per_minute, 1),
            "seconds_left": None if left is None else round(left),
            "done_at": None
            if left is None
            else (now + timedelta(seconds=left)).isoformat(timespec="seconds"),
        }


def hours_of_calls(calls: int, per_minute: float) -> float:
    """Return how many hours so many calls take.

    Args:
        calls: How many.
        per_minute: Calls that may be made in a minute.
    """
    return round(calls / per_minute / 60, 2)
