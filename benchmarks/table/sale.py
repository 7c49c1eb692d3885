"""One sale through the real scheduler, from the receiver's 200 to its row: idle, and beside a backfill."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from benchmarks.history.shop import Shop
from benchmarks.latency import AT_MOST, Sale, front_of, idle_sales, limit_of, median, open_twins, sale
from benchmarks.table.rows import Row

_ROUNDS: Final = 3
_DAILY: Final = "z316_daily"
_DAYS, _ORDERS_A_DAY = 30, 60
_AGAINST: Final = "an empty DAG of as many tasks, and the sale's loads and statements"


def sales() -> Iterator[Row]:
    """Sell on a stack of its own."""
    with open_twins("bench-sale", TINY_PER_MINUTE="300") as shop:
        found = idle_sales(shop, _ROUNDS)
        yield _row("one sale, s", found, found)
        with front_of(shop).delays():
            found = idle_sales(shop, _ROUNDS)
            yield _row("… with Google's times, s", found, found)
            yield _row("… with Google's times, beside a backfill, s", _beside_a_backfill(shop), found)


def _beside_a_backfill(shop: Shop) -> list[Sale]:
    first, last = shop.sell_days(_DAYS, _ORDERS_A_DAY)
    shop.unpause_quietly(_DAILY)
    filling = shop.start_backfill(_DAILY, first, last)
    found = [sale(shop) for _ in range(_ROUNDS)]
    if filling.done():
        raise RuntimeError(f"the backfill of {_DAYS} days was done before the sales: let it be longer")
    return found


def _row(what: str, found: list[Sale], jobs_of: list[Sale]) -> Row:
    return Row(what, median(found), limit_of(found, jobs_of), _AGAINST, AT_MOST)
