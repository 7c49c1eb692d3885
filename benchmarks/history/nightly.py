"""The daily DAG of one day without changes: its time, and the tasks that run, against a DAG of one empty task.

``make bench-nightly`` (``AIRFLOW=3`` for Airflow 3): both are triggered in turn on an idle stack; the ratio of the
medians is the figure. Ends with 1 when a task besides ``plan`` runs, a call besides the day's search page is made, or a
row is written.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from time import time
from typing import Any

from benchmarks.history.figures import Figures
from benchmarks.history.shop import Shop, open_shop

_DAILY, _EMPTY = "z316_daily", "empty_task"
_EMPTY_DAGS = Path(__file__).resolve().parents[1] / "dags"


def main() -> int:
    """Measure and print; 0 when all figures are reached."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.history.nightly", description=__doc__)
    parser.add_argument("--orders", type=int, default=40, help="orders of the day (default 40)")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured (default 5)")
    arguments = parser.parse_args()
    with open_shop("bench-nightly", more_dags=_EMPTY_DAGS) as shop:
        figures = Figures(f"Airflow {shop.settings.airflow}")
        day, _ = shop.sell_days(1, arguments.orders)
        shop.unpause_quietly(_DAILY)
        _load(shop, figures, day)
        written = shop.written()
        nights, empties = [], []
        for number in range(arguments.rounds + 1):
            shop.simulator.forget_calls()
            night, empty = _trigger(shop, _DAILY, {"from_date": day.isoformat()}), _trigger(shop, _EMPTY, {})
            figures.tell(
                f"round {number}: daily {night.seconds:.1f} s ({night.shown}), empty {empty.seconds:.1f} s"
            )
            # The first round warms up.
            if number:
                nights.append(night)
                empties.append(empty.seconds)
        figures.at_most("tasks that ran in a night", max(len(night.tasks) for night in nights), 1)
        figures.at_most("calls in a night", max(night.calls for night in nights), 1)
        figures.at_most("rows written", sum(a != b for a, b in zip(written, shop.written(), strict=True)), 0)
        daily, least = statistics.median(night.seconds for night in nights), statistics.median(empties)
        figures.tell(f"medians: daily {daily:.1f} s, empty {least:.1f} s, ratio {daily / least:.2f}")
    return figures.end()


@dataclass(frozen=True)
class Run:
    """A run that has ended.

    Attributes:
        seconds: From its trigger to its end.
        tasks: The tasks that had a process, with the seconds from the trigger to their begin and end.
        calls: Calls of Tiny since they were counted from zero.
    """

    seconds: float
    tasks: dict[str, tuple[float, float]]
    calls: int

    @property
    def shown(self) -> str:
        """The tasks, for people."""
        return ", ".join(
            f"{name} from {began:.1f} to {ended:.1f}" for name, (began, ended) in self.tasks.items()
        )


def _load(shop: Shop, figures: Figures, day: date) -> None:
    run = _trigger(shop, _DAILY, {"from_date": day.isoformat()})
    figures.tell(f"the first time, with all orders new: {run.seconds:.1f} s ({run.shown})")
    figures.at_most("rows that differ from the truth", len(shop.differences(day, day)), 0)


def _trigger(shop: Shop, dag_id: str, conf: dict[str, Any]) -> Run:
    began = time()
    run = shop.trigger(dag_id, conf)
    if run["state"] != "success":
        raise RuntimeError(f"a run of {dag_id} failed")

    def since(moment: str) -> float:
        return datetime.fromisoformat(moment).timestamp() - began

    tasks = {
        task["task_id"]: (since(task["start_date"]), since(task["end_date"]))
        for task in shop.tasks(dag_id, run["dag_run_id"])
        if task["pid"]
    }
    return Run(since(run["end_date"]), tasks, shop.simulator.calls().total())


if __name__ == "__main__":
    sys.exit(main())
