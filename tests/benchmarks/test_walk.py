"""The measure of a walk through the package: what counts as a change of module, and when an aim is missed."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.walk.__main__ import Walk, Way, missed_aims
from benchmarks.walk.tracing import traced

TOP = """
from walked.low import double, numbers

def go(times):
    return [double(number) for number in numbers(times)]

def alone():
    return 1

class Kind:
    pass
"""
LOW = """
def double(number):
    return 2 * number

def numbers(most):
    yield from range(most)
"""


@pytest.fixture
def walked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The upper of two modules of a package."""
    package = tmp_path / "walked"
    package.mkdir()
    for name, text in {"__init__": "", "top": TOP, "low": LOW}.items():
        (package / f"{name}.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("walked.top")
    for name in ("walked", "walked.top", "walked.low"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize("times", [1, 3, 50])
def test_a_loop_changes_module_each_time_and_is_followed_once(walked: Any, times: int) -> None:
    with traced("walked") as trace:
        walked.go(times)
    assert trace.modules == ["top", "low"]
    assert trace.functions >= 3
    assert trace.new_changes == {"top -> low": 1}
    assert trace.changes["top -> low"] >= 1


def test_what_stays_in_a_module_is_no_change(walked: Any) -> None:
    with traced("walked") as trace:
        walked.alone()
        walked.alone()
    assert (trace.modules, trace.functions, trace.changes) == (["top"], 1, {})


def test_each_call_that_is_elsewhere_is_a_change(walked: Any) -> None:
    with traced("walked") as trace:
        for _ in range(3):
            walked.alone()
            walked.double(1)
    assert trace.changes == {"top -> low": 3, "low -> top": 2}
    assert trace.new_changes == {"top -> low": 1}


def test_threads_of_the_block_are_walked_too(walked: Any) -> None:
    with traced("walked") as trace:
        thread = threading.Thread(target=walked.alone)
        thread.start()
        thread.join()
    assert trace.modules == ["top"]


def test_other_packages_and_bodies_of_modules_are_not_walked(walked: Any) -> None:
    with traced("walked") as trace:
        importlib.reload(walked)
        Path("x").with_suffix(".y")
    assert trace.calls == []


def test_nothing_is_noted_after_the_block(walked: Any) -> None:
    with traced("walked") as trace:
        pass
    walked.alone()
    assert trace.calls == []


AIMS = Walk("webhook", modules=2, changes=3, into_tables=False)


def way(modules: int = 2, changes: int = 3, tasks: tuple[str, ...] = ("plan", "archive")) -> Way:
    return Way([f"m{number}" for number in range(modules)], 9, {"a -> b": changes}, 1, list(tasks))


def test_a_walk_that_reaches_its_aims_misses_none() -> None:
    assert missed_aims(AIMS, way()) == []


@pytest.mark.parametrize(
    ("walk", "missed"),
    [
        (way(modules=3), 1),
        (way(changes=4), 1),
        (way(tasks=("plan", "load_pdv")), 1),
        (way(tasks=("merge",)), 1),
        (way(modules=3, changes=4, tasks=("load_pdv", "load_produto", "merge")), 3),
    ],
)
def test_each_aim_that_is_missed_is_listed(walk: Way, missed: int) -> None:
    assert len(missed_aims(AIMS, walk)) == missed
