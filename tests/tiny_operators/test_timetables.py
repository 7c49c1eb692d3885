"""Store days as Airflow asks for them: by its scheduler, by the ranges of its backfill, by hand."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from itertools import pairwise
from typing import Any

import pendulum
import pytest
import time_machine
from airflow.timetables.base import DataInterval, TimeRestriction, Timetable

from tiny_operators._compat import AIRFLOW_V_3_0_PLUS, DAG
from tiny_operators.timetables import StoreDayTimetable

SAO_PAULO = "America/Sao_Paulo"
ZONES = [SAO_PAULO, "UTC", "Asia/Tokyo", "Europe/London", "Pacific/Auckland", "America/Havana"]
START = pendulum.datetime(2020, 1, 1, tz="UTC")
NOW = datetime(2026, 3, 14, 15, 0, tzinfo=UTC)


def dag(timetable: Timetable) -> Any:
    """A DAG as scheduler and backfill see it: read back from what Airflow stored."""
    module = import_module("airflow.serialization.serialized_objects")
    serialization = getattr(module, "DagSerialization" if AIRFLOW_V_3_0_PLUS else "SerializedDAG")
    made = DAG("probe", schedule=timetable, start_date=START, catchup=False)
    return serialization.from_dict(json.loads(json.dumps(serialization.to_dict(made))))


def backfilled(timetable: Timetable, earliest: datetime, latest: datetime) -> list[DataInterval]:
    infos = dag(timetable).iter_dagrun_infos_between(pendulum.instance(earliest), pendulum.instance(latest))
    return [info.data_interval for info in infos]


def scheduled(
    timetable: Timetable,
    last: DataInterval | None,
    *,
    catchup: bool = False,
    start_date: pendulum.DateTime = START,
) -> tuple[DataInterval, pendulum.DateTime] | None:
    """The next run of the scheduler after the last one: its day, and the moment from which on it is made."""
    restriction = TimeRestriction(start_date, None, catchup)
    info = timetable.next_dagrun_info(last_automated_data_interval=last, restriction=restriction)
    return (info.data_interval, info.run_after) if info and info.data_interval else None


def midnight(day: date, zone: str = SAO_PAULO) -> pendulum.DateTime:
    return pendulum.datetime(day.year, day.month, day.day, tz=zone)


def day_of(day: date, zone: str = SAO_PAULO) -> DataInterval:
    return DataInterval(midnight(day, zone), midnight(day + timedelta(days=1), zone))


def utc_dates(first: date, last: date) -> tuple[datetime, datetime]:
    """What Airflow's commands make of two dates without a time."""
    return midnight(first, "UTC"), midnight(last, "UTC")


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("automatic", [True, False])
def test_a_range_of_dates_is_these_store_days_both_ends_included(zone: str, automatic: bool) -> None:
    timetable = StoreDayTimetable(zone, automatic=automatic)
    found = backfilled(timetable, *utc_dates(date(2026, 1, 1), date(2026, 1, 31)))
    assert found == [day_of(date(2026, 1, number), zone) for number in range(1, 32)]


@pytest.mark.parametrize("zone", ZONES)
def test_days_join_without_gap_where_clocks_change(zone: str) -> None:
    """In 2018 Sao Paulo had a day that began at one o'clock; in Havana midnight comes twice in a year."""
    found = backfilled(StoreDayTimetable(zone), *utc_dates(date(2018, 1, 1), date(2018, 12, 31)))
    assert [interval.start.in_timezone(zone).date() for interval in found] == [
        date(2018, 1, 1) + timedelta(days=number) for number in range(365)
    ]
    assert all(one.end == other.start for one, other in pairwise(found))


def test_one_date_is_one_day() -> None:
    day = date(2026, 1, 31)
    assert backfilled(StoreDayTimetable(SAO_PAULO), *utc_dates(day, day)) == [day_of(day)]


def test_a_bound_with_a_time_is_that_instant() -> None:
    timetable = StoreDayTimetable(SAO_PAULO)
    from_midnight = datetime(2026, 1, 1, 3, 0, tzinfo=UTC)
    until = datetime(2026, 1, 3, 2, 59, 59, tzinfo=UTC)
    days = [day_of(date(2026, 1, 1)), day_of(date(2026, 1, 2))]
    assert backfilled(timetable, from_midnight, until) == days
    assert backfilled(timetable, from_midnight + timedelta(seconds=1), until) == days[1:]


