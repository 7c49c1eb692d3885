"""When the history DAGs run: one run for each day of the store."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any, Final

import pendulum
from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction
from airflow.timetables.interval import CronDataIntervalTimetable
from pendulum import DateTime

_EACH_MIDNIGHT: Final = "0 0 * * *"


class StoreDayTimetable(CronDataIntervalTimetable):
    """One run for each day of the store, whose data interval is that day, from midnight to midnight there.

    The bounds of a backfill may be dates: Airflow's commands read ``2026-01-31`` as midnight UTC, and in a zone west
    of UTC the store's 31st would be left out. So a bound that is midnight UTC means the store's day of that date; any
    other bound is the instant that it says. Days that have not ended are not in a range (Airflow 3 leaves them out
    itself; on 2.11 the schedule would go on after the last of them).

    Args:
        timezone: IANA name of the store's time zone.
        automatic: Whether the scheduler makes the runs; otherwise only a backfill or a trigger does.
        after: How long after the end of its day the scheduler makes a run: late changes of the day are in it then.
    """

    def __init__(
        self, timezone: str, *, automatic: bool = True, after: timedelta = timedelta(hours=2, minutes=30)
    ) -> None:
        super().__init__(_EACH_MIDNIGHT, timezone)
        self._automatic = automatic
        self._after = after
        delay = pendulum.duration(seconds=after.total_seconds()).in_words(locale="en")
        when = f"{delay} after its end" if automatic else "only when asked for by a backfill or a trigger"
        self.description = f"One run for each day of {timezone}, {when}"

    @property
    def summary(self) -> str:
        """The schedule in a few words, for the list of DAGs."""
        return "each store day" if self._automatic else "store days, on demand"

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> StoreDayTimetable:
        """Make it anew from what ``serialize`` gave."""
        return cls(data["timezone"], automatic=data["automatic"], after=timedelta(seconds=data["after_s"]))

    def serialize(self) -> dict[str, Any]:
        """What Airflow keeps in its database."""
        return {
            "timezone": self._timezone.name,
            "automatic": self._automatic,
            "after_s": self._after.total_seconds(),
        }

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        """The run after the last one, of the scheduler or of a range of days; None when there is none."""
        # Only DAG.iter_dagrun_infos_between, which lists a backfill's runs, sets both for a DAG without catchup.
        is_range = restriction.catchup and restriction.latest is not None
        if not (self._automatic or is_range):
            return None
        earliest, latest = (self._instant(bound) for bound in restriction[:2])
        info = super().next_dagrun_info(
            last_automated_data_interval=last_automated_data_interval,
            restriction=TimeRestriction(earliest, latest, restriction.catchup),
        )
        if (
            info is None
            or (day := info.data_interval) is None
            or (is_range and day.end > pendulum.now("UTC"))
        ):
            return None
        return DagRunInfo(run_after=day.end + self._after, data_interval=day)

    def _skip_to_latest(self, earliest: DateTime | None) -> DateTime:
        """Start of the newest day whose run is due; the parent's would pass over one that is not made yet."""
        newest = self._get_prev(self._align_to_prev(pendulum.now("UTC") - self._after))
        return newest if earliest is None else max(newest, self._align_to_next(earliest))

    def _instant(self, bound: DateTime | None) -> DateTime | None:
        """Read a bound of a range: a date as the beginning of the store's day, anything else as it is."""
        if bound is None or (utc := bound.in_timezone("UTC")).time() != time.min:
            return bound
        return pendulum.datetime(utc.year, utc.month, utc.day, tz=self._timezone).in_timezone("UTC")
