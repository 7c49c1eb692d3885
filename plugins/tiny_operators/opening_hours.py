"""The hours when a store is open, as ``mon-sat 09:00-19:00, sun 09:00-13:00``: then sales are expected."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time
from typing import Final

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_PART: Final = re.compile(r"(?P<first>[a-z]{3})(?:-(?P<last>[a-z]{3}))? (?P<opens>\S+)-(?P<closes>\S+)")


@dataclass(frozen=True)
class Opening:
    """Hours of some days of the week.

    Attributes:
        days: Days, Monday is 0.
        opens: Local time.
        closes: Local time, later on the same day.
    """

    days: frozenset[int]
    opens: time
    closes: time


def parse_opening_hours(text: str) -> tuple[Opening, ...]:
    """Read opening hours from their text; none from an empty one.

    Raises:
        ValueError: When it is not as the example above; the message names the part.
    """
    return tuple(_opening(part.strip().lower()) for part in text.split(",") if text.strip())


def open_since(hours: tuple[Opening, ...], moment: datetime) -> datetime | None:
    """Return when the store opened, if it is open at a moment; None when it is closed.

    Args:
        hours: The opening hours.
        moment: The moment, in the store's time zone.
    """
    opened = [
        moment.replace(hour=opening.opens.hour, minute=opening.opens.minute, second=0, microsecond=0)
        for opening in hours
        if moment.weekday() in opening.days and opening.opens <= moment.time() < opening.closes
    ]
    return min(opened, default=None)


def _opening(part: str) -> Opening:
    found = _PART.fullmatch(part)
    try:
        if not found:
            raise ValueError
        first = _DAYS.index(found["first"])
        last = _DAYS.index(found["last"] or found["first"])
        opens, closes = time.fromisoformat(found["opens"]), time.fromisoformat(found["closes"])
        if opens >= closes:
            raise ValueError
    except ValueError as error:
        raise ValueError(
            f"{part!r} is no opening hours; write days and hours as 'mon-sat 09:00-19:00, sun 09:00-13:00', each part "
            "closing later on the day than it opens"
        ) from error
    # From Saturday to Monday goes over the end of the week.
    days = [(first + n) % 7 for n in range((last - first) % 7 + 1)]
    return Opening(frozenset(days), opens, closes)
