"""How far a reading is."""

from __future__ import annotations

from datetime import UTC, datetime

from tiny_operators.batches.progress import Progress, hours_of_calls

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)


def test_a_third_of_the_orders_tells_when_the_rest_is_done() -> None:
    assert Progress(planned=60, done=20, fresh=20, calls=30, seconds=40.0).fields(NOON) == {
        "orders": 20,
        "planned": 60,
        "percent": 33,
        "calls": 30,
        "calls_per_minute": 45.0,
        "seconds_left": 80,
        "done_at": "2026-03-14T12:01:20+00:00",
    }


def test_orders_that_an_earlier_try_read_do_not_count_for_the_pace() -> None:
    assert Progress(planned=60, done=40, fresh=10, calls=10, seconds=20.0).seconds_left == 40.0


def test_before_the_first_order_nobody_knows() -> None:
    fields = Progress(planned=60, done=20, fresh=0, calls=0, seconds=0.0).fields(NOON)
    assert (fields["seconds_left"], fields["done_at"], fields["calls_per_minute"]) == (None, None, 0.0)


def test_when_all_is_read_nothing_is_left() -> None:
    assert Progress(planned=0, done=0, fresh=0, calls=0, seconds=0.1).fields(NOON)["percent"] == 100
    assert Progress(planned=5, done=5, fresh=0, calls=0, seconds=0.1).seconds_left == 0.0


def test_hours_of_calls() -> None:
    assert hours_of_calls(4800, 40.0) == 2.0
