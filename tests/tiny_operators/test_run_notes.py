"""The note of a run: what is said, and that a person's own lines stay."""

from __future__ import annotations

from typing import Any

import pytest

from tiny_operators._compat_notes import says_failed, with_line
from tiny_operators.run_notes import (
    forget_story,
    plan_story,
    retention_story,
    setup_story,
    show_story,
    story,
    watch_story,
)

ROWS: dict[str, Any] = {
    "orders": 20,
    "pdv": 18,
    "pesquisa": 18,
    "produto": 25,
    "rejects": 1,
    "notes": 3,
    "waiting": 3,
    "gone": 0,
}


def test_a_run_of_orders() -> None:
    fetch = {"orders": 20, "chunks": 1, "calls": 65}
    progress = {"calls": 65, "calls_per_minute": 48.0}
    assert story({"rows": ROWS, "fetch": fetch}, progress) == (
        "20 orders: 61 rows, 1 rejected, 3 values not read, 3 waiting; 65 calls in 81 s"
    )


@pytest.mark.parametrize(("files", "says"), [(1, "1 file rejected"), (3, "3 files rejected")])
def test_files_that_are_no_orders(files: int, says: str) -> None:
    plan = {"orders": 0, "files": 0, "rejected": files, "ignored": 0}
    assert story({"plan": plan, "rows": {}, "fetch": {}}, {}) == says
    fetch = {"orders": 20, "chunks": 1, "calls": 65}
    assert f"3 waiting; {says}; 65 calls" in story({"plan": plan, "rows": ROWS, "fetch": fetch}, {})


def test_a_replay_makes_no_calls() -> None:
    one = {**dict.fromkeys(ROWS, 0), "orders": 1, "pdv": 1, "notes": 1}
    assert (
        story({"rows": one, "fetch": {"calls": 1}}, {})
        == "1 order: 1 row, 0 rejected, 1 value not read; 1 call"
    )
    assert (
        story({"rows": ROWS, "fetch": {}}, {})
        == "20 orders: 61 rows, 1 rejected, 3 values not read, 3 waiting"
    )


@pytest.mark.parametrize(
    ("ends", "says"),
    [
        ({}, "0 rejected"),
        ({"gone": 1}, "0 rejected, 1 unknown to Tiny"),
        ({"waiting": 2}, "0 rejected, 2 waiting"),
        ({"gone": 3, "waiting": 1}, "0 rejected, 3 unknown to Tiny, 1 waiting"),
    ],
)
def test_what_has_no_rows_is_told_when_there_is_any(ends: dict[str, int], says: str) -> None:
    rows = {**dict.fromkeys(ROWS, 0), "orders": 4, "pdv": 7, **ends}
    assert story({"rows": rows}, {}) == f"4 orders: 7 rows, {says}"


@pytest.mark.parametrize(
    ("counts", "says"),
    [
        (
            (31, "2026-01-01", "2026-01-31", 4, 3),
            "31 days compared (2026-01-01 to 2026-01-31): 4 orders differed, 3 still do",
        ),
        (
            (1, "2026-01-01", "2026-01-01", 1, 1),
            "1 day compared (2026-01-01): 1 order differed, 1 still does",
        ),
        (
            (2, "2025-12-31", "2026-01-01", 0, 0),
            "2 days compared (2025-12-31 to 2026-01-01): 0 orders differed, 0 still do",
        ),
        ((0, "", "", 0, 0), "0 days compared: 0 orders differed, 0 still do"),
    ],
)
def test_a_comparison(counts: tuple[int | str, ...], says: str) -> None:
    compare = dict(zip(("days", "first", "last", "differences", "unrepaired"), counts, strict=True))
    assert story({"compare": compare}, {}) == says


def test_a_comparison_of_a_version_before_has_no_dates() -> None:
    compare = {"days": 2, "differences": 0, "unrepaired": 0}
    assert story({"compare": compare}, {}) == "2 days compared: 0 orders differed, 0 still do"


@pytest.mark.parametrize(
    ("files", "orders", "named", "what", "them"),
    [
        (1, 0, [], "1 file", "it"),
        (1, 0, [910023661], "1 file (order 910023661)", "it"),
        (0, 1, [910023661], "1 order (order 910023661)", "it"),
        (2, 1, [910023641, 910023661], "2 files, 1 order (orders 910023641, 910023661)", "them"),
        (40, 0, [], "40 files", "them"),
    ],
)
def test_what_was_put_back_and_who_reads_it(
    files: int, orders: int, named: list[int], what: str, them: str
) -> None:
    counts = {"files": files, "orders": orders, "left": 7, "named": named, "read_by": "z316_webhook"}
    assert story({"put_back": counts}, {}) == (
        f"put back: {what}; left: 7; z316_webhook reads {them} next, and its run tells what became of {them}"
    )


def test_where_nothing_was_put_back_nothing_is_read() -> None:
    counts = {"files": 0, "orders": 0, "left": 7, "named": [], "read_by": "z316_webhook"}
    assert story({"put_back": counts}, {}) == "put back: nothing; left: 7"


def test_the_other_runs() -> None:
    assert story({}, {}, "910024741 loaded; number 1042 loaded") == "910024741 loaded; number 1042 loaded"
    assert story({"rows": {}, "fetch": {}}, {}) == "Nothing to do"


