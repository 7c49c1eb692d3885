"""Which jobs are a sale's, and how long they ran."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from benchmarks.latency import Sale, _jobs, _together, limit_of, median
from local.strict_front.record import Request

LOAD = Request("airflow", "bigquery.jobs.insert", "", "load", 0, 200, 0, 0)
QUERY = replace(LOAD, job="query", statements=1)


def at(kind: Request, began: float, ended: float, **values: Any) -> Request:
    return replace(kind, began=began, ended=ended, **values)


@pytest.mark.parametrize("looks", [0, 1, 3])
def test_the_merge_is_told_from_the_looks_for_its_row(looks: int) -> None:
    loads = [at(LOAD, 10 + n, 11 + n, runs_on=2.0) for n in range(3)]
    before = [at(LOAD, n, 1 + n) for n in range(3)]
    seen = [at(QUERY, 19, 23) for _ in range(looks)]
    merge, check = at(QUERY, 20, 22, statements=4, runs_on=24.0), at(QUERY, 50, 52, statements=2)
    assert _jobs([*before, *loads, *seen, merge, *seen, check], 21) == [*loads, merge]
    assert _jobs([*before, *loads, *seen], 21) == [], "it is not answered yet"
    late = at(QUERY, 20, 22, statements=4)
    assert _jobs([*loads, late, check], 24.5) == [*loads, late], "the emulator ran it after its answer"
    assert _jobs([*loads, replace(late, began=15, ended=17), late], 21) == [*loads, late], (
        "not the merge before it"
    )


@pytest.mark.parametrize(
    ("spans", "seconds"),
    [([], 0), ([(0, 2)], 2), ([(5, 6), (0, 2), (1, 4)], 5), ([(0, 9), (1, 2), (9, 10)], 10)],
)
def test_what_runs_at_once_counts_once(spans: list[tuple[float, float]], seconds: float) -> None:
    assert _together(spans) == seconds


def test_medians() -> None:
    sales = [Sale(30, 20, 5), Sale(40, 22, 6), Sale(90, 21, 50)]
    assert (median(sales), limit_of(sales, sales), limit_of(sales, sales[:1])) == (40, 27, 26)
