"""A month of history by Airflow's own backfill: rows, calls, pace; the same month again; and rebuilt from the bucket.

``make bench-backfill`` (``AIRFLOW=3`` for Airflow 3). Ends with 1 when a figure is missed.
"""

from __future__ import annotations

import argparse
import sys
from datetime import date
from typing import Any

from benchmarks.history.figures import Figures
from benchmarks.history.shop import PER_MINUTE, Shop, open_shop

DAILY, REPLAY = "z316_daily", "z316_replay"
_PAGE = 100


def main() -> int:
    """Measure and print; 0 when all figures are reached."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.history.backfill", description=__doc__)
    parser.add_argument("--days", type=int, default=31, help="days of history (default 31)")
    parser.add_argument("--orders", type=int, default=40, help="orders a day (default 40)")
    arguments = parser.parse_args()
    with open_shop("bench-backfill") as shop:
        figures = Figures(f"Airflow {shop.settings.airflow}")
        first, last = shop.sell_days(arguments.days, arguments.orders)
        shop.unpause_quietly(DAILY)
        _backfill(shop, figures, first, last)
        _again(shop, figures, first, last)
        _replay(shop, figures, first, last)
    return figures.end()


def _backfill(shop: Shop, figures: Figures, first: date, last: date) -> None:
    seconds = shop.backfill(DAILY, first, last)
    calls = shop.simulator.call_log()
    truth = shop.simulator.truth_of_dates(first, last)
    days, orders, products = (last - first).days + 1, len(truth["pdv"]), len(truth["produto"])
    pages = sum(-(-count // _PAGE) for count in _orders_by_date(truth).values())
    # Products that the scheduler's own runs have read today are not asked for again.
    bound = orders + pages + min(products, _count(calls, "produto.obter"))
    figures.tell(f"{days} days, {orders} orders, {products} products: {len(calls)} calls in {seconds:.0f} s")
    figures.at_most("rows that differ from the truth", len(shop.differences(first, last)), 0)
    figures.at_most("calls ÷ bound", len(calls) / bound, 1.02)
    figures.at_most("answers with code 6 or 11", sum(call["code"] in {6, 11} for call in calls), 0)
    figures.at_least("used share of the allowed calls, while fetching", _used_share(calls, truth), 0.95)
    figures.tell(f"used share from the first to the last call: {_share(calls):.2f}")


def _again(shop: Shop, figures: Figures, first: date, last: date) -> None:
    written = shop.written()
    shop.simulator.forget_calls()
    seconds = shop.backfill(DAILY, first, last, again=True)
    days, services = (last - first).days + 1, shop.simulator.calls()
    figures.tell(f"the same range again: {seconds:.0f} s")
    figures.at_most(
        "again: calls other than search pages", services.total() - services["pedidos.pesquisa"], 0
    )
    figures.at_least("again: search pages a day", services["pedidos.pesquisa"] / days, 1)
    figures.at_most("again: search pages a day", services["pedidos.pesquisa"] / days, 1)
    rewritten = sum(a != b for a, b in zip(written, shop.written(), strict=True))
    figures.at_most("again: rows written", rewritten, 0)


def _replay(shop: Shop, figures: Figures, first: date, last: date) -> None:
    before = shop.rows()
    shop.drop_tables()
    shop.unpause_quietly(REPLAY)
    seconds = shop.backfill(REPLAY, first, last)
    figures.tell(f"replay of {(last - first).days + 1} days, by backfill: {seconds:.0f} s")
    # What the scheduler's own night run has loaded; one run over all days takes them too.
    shop.trigger(REPLAY, {"from_date": first.isoformat(), "to_date": date.today().isoformat()})  # noqa: DTZ011 - a far bound
    after = shop.rows()
    differ = sum(before[table] != after[table] for table in before)
    figures.at_most("replay: tables that differ from before", differ, 0)
    figures.at_most("replay: calls", shop.simulator.calls().total(), 0)


def _orders_by_date(truth: dict[str, Any]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for row in truth["pdv"]:
        counts[row["data"]] = counts.get(row["data"], 0) + 1
    return counts


def _count(calls: list[dict[str, Any]], service: str) -> int:
    return sum(call["service"] == service for call in calls)


def _used_share(calls: list[dict[str, Any]], truth: dict[str, Any]) -> float:
    """Compare the calls while a date's orders are read, from its first to its last call, with those allowed then."""
    date_of = {str(row["id"]): row["data"] for row in truth["pdv"]}
    made, seconds, current = 0, 0.0, None
    previous = 0.0
    for call in calls:
        if call["service"] == "pedidos.pesquisa":
            current = None
            continue
        day = date_of.get(call["key"]) if call["service"] == "pdv.pedido.obter" else current
        if current is not None and day == current:
            made, seconds = made + 1, seconds + call["at"] - previous
        current, previous = day, call["at"]
    return made / (seconds * PER_MINUTE / 60) if seconds else 0.0


def _share(calls: list[dict[str, Any]]) -> float:
    seconds: float = calls[-1]["at"] - calls[0]["at"]
    return (len(calls) - 1) / (seconds * PER_MINUTE / 60)


if __name__ == "__main__":
    sys.exit(main())
