"""Dates of the past that tests have for themselves, though they share one Tiny and one BigQuery."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/Sao_Paulo")
TODAY = datetime.now(ZONE).date()
# Before the simulator's own history.
_days_ago = iter(range(900, 3000, 3))


def free_day() -> date:
    """A date that no other test uses; nor are the two after it used."""
    return TODAY - timedelta(days=next(_days_ago))
