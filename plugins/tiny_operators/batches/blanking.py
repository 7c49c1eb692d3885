"""Which days of the tables are blanked: those that became old since the last time, and some before them again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Final

# Days of one statement: BigQuery reads the rows of so many days as a whole.
_DAYS_AT_ONCE: Final = 92
_DAY: Final = timedelta(days=1)


def days_to_blank(
    since: date, done_until: str | None, first_day: Callable[[], date | None], *, again_days: int
) -> Iterator[tuple[date, date]]:
    """Yield ranges of days to blank, both ends included, the oldest first.

    Args:
        since: The first day that keeps its personal data.
        done_until: The first day that was not blanked the last time; None for never.
        first_day: Looks up the first day that has rows.
        again_days: How many days before are blanked again: a run whose rows were made earlier may be merged, or cleared
            and merged again, after its day became old.

    Example:
        >>> list(days_to_blank(date(2020, 1, 5), "2020-01-04", lambda: None, again_days=2))
        [(datetime.date(2020, 1, 2), datetime.date(2020, 1, 4))]
    """
    first = date.fromisoformat(done_until) - again_days * _DAY if done_until else first_day()
    while first is not None and first < since:
        last = min(first + (_DAYS_AT_ONCE - 1) * _DAY, since - _DAY)
        yield first, last
        first = last + _DAY
