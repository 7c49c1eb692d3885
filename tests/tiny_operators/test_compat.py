"""What Airflow says of a run, the same on both versions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from tiny_operators._compat import asked_at

HOUR = timedelta(hours=1)


def asked(run_type: str, **moments: datetime | None) -> datetime:
    context: Any = {"dag_run": SimpleNamespace(run_type=run_type, **moments)}
    return asked_at(context)


@pytest.mark.parametrize("interval_end", [HOUR, timedelta(days=15), timedelta(days=400)])
def test_a_run_of_a_backfill_is_asked_for_when_it_is_queued_not_at_the_end_of_its_interval(
    interval_end: timedelta,
) -> None:
    queued = datetime.now(UTC) - timedelta(minutes=5)
    assert asked("backfill", run_after=queued - interval_end, queued_at=queued) == queued


@pytest.mark.parametrize("run_type", ["manual", "scheduled"])
def test_another_run_is_asked_for_when_it_may_begin(run_type: str) -> None:
    due = datetime.now(UTC) - HOUR
    assert asked(run_type, run_after=due, queued_at=due + HOUR / 2) == due
    assert asked(run_type, run_after=due, start_date=None) == due


@pytest.mark.parametrize("overdue", [HOUR, timedelta(days=5), timedelta(days=400)])
def test_an_overdue_scheduled_run_is_asked_for_when_it_begins_on_both_airflows(overdue: timedelta) -> None:
    began = datetime.now(UTC) - timedelta(minutes=5)
    of_3: dict[str, datetime | None] = {"run_after": began - overdue, "start_date": began}
    of_2: dict[str, datetime | None] = {"queued_at": began - overdue / 2, "start_date": began}
    assert asked("scheduled", **of_3) == asked("scheduled", **of_2) == began


def test_a_run_by_hand_that_had_to_wait_is_still_asked_for_when_it_was() -> None:
    due = datetime.now(UTC) - timedelta(days=2)
    assert asked("manual", run_after=due, start_date=due + HOUR) == due
    assert asked("manual", queued_at=due, start_date=due + HOUR) == due


@pytest.mark.parametrize("run_type", ["manual", "backfill"])
def test_no_run_is_asked_for_in_the_future(run_type: str) -> None:
    later = datetime.now(UTC) + HOUR
    assert asked(run_type, run_after=later, queued_at=later) <= datetime.now(UTC)
    assert asked(run_type, queued_at=None) <= datetime.now(UTC), "Airflow 2 may have neither"