@time_machine.travel(NOW, tick=False)
def test_a_range_ends_with_the_last_whole_day() -> None:
    found = backfilled(StoreDayTimetable(SAO_PAULO), *utc_dates(date(2026, 3, 12), date(2026, 3, 20)))
    assert found == [day_of(date(2026, 3, 12)), day_of(date(2026, 3, 13))]
    assert backfilled(StoreDayTimetable(SAO_PAULO), *utc_dates(date(2026, 3, 14), date(2026, 3, 20))) == []


@pytest.mark.parametrize(
    ("now", "newest"),
    [
        ("2026-03-14T02:29:59-03:00", date(2026, 3, 12)),
        ("2026-03-14T02:30:00-03:00", date(2026, 3, 13)),
        ("2026-03-14T23:59:59-03:00", date(2026, 3, 13)),
    ],
)
def test_the_first_run_is_the_newest_day_that_is_due(now: str, newest: date) -> None:
    with time_machine.travel(datetime.fromisoformat(now), tick=False):
        first = scheduled(StoreDayTimetable(SAO_PAULO), None)
    due = midnight(newest + timedelta(days=1)) + timedelta(hours=2, minutes=30)
    assert first == (day_of(newest), due)


def test_a_scheduler_that_looks_every_hour_makes_each_day_once_and_never_early() -> None:
    timetable = dag(StoreDayTimetable(SAO_PAULO)).timetable
    made: list[tuple[DataInterval, pendulum.DateTime]] = []
    begin = midnight(date(2026, 3, 14)) + timedelta(minutes=45)
    for hour in range(24 * 5):
        now = begin + timedelta(hours=hour)
        with time_machine.travel(now, tick=False):
            following = scheduled(timetable, made[-1][0] if made else None)
        if following and following[1] <= now:
            made.append((following[0], now))
    assert [interval for interval, _ in made] == [day_of(date(2026, 3, number)) for number in range(12, 18)]
    assert all(now - interval.end >= timedelta(hours=2, minutes=30) for interval, now in made)


@time_machine.travel(NOW, tick=False)
def test_no_day_is_before_the_start_date() -> None:
    first = scheduled(StoreDayTimetable(SAO_PAULO), None, start_date=midnight(date(2026, 3, 20), "UTC"))
    assert first
    assert first[0] == day_of(date(2026, 3, 20))


@time_machine.travel(NOW, tick=False)
def test_days_missed_are_not_caught_up() -> None:
    following = scheduled(StoreDayTimetable(SAO_PAULO), day_of(date(2026, 2, 1)))
    assert following
    assert following[0] == day_of(date(2026, 3, 13))


@pytest.mark.parametrize("catchup", [True, False])
def test_on_demand_the_scheduler_makes_none(catchup: bool) -> None:
    timetable = StoreDayTimetable(SAO_PAULO, automatic=False)
    assert scheduled(timetable, None, catchup=catchup) is None
    assert scheduled(timetable, day_of(date(2026, 1, 1)), catchup=catchup) is None


@pytest.mark.parametrize("automatic", [True, False])
def test_by_hand_it_is_the_last_whole_day(automatic: bool) -> None:
    timetable = StoreDayTimetable(SAO_PAULO, automatic=automatic)
    moment = midnight(date(2026, 3, 14)) + timedelta(minutes=10)
    assert timetable.infer_manual_data_interval(run_after=moment) == day_of(date(2026, 3, 13))


@pytest.mark.parametrize("automatic", [True, False])
def test_airflow_stores_it_as_it_is(automatic: bool) -> None:
    timetable = StoreDayTimetable(SAO_PAULO, automatic=automatic, after=timedelta(minutes=10))
    stored = dag(timetable).timetable
    assert isinstance(stored, StoreDayTimetable)
    assert stored.serialize() == timetable.serialize()
    assert stored.description == timetable.description
    # Airflow 3 refuses a backfill otherwise; 2.11 would not keep to max_active_runs in one.
    assert stored.periodic
    assert stored.can_be_scheduled


def test_people_read_what_it_is() -> None:
    nightly, on_demand = StoreDayTimetable(SAO_PAULO), StoreDayTimetable(SAO_PAULO, automatic=False)
    assert nightly.summary == "each store day"
    assert nightly.description == (
        "One run for each day of America/Sao_Paulo, 2 hours 30 minutes after its end"
    )
    assert on_demand.summary == "store days, on demand"
    assert on_demand.description == (
        "One run for each day of America/Sao_Paulo, only when asked for by a backfill or a trigger"
    )
