"""Files of a plan that cannot be used: their rows of ``rejeitados``, and when they are too many."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.tiny_operators.helpers import STORE
from tiny_operators.batches.inbox import file_destinations, reject_rows, too_many_unusable
from tiny_operators.orders.outcomes import Outcome, Reject, State
from tiny_operators.orders.plan import InboxFile, Plan, PlannedOrder, RejectedFile

NOON = datetime(2026, 3, 14, 15, tzinfo=UTC)


def plan_of(bad: int, good: int, rejects: int = 1) -> Plan:
    """Plan bad files, each with some rejects, and good ones."""
    files = [InboxFile(f"{n}.json", n, NOON.isoformat()) for n in range(bad + good)]
    orders = (
        PlannedOrder(file.generation + 1, file.arrived_at, "2026-03-14", files=(file,))
        for file in files[bad:]
    )
    wrong = (
        RejectedFile(file, Reject("plan", f"field{n}", "JSON", "text", "mend it"))
        for file in files[:bad]
        for n in range(rejects)
    )
    return Plan(STORE, "webhook", tuple(orders), rejected=tuple(wrong))


@pytest.mark.parametrize(
    ("bad", "good", "ignored", "share", "too_many"),
    [
        (0, 9, 0, 0.2, False),
        (1, 0, 0, 0.2, False),
        (4, 0, 0, 0.2, False),
        (5, 0, 0, 0.2, True),
        (5, 19, 0, 0.2, True),
        (5, 20, 0, 0.2, False),
        (5, 0, 20, 0.2, False),
        (6, 24, 0, 0.2, False),
        (29, 71, 0, 0.29, False),
        (30, 70, 0, 0.29, True),
        (100, 399, 0, 0.2, True),
    ],
)
def test_many_files_that_cannot_be_used_are_a_change_of_tiny(
    bad: int, good: int, ignored: int, share: float, *, too_many: bool
) -> None:
    plan = plan_of(bad, good, rejects=2)
    others = tuple(InboxFile(f"{n}.json", n, NOON.isoformat()) for n in range(1000, 1000 + ignored))
    outcomes = {order.pedido: Outcome(State.LOADED) for order in plan.orders}
    destinations = list(file_destinations(replace(plan, ignored=others), outcomes))
    assert too_many_unusable(destinations, share) == (bad if too_many else None)


@pytest.mark.parametrize("waiting", [True, False])
def test_a_file_counts_when_it_leaves_and_an_order_is_no_file(*, waiting: bool) -> None:
    plan = plan_of(5, 0)
    orders = tuple(
        PlannedOrder(n + 1, item.file.arrived_at, "2026-03-14", files=(item.file,))
        for n, item in enumerate(plan.rejected)
    )
    rejected = Outcome(State.REJECTED, Reject("fetch", "pedido", "an order", "none", "mend it"))
    outcomes = {} if waiting else dict.fromkeys(range(1, 6), rejected)
    mixed = list(file_destinations(replace(plan, orders=orders), outcomes))
    assert too_many_unusable(mixed, 0.2) == (None if waiting else 5)
    whole = list(file_destinations(replace(plan, orders=orders, rejected=()), outcomes))
    assert too_many_unusable(whole, 0.2) is None


@pytest.mark.parametrize("many", [1, 3, 40])
def test_each_reject_of_a_file_has_one_row_that_each_run_gives_the_same_id(many: int) -> None:
    plan = plan_of(many, 2, rejects=2)
    doubled = Plan(plan.store, plan.path, plan.orders, rejected=plan.rejected * 2)
    first = reject_rows(doubled, "run-1", NOON)
    assert [(row["file"], row["field"]) for row in first] == [
        (item.file.name, item.reject.field) for item in plan.rejected
    ]
    assert {(row["run"], row["path"], row["pedido"], row["kind"]) for row in first} == {
        ("run-1", "webhook", None, "reject")
    }
    again = reject_rows(plan, "run-2", NOON + timedelta(days=2))
    assert [row["id"] for row in again] == [row["id"] for row in first]
    other = Plan(
        STORE,
        "webhook",
        rejected=tuple(
            RejectedFile(
                InboxFile(item.file.name, item.file.generation + 1000, item.file.arrived_at), item.reject
            )
            for item in plan.rejected
        ),
    )
    assert not {row["id"] for row in reject_rows(other, "run-1", NOON)} & {row["id"] for row in first}


def test_a_plan_without_rejects_has_no_rows() -> None:
    assert reject_rows(plan_of(0, 3), "run-1", NOON) == []


def test_of_a_file_with_many_rejects_some_have_a_row() -> None:
    rows = reject_rows(plan_of(3, 0, rejects=1000), "run-1", NOON)
    assert [row["file"] for row in rows] == [f"{n}.json" for n in range(3) for _ in range(20)]
