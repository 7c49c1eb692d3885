"""When the DAGs run that no webhook starts: each night, each hour, each week.

Daily at 00:00 UTC, and replay too, which skips its run unless a person asked for it; watch a quarter past each hour;
in the store's time zone retention at 05:30, and reconcile on Sunday at 05:00.

Their timetables are Airflow's own: Composer 3 gives its schedulers no plugins, and so no timetable of ours
(https://cloud.google.com/composer/docs/composer-3/install-plugins).
"""

from __future__ import annotations

from typing import Final

from airflow.timetables.interval import CronDataIntervalTimetable
from airflow.timetables.trigger import CronTriggerTimetable

# Intervals begin at midnight UTC, because Airflow's backfill commands read a date as that: so -s 2026-01-01 with
# -e 2026-01-31 creates exactly 31 runs, in whatever time zone the store is. An interval is the name of a day; the
# store's day of that name ends some hours later, or earlier.
DAILY: Final = CronDataIntervalTimetable("0 0 * * *", timezone="UTC")

# On the quarter, when the work of the full hour is done.
HOURLY: Final = CronTriggerTimetable("15 * * * *", timezone="UTC")

# Before the store opens, when the night's run of the daily DAG is over.
_RETENTION_CRON: Final = "30 5 * * *"

# Sunday, when the night's run of the daily DAG is over.
_RECONCILE_CRON: Final = "0 5 * * 0"


def reconcile_timetable(timezone: str) -> CronTriggerTimetable:
    """Return when Tiny and BigQuery are compared.

    Args:
        timezone: IANA name of the store's time zone.
    """
    return CronTriggerTimetable(_RECONCILE_CRON, timezone=timezone)


def retention_timetable(timezone: str) -> CronTriggerTimetable:
    """Return when the customers of old orders are blanked, where a store asks for it.

    Args:
        timezone: IANA name of the store's time zone.
    """
    return CronTriggerTimetable(_RETENTION_CRON, timezone=timezone)
