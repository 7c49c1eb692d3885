"""Why an order waits, and for how long it may."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final


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
