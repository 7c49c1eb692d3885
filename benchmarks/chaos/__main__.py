"""Chaos: sales through the receiver and the real scheduler while everything fails, and the tables are right at the end.

``make chaos`` (``AIRFLOW=3`` for Airflow 3): 1,000 orders; webhooks twice, late, out of order; a tenth of Tiny's
answers faulty, and its limit used up by somebody else at times; task processes killed at random moments, the scheduler
and the triggerer killed and started again; orders edited, cancelled, invoiced and deleted meanwhile, a night run and a
replay beside the live path, bad files in the inbox; then a night run and the weekly comparison. The same seed gives the
same sales, faults and moments. Ends with 1 when a row is lost, doubled or stale, or a file is left.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
from datetime import timedelta

from benchmarks.chaos.agenda import fault_rates, make_agenda
from benchmarks.chaos.stage import PER_MINUTE, Stage
from benchmarks.chaos.verdict import judge_calls, judge_rejects, judge_tables
from benchmarks.history.figures import Figures
from benchmarks.history.shop import Shop, open_shop, until

_PATIENCE_S = 3600
# Answers in odd shapes and spellings, and side values that nobody can read.
_ODD = {"odd_containers": 0.3, "odd_values": 0.2, "unreadable_values": 0.2}
# A night that gets no answer about an order leaves it to the next one.
_NIGHTS = 3
# Airflow finds a task whose scheduler and process died together after this time; its own choice is 300 s.
_LOST_TASK_S = {
    "AIRFLOW__SCHEDULER__SCHEDULER_ZOMBIE_TASK_THRESHOLD": "60",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "60",
}


def main() -> int:
    """Play and judge; 0 when all figures are reached."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chaos", description=__doc__)
    parser.add_argument("--orders", type=int, default=1000, help="orders to sell (default 1000)")
    parser.add_argument(
        "--faults", type=float, default=0.1, help="share of Tiny's answers that fail (default 0.1)"
    )
    parser.add_argument("--kills", type=int, default=20, help="task processes to kill (default 20)")
    parser.add_argument("--seed", type=int, default=316, help="of all chance (default 316)")
    parser.add_argument(
        "--effects", action="store_true", help="instead: kill a run after each of its effects in turn"
    )
    arguments = parser.parse_args()
    if arguments.effects:
        return _every_effect()
    environment = {**_LOST_TASK_S, "TINY_PER_MINUTE": str(PER_MINUTE), "TINY_SEED": str(arguments.seed)}
    with open_shop("chaos", more_dags=None, **environment) as shop:
        figures = Figures(f"Airflow {shop.settings.airflow}")
        figures.tell(f"{vars(arguments)}")
        _play(shop, figures, arguments)
    return figures.end()


def _play(shop: Shop, figures: Figures, arguments: argparse.Namespace) -> None:
    prefix, dice = shop.store.prefix, random.Random(arguments.seed)  # noqa: S311 - moments, not secrets
    # What the scheduler starts by itself brings in some weeks of the shop's past, before anything fails.
    for dag in ("daily", "replay", "reconcile"):
        shop.unpause_quietly(f"{prefix}_{dag}")
    agenda = make_agenda(dice, arguments.orders, arguments.kills)
    # All that Tiny is known to do, except that a page lacks a row now and then.
    quirks = {"page_gaps": 0, **_ODD}
    shop.simulator.set(
        profile="hostile", quirks=quirks, slow_s=2, faults={"*": fault_rates(arguments.faults)}
    )
    stage = Stage(shop, agenda, dice, figures.tell)
    until("the end of the sales", stage.done, _PATIENCE_S, every_s=0)
    until("an empty inbox", stage.at_rest, _PATIENCE_S)
    first, last = stage.today - timedelta(days=1), stage.today + timedelta(days=1)
    dates = {"from_date": first.isoformat(), "to_date": stage.today.isoformat()}
    for night in range(1, _NIGHTS + 1):
        state = shop.trigger(f"{prefix}_daily", dates, stage.keep_killing)["state"]
        differences = shop.differences(first, last)
        figures.tell(f"night {night}: {state}, {len(differences)} differences")
        if state == "success" and not differences:
            break
    _reconcile(shop, figures, stage, dates)
    figures.tell(f"killed: {dict(stage.killed)}; webhooks: {dict(stage.posted)}")
    figures.at_least("task processes killed", stage.killed.total(), arguments.kills)
    figures.at_least("parts killed and started again", len(stage.restarted), 2)
    figures.at_most("webhooks that the receiver refused", stage.posted["refused"], 0)
    judge_calls(figures, shop.simulator.call_log(), arguments.faults)
    judge_tables(shop, figures, first, last, stage.deleted)
    figures.at_most("files left in the inbox", len(shop.warehouse.waiting()), 0)
    judge_rejects(shop, figures)


def _reconcile(shop: Shop, figures: Figures, stage: Stage, dates: dict[str, str]) -> None:
    """What changed while no webhook told of it, and no night run came: the weekly comparison finds it."""
    stage.change_quietly([pedido for pedido in stage.sold if pedido not in stage.deleted][:3])
    for _ in range(_NIGHTS):
        state = shop.trigger(f"{shop.store.prefix}_reconcile", dates, stage.keep_killing)["state"]
        figures.tell(f"weekly comparison: {state}")
        if state == "success":
            break


def _every_effect() -> int:
    """The whole sweep of a test that otherwise takes a sample."""
    command = [sys.executable, "-m", "pytest", "tests/component/test_every_effect.py", "--timeout=0"]
    return subprocess.run(command, env={**os.environ, "EVERY_EFFECT": "all"}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
