"""The table of figures: what is missed, what the program ends with, and what the table says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import pytest

from benchmarks.chain import Chain
from benchmarks.table.rows import Row, end, markdown
from tiny_operators.lake.threads import THREADS, begin_in_thread, map_in_threads

GOOD = Row("calls", 100, 100, "one an order", 1.0, promised=True)
MORE = replace(GOOD, value=101)
LESS = Row("files a second", 60, 100, "32 at once", 0.7, at_least=True, promised=True)
AIM = replace(MORE, promised=False)


@pytest.mark.parametrize(
    ("row", "missed"),
    [(GOOD, False), (MORE, True), (LESS, True), (replace(LESS, value=70), False), (AIM, True)],
)
def test_a_ratio_is_missed(row: Row, missed: bool) -> None:
    assert row.is_missed is missed
    assert not replace(row, wanted=None).is_missed


@pytest.mark.parametrize("bad", [[MORE], [LESS], [MORE, LESS, MORE]])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_promise_that_is_missed_ends_with_1(bad: list[Row], place: int) -> None:
    good = [GOOD, AIM, GOOD]
    assert end(good) == 0
    assert end([*good[:place], *bad, *good[place:]]) == 1


def test_each_figure_stands_beside_its_limit() -> None:
    lines = list(markdown([GOOD, LESS, replace(LESS, wanted=None)], {"Airflow": "3", "commit": "abc"}))
    assert lines[0] == "Airflow 3, commit abc"
    assert lines[4:] == [
        "| calls | 100 | 100 (one an order) | 1.00 | ≤ 1 |",
        "| files a second | 60 | 100 (32 at once) | 0.60 | ≥ 0.7: missed |",
        "| files a second | 60 | 100 (32 at once) | 0.60 |  |",
    ]


def alone(chain: Chain) -> None:
    for _ in range(3):
        chain.add("GET")


def pool(chain: Chain, items: int, each: int) -> None:
    def item(_: int) -> None:
        for _ in range(each):
            chain.add("GET")

    list(map_in_threads(item, range(items)))


def beside(chain: Chain, others: int) -> None:
    begun = begin_in_thread(lambda: chain.add("GET"))
    for _ in range(others):
        chain.add("GET")
    begun.result()
    chain.add("GET")


@pytest.mark.parametrize(
    ("do", "length"),
    [
        (lambda chain: None, 0),
        (alone, 3),
        (partial(pool, items=1, each=1), 1),
        (partial(pool, items=THREADS, each=1), 1),
        (partial(pool, items=THREADS + 1, each=1), 2),
        (partial(pool, items=1, each=2), 2),
        (partial(pool, items=3 * THREADS, each=2), 6),
        (partial(beside, others=0), 2),
        (partial(beside, others=1), 2),
        (partial(beside, others=3), 4),
    ],
)
def test_what_a_pool_does_comes_at_once(do: Callable[[Chain], None], length: int) -> None:
    chain = Chain()
    with chain.watching():
        do(chain)
    assert chain.length == length


@dataclass
class Task:
    """Stands for a task of a DAG."""

    task_id: str
    before: set[str]

    def get_flat_relative_ids(self, *, upstream: bool) -> set[str]:
        assert upstream
        return self.before


@pytest.mark.parametrize(("last", "length"), [(set(), 3), ({"a"}, 3), ({"a", "b"}, 4), ({"a", "b", "c"}, 5)])
def test_tasks_side_by_side_come_at_once(last: set[str], length: int) -> None:
    chain = Chain()
    for task, requests in (
        (Task("a", set()), 1),
        (Task("b", {"a"}), 1),
        (Task("c", {"a"}), 2),
        (Task("d", last), 2),
    ):
        with chain.task(task):
            for _ in range(requests):
                chain.add("GET")
    assert chain.length == length
    assert chain.lines()[0] == "  1 a              GET"
