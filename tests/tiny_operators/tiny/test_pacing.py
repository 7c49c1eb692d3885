"""The pace: never above the allowed number in any minute, hardly below it, and how long to wait after a refusal."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tiny_operators.conftest import FakeTime
from tiny_operators.tiny.answers import RETRYABLE
from tiny_operators.tiny.pacing import BACKOFF, Backoff, Pace

WINDOW_S = 60.0
LIMITS = st.one_of(st.sampled_from([20, 30, 60, 120, 600]), st.integers(1, 300))
SHARES = st.one_of(st.sampled_from([0.5, 0.8, 1.0]), st.floats(0.05, 1.0))
LATENCIES = st.lists(st.floats(0, 20, allow_subnormal=False), min_size=1, max_size=8)


def call_times(
    time: FakeTime,
    pace: Pace,
    latencies: Iterable[float],
    number: int,
    headers: Iterable[str | None] = (None,),
) -> list[float]:
    """When each of so many calls is sent; the latencies and headers come again and again."""
    latencies, headers = list(latencies), list(headers)
    times = []
    for n in range(number):
        pace.wait()
        times.append(time.now)
        time.now += latencies[n % len(latencies)]
        pace.learn(headers[n % len(headers)])
    return times


def most_in_a_window(times: list[float]) -> int:
    return max(sum(start <= time < start + WINDOW_S for time in times) for start in times)


@given(LIMITS, SHARES, LATENCIES)
def test_no_minute_holds_more_calls_than_allowed(
    per_minute: int, share: float, latencies: list[float]
) -> None:
    time = FakeTime()
    times = call_times(
        time, Pace(per_minute, share, time.clock, time.sleep), latencies, min(2 * per_minute + 2, 250)
    )
    assert most_in_a_window(times) <= math.ceil(per_minute * share)


@given(LIMITS, st.lists(st.floats(0, 8), min_size=1, max_size=8))
def test_a_wait_that_takes_longer_than_asked_for_breaks_no_minute(
    per_minute: int, delays: list[float]
) -> None:
    """A busy machine, a worker that was stopped for a while: a sleep ends late, the call goes out late."""
    time, count = FakeTime(), iter(range(10**6))

    def late(seconds: float) -> None:
        time.sleep(seconds + delays[next(count) % len(delays)])

    times = call_times(time, Pace(per_minute, 1.0, time.clock, late), [0.0], min(2 * per_minute + 2, 250))
    assert most_in_a_window(times) <= per_minute


@given(LIMITS, st.lists(st.integers(1, 60), min_size=2, max_size=6))
def test_tasks_that_follow_each_other_share_the_minute(per_minute: int, calls_of_tasks: list[int]) -> None:
    time = FakeTime()
    times: list[float] = []
    for calls in calls_of_tasks:
        times += call_times(time, Pace(per_minute, 1.0, time.clock, time.sleep), [0.01], calls)
    assert most_in_a_window(times) <= per_minute


@pytest.mark.parametrize("per_minute", [20, 30, 60, 120, 600])
@pytest.mark.parametrize("share", [0.5, 0.8, 1.0])
def test_fast_answers_use_the_share_well(per_minute: int, share: float, fake_time: FakeTime) -> None:
    pace = Pace(per_minute, share, fake_time.clock, fake_time.sleep)
    times = call_times(fake_time, pace, [0.1 * 60 / per_minute], 5 * per_minute)
    used = (len(times) - 1) / (times[-1] - times[0]) * 60
    assert 0.95 * per_minute * share <= used <= per_minute * share


def test_calls_are_even_and_a_pause_is_not_made_up_for_by_a_burst(fake_time: FakeTime) -> None:
    pace = Pace(60, 1.0, fake_time.clock, fake_time.sleep)
    times = call_times(fake_time, pace, [0, 0, 30], 9)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert all(gap >= 1 - 0.6 for gap in gaps)
    assert sum(gap < 1 for gap in gaps) == sum(gap >= 30 for gap in gaps), "one call sooner after each pause"


def test_small_delays_cost_nothing_in_the_long_run(fake_time: FakeTime) -> None:
    """As storing a chunk's answers now and then, on a busy machine."""
    pace = Pace(600, 1.0, fake_time.clock, fake_time.sleep)
    times = call_times(fake_time, pace, [*[0.01] * 19, 0.4], 2000)
    assert (len(times) - 1) / (times[-1] - times[0]) * 60 >= 0.97 * 600
    assert most_in_a_window(times) <= 600


