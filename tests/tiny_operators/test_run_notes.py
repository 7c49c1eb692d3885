"""The note of a run: what is said, and that a person's own lines stay."""

from __future__ import annotations

from typing import Any

import pytest

from tiny_operators._compat_notes import with_line
from tiny_operators.run_notes import plan_story, story

ROWS: dict[str, Any] = {
    "orders": 20,
    "pdv": 18,
    "pesquisa": 18,
    "produto": 25,
    "rejects": 1,
    "files_rejected": 1,
    "notes": 3,
    "waiting": 3,
}


def test_a_run_of_orders() -> None:
    fetch = {"orders": 20, "chunks": 1, "calls": 65}
    progress = {"calls": 65, "calls_per_minute": 48.0}
    assert story({"rows": ROWS, "fetch": fetch}, progress) == (
        "20 orders: 61 rows, 2 rejected, 3 notes, 3 waiting; 65 calls in 81 s"
    )


def test_a_replay_makes_no_calls() -> None:
    one = {**dict.fromkeys(ROWS, 0), "orders": 1, "pdv": 1, "notes": 1}
    assert (
        story({"rows": one, "fetch": {"calls": 1}}, {})
        == "1 order: 1 row, 0 rejected, 1 note, 0 waiting; 1 call"
    )
    assert story({"rows": ROWS, "fetch": {}}, {}) == "20 orders: 61 rows, 2 rejected, 3 notes, 3 waiting"


def test_the_other_runs() -> None:
    compare = {"days": 31, "differences": 4, "repaired": 1, "unrepaired": 3, "value_difference": "1.00"}
    assert story({"compare": compare}, {}) == "31 days compared: 4 orders differed, 3 still do"
    assert story({"report": {"loaded": 2, "waiting": 1}}, {}) == "loaded 2, waiting 1"
    assert story({"put_back": {"files": 2, "orders": 1, "left": 7}}, {}) == (
        "put back: 2 files, 1 order; left: 7"
    )
    assert story({"rows": {}, "fetch": {}}, {}) == "Nothing to do"


def test_a_plan() -> None:
    plan = dict.fromkeys(("days", "listed", "orders", "new", "changed", "vanished", "calls", "hours"), 2)
    assert plan_story(plan) == (
        "Planned: 2 days, 2 orders in Tiny; to read: 2 (2 new, 2 changed, 2 vanished), 2 calls, 2 hours. "
        "Nothing was read"
    )


@pytest.mark.parametrize("own", [(), ("why I did it",), ("first", "second", "third")])
@pytest.mark.parametrize("times", [1, 3])
def test_lines_of_a_person_stay_and_ours_is_the_newest(own: tuple[str, ...], times: int) -> None:
    note: str | None = "\n".join(own) or None
    for number in range(times):
        note = with_line(note, f"try {number}")
    assert (note or "").splitlines() == [*own, f"▸ try {times - 1}"]


def test_a_note_is_not_longer_than_airflow_takes() -> None:
    assert len(with_line("x" * 990, "y" * 2000)) == 1000
