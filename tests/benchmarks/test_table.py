"""The table of figures: what is missed, what the program ends with, and what the table says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.chain import Chain
from benchmarks.table.rows import Row, end, markdown
from tiny_operators.lake.at_once import AT_ONCE

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


@pytest.mark.parametrize(
    ("threads", "length"),
    [
        ([], 0),
        (["MainThread"] * 3, 3),
        (["ThreadPoolExecutor-0_0"], 1),
        ([f"ThreadPoolExecutor-0_{number}" for number in range(AT_ONCE)], 1),
        (["ThreadPoolExecutor-0_0"] * (AT_ONCE + 1), 2),
        (["ThreadPoolExecutor-0_0", "MainThread", "ThreadPoolExecutor-1_3"], 3),
    ],
)
def test_what_a_pool_does_comes_at_once(threads: list[str], length: int) -> None:
    chain = Chain()
    for thread in threads:
        chain.add(thread)
    assert chain.length == length
