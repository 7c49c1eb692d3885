"""Steps of a rehearsal whatever becomes of each, and how their outcomes are told."""

from __future__ import annotations

from functools import partial

import pytest

from deploy.rehearse.jobs import is_pruned
from deploy.rehearse.report import Outcome, Result, Said, exit_code, report, size
from deploy.rehearse.steps import NotTriedError, StepError, Steps
from tests.deploy.rehearsals import PROJECT


@pytest.mark.parametrize("bad", [{0}, {1}, {4}, {0, 2, 4}, {0, 1, 2, 3, 4}])
def test_whatever_fails_the_other_steps_are_tried(bad: set[int]) -> None:
    lines: list[str] = []
    steps, tried = Steps(PROJECT, lines.append), []

    def action(number: int) -> str:
        tried.append(number)
        if number in bad:
            raise ValueError(f"broken {number}")
        return "seen"

    for number in range(5):
        steps.run(f"step {number}", partial(action, number))
    assert tried == [0, 1, 2, 3, 4]
    assert len(lines) == 5
    assert {n for n, outcome in enumerate(steps.outcomes) if outcome.result is Result.FAILED} == bad
    assert exit_code(steps.outcomes) == 1
    text = report(steps.outcomes)
    assert all(f"broken {number}" in text for number in bad)


def test_a_step_is_left_out_when_one_that_it_needs_did_not_hold() -> None:
    steps = Steps(PROJECT, lambda line: None)

    def missing() -> str:
        raise NotTriedError("nothing is there. Run: make it")

    def wrong() -> str:
        raise StepError("wrong", "mend it")

    steps.run("first", missing)
    steps.run("second", wrong)
    steps.run("third", lambda: "never", after=["first"])
    steps.run("fourth", lambda: "never", after=["first", "second"])
    steps.run("fifth", lambda: Said("seen", 12_300_000, 0))
    assert [outcome.result.value for outcome in steps.outcomes] == [
        "not tried", "FAILED", "not tried", "not tried", "held",
    ]  # fmt: skip
    assert [outcome.do for outcome in steps.outcomes] == ["run: make it", "mend it", "", "", ""]
    assert steps.outcomes[3].said.text == "needs: first, second"
    text = report(steps.outcomes)
    assert "12.3 MB" in text
    assert "5 steps" in text
    assert "1 held, 1 failed, 3 not tried" in text


def test_statements_of_a_script_are_not_counted_twice() -> None:
    whole = Outcome("merge.sql", Result.HELD, Said("", 5_000_000, 20_000_000), seconds=3)
    part = Outcome(
        "merge.sql, statement 1", Result.HELD, Said("MERGE pdv", 5_000_000, 20_000_000), "", 3, is_part=True
    )
    assert report([whole, part]).endswith("2 steps in 3 s: 2 held, 0 failed, 0 not tried; 20.0 MB billed")


def test_nothing_failed_when_something_was_not_tried() -> None:
    outcomes = [Outcome("one", Result.HELD, Said("")), Outcome("two", Result.NOT_TRIED, Said(""))]
    assert exit_code(outcomes) == 0


@pytest.mark.parametrize(
    ("read", "whole", "pruned"),
    [
        (100, 1_000, True),
        (499, 1_000, True),
        (500, 1_000, False),
        (1_000, 1_000, False),
        (3_000, 1_000, False),
        (None, 1_000, None),
        (0, 1_000, None),
        (100, 0, None),
        (100, None, None),
    ],
)
def test_whether_partitions_were_left_out(read: int | None, whole: int | None, pruned: bool | None) -> None:
    assert is_pruned(read, whole) is pruned


@pytest.mark.parametrize(
    ("count", "text"),
    [(None, "-"), (0, "0 B"), (999, "999 B"), (10_485_760, "10.5 MB"), (2 * 10**15, "2000.0 TB")],
)
def test_sizes(count: int | None, text: str) -> None:
    assert size(count) == text
