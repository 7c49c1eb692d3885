"""Which dates a run of history takes, and what it refuses."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiny_operators.batches.run_request import RequestError, RunRequest, check_names, read_request

ZONE = "America/Sao_Paulo"
NOW = datetime(2026, 3, 15, 2, 30, tzinfo=UTC)  # 23:30 of the 14th in São Paulo
FORM: dict[str, Any] = {
    "from_date": None,
    "to_date": None,
    "force": False,
    "refresh_costs": False,
}
DAY_13 = (datetime(2026, 3, 13, tzinfo=UTC), datetime(2026, 3, 14, tzinfo=UTC))


def request(interval: tuple[datetime, datetime] | None = DAY_13, **params: Any) -> RunRequest:
    return read_request({**FORM, **params}, interval, NOW, ZONE)


def test_a_scheduled_run_takes_the_store_day_of_its_interval() -> None:
    found = request()
    assert found == RunRequest(date(2026, 3, 13), date(2026, 3, 13), of_interval=True)
    assert found.dates == [date(2026, 3, 13)]


def test_a_longer_interval_is_taken_whole_its_end_not_included() -> None:
    week = (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 8, tzinfo=UTC))
    assert request(week).dates == [date(2026, 3, day) for day in range(1, 8)]


def test_a_run_by_hand_without_dates_takes_yesterday() -> None:
    assert request(None) == RunRequest(date(2026, 3, 13), date(2026, 3, 13))


def test_a_run_without_dates_may_take_more_days_up_to_yesterday() -> None:
    """In the store's time zone, where it is still the 14th."""
    found = read_request(FORM, None, NOW, ZONE, days=35)
    assert (found.first, found.last, len(found.dates)) == (date(2026, 2, 7), date(2026, 3, 13), 35)
    assert found.of_interval is False
    assert read_request({**FORM, "from_date": "2026-03-01"}, None, NOW, ZONE, days=35).dates == [
        date(2026, 3, 1)
    ]


def test_the_form_wins_over_the_interval() -> None:
    assert request(from_date="2026-01-30", to_date="2026-02-02").dates == [
        date(2026, 1, 30),
        date(2026, 1, 31),
        date(2026, 2, 1),
        date(2026, 2, 2),
    ]


@pytest.mark.parametrize("to_date", [None, ""])
def test_a_first_date_alone_is_that_day(to_date: str | None) -> None:
    assert request(from_date="2026-01-30", to_date=to_date).dates == [date(2026, 1, 30)]


@pytest.mark.parametrize("empty", [{}, {"from_date": None}, {"from_date": ""}])
@pytest.mark.parametrize("interval", [DAY_13, None])
def test_a_last_date_alone_is_refused_and_says_what_to_do(
    interval: tuple[datetime, datetime] | None, empty: dict[str, Any]
) -> None:
    """As a first date that was forgotten: only the last day would be loaded."""
    says = "^from_date is empty, and to_date is 2026-01-30: give both, or from_date alone for one day$"
    params = {name: value for name, value in FORM.items() if name != "from_date"}
    with pytest.raises(RequestError, match=says):
        read_request({**params, **empty, "to_date": "2026-01-30"}, interval, NOW, ZONE)


@pytest.mark.parametrize("empty", [None, ""])
def test_what_airflow_itself_passes_is_the_interval_also_where_the_form_is_empty(empty: str | None) -> None:
    assert request(from_date=empty, to_date=empty).of_interval
    assert read_request({}, DAY_13, NOW, ZONE).of_interval


def test_flags_come_through() -> None:
    found = request(force=True, refresh_costs=True)
    assert (found.force, found.refresh_costs) == (True, True)


def test_only_an_operator_says_that_a_run_only_asks() -> None:
    """Airflow 2 mixes whatever a run was triggered with into its parameters."""
    assert request(only_asks=True).only_asks is False


def test_today_may_be_asked_for_and_is_the_stores_today() -> None:
    assert request(from_date="2026-03-14").dates == [date(2026, 3, 14)]
    with pytest.raises(
        RequestError, match=r"2026-03-15 is in the future: in America/Sao_Paulo it is 2026-03-14"
    ):
        request(from_date="2026-03-15")


