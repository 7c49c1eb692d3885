"""The memory of a day's steps, which must not grow with its orders."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from typing import Final

from benchmarks.history.memory import measured, two_days
from benchmarks.table.rows import Row
from local.demo.parts import Simulator

_SMALL: Final = 1_000
_LARGE: Final = 10_000
# The most that a connection may name: then the steps take no longer than their work.
_PER_MINUTE: Final = 100_000
_CONNECTION: Final = "AIRFLOW_CONN_TINY_Z316"


def memory() -> Iterator[Row]:
    """Measure each step at both numbers of orders; each in a process of its own."""
    simulator = Simulator(os.environ["TINY_SIMULATOR_URL"])
    before = simulator.settings()["limits"]
    simulator.set(limits={"per_minute": _PER_MINUTE})
    connection = json.loads(os.environ[_CONNECTION])
    connection["extra"] = {"requests_per_minute": _PER_MINUTE, "share": 1}
    env = {**os.environ, _CONNECTION: json.dumps(connection)}
    days = two_days(_SMALL, _LARGE)
    took = measured(env, simulator, days, lambda text: print(text, file=sys.stderr, flush=True))
    simulator.set(limits=before)
    for name, steps in took.items():
        if [step.orders for step in steps] != [*days.values()]:
            raise RuntimeError(f"{name} worked on {[step.orders for step in steps]} orders")
        small, large = (step.megabytes for step in steps)
        yield Row(
            f"{name}: MB of memory at {_LARGE:,} orders", large, small, f"at {_SMALL:,}", 1.3, promised=True
        )
