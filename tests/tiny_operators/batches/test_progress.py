"""How far a reading is, and how long a plan takes."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from tiny_operators.batches.order_reader import progress
from tiny_operators.operators.plan_dates import PlanDatesOperator

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)


def test_a_third_of_the_orders_tells_when_the_rest_is_done() -> None:
    assert progress(planned=60, done=20, fresh=20, calls=30, seconds=40.0, at=NOON) == {
        "orders": 20,
        "planned": 60,
        "percent": 33,
        "calls": 30,
        "calls_per_minute": 45.0,
        "seconds_left": 80,
        "done_at": "2026-03-14T12:01:20+00:00",
    }


def test_orders_that_an_earlier_try_read_do_not_count_for_the_pace() -> None:
    assert progress(planned=60, done=40, fresh=10, calls=10, seconds=20.0, at=NOON)["seconds_left"] == 40


def test_before_the_first_order_nobody_knows() -> None:
    fields = progress(planned=60, done=20, fresh=0, calls=0, seconds=0.0, at=NOON)
    assert (fields["seconds_left"], fields["done_at"], fields["calls_per_minute"]) == (None, None, 0.0)


def test_when_all_is_read_nothing_is_left() -> None:
    assert progress(planned=0, done=0, fresh=0, calls=0, seconds=0.1, at=NOON)["percent"] == 100
    fields = progress(planned=5, done=5, fresh=0, calls=0, seconds=0.1, at=NOON)
    assert (fields["seconds_left"], fields["done_at"]) == (0, "2026-03-14T12:00:00+00:00")


def test_a_plan_says_how_many_hours_its_calls_take() -> None:
    plan: Any = SimpleNamespace(
        listed=3800, new=3800, changed=0, vanished=0, orders=3800, unanswered=False, pages=38
    )
    planner: Any = SimpleNamespace(
        known=SimpleNamespace(products=lambda: 1200),
        raw=SimpleNamespace(products_today=lambda: 200),
        hook=SimpleNamespace(allowed_per_minute=40.0),
    )
    summary = PlanDatesOperator._summary([plan], planner)
    assert (summary["calls"], summary["hours"]) == (4800, 2.0)