def test_a_range_that_ends_in_the_future_is_refused() -> None:
    with pytest.raises(RequestError, match="future"):
        request(from_date="2026-03-01", to_date="2026-12-31")


def test_an_interval_in_the_future_is_refused() -> None:
    with pytest.raises(RequestError, match="future"):
        request((datetime(2027, 3, 13, tzinfo=UTC), datetime(2027, 3, 14, tzinfo=UTC)))


def test_an_end_before_the_start_is_refused() -> None:
    with pytest.raises(RequestError, match=r"to_date \(2026-01-01\) is before from_date \(2026-01-31\)"):
        request(from_date="2026-01-31", to_date="2026-01-01")


@pytest.mark.parametrize(
    "value",
    [
        "31/01/2026",
        "2026-1-31",
        "20260131",
        "yesterday",
        "2026-01-31T00:00",
        20260131,
        ["2026"],
    ],
)
def test_other_forms_of_a_date_are_refused_with_the_field_and_what_is_expected(value: object) -> None:
    with pytest.raises(RequestError, match=r"from_date must be a date as YYYY-MM-DD") as error:
        request(from_date=value)
    assert str(value) not in str(error.value) or isinstance(value, list)


@pytest.mark.parametrize("name", ["from_date", "to_date"])
@pytest.mark.parametrize("value", ["2026-02-30", "2025-02-29", "2026-13-01", "2026-00-10", "0000-01-01"])
def test_a_day_that_does_not_exist_is_not_called_badly_written(name: str, value: str) -> None:
    dates: dict[str, Any] = {"from_date": "2026-01-01", name: value}
    with pytest.raises(RequestError, match=f"^{name} has the form YYYY-MM-DD, but there is no such day"):
        request(**dates)


@pytest.mark.parametrize("value", ["yes", 1, None, "true"])
def test_a_flag_is_true_or_false(value: object) -> None:
    with pytest.raises(RequestError, match="force must be true or false"):
        request(force=value)


def test_what_the_form_has_is_taken() -> None:
    check_names({"from_date": "2026-01-01"}, FORM)


@pytest.mark.parametrize("conf", [{"store": "other"}, {"from": "2026-01-01"}, {"From_date": "2026-01-01"}])
def test_an_unknown_parameter_is_refused_and_the_known_ones_are_named(conf: dict[str, Any]) -> None:
    """As a misspelled date: the run would otherwise take another day than the person meant."""
    with pytest.raises(RequestError, match=r"unknown parameters.*from_date"):
        check_names(conf, FORM)


@given(st.dates(date(2000, 1, 1), date(2026, 3, 14)), st.integers(0, 400))
def test_dates_are_every_day_from_the_first_to_the_last(first: date, days: int) -> None:
    last = min(date(2026, 3, 14), date.fromordinal(first.toordinal() + days))
    dates = request(from_date=first.isoformat(), to_date=last.isoformat()).dates
    assert dates[0] == first
    assert dates[-1] == last
    assert len(dates) == len(set(dates)) == (last - first).days + 1


@pytest.mark.parametrize("flags", [{}, {"force": True}, {"refresh_costs": True, "force": True}])
def test_what_is_left_is_asked_for_in_the_same_way(flags: dict[str, Any]) -> None:
    asked = request(from_date="2026-01-30", to_date="2026-02-02", **flags)
    rest = asked.after(date(2026, 1, 31))
    assert rest == {"from_date": "2026-02-01", "to_date": "2026-02-02", **flags}
    left = request(**rest)
    assert left.dates == [date(2026, 2, 1), date(2026, 2, 2)]
    assert (left.force, left.refresh_costs) == (asked.force, asked.refresh_costs)
    check_names(rest, FORM)


def test_after_the_last_date_nothing_is_left() -> None:
    asked = request(from_date="2026-01-30", to_date="2026-02-02")
    assert asked.after(date(2026, 2, 2)) is None
    assert request(from_date="2026-01-30", to_date="2026-01-30").after(date(2026, 1, 30)) is None
