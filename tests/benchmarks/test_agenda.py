"""The agenda of a chaos run: which parts die, and when."""

from __future__ import annotations

import random

import pytest

from benchmarks.chaos.agenda import Agenda, make_agenda


def deaths(agenda: Agenda) -> list[str]:
    return [event.name for event in agenda.events if event.what == "restart"]


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_each_worker_dies_in_turn(count: int, seed: int) -> None:
    workers = [f"worker-{number}" for number in range(1, count + 1)]
    found = make_agenda(random.Random(seed), 60, 3, workers)
    assert [name for name in deaths(found) if name in workers] == workers * 2
    assert all(event.at_s < found.seconds for event in found.events if event.what == "restart")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_workers_change_nothing_else(seed: int) -> None:
    without = make_agenda(random.Random(seed), 60, 3)
    found = make_agenda(random.Random(seed), 60, 3, ["worker-1", "worker-2"])
    others = [event for event in found.events if not event.name.startswith("worker-")]
    assert others == list(without.events)
    assert found.silent == without.silent
