"""A backfill whose task processes are killed at random moments: no row is missed, and little is read twice.

``make bench-kills`` (``AIRFLOW=3`` for Airflow 3): ten days are backfilled by Airflow's own command, and five times the
process of a running task is killed by SIGKILL, mostly one that reads orders. Ends with 1 when the rows differ from the
truth, a run failed, Tiny throttled, or more was read again than one chunk of orders for each kill.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from concurrent.futures import Future
from typing import Any

import psutil

from benchmarks.history.figures import Figures
from benchmarks.history.shop import Shop, fewest_calls, open_shop
from local.stack import processes

_DAG = "z316_daily"
_CHUNK = 20
# Of the kills. Only reading can lose calls; the others show that nothing else is lost either.
_READERS_SHARE = 0.8
# A task is not killed at its last try: it then fails, as it should.
_TRIES_LEFT = 3
# Seconds between two kills, and from the moment when a task is seen running to its end.
_PAUSE, _INTO_TASK = (3.0, 20.0), (0.0, 5.0)


def main() -> int:
    """Measure and print; 0 when all figures are reached."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.history.kills", description=__doc__)
    parser.add_argument("--days", type=int, default=10, help="days of history (default 10)")
    parser.add_argument("--orders", type=int, default=40, help="orders a day (default 40)")
    parser.add_argument("--kills", type=int, default=5, help="processes to kill (default 5)")
    parser.add_argument(
        "--seed", type=int, default=316, help="of the dice that choose the moments (default 316)"
    )
    arguments = parser.parse_args()
    with open_shop("bench-kills") as shop:
        figures = Figures(f"Airflow {shop.settings.airflow}")
        first, last = shop.sell_days(arguments.days, arguments.orders)
        shop.unpause_quietly(_DAG)
        killer = _Killer(shop, random.Random(arguments.seed))  # noqa: S311 - moments, not secrets
        filling = shop.start_backfill(_DAG, first, last)
        for _ in range(arguments.kills):
            figures.tell(killer.kill(filling))
        figures.tell(f"seed {arguments.seed}: backfilled in {filling.result():.0f} s")
        figures.at_least("task processes killed", killer.killed.total(), arguments.kills)
        figures.at_most("rows that differ from the truth", len(shop.differences(first, last)), 0)
        truth, calls = shop.simulator.truth_of_dates(first, last), shop.simulator.call_log()
        _judge_calls(figures, truth, calls, killer.killed.total())
    return figures.end()


class _Killer:
    """Kills processes of running tasks at random moments.

    Attributes:
        killed: How often each task was killed.
    """

    def __init__(self, shop: Shop, dice: random.Random) -> None:
        self.killed: Counter[str] = Counter()
        self._shop = shop
        self._dice = dice

    def kill(self, filling: Future[float]) -> str:
        """Kill one, unless the backfill ends first; what happened."""
        time.sleep(self._dice.uniform(*_PAUSE))
        wanted = "fetch" if self._dice.random() < _READERS_SHARE else ""
        while not filling.done():
            running = self._running(wanted)
            if not running:
                time.sleep(0.2)
                continue
            name, process = self._dice.choice(running)
            time.sleep(self._dice.uniform(*_INTO_TASK))
            calls = self._shop.simulator.calls().total()
            # It may have had less left to do.
            if not processes.is_alive(process):
                continue
            process.kill()
            self.killed[name] += 1
            return f"killed {name}, process {process.pid}, after {calls} calls"
        return "the backfill ended before the next kill"

    def _running(self, task_id: str) -> list[tuple[str, psutil.Process]]:
        """Find running tasks with their processes; of one task, where it is named."""
        return [
            (name, process)
            for name, process in self._shop.running_tasks(_DAG)
            if name.startswith(task_id) and self.killed[name] < _TRIES_LEFT
        ]


def _judge_calls(figures: Figures, truth: dict[str, Any], calls: list[dict[str, Any]], kills: int) -> None:
    bound = fewest_calls(truth, calls)
    figures.tell(f"{len(calls)} calls, {bound} would do without a kill")
    # An order, a product or a search page that the killed process had asked for and not stored.
    figures.at_most("extra calls", len(calls) - bound, kills * _CHUNK)
    orders = Counter(call["key"] for call in calls if call["service"] == "pdv.pedido.obter")
    figures.tell(f"orders read more than once: {sum(count > 1 for count in orders.values())}")
    figures.at_most("answers with code 6 or 11", sum(call["code"] in {6, 11} for call in calls), 0)


if __name__ == "__main__":
    sys.exit(main())
