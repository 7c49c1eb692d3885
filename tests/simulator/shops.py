"""Shops whose day is fixed, clocks that obey."""

from datetime import date, datetime, time

from local.tiny_simulator.settings import PROFILES
from local.tiny_simulator.shop import Shop

TODAY = date(2026, 3, 14)


def now() -> datetime:
    return datetime.combine(TODAY, time(15, 2, 33))


class Clock:
    """Monotonic seconds that pass only when told."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def make_shop(seed: int = 316, profile: str = "common", days: int = 0, per_day: int = 40) -> Shop:
    shop = Shop(seed=seed, now=now)
    shop.fill(days, per_day, PROFILES[profile])
    return shop
