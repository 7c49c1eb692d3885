"""When the DAGs of history run, and which dates their intervals are."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pendulum
import pytest
from airflow.timetables.base import TimeRestriction

from tiny_operators.batches.run_request import interval_dates, settled_at
from tiny_operators.operators.plan_dates import PlanReconcileOperator
from tiny_operators.schedules import DAILY, reconcile_timetable
from tiny_operators.stores import load_stores


def runs_between(first: str, last: str) -> list[date]:
    """The dates of a backfill's runs: both commands of Airflow read a date as midnight UTC."""
    restriction = TimeRestriction(pendulum.parse(first), pendulum.parse(last), catchup=True)  # type: ignore[arg-type]
    found, interval = [], None
    while info := DAILY.next_dagrun_info(last_automated_data_interval=interval, restriction=restriction):
        interval = info.data_interval
        assert interval is not None
        dates = interval_dates(interval.start, interval.end)
        assert dates[0] == dates[1]
        found.append(dates[0])
    return found


def test_a_backfill_has_both_ends() -> None:
    assert runs_between("2026-01-01", "2026-01-31") == [date(2026, 1, day) for day in range(1, 32)]
    assert runs_between("2024-02-29", "2024-02-29") == [date(2024, 2, 29)]


@pytest.mark.parametrize("dag_id", ["z316_daily", "z316_reconcile", "z316_replay"])
def test_the_timetable_is_airflows_own(dags: Any, dag_id: str) -> None:
    """Composer 3 gives its schedulers no plugins: they could not read a DAG with a timetable of ours."""
    assert type(dags[dag_id].timetable).__module__.startswith("airflow.")


def test_a_longer_interval_is_taken_whole_its_end_not_included() -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    assert interval_dates(start, start + timedelta(days=7)) == (date(2026, 3, 1), date(2026, 3, 7))
    assert interval_dates(start, start) == (date(2026, 3, 1), date(2026, 3, 1))


def test_a_day_of_the_store_is_read_when_it_is_over_there() -> None:
    """Midnight in São Paulo is three o'clock UTC."""
    assert settled_at(date(2026, 3, 14), "America/Sao_Paulo") == datetime(2026, 3, 15, 5, 30, tzinfo=UTC)
    assert settled_at(date(2026, 3, 14), "UTC") == datetime(2026, 3, 15, 2, 30, tzinfo=UTC)


def test_the_comparison_comes_on_sundays_when_the_night_run_of_saturday_is_over() -> None:
    """In the store's time zone, where five o'clock is eight o'clock UTC; the day before is read from 02:30 on."""
    saturday = pendulum.datetime(2026, 3, 14, 12)
    week = TimeRestriction(saturday, saturday.add(days=8), catchup=True)
    runs, last = [], None
    while found := reconcile_timetable("America/Sao_Paulo").next_dagrun_info(
        last_automated_data_interval=last, restriction=week
    ):
        runs.append(found.run_after)
        last = found.data_interval
    assert runs == [datetime(2026, 3, 15, 8, tzinfo=UTC), datetime(2026, 3, 22, 8, tzinfo=UTC)]
    assert runs[0] > settled_at(date(2026, 3, 14), "America/Sao_Paulo")


@pytest.mark.parametrize("overdue", [0, 5, 60])
@pytest.mark.parametrize("due", ["run_after", "queued_at"])
def test_a_comparison_that_is_overdue_takes_the_weeks_up_to_the_day_before_it_begins(
    due: str, overdue: int
) -> None:
    """Airflow 3 tells a task when its run was due, 2.11 when it was queued; both tell when it began."""
    began = datetime(2026, 6, 12, 15, tzinfo=UTC)
    run = SimpleNamespace(run_type="scheduled", conf={}, start_date=began)
    setattr(run, due, began - timedelta(days=overdue))
    context: Any = {"dag_run": run, "params": {"from_date": None, "to_date": None}}
    task = PlanReconcileOperator(task_id="plan", store=load_stores()[0])
    asked = task.request(context)
    assert (asked.first, asked.last, len(asked.dates)) == (date(2026, 5, 8), date(2026, 6, 11), 35)
    context["params"] |= {"from_date": "2026-01-01", "to_date": "2026-01-31"}
    assert len(task.request(context).dates) == 31, "dates of a person's stay"
