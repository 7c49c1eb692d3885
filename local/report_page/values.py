"""What the page shows, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Day:
    """Sales of one day; money in reais.

    Attributes:
        day: The day, in the store's time zone.
        orders: Orders sold.
        revenue: What the customers pay.
        margin: Revenue less cost, of the orders whose cost is known; None when none is.
        new_customers: Customers who never bought before.
        orders_without_cost: Orders whose cost is not known.
    """

    day: date
    orders: int = 0
    revenue: Decimal = Decimal(0)
    margin: Decimal | None = Decimal(0)
    new_customers: int = 0
    orders_without_cost: int = 0


@dataclass(frozen=True)
class Product:
    """Sales of one product; ``units`` may be a weight, ``margin`` is None when no cost is known."""

    name: str
    units: Decimal
    revenue: Decimal
    margin: Decimal | None


@dataclass(frozen=True)
class Seller:
    """Sales of one seller, or of none, where the name says so."""

    name: str
    orders: int
    revenue: Decimal
    margin: Decimal | None


@dataclass(frozen=True)
class Payment:
    """What was paid by one payment form; an order paid by two counts in both."""

    form: str
    orders: int
    value: Decimal


@dataclass(frozen=True)
class Hour:
    """Sales that arrived in one hour of the day (0 to 23, in the store's time zone)."""

    hour: int
    orders: int
    revenue: Decimal


@dataclass(frozen=True)
class Freshness:
    """How fresh and complete the tables are; None where something has not happened yet."""

    last_webhook: datetime | None = None
    last_load: datetime | None = None
    orders_today: int = 0
    orders_yesterday: int = 0
    orders_without_cost: int = 0
    last_reconcile: datetime | None = None
    differences: int | None = None
    open_differences: int | None = None


@dataclass(frozen=True)
class Report:
    """All that the page shows.

    Attributes:
        store: The store's name.
        zone: Its time zone.
        first: First day of the period.
        last: Last day, included.
        made_at: When the views were read.
        days: Days with sales, ascending.
        products: Best sold first, not more than the page shows.
        sellers: Best first.
        payments: Most used first.
        hours: Hours with sales, ascending.
        freshness: How fresh the tables are.
    """

    store: str
    zone: ZoneInfo
    first: date
    last: date
    made_at: datetime
    days: tuple[Day, ...] = ()
    products: tuple[Product, ...] = ()
    sellers: tuple[Seller, ...] = ()
    payments: tuple[Payment, ...] = ()
    hours: tuple[Hour, ...] = ()
    freshness: Freshness = Freshness()

    @property
    def orders(self) -> int:
        """Orders of the period."""
        return sum(day.orders for day in self.days)

    @property
    def revenue(self) -> Decimal:
        """Revenue of the period (R$)."""
        return sum((day.revenue for day in self.days), Decimal(0))

    @property
    def margin(self) -> Decimal | None:
        """Margin of the period (R$), as far as costs are known; None when none is."""
        known = [day.margin for day in self.days if day.margin is not None]
        return sum(known, Decimal(0)) if known else None

    @property
    def average_ticket(self) -> Decimal | None:
        """Revenue an order (R$); None without orders."""
        return self.revenue / self.orders if self.orders else None

    @property
    def new_customers(self) -> int:
        """Customers who bought for the first time in the period."""
        return sum(day.new_customers for day in self.days)

    @property
    def orders_without_cost(self) -> int:
        """Orders of the period that the margin leaves out."""
        return sum(day.orders_without_cost for day in self.days)

    def every_day(self) -> list[Day]:
        """Return one entry for each day of the period, also for those without sales."""
        sold = {day.day: day for day in self.days}
        days = [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]
        return [sold.get(day, Day(day)) for day in days]

    def every_hour(self) -> list[Hour]:
        """Return one entry for each hour of the day, also for those without sales."""
        sold = {hour.hour: hour for hour in self.hours}
        return [sold.get(hour, Hour(hour, 0, Decimal(0))) for hour in range(24)]
