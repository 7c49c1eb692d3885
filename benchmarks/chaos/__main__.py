"""Chaos: sales through the receiver and the real scheduler while everything fails, and the tables are right at the end.

``make chaos`` (``AIRFLOW=3`` for Airflow 3): 1,000 orders. Webhooks come twice, late, out of order, in odd envelopes,
before their order can be read, or not at all. A tenth of Tiny's answers is faulty or refused by its edge, others have
odd containers, values and encodings; its limit is used up by somebody else at times. Some orders, products and a date
have no answer, for a while or for good; numbers are given again; the search changes the meaning of its dates. Task
processes are killed at random moments, the scheduler and the triggerer killed and started again; orders are edited,
cancelled, invoiced and deleted meanwhile, a night run and a replay go beside the live path, bad files lie in the inbox.
Then come night runs, the weekly comparison, and a person who puts back what was silent for a while. The same seed gives
the same sales, faults and moments. Ends with 1 when a row is lost, doubled or stale, a file is left, or an order is set
aside that Tiny answers about.

``--workers 2``: the same on CeleryExecutor. They share no folder; each is killed with all its tasks, in turn.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from benchmarks.chaos.agenda import fault_rates, make_agenda
from benchmarks.chaos.silence import Silence
from benchmarks.chaos.stage import PER_MINUTE, Stage
from benchmarks.chaos.verdict import judge_calls, judge_rejects, judge_tables, judge_workers
from benchmarks.history.figures import Figures
from benchmarks.history.shop import Shop, open_shop, until
from local.stack import workers

_PATIENCE_S = 3600
# Answers in odd shapes and spellings, side values that nobody can read, orders that can be read only after a while.
_ODD = {"odd_containers": 0.3, "odd_values": 0.2, "unreadable_values": 0.2, "webhook_early_s": 3}
# Products that sell: of the shop's past.
_PAST_DAYS = 30
# A night that gets no answer about an order leaves it to the next one.
_NIGHTS = 3
# No file changes meanwhile: read again each half minute, they take a quarter of the machine.
_READ_FILES_ONCE = {
    "AIRFLOW__SCHEDULER__MIN_FILE_PROCESS_INTERVAL": "3600",
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "3600",
}
# Airflow finds a task whose scheduler and process died together after this time; its own choice is 300 s.
_LOST_TASK_S = {
    "AIRFLOW__SCHEDULER__SCHEDULER_ZOMBIE_TASK_THRESHOLD": "60",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "60",
}
# And a task that a worker took from Redis and did not begin before it died; its own choice is 600 s.
_LOST_MESSAGE_S = {"AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "120"}


def main() -> int:
    """Play and judge; 0 when all figures are reached."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chaos", description=__doc__)
    parser.add_argument("--orders", type=int, default=1000, help="orders to sell, 20 at least (default 1000)")
    parser.add_argument(
        "--faults", type=float, default=0.1, help="share of Tiny's answers that fail (default 0.1)"
    )
    parser.add_argument("--kills", type=int, default=20, help="task processes to kill (default 20)")
    parser.add_argument(
        "--workers",
        type=int,
        default=0,
        help="workers on CeleryExecutor, each killed in turn (default 0: the scheduler runs the tasks)",
    )
    parser.add_argument("--seed", type=int, default=316, help="of all chance (default 316)")
    parser.add_argument(
        "--effects", action="store_true", help="instead: kill a run after each of its effects in turn"
    )
    arguments = parser.parse_args()
    if arguments.effects:
        return _every_effect()
    environment = {
        **_READ_FILES_ONCE,
        **_LOST_TASK_S,
        **(_LOST_MESSAGE_S if arguments.workers else {}),
        "TINY_PER_MINUTE": str(PER_MINUTE),
        "TINY_SEED": str(arguments.seed),
        "CELERY_WORKERS": str(arguments.workers),
    }
    with open_shop("chaos", more_dags=None, **environment) as shop:
        figures = Figures(f"Airflow {shop.settings.airflow}")
        figures.tell(f"{vars(arguments)}")
        _play(shop, figures, arguments)
    return figures.end()


