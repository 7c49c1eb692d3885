"""Which days are missing, wherever they are."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.situations import FIRST, NOW, TODAY, good, reason, row, rows, situation, with_rejects
from tiny_operators.situation.facts import SHOWN_DAYS, Day, OtherVersionError, Situation, State

YESTERDAY = TODAY - timedelta(days=1)


@pytest.mark.parametrize(
    ("known", "state"),
    [
        (row(YESTERDAY), State.MISSING),
        (row(YESTERDAY, 0, 0), State.COMPLETE),
        (row(YESTERDAY, 0, 3), State.DIFFERS),
        (row(YESTERDAY, 5), State.LOADED),
        (row(YESTERDAY, 5, 5), State.COMPLETE),
        # More than there were: orders that came after the comparison.
        (row(YESTERDAY, 7, 5), State.COMPLETE),
        (row(YESTERDAY, 4, 5), State.DIFFERS),
        (row(YESTERDAY, 5, 5, still_differ=1), State.DIFFERS),
        (row(YESTERDAY, 0, 0, still_differ=1), State.DIFFERS),
        # The daily DAG lists the day in Tiny, too; what a comparison found later counts more.
        (row(YESTERDAY, daily=True), State.COMPLETE),
        (row(YESTERDAY, 5, daily=True), State.COMPLETE),
        (row(YESTERDAY, 4, 5, daily=True), State.DIFFERS),
    ],
    ids=str,
)
def test_the_state_of_a_day(known: dict[str, Any], state: State) -> None:
    found = situation(rows({YESTERDAY: known}))
    assert dict(found.states())[YESTERDAY] is state
    assert dict(found.states())[TODAY] is State.PENDING


# The newest day that can be missing, the oldest but one, and where the figures end and the letters begin.
PLACES = [1, 2, SHOWN_DAYS - 2, SHOWN_DAYS - 1, SHOWN_DAYS, SHOWN_DAYS + 1, 200, 398]


@pytest.mark.parametrize("ago", PLACES)
@pytest.mark.parametrize("length", [1, 3, 40])
def test_missing_days_are_found_at_each_place(ago: int, length: int) -> None:
    last = TODAY - timedelta(days=ago)
    first = max(last - timedelta(days=length - 1), FIRST + timedelta(days=1))
    gone = {first + timedelta(days=number): None for number in range((last - first).days + 1)}
    found = situation(rows(gone))
    assert found.since == FIRST
    assert [day for day, state in found.states() if state is State.MISSING] == sorted(gone)
    assert found.count(State.MISSING) == len(gone) == found.counts()["missing"]
    assert found.counts()["days"] == 400


def test_days_before_the_first_known_one_are_not_missing() -> None:
    found = situation(rows(first=TODAY - timedelta(days=50)))
    assert found.since == TODAY - timedelta(days=50)
    assert found.count(State.MISSING) == 0
    assert len(list(found.states())) == 51
    young = situation(rows(first=TODAY - timedelta(days=3)))
    assert (young.older, len(young.days)) == ("", 4)


def test_a_comparison_without_orders_makes_a_day_known() -> None:
    day = TODAY - timedelta(days=60)
    found = situation(rows({day: row(day, 0, 0)}, first=TODAY - timedelta(days=50)))
    assert found.since == day
    assert found.count(State.MISSING) == 9


def test_nothing_loaded_is_nothing_known() -> None:
    found = situation(rows(first=TODAY + timedelta(days=1)))
    assert (found.since, found.older, found.days) == (None, "", ())
    assert list(found.states()) == []
    assert found.counts()["days"] == 0
    assert (found.last_load, found.last_webhook, found.oldest_waiting) == (None, None, None)


# Six in the morning in São Paulo is nine in UTC.
@pytest.mark.parametrize(("hour", "pending"), [(8, True), (9, False), (23, False)])
def test_yesterday_is_not_missing_before_its_hour(hour: int, pending: bool) -> None:
    now = NOW.replace(hour=hour)
    found = situation(rows({YESTERDAY: None, TODAY: None}), now=now)
    state = dict(found.states())[YESTERDAY]
    assert state is (State.PENDING if pending else State.MISSING)


def test_days_are_those_of_the_store() -> None:
    # In São Paulo it is still the 23rd.
    found = situation(now=datetime(2026, 11, 24, 2, 59, tzinfo=UTC))
    assert found.pending_from == TODAY
    assert situation(now=datetime(2026, 11, 24, 9, tzinfo=UTC)).pending_from == date(2026, 11, 24)


@pytest.mark.parametrize("files", [1, 3, 40])
def test_what_waits_and_what_came_last(files: int) -> None:
    arrived = [NOW - timedelta(minutes=5 * number) for number in range(1, files + 1)]
    webhook, load = NOW - timedelta(hours=3), NOW - timedelta(hours=2)
    known = rows({
        YESTERDAY: good(YESTERDAY) | {"last_webhook": webhook, "last_load": load},
        FIRST: good(FIRST) | {"last_webhook": webhook - timedelta(days=399)},
    })
    found = situation(known, arrived[::-1])
    assert (found.waiting, found.oldest_waiting) == (files, arrived[-1])
    assert (found.last_webhook, found.last_load) == (arrived[0], load)
    assert situation(known).last_webhook == webhook


def test_it_survives_json() -> None:
    gone = {TODAY - timedelta(days=number): None for number in (1, 7, 60, 61)}
    found = situation(rows(gone | {TODAY: with_rejects(TODAY, 2, 2)}), [NOW])
    assert len(found.rejected) == 4
    assert Situation.from_json(json.loads(json.dumps(found.to_json()))) == found
    nothing = situation(rows(first=TODAY + timedelta(days=1)))
    assert Situation.from_json(json.loads(json.dumps(nothing.to_json()))) == nothing


def test_it_stays_small_as_history_grows() -> None:
    few, many = (situation(rows(first=TODAY - timedelta(days=ago))) for ago in (SHOWN_DAYS, 399))
    grown = len(json.dumps(many.to_json())) - len(json.dumps(few.to_json()))
    # A letter a day.
    assert grown == 399 - SHOWN_DAYS
    assert len(json.dumps(many.to_json())) < 5_000


@pytest.mark.parametrize(
    "content",
    [
        None,
        "text",
        [],
        {},
        {"version": 0},
        {"version": 2},
        situation().to_json() | {"days": [["2026-01-01"]]},
        situation().to_json() | {"seen_at": "yesterday"},
        situation().to_json() | {"days": 1},
        situation().to_json() | {"rejected": [["2026-01-01"]]},
        situation().to_json() | {"more": 1},
    ],
    ids=lambda content: str(content)[:30],
)
def test_what_another_version_wrote_is_not_read(content: Any) -> None:
    with pytest.raises(OtherVersionError):
        Situation.from_json(content)


def test_a_day_is_known_by_orders_or_by_a_comparison() -> None:
    assert not Day(TODAY, rejects=3).known
    assert Day(TODAY, 1).known
    assert Day(TODAY, 0, 0).known


@pytest.mark.parametrize("ago", [0, 1, SHOWN_DAYS - 1])
@pytest.mark.parametrize(("orders", "files"), [(1, 0), (0, 1), (20, 20), (300, 40)])
def test_the_newest_rejects_are_told_of_orders_and_of_files(ago: int, orders: int, files: int) -> None:
    day = TODAY - timedelta(days=ago)
    older = {day - timedelta(days=1): with_rejects(day - timedelta(days=1), 3, 3)}
    found = situation(rows({day: with_rejects(day, orders, files), **older}))
    reported = [each.day for each in found.rejected]
    assert reported.count(day) == min(orders, 20) + min(files, 20)
    # What was set aside before the days that are shown is neither counted nor told.
    shown = {0: 3, 1: 3, SHOWN_DAYS - 1: 0}[ago]
    assert len(reported) == min(orders + shown, 20) + min(files + shown, 20)
    assert sum(each.pedido is None for each in found.rejected) == min(files + shown, 20)


def test_of_the_name_of_a_file_only_its_end_is_told() -> None:
    known = good(TODAY) | {"rejects": 1, "files": 1, "files_out": [reason(file=f"by/hand/{'x' * 200}.json")]}
    (reported,) = situation(rows({TODAY: known})).rejected
    assert reported.what == f"{'x' * 55}.json"


def test_rejects_of_days_that_are_not_shown_yet_are_not_told() -> None:
    nothing = rows({TODAY: row(TODAY) | {"orders_out": [reason(1)]}}, first=TODAY + timedelta(days=1))
    assert situation(nothing).rejected == ()
