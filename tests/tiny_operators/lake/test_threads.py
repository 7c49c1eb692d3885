"""Many pieces of work at the same time, and their results in order."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tiny_operators.lake.threads import THREADS, map_in_threads, one_ahead


@pytest.mark.parametrize("count", [0, 1, 3, THREADS, THREADS + 1, 5 * THREADS])
def test_results_come_in_the_order_of_the_items(count: int) -> None:
    assert list(map_in_threads(lambda item: item * 2, range(count))) == [item * 2 for item in range(count)]


def test_work_goes_on_when_the_oldest_is_done() -> None:
    """When the first is done, the next one begins: it does not wait for the others."""
    late = threading.Event()

    def work(item: int) -> int:
        if item == 1:
            assert late.wait(60)
        if item == THREADS:
            late.set()
        return item

    assert list(map_in_threads(work, range(THREADS + 1))) == list(range(THREADS + 1))


def test_no_more_run_at_the_same_time_than_connections() -> None:
    lock, running, most = threading.Lock(), 0, 0
    full = threading.Barrier(THREADS)

    def work(item: int) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        if item < THREADS:
            full.wait(60)
        with lock:
            running -= 1

    list(map_in_threads(work, range(3 * THREADS)))
    assert most == THREADS


def test_items_are_taken_when_they_are_near() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for item in range(10 * THREADS):
            taken.append(item)
            yield item

    results: Any = map_in_threads(lambda item: item, items())
    assert taken == []
    for number in range(3):
        assert next(results) == number
        assert len(taken) <= THREADS + number + 1
    results.close()
    assert len(taken) <= THREADS + 3


@pytest.mark.parametrize("bad", [0, THREADS - 1, THREADS, 2 * THREADS])
def test_the_first_error_ends_everything(bad: int) -> None:
    done: list[int] = []

    def work(item: int) -> int:
        if item == bad:
            raise ValueError("bad")
        done.append(item)
        return item

    with pytest.raises(ValueError, match="bad"):
        list(map_in_threads(work, range(5 * THREADS)))
    assert len(done) <= bad + THREADS


@pytest.mark.parametrize("count", [0, 1, 3])
def test_the_next_item_is_made_while_one_is_used(count: int) -> None:
    made = [threading.Event() for _ in range(count)]

    def items() -> Iterator[int]:
        for number, event in enumerate(made):
            event.set()
            yield number

    found = []
    for item in one_ahead(one_ahead(items())):
        assert all(event.wait(60) for event in made[: item + 2])
        found.append(item)
    assert found == list(range(count))


@pytest.mark.parametrize("bad", [0, 1, 3])
def test_an_error_comes_after_the_items_before_it(bad: int) -> None:
    def items() -> Iterator[int]:
        yield from range(bad)
        raise ValueError("bad")

    found = one_ahead(items())
    assert [next(found) for _ in range(bad)] == list(range(bad))
    with pytest.raises(ValueError, match="bad"):
        next(found)