def test_the_first_call_waits_since_the_task_before_may_have_called_just_now(fake_time: FakeTime) -> None:
    started = fake_time.now
    pace = Pace(60, 0.5, fake_time.clock, fake_time.sleep)
    assert call_times(fake_time, pace, [0], 1)[0] - started >= 2


def test_slow_answers_need_no_further_wait(fake_time: FakeTime) -> None:
    pace = Pace(60, 1.0, fake_time.clock, fake_time.sleep)
    call_times(fake_time, pace, [5], 10)
    assert len(fake_time.sleeps) == 1


def test_the_header_lowers_the_pace_and_never_raises_it(fake_time: FakeTime) -> None:
    pace = Pace(60, 0.5, fake_time.clock, fake_time.sleep)
    pace.learn("120")
    assert pace.per_minute == 60
    pace.learn(" 20 ")
    assert pace.per_minute == 20
    times = call_times(fake_time, pace, [0], 5)[1:]
    assert all(later - earlier >= 6 for earlier, later in pairwise(times))


def test_a_lower_limit_holds_from_the_answer_on_that_tells_it(fake_time: FakeTime) -> None:
    """The connection says 600, the account has 20: the minute of the first answer must hold no more than 20."""
    pace = Pace(600, 1.0, fake_time.clock, fake_time.sleep)
    assert most_in_a_window(call_times(fake_time, pace, [0.0], 60, ["20"])) <= 20


@pytest.mark.parametrize("header", [None, "", " ", "0", "-5", "abc", "12.5", "²", "1e3", "0\x1f"])
def test_a_header_that_is_no_number_above_zero_changes_nothing(
    header: str | None, fake_time: FakeTime
) -> None:
    pace = Pace(60, 1.0, fake_time.clock, fake_time.sleep)
    pace.learn(header)
    assert pace.per_minute == 60


@given(st.text(st.characters(max_codepoint=255), max_size=6))
def test_no_header_breaks_the_pace(header: str) -> None:
    time = FakeTime()
    pace = Pace(60, 1.0, time.clock, time.sleep)
    pace.learn(header)
    assert 0 < pace.per_minute <= 60


def test_every_retryable_meaning_has_bounds() -> None:
    assert set(BACKOFF) == RETRYABLE
    for backoff in BACKOFF.values():
        assert 1 < backoff.tries <= 10


@given(st.sampled_from(list(BACKOFF.values())), st.integers(1, 5000), st.floats(0, 1))
def test_a_wait_is_doubled_up_to_its_bound_with_up_to_half_of_it_more(
    backoff: Backoff, failures: int, random_share: float
) -> None:
    plain = backoff.seconds(failures, 0.0)
    assert plain == min(backoff.most, backoff.first * 2 ** (failures - 1))
    assert plain <= backoff.seconds(failures, random_share) <= plain * 1.5
    assert plain <= backoff.seconds(failures) <= plain * 1.5


def test_waits_are_random() -> None:
    assert len({Backoff(1, 60, 5).seconds(3) for _ in range(20)}) > 1


def test_the_waits_for_a_full_minute_outlast_it() -> None:
    for meaning, backoff in BACKOFF.items():
        whole = sum(backoff.seconds(failures, 0.0) for failures in range(1, backoff.tries))
        assert whole >= 60, meaning
