"""Live sales while a history is backfilled: how long from the receiver's 200 to the row, against the same stack idle.

``make bench-overtake`` (``AIRFLOW=3`` for Airflow 3): every 20 s a sale is made and its webhook posted, first on the
idle stack, then while ten days are backfilled by Airflow's own command at 300 calls a minute. Ends with 1 when the
worst sale took more than twice what a chunk of history and an idle stack take together, or when rows differ from the
truth.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import count

from benchmarks.history.figures import Figures
from benchmarks.history.shop import Shop, open_shop, until
from local.demo.parts import post_webhook

_HISTORY, _LIVE = "z316_daily", "z316_webhook"
_PER_MINUTE = 300
_EVERY_S = 20.0
_IDLE_SALES = 5
_CHUNK = 20
# For what the machine and the scheduler add when they are busy with the backfill's tasks too.
_MOST = 2.0
_PATIENCE_S = 300


@dataclass(frozen=True)
class Posted:
    """A sale whose webhook was posted.

    Attributes:
        pedido: Tiny's id of the order.
        at: Time of the receiver's 200 (seconds since the epoch).
    """

    pedido: int
    at: float


def main() -> int:
    """Measure and print; 0 when all figures are reached."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.history.overtake", description=__doc__)
    parser.add_argument("--days", type=int, default=10, help="days of history (default 10)")
    parser.add_argument("--orders", type=int, default=100, help="orders a day (default 100)")
    parser.add_argument("--timeline", action="store_true", help="show when each task of the live runs worked")
    arguments = parser.parse_args()
    with open_shop("bench-overtake", TINY_PER_MINUTE=str(_PER_MINUTE)) as shop:
        figures = Figures(f"Airflow {shop.settings.airflow}")
        first, last = shop.sell_days(arguments.days, arguments.orders)
        shop.unpause_quietly(_HISTORY)
        # The first sale warms up: connections, caches.
        idle = _latencies(shop, _sell(shop, lambda sold: sold > _IDLE_SALES))[1:]
        shop.simulator.forget_calls()
        filling = shop.start_backfill(_HISTORY, first, last)
        sold = _sell(shop, lambda _: filling.done())
        figures.tell(f"backfilled {arguments.days} days in {filling.result():.0f} s")
        busy = _latencies(shop, sold)
        if arguments.timeline:
            _tell_timeline(shop, figures, sold)
        _judge(shop, figures, idle, busy, _chunk_seconds(shop, first, last))
        figures.at_most("history: rows that differ from the truth", len(shop.differences(first, last)), 0)
        truth = shop.simulator.truth([sale.pedido for sale in sold])
        figures.at_most("sales: rows that differ from the truth", len(shop.warehouse.differences(truth)), 0)
    return figures.end()


def _sell(shop: Shop, enough: Callable[[int], bool]) -> list[Posted]:
    """Make a sale and post its webhook again and again, until there are enough."""
    sold: list[Posted] = []
    began = time.monotonic()
    for number in count():
        while time.monotonic() < began + number * _EVERY_S:
            if enough(number):
                return sold
            time.sleep(0.5)
        sale = shop.simulator.sell(1)[0]
        sold.append(Posted(sale.pedido, post_webhook(shop.stack.env["WEBHOOK_URL"], sale.webhook)))
    return sold


def _latencies(shop: Shop, sold: list[Posted]) -> list[float]:
    """Measure the seconds until the row of each sale was written."""
    written: dict[int, float] = {}

    def all_there() -> bool:
        rows = shop.warehouse.rows("pdv")
        written.update({int(row["id"]): row["update_timestamp"].timestamp() for row in rows})
        return all(sale.pedido in written for sale in sold)

    until("the rows of all sales", all_there, _PATIENCE_S)
    return [written[sale.pedido] - sale.at for sale in sold]


def _chunk_seconds(shop: Shop, first: date, last: date) -> float:
    """Compute how long one chunk of history takes at the allowed pace: its orders and their share of the products."""
    orders = {str(row["id"]) for row in shop.simulator.truth_of_dates(first, last)["pdv"]}
    calls = shop.simulator.call_log()
    products = sum(1 for call in calls if call["service"] == "produto.obter")
    calls_of_chunk = _CHUNK * (len(orders) + products) / len(orders)
    return calls_of_chunk * 60 / _PER_MINUTE


def _judge(shop: Shop, figures: Figures, idle: list[float], busy: list[float], chunk: float) -> None:
    normal = statistics.median(idle)
    figures.tell(f"idle: median {normal:.1f} s of {_shown(idle)}")
    figures.tell(f"while backfilling: median {statistics.median(busy):.1f} s of {_shown(busy)}")
    figures.tell(f"a chunk of history: {chunk:.1f} s")
    figures.at_most("worst sale ÷ (chunk + idle)", max(busy) / (chunk + normal), _MOST)
    logs = (shop.settings.airflow_home / "logs").glob(f"dag_id={_HISTORY}/**/*.log")
    gave_way = sum(path.read_text(errors="replace").count("event=gives_way") for path in logs)
    figures.tell(f"history gave way {gave_way} times for {len(busy)} sales")
    throttled = sum(call["code"] in {6, 11} for call in shop.simulator.call_log())
    figures.at_most("answers with code 6 or 11", throttled, 0)


def _tell_timeline(shop: Shop, figures: Figures, sold: list[Posted]) -> None:
    """Print when each task of the live runs was queued, began and ended, in seconds from the first sale's 200."""
    for run in sorted(shop.runs(_LIVE), key=lambda run: run["start_date"] or ""):
        tasks = shop.tasks(_LIVE, run["dag_run_id"])
        if run["state"] != "success" or not tasks or _seconds(tasks[-1]["end_date"]) < sold[0].at:
            continue
        for task in tasks:
            moments = (
                _seconds(task[name]) - sold[0].at for name in ("queued_when", "start_date", "end_date")
            )
            figures.tell(f"{task['task_id']:<14}" + "".join(f"{moment:8.1f}" for moment in moments))


def _seconds(moment: str | None) -> float:
    return datetime.fromisoformat(moment).timestamp() if moment else float("nan")


def _shown(seconds: list[float]) -> str:
    return ", ".join(f"{value:.1f}" for value in seconds)


if __name__ == "__main__":
    sys.exit(main())
