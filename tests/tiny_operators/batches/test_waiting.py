"""What stays in the inbox: for how long, when it is tried again, and that it keeps nobody out."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from tiny_operators.batches.inbox import ended, file_destinations
from tiny_operators.batches.waiting import WaitingFiles, choose, reject_if_overdue
from tiny_operators.orders.outcomes import Outcome, Reject, State, Wait, Waiting
from tiny_operators.orders.plan import (
    FinishedPart,
    InboxFile,
    PartlyFinishedFile,
    Plan,
    PlannedOrder,
    RejectedFile,
    Tried,
)

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
LONG_AGO = "2025-01-01T12:00:00+00:00"


def at(**later: float) -> str:
    return (NOON + timedelta(**later)).isoformat()


def file(generation: int) -> InboxFile:
    return InboxFile(f"{generation}.json", generation, LONG_AGO)


def order(pedido: int, *generations: int) -> PlannedOrder:
    return PlannedOrder(pedido, LONG_AGO, "2025-01-01", files=tuple(map(file, generations)))


def waiting(*generations: int, runs: int = 1, wait: Wait = Wait.NO_ANSWER) -> WaitingFiles:
    """The state after so many runs, each at noon."""
    state = WaitingFiles()
    for number in range(runs):
        handled: dict[int, list[Waiting]] = {
            generation: [Waiting(wait, at(seconds=number))] for generation in generations
        }
        state = state.after_run(f"run-{number}", handled, generations)
    return state


def test_the_day_without_an_answer_counts_from_the_first_asking() -> None:
    """The sale arrived a year ago: its file was put back, or came late."""
    assert reject_if_overdue(order(1, 7), at()) is None
    tried = Tried(4, at(), {Wait.NO_ANSWER: at()})
    asked_before = PlannedOrder(1, LONG_AGO, "2025-01-01", files=(file(7),), tried=tried)
    assert reject_if_overdue(asked_before, at(hours=23)) is None
    late = reject_if_overdue(asked_before, at(hours=25))
    assert late is not None
    assert (late.step, late.field) == ("fetch", "pedido")
    assert "since 2026-03-14T12:00, in 5 runs" in late.found


def test_an_order_that_waited_for_something_else_has_its_full_time() -> None:
    tried = Tried(4, at(), {Wait.NOT_LISTED: LONG_AGO})
    asked_before = PlannedOrder(1, LONG_AGO, "2025-01-01", files=(file(7),), tried=tried)
    assert reject_if_overdue(asked_before, at()) is None


def test_an_order_without_a_file_cannot_wait() -> None:
    assert reject_if_overdue(order(1), at())


@pytest.mark.parametrize("silent", [1, 3, 150])
def test_however_many_wait_new_orders_come_first(silent: int) -> None:
    old, new = range(1, silent + 1), range(1001, 1101)
    state = waiting(*old)
    plan = Plan("z316", "webhook", tuple(order(number, number) for number in (*old, *new)))
    chosen = choose(plan, state, NOON + timedelta(hours=1), 100)
    assert [found.pedido for found in chosen.orders] == list(new)
    more = choose(plan, state, NOON + timedelta(hours=1), 100 + silent)
    assert [found.pedido for found in more.orders] == [*new, *old]
    assert all(found.tried for found in more.orders[100:])


def test_pauses_grow_to_a_quarter_of_an_hour() -> None:
    for runs, pause_s in ((1, 15), (2, 30), (3, 60), (7, 900), (50, 900)):
        state = waiting(7, runs=runs)
        last = NOON + timedelta(seconds=runs - 1)
        assert not state.is_due([file(7)], last + timedelta(seconds=pause_s - 1))
        assert state.is_due([file(7)], last + timedelta(seconds=pause_s))


def test_a_new_file_of_an_order_is_read_at_once_and_keeps_the_time_of_the_old_one() -> None:
    state = waiting(7)
    assert not state.is_due([file(7)], NOON)
    assert state.is_due([file(7), file(8)], NOON)
    tried = state.tried([file(7), file(8)])
    assert tried is not None
    assert tried.since == {"no_answer": at()}


def test_a_file_about_several_orders_notes_each_reason_and_is_taken_whole() -> None:
    waits = [Waiting(Wait.NO_ANSWER, at()), Waiting(Wait.NOT_LISTED, at(seconds=1))]
    state = WaitingFiles().after_run("a", {7: waits}, {7})
    assert state.files[7].since == {"no_answer": at(), "not_listed": at(seconds=1)}
    plan = Plan("z316", "webhook", tuple(order(pedido, 7) for pedido in (1, 2, 3)))
    assert choose(plan, state, NOON).orders == ()
    assert len(choose(plan, state, NOON + timedelta(minutes=1), 1).orders) == 3


def test_a_file_that_was_put_back_begins_anew() -> None:
    """It is another generation of the name."""
    assert waiting(7).tried([file(8)]) is None


@pytest.mark.parametrize("gone", [(), (1,), (1, 2, 3)])
def test_what_left_the_inbox_is_forgotten_also_when_a_person_took_it(gone: tuple[int, ...]) -> None:
    state, there = waiting(1, 2, 3, 4), {1, 2, 3, 4} - set(gone)
    assert set(state.after_run("next", {}, there).files) == there
    assert set(state.after_run("next", {1: [], 2: []}, there).files) == there - {1, 2}


def test_a_run_that_ends_twice_counts_once() -> None:
    handled: dict[int, list[Waiting]] = {7: [Waiting(Wait.NO_ANSWER, at())]}
    once = waiting(7, runs=2).after_run("again", handled, {7})
    assert once.after_run("again", handled, {7}) == once
    assert once.files[7].times == 3
    assert WaitingFiles.from_json(once.to_json()) == once


def test_each_reason_keeps_its_own_beginning() -> None:
    state = waiting(7).after_run("b", {7: [Waiting(Wait.NOT_LISTED, at(hours=5))]}, {7})
    state = state.after_run("c", {7: [Waiting(Wait.NO_ANSWER, at(hours=6))]}, {7})
    assert state.files[7].since == {"no_answer": at(), "not_listed": at(hours=5)}


def test_files_that_cannot_be_moved_are_not_taken_up_by_each_run() -> None:
    reject = Reject("plan", "(file)", "JSON in UTF-8", "something else", "look")
    plan = Plan(
        "z316",
        "webhook",
        (order(1, 1),),
        rejected=(RejectedFile(file(2), reject), RejectedFile(file(4), reject)),
        ignored=(file(3),),
    )
    state = waiting(1, 2, 3, wait=Wait.NOT_MOVED)
    chosen = choose(plan, state, NOON)
    assert (chosen.orders, chosen.ignored) == ((), ())
    assert [item.file.generation for item in chosen.rejected] == [4]
    assert choose(plan, state, NOON + timedelta(seconds=15)).rejected == plan.rejected


WHY = Reject("rows", "pdv.data", "a day", "text of 3 characters", "look")
BROKEN = Reject("plan", "(file)", "JSON", "something else", "look")


@pytest.mark.parametrize("count", [1, 3, 30])
@pytest.mark.parametrize("place", ["first", "middle", "last"])
def test_what_is_done_of_a_file_that_waits_is_not_done_again(count: int, place: str) -> None:
    """Of a file of many orders some wait, wherever they stand; the others and its bad line came to their end."""
    start = {"first": 0, "middle": 15, "last": 40 - count}[place]
    waits = set(range(1, 41)[start : start + count])
    plan = Plan(
        "z316",
        "webhook",
        tuple(order(pedido, 7) for pedido in range(1, 41)),
        rejected=(RejectedFile(file(7), BROKEN),),
    )
    outcomes = {
        pedido: Outcome(State.WAITING)
        if pedido in waits
        else Outcome(State.REJECTED, WHY)
        if pedido % 2
        else Outcome(State.LOADED)
        for pedido in range(1, 41)
    }
    (first,) = file_destinations(plan, outcomes)
    state = WaitingFiles().after_run("a", {7: [Waiting(Wait.NO_ANSWER, at())]}, {7}, ended(plan, outcomes))
    state = WaitingFiles.from_json(json.loads(json.dumps(state.to_json())))
    later = choose(plan, state, NOON + timedelta(hours=1))
    later = Plan.from_json(json.loads(json.dumps(later.to_json())))
    assert {found.pedido for found in later.orders} == waits
    assert not later.rejected
    (still,) = file_destinations(later, {})
    assert still == first
    assert set(ended(later, {})[7]) == set(ended(plan, outcomes)[7])
    (last,) = file_destinations(later, {pedido: Outcome(State.LOADED) for pedido in waits})
    assert last.state == "rejected", "a person puts the whole file back"
    reported = {last.pedido: last.reject} | dict(last.more)
    assert reported == {None: BROKEN} | {pedido: WHY for pedido in range(1, 41, 2) if pedido not in waits}


def test_a_new_file_of_an_order_that_is_done_is_read_alone() -> None:
    ends = {7: (FinishedPart(1), FinishedPart(2, WHY))}
    state = WaitingFiles().after_run("a", {7: [Waiting(Wait.NO_ANSWER, at())]}, {7, 8}, ends)
    plan = Plan("z316", "webhook", (order(1, 7, 8), order(2, 7), order(3, 7)))
    at_once = choose(plan, state, NOON)
    assert [(found.pedido, found.files) for found in at_once.orders] == [(1, (file(8),))]
    assert at_once.ended == ()
    later = choose(plan, state, NOON + timedelta(minutes=1))
    assert {found.pedido: found.files for found in later.orders} == {1: (file(8),), 3: (file(7),)}
    assert later.ended == (PartlyFinishedFile(file(7), ends[7]),)


@pytest.mark.parametrize("bad", [0, 1])
def test_a_file_that_cannot_be_moved_is_only_moved_when_it_is_due(bad: int) -> None:
    """All its orders came to their end: none of them is read again."""
    rejects = (RejectedFile(file(7), BROKEN),) * bad
    plan = Plan("z316", "webhook", (order(1, 7), order(2, 7)), rejected=rejects)
    outcomes = {1: Outcome(State.LOADED), 2: Outcome(State.GONE)}
    stays = {7: [Waiting(Wait.NOT_MOVED, at())]}
    state = WaitingFiles().after_run("a", stays, {7}, ended(plan, outcomes))
    assert choose(plan, state, NOON).files == frozenset()
    again = choose(plan, state, NOON + timedelta(minutes=1))
    assert (again.orders, again.rejected, again.files) == ((), (), frozenset({file(7)}))
    assert list(file_destinations(again, {})) == list(file_destinations(plan, outcomes))


def test_what_has_ended_is_forgotten_with_its_file() -> None:
    handled: dict[int, list[Waiting]] = {7: [Waiting(Wait.NO_ANSWER, at())]}
    state = WaitingFiles().after_run("a", handled, {7}, {7: (FinishedPart(1),), 8: (FinishedPart(2),)})
    assert state.ended == {7: (FinishedPart(1),)}, "file 8 has left the inbox"
    assert state.after_run("b", {}, {7}) == state
    assert state.after_run("b", {7: []}, {7}, {7: (FinishedPart(1), FinishedPart(2))}).ended == {}


def test_a_line_of_a_file_that_is_taken_early_is_not_forgotten() -> None:
    """A new file of its only order comes before its pause is over: both are read, and its bad line counts."""
    state = waiting(7)
    plan = Plan("z316", "webhook", (order(1, 7, 8),), rejected=(RejectedFile(file(7), BROKEN),))
    assert choose(plan, state, NOON).rejected == plan.rejected
