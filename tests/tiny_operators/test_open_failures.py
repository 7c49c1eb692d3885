"""Which runs that failed are still something to do: no later run has done their work."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.situations import NOW, TODAY, situation
from tiny_operators.web_pages import under_way


def ended(dag: str, *days: int, failed: bool = False) -> dict[str, Any]:
    """A run that has ended, for dates from so many days ago to so many; or without dates."""
    first, last = (TODAY - timedelta(days=number) for number in days) if days else (None, None)
    known = {"first": first, "last": last, "ended_at": NOW, "link": f"../{dag}{days}"}
    return {"dag_id": f"z316_{dag}", "failed": failed, **known}


@pytest.mark.parametrize(
    ("runs", "left"),
    [
        ([], []),
        ([ended("daily", 9, 2, failed=True)], ["daily(9, 2)"]),
        # Another run has read all of its dates, or more.
        ([ended("daily", 9, 2), ended("daily", 9, 2, failed=True)], []),
        ([ended("daily", 30, 1), ended("daily", 9, 2, failed=True)], []),
        # It has not: other dates, other DAGs, or earlier.
        ([ended("daily", 8, 2), ended("daily", 9, 2, failed=True)], ["daily(9, 2)"]),
        ([ended("daily", 1, 1), ended("daily", 9, 2, failed=True)], ["daily(9, 2)"]),
        ([ended("daily"), ended("daily", 9, 2, failed=True)], ["daily(9, 2)"]),
        ([ended("compare", 9, 2), ended("daily", 9, 2, failed=True)], ["daily(9, 2)"]),
        ([ended("daily", 9, 2, failed=True), ended("daily", 9, 2)], ["daily(9, 2)"]),
        # Of a run without dates nothing better is known; the next run of live sales takes what the last one left.
        ([ended("reconcile", 9, 2), ended("reconcile", failed=True)], []),
        ([ended("reconcile", failed=True)], ["reconcile()"]),
        ([ended("webhook", 0, 0), ended("webhook", 1, 1, failed=True)], []),
        ([ended("webhook", 0, 0, failed=True), ended("webhook", 1, 1)], ["webhook(0, 0)"]),
        # One outage is one entry, until a run ends well.
        ([ended("webhook", n, n, failed=True) for n in range(5)], ["webhook(0, 0)"]),
        # What differed is repaired; no other DAG's run says so.
        ([ended("reconcile", 9, 2), ended("compare", 9, 2, failed=True)], []),
        ([ended("reconcile", 8, 2), ended("compare", 9, 2, failed=True)], ["compare(9, 2)"]),
        ([ended("daily", 9, 2), ended("compare", 9, 2, failed=True)], ["compare(9, 2)"]),
        ([ended("compare", 9, 2), ended("reconcile", 9, 2, failed=True)], ["reconcile(9, 2)"]),
        # Dates that cannot be: the person was told. Today can be.
        ([ended("daily", -1, -30, failed=True)], []),
        ([ended("daily", 5, -1, failed=True)], []),
        ([ended("daily", 2, 9, failed=True)], []),
        ([ended("daily", 5, 0, failed=True)], ["daily(5, 0)"]),
        (
            [ended("daily", n, n, failed=True) for n in range(3)] + [ended("daily", 0, 0)],
            ["daily(0, 0)", "daily(1, 1)", "daily(2, 2)"],
        ),
    ],
)
def test_which_failures_are_open(runs: list[dict[str, Any]], left: list[str]) -> None:
    others = [{**run, "dag_id": run["dag_id"].replace("z316", "b2")} for run in runs]
    found = under_way(situation(), [], runs + others).failed
    assert [run.link.removeprefix("../") for run in found] == left
