"""The dates of a run, from the interval that Airflow gives it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

# How long after its end a day is read: late changes of the day are then in it.
_SETTLED_AFTER: Final = timedelta(hours=2, minutes=30)


def interval_dates(start: datetime, end: datetime) -> tuple[date, date]:
    """Return the first and the last date of a run's data interval.

    Args:
        start: Its start.
        end: Its end, not included; an interval of no length means the day that it is in.
    """
    last = max(start, end - timedelta(microseconds=1))
    return start.astimezone(UTC).date(), last.astimezone(UTC).date()


def settled_at(day: date, timezone: str) -> datetime:
    """Return when a day of a store is over, and late changes of it have come.

    Args:
        day: The day.
        timezone: IANA name of the store's time zone.
    """
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(timezone)) + _SETTLED_AFTER