def _play(shop: Shop, figures: Figures, arguments: argparse.Namespace) -> None:
    prefix, dice = shop.store.prefix, random.Random(arguments.seed)  # noqa: S311 - moments, not secrets
    agenda = make_agenda(dice, arguments.orders, arguments.kills, workers.names(shop.settings))
    silence, today = Silence(shop), datetime.now(ZoneInfo(shop.store.timezone)).date()
    silence.begin(dice, today - timedelta(days=_PAST_DAYS), today)
    # All that Tiny is known to do, except that a page lacks a row now and then. From the beginning: an answer about a
    # product serves for its day, and must be as odd as the truth.
    shop.simulator.set(profile="hostile", quirks={"page_gaps": 0, **_ODD})
    # What the scheduler starts by itself brings in some weeks of the shop's past, before anything else fails.
    for dag in ("daily", "replay", "reconcile", "put_back"):
        shop.unpause_quietly(f"{prefix}_{dag}")
    shop.simulator.set(slow_s=2, faults={"*": fault_rates(arguments.faults)})
    stage = Stage(shop, agenda, dice, silence, figures.tell)
    until("the end of the sales", stage.done, _PATIENCE_S, every_s=0)
    silence.end()
    until("an empty inbox", stage.at_rest, _PATIENCE_S)
    _nights(shop, figures, stage)
    _reconcile(shop, figures, stage)
    _put_back(shop, figures, stage)
    figures.tell(f"killed: {dict(stage.killed)}; webhooks: {dict(stage.posted)}")
    figures.at_least("task processes killed", stage.killed.total(), arguments.kills)
    for part in ("scheduler", "triggerer", *workers.names(shop.settings)):
        figures.at_least(f"deaths of the {part}", stage.restarted.count(part), 1)
    judge_workers(shop, figures)
    figures.at_least("webhooks that Tiny lost", stage.posted["lost"], 1)
    figures.at_most("webhooks that the receiver refused", stage.posted["refused"], 0)
    figures.at_most("looks of Tiny's panel that were refused", stage.posted["panel refused"], 0)
    judge_calls(figures, shop.simulator.call_log(), arguments.faults)
    judge_tables(shop, figures, stage.dates, stage.deleted, silence)
    figures.at_most("files left in the inbox", len(shop.warehouse.waiting()), 0)
    judge_rejects(shop, figures, silence)


def _nights(shop: Shop, figures: Figures, stage: Stage) -> None:
    """Run nights: the first gets no answer about the orders of today and reports the date, the next one brings them."""
    dag_id, reported = f"{shop.store.prefix}_daily", 0
    stage.silence.of_date(stage.today)
    for night in range(1, _NIGHTS + 1):
        run = shop.trigger(dag_id, _form(stage), stage.keep_killing)
        stage.silence.end()
        failed = [task["task_id"] for task in shop.tasks(dag_id, run["dag_run_id"], "&state=failed")]
        reported += "all_listed" in failed
        differences = stage.silence.differences(*stage.dates)
        figures.tell(f"night {night}: {run['state']} {failed}, {len(differences)} differences")
        if run["state"] == "success" and not differences:
            break
    figures.at_least("nights that reported a date without an answer", reported, 1)


def _reconcile(shop: Shop, figures: Figures, stage: Stage) -> None:
    """Change orders while no webhook reports it and no night run comes: the weekly comparison finds the changes."""
    kept = [pedido for pedido in stage.sold if pedido not in {*stage.deleted, *stage.silence.orders}]
    stage.change_quietly(kept[:3])
    for _ in range(_NIGHTS):
        # It fails as long as an order differs that Tiny never answers about.
        state = shop.trigger(f"{shop.store.prefix}_reconcile", _form(stage), stage.keep_killing)["state"]
        differences = stage.silence.differences(*stage.dates)
        figures.tell(f"weekly comparison: {state}, {len(differences)} differences")
        if state == "success" or not differences:
            break


def _put_back(shop: Shop, figures: Figures, stage: Stage) -> None:
    """Put the orders of products back that did not answer for a while, as a person does."""
    for _ in range(_NIGHTS):
        if not stage.silence.differences(*stage.dates):
            break
        state = shop.trigger(f"{shop.store.prefix}_put_back", {**_form(stage), "field": "produto"})["state"]
        until("an empty inbox", stage.at_rest, _PATIENCE_S)
        figures.tell(f"put back: {state}, {len(stage.silence.differences(*stage.dates))} differences")


def _form(stage: Stage) -> dict[str, str]:
    first, _ = stage.dates
    return {"from_date": first.isoformat(), "to_date": stage.today.isoformat()}


def _every_effect() -> int:
    """Run the whole sweep of a test that otherwise takes a sample."""
    command = [sys.executable, "-m", "pytest", "tests/component/test_every_effect.py", "--timeout=0"]
    return subprocess.run(command, env={**os.environ, "EVERY_EFFECT": "all"}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
