"""How soon a live ``fetch`` goes on after its process was killed by SIGKILL, once and three times in a row.

``make bench-live-kills`` (``AIRFLOW=3`` for Airflow 3): a batch of sales is read slowly on an idle stack, its reading
task is killed as soon as it has asked for an order, and the time is taken until its next try asks for one. Ends with 1
when that takes longer than a minute after one kill, than three minutes after three in all, or when rows differ.
"""

from __future__ import annotations

import sys
import time

import psutil

from benchmarks.history.figures import Figures
from benchmarks.history.shop import Shop, open_shop, until
from local.demo.parts import post_webhook
from local.stack.airflow import WEBHOOK_DAG

_ORDERS = 15
# Of the simulator: a task that reads for so long can be met while it does.
_SLOW_S = 1.0
_ONCE_S, _THRICE_S = 60, 180


def main() -> int:
    """Measure and print; 0 when all figures are reached."""
    with open_shop("bench-live-kills") as shop:
        figures = Figures(f"Airflow {shop.settings.airflow}")
        for kills, bound in ((1, _ONCE_S), (3, _THRICE_S)):
            seconds, wrong = _killed(shop, kills)
            figures.tell("seconds from each kill to the next call: " + ", ".join(f"{s:.1f}" for s in seconds))
            figures.at_most(f"seconds after {kills} kills", sum(seconds), bound)
            figures.at_most("rows that differ from the truth", wrong, 0)
    return figures.end()


def _killed(shop: Shop, kills: int) -> tuple[list[float], int]:
    """Measure the seconds without work after each kill, and count the rows that are wrong at the end."""
    until("an empty inbox", lambda: not shop.warehouse.waiting())
    before = shop.simulator.settings()
    shop.simulator.set(latency_s=_SLOW_S)
    sales = shop.simulator.sell(_ORDERS)
    for sale in sales:
        post_webhook(shop.stack.env["WEBHOOK_URL"], sale.webhook)
    moment, seconds = time.monotonic(), []
    _next_call(shop, moment)
    for _ in range(kills):
        _process(shop).kill()
        moment = time.monotonic()
        seconds.append(_next_call(shop, moment) - moment)
    shop.simulator.set(**before)
    orders = [sale.pedido for sale in sales]
    until("the sales in the tables", lambda: len(shop.warehouse.rows_of("pdv", orders)) == _ORDERS)
    until("an empty inbox", lambda: not shop.warehouse.waiting())
    return seconds, len(shop.warehouse.differences(shop.simulator.truth(orders), orders))


def _next_call(shop: Shop, moment: float) -> float:
    """Wait for the next call about an order after a moment; return when it came. A dead task's call may still end."""

    def calls() -> list[float]:
        log = shop.simulator.call_log()
        return [
            call["at"]
            for call in log
            if call["service"] == "pdv.pedido.obter" and call["at"] > moment + 2 * _SLOW_S
        ]

    until("a call about an order", lambda: bool(calls()), every_s=0.2)
    return min(calls())


def _process(shop: Shop) -> psutil.Process:
    """Find the process of the live task that reads."""

    def found() -> list[psutil.Process]:
        return [process for name, process in shop.running_tasks(WEBHOOK_DAG) if name.startswith("fetch ")]

    until("a running fetch", lambda: bool(found()), every_s=0.2)
    return found()[0]


if __name__ == "__main__":
    sys.exit(main())
