"""What a run of history should do: which dates, and how."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

# How long after its end a day is read: late changes of the day are then in it.
_SETTLED_AFTER: Final = timedelta(hours=2, minutes=30)

FROM_DATE: Final = "from_date"
TO_DATE: Final = "to_date"
# Weeks of the weekly comparison when nobody names dates: late changes of an order are in several comparisons.
RECONCILED_WEEKS: Final = 5
# Dates that a run of the daily DAG takes, at most, the first ones: a job of BigQuery may change 4,000 partitions.
SLICE_DAYS: Final = 366
_FLAGS: Final = ("force", "refresh_costs")


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


class RequestError(ValueError):
    """A run was asked for something impossible; the message names the field and what is expected."""


@dataclass(frozen=True)
class RunRequest:
    """What one run should do.

    Attributes:
        first: First date, in the store's time zone.
        last: Last date, included.
        force: Read every order again, also those that did not change.
        refresh_costs: Let the products' present cost replace the cost that was frozen with the sale.
        only_asks: Say what there is to do, and do nothing: set by the operator of a DAG that only asks.
        of_interval: The dates are those of the run's data interval: nobody asked for them by name.
    """

    first: date
    last: date
    force: bool = False
    refresh_costs: bool = False
    only_asks: bool = False
    of_interval: bool = False

    @property
    def dates(self) -> list[date]:
        """Every date, oldest first."""
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]

    def after(self, day: date) -> dict[str, Any] | None:
        """Return the parameters of a run that does the same for the dates after a day; None when there are none."""
        if day >= self.last:
            return None
        dates = {FROM_DATE: (day + timedelta(days=1)).isoformat(), TO_DATE: self.last.isoformat()}
        return dates | {name: True for name in _FLAGS if getattr(self, name)}


def check_names(given: Iterable[str], form: Iterable[str]) -> None:
    """Refuse parameters that the DAG does not have: otherwise a misspelled date would be ignored.

    Args:
        given: Names of what the run was triggered with.
        form: Names of the parameters that the DAG has.

    Raises:
        RequestError: For an unknown one.
    """
    if unknown := sorted(set(given) - set(form)):
        raise RequestError(f"unknown parameters {unknown}; this DAG has {sorted(form)}")


def read_request(
    params: Mapping[str, Any],
    interval: tuple[datetime, datetime] | None,
    now: datetime,
    timezone: str,
    days: int = 1,
) -> RunRequest:
    """Read what a run should do.

    Dates of the form come first; the first one alone is that day. Without them it is the run's data interval. Without
    an interval, as in a run by hand on Airflow 3, it is yesterday, or ``days`` days up to yesterday.

    Args:
        params: The run's parameters.
        interval: Start and end of the data interval, the end not included.
        now: The present.
        timezone: IANA name of the store's time zone.
        days: How many days up to yesterday a run takes that has no dates and no interval.

    Raises:
        RequestError: For a date that is none, or a range that has no start, ends before it or is in the future.
    """
    today = now.astimezone(ZoneInfo(timezone)).date()
    first, last = _date(params, FROM_DATE), _date(params, TO_DATE)
    if first is None and last is not None:
        raise RequestError(
            f"{FROM_DATE} is empty, and {TO_DATE} is {last}: give both, or {FROM_DATE} alone for one day"
        )
    of_interval = first is None and interval is not None
    if interval is not None and of_interval:
        first, last = interval_dates(*interval)
    elif first is None:
        first, last = today - timedelta(days=days), today - timedelta(days=1)
    first, last = first or today, last or first or today
    if last < first:
        raise RequestError(f"{TO_DATE} ({last}) is before {FROM_DATE} ({first}); both ends are included")
    if last > today:
        raise RequestError(f"{last} is in the future: in {timezone} it is {today}; ask for dates up to then")
    return RunRequest(first, last, **{name: _flag(params, name) for name in _FLAGS}, of_interval=of_interval)


def _date(params: Mapping[str, Any], name: str) -> date | None:
    value = params.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            reason = "there is no such day; correct the month or the day"
            raise RequestError(f"{name} has the form YYYY-MM-DD, but {reason}") from None
    kind = f"text of {len(value)} characters" if isinstance(value, str) else type(value).__name__
    raise RequestError(f"{name} must be a date as YYYY-MM-DD, such as 2026-01-31; found {kind}")


def _flag(params: Mapping[str, Any], name: str) -> bool:
    value = params.get(name, False)
    if not isinstance(value, bool):
        raise RequestError(f"{name} must be true or false; found {type(value).__name__}")
    return value