def test_a_watch() -> None:
    states = {"complete": 298, "pending": 2, "loaded": 60, "differs": 1, "missing": 39}
    days = {"days": 400, **states, "waiting": 1, "rejects": 1}
    seen: dict[str, Any] = {
        "webhooks": {"quiet_minutes": 1},
        "inbox": {"files": 1, "oldest_minutes": 0},
        "complete": {"complete_to": "2026-01-05"},
        "situation": days,
    }
    assert watch_story(seen) == (
        "Checked: no webhook for 1 minute; 1 file waits; complete up to 2026-01-05; "
        "400 days: 298 complete, 2 under way, 60 not compared, 1 differs, 39 missing; 1 reject still out"
    )
    # By night no webhooks are expected, and what was skipped counted nothing.
    assert watch_story({"webhooks": {}, "inbox": {"files": 0}, "complete": {}}) == "Checked: 0 files wait"
    assert watch_story({}) == "Checked"


@pytest.mark.parametrize(
    ("created", "says"),
    [
        ({"buckets": [], "tables": []}, "Nothing was missing"),
        ({"buckets": ["a"], "tables": ["b", "c"], "views": []}, "Created or changed: 1 bucket, 2 tables"),
    ],
)
def test_a_setup(created: dict[str, list[str]], says: str) -> None:
    assert setup_story(created) == says


@pytest.mark.parametrize(
    ("counts", "says"),
    [
        (
            {"people": 1, "orders": 1, "raw": 2, "inbox": 1},
            "1 person with 1 order forgotten; files and rows blanked: inbox 1, raw 2",
        ),
        ({"people": 3, "orders": 0}, "3 people with 0 orders forgotten; files and rows blanked: none"),
        ({}, "Nobody was left to forget"),
    ],
)
def test_people_who_were_forgotten(counts: dict[str, int], says: str) -> None:
    assert forget_story(counts) == says


@pytest.mark.parametrize(("count", "says"), [(1, "1 person shown"), (3, "3 people shown")])
def test_people_who_were_shown_are_not_named(count: int, says: str) -> None:
    shown = {f"people/show/ana.txt, line {number}": "gs://b/o" for number in range(count)}
    assert show_story(shown) == f"{says}; the XCom of this task says where"


@pytest.mark.parametrize(
    ("counts", "says"),
    [
        (
            {"pdv": 12, "pesquisa": 0, "rejeitados": 3},
            "Personal data of old orders blanked, in rows: pdv 12, rejeitados 3",
        ),
        ({"pdv": 0, "pesquisa": 0}, "No old row had personal data"),
        ({}, "No old row had personal data"),
    ],
)
def test_old_orders(counts: dict[str, int], says: str) -> None:
    assert retention_story(counts) == says


def test_a_plan() -> None:
    names = ("days", "listed", "orders", "new", "changed", "vanished", "calls")
    assert plan_story({**dict.fromkeys(names, 2), "calls_per_minute": 48.0}) == (
        "Planned: 2 days, 2 orders in Tiny; to read: 2 (2 new, 2 changed, 2 vanished), 2 calls, 2 seconds. "
        "Nothing was read"
    )
    assert plan_story({**dict.fromkeys(names, 1), "calls_per_minute": 48.0}) == (
        "Planned: 1 day, 1 order in Tiny; to read: 1 (1 new, 1 changed, 1 vanished), 1 call, 1 second. "
        "Nothing was read"
    )
    dates = {"first": "2026-01-30", "last": "2026-01-31"}
    reported = plan_story({**dict.fromkeys(names, 2), **dates, "calls_per_minute": 48.0})
    assert reported.startswith("Planned: 2 days (2026-01-30 to 2026-01-31), 2 orders in Tiny; ")
    slow = {**dict.fromkeys(names, 1), "calls_per_minute": 0.0, "hours": 3.5}
    assert "1 call, 3.5 hours." in plan_story(slow)
    assert "48000 calls, 16.7 hours." in plan_story({**dict.fromkeys(names, 48000), "calls_per_minute": 48.0})


@pytest.mark.parametrize(
    ("note", "passed", "failed"),
    [
        (None, ["inbox"], False),
        ("▸ Checked: 0 files wait", ["inbox"], False),
        ("▸ webhooks failed: none came.", ["inbox"], True),
        ("▸ webhooks failed: none came.", ["ready", "inbox", "webhooks"], False),
        ("▸ inbox failed: 3 files wait.", ["inbox"], False),
        ("webhooks failed, says a person", ["inbox"], False),
        ("mine\n▸ webhooks failed: none came.", ["inbox", "ready"], True),
    ],
)
def test_whether_another_task_failed(note: str | None, passed: list[str], failed: bool) -> None:
    assert says_failed(note, passed) is failed


@pytest.mark.parametrize("own", [(), ("why I did it",), ("first", "second", "third")])
@pytest.mark.parametrize("times", [1, 3])
def test_lines_of_a_person_stay_and_ours_is_the_newest(own: tuple[str, ...], times: int) -> None:
    note: str | None = "\n".join(own) or None
    for number in range(times):
        note = with_line(note, f"try {number}")
    assert (note or "").splitlines() == [*own, f"▸ try {times - 1}"]


def test_a_note_is_not_longer_than_airflow_takes() -> None:
    assert len(with_line("x" * 990, "y" * 2000)) == 1000
