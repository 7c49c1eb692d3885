"""Peak memory of the steps of one day of history, at 1,000 and at 50,000 orders.

``make bench-memory`` (``AIRFLOW=3`` for Airflow 3): each step is its operator alone, in a process of its own, against
the emulators and a simulator that grants any pace; no scheduler. Ends with 1 when ``fetch`` or ``rows`` needs more
than 1.3 times the memory for the large day, or when not every order came through. ``--profile fetch`` prints the
profile of a step of the small day instead: benchmarks/profiles/fetch.txt.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import pstats
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from benchmarks.alone import context_of, environment, set_up
from benchmarks.history.figures import Figures
from local.demo.parts import Simulator
from local.stack.launcher import Stack, running
from local.stack.settings import EMULATORS, REPO, Settings

STEPS = ("plan", "fetch", "rows")
_MODULE = "benchmarks.history.memory"
_JUDGED = ("fetch", "rows")
# The most that a connection may name. The simulator's answers take longer than the pause between two such calls.
_PER_MINUTE = "100000"
# The simulator has a history of its own, of the last 31 days.
_FIRST_DAY_AGO = 40
# Sales come back with their webhooks: so many in one answer are some megabytes, less than any step needs.
_SOLD_AT_ONCE = 2000


@dataclass(frozen=True)
class Step:
    """What a step took.

    Attributes:
        megabytes: Peak of its process's resident memory.
        before: The same, when its modules were imported and it had not begun.
        seconds: Time of its operator.
        orders: Orders that it worked on.
    """

    megabytes: float
    before: float
    seconds: float
    orders: int


def main() -> int:
    """Measure and print; 0 when the figures are reached."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.history.memory", description=__doc__)
    parser.add_argument("--small", type=int, default=1000, help="orders of the small day (default 1000)")
    parser.add_argument("--large", type=int, default=50_000, help="orders of the large day (default 50000)")
    parser.add_argument("--profile", choices=STEPS, help="print the profile of a step of the small day")
    parser.add_argument("--step", choices=("setup", *STEPS), help=argparse.SUPPRESS)
    parser.add_argument("--day", type=date.fromisoformat, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.step:
        print(json.dumps(_in_this_process(arguments.step, arguments.day, profile=bool(arguments.profile))))
        return 0
    home = REPO / ".local" / "bench-memory"
    environment = {**os.environ, "TINY_PER_MINUTE": _PER_MINUTE, "TINY_SHARE_PERCENT": "100"}
    settings = Settings.from_env(environment, home=home, parts=EMULATORS, free_ports=True)
    with running(settings) as stack:
        if arguments.profile:
            print(_profile(stack, arguments.profile, arguments.small))
            return 0
        figures = Figures(f"Airflow {settings.airflow}")
        _measure(stack, figures, arguments.small, arguments.large)
    return figures.end()


def measured(
    env: Mapping[str, str], simulator: Simulator, days: Mapping[date, int], say: Callable[[str], None]
) -> dict[str, list[Step]]:
    """Let the shop sell on some days, and do the steps of each day; what each step took, day after day.

    Args:
        env: The variables of the steps' processes.
        simulator: The simulated Tiny.
        days: How many orders each day has.
        say: Reports a step that is done.
    """
    took: dict[str, list[Step]] = {name: [] for name in STEPS}
    for day, orders in days.items():
        for sold in range(0, orders, _SOLD_AT_ONCE):
            simulator.sell_on(day, min(_SOLD_AT_ONCE, orders - sold))
        for name in STEPS:
            step = Step(**_run(env, name, day))
            took[name].append(step)
            say(
                f"{name} of {orders} orders: peak {step.megabytes:.0f} MB "
                f"({step.before:.0f} MB before it began), {step.seconds:.0f} s"
            )
    return took


def two_days(small: int, large: int) -> dict[date, int]:
    """Return two days of which the shop has sold nothing by itself, with these numbers of orders."""
    last = date.today() - timedelta(days=_FIRST_DAY_AGO)  # noqa: DTZ011 - far from midnight's edge
    return {last: small, last - timedelta(days=1): large}


def _measure(stack: Stack, figures: Figures, small: int, large: int) -> None:
    began, env, simulator = time.monotonic(), environment(stack), Simulator(stack.env["TINY_SIMULATOR_URL"])
    days = two_days(small, large)
    _run(env, "setup", max(days))
    for name, steps in measured(env, simulator, days, figures.tell).items():
        for step, orders in zip(steps, days.values(), strict=True):
            figures.at_least(f"{name}: orders of {orders}", step.orders, orders)
        first, last = steps
        what = f"{name}: peak memory at {large} ÷ at {small} orders"
        if name in _JUDGED:
            figures.at_most(what, last.megabytes / first.megabytes, 1.3)
        else:
            figures.tell(f"{what}: {last.megabytes / first.megabytes:.3f}")
    figures.tell(f"all of it: {time.monotonic() - began:.0f} s")


def _profile(stack: Stack, step: str, orders: int) -> str:
    """Do the steps of a day up to one; return the profile of that one."""
    env, simulator = environment(stack), Simulator(stack.env["TINY_SIMULATOR_URL"])
    (day, *_) = two_days(orders, 0)
    simulator.sell_on(day, orders)
    for name in ("setup", *STEPS[: STEPS.index(step)]):
        _run(env, name, day)
    _run(env, step, day, "--profile", step)
    return _profile_file(env).read_text()


def _profile_file(env: Mapping[str, str]) -> Path:
    return Path(env["AIRFLOW_HOME"]).parent / "profile.txt"


def _run(env: Mapping[str, str], step: str, day: date, *words: str) -> dict[str, Any]:
    """Run one step in a process of its own; return what it printed last.

    Raises:
        RuntimeError: When it failed; with the end of its log.
    """
    command = [sys.executable, "-m", _MODULE, "--step", step, "--day", day.isoformat(), *words]
    log = Path(env["AIRFLOW_HOME"]).parent / "logs" / f"{step}-{day}.log"
    with log.open("w") as errors:
        done = subprocess.run(
            command, env=dict(env), cwd=REPO, stdout=subprocess.PIPE, stderr=errors, text=True, check=False
        )
    if done.returncode:
        raise RuntimeError(f"{step} of {day} failed: {log.read_text()[-3000:]}")
    reported: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return reported


def _in_this_process(step: str, day: date, *, profile: bool) -> dict[str, float]:
    """Do one step here; its :class:`Step`, or nothing for the setup. Its profile goes into a file."""
    # Imported here: a program inherits the peak of the process that starts it, which so stays smaller than any step.
    from benchmarks.walk.__main__ import create_pools
    from tiny_operators.operators.fetch import FetchOrdersOperator
    from tiny_operators.operators.plan_dates import PlanDailyOperator
    from tiny_operators.operators.rows import MakeRowsOperator
    from tiny_operators.stores import load_stores

    store = load_stores()[0]
    if step == "setup":
        set_up(store)
        create_pools(store)
        return {}
    kinds: dict[str, Any] = dict(
        zip(STEPS, (PlanDailyOperator, FetchOrdersOperator, MakeRowsOperator), strict=True)
    )
    operator = kinds[step](task_id=step, store=store)
    before, began = _peak(), time.monotonic()
    dates = {"from_date": day.isoformat(), "to_date": day.isoformat()}
    context = context_of(f"manual__{day}", dates, operator.retries)
    if profile:
        with cProfile.Profile() as taken, _profile_file(os.environ).open("w") as file:
            counts = operator.execute(context)
            pstats.Stats(taken, stream=file).strip_dirs().sort_stats("tottime").print_stats(25)
    else:
        counts = operator.execute(context)
    return {
        "megabytes": _peak(),
        "before": before,
        "seconds": time.monotonic() - began,
        "orders": counts["orders"],
    }


def _peak() -> float:
    """Measure the peak of this process's resident memory so far, in megabytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


if __name__ == "__main__":
    sys.exit(main())
