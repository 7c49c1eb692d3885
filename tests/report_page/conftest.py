"""Reports made by hand: two days of sales, and none; and a Chromium to open them in."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser

from local.browser import chromium
from local.report_page.values import Day, Freshness, Hour, Payment, Product, Report, Seller

ZONE = ZoneInfo("America/Sao_Paulo")
NOW = datetime(2026, 11, 23, 18, 40, tzinfo=UTC)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="session")
def empty() -> Report:
    return Report("Loja Exemplo", ZONE, date(2026, 11, 21), date(2026, 11, 23), NOW)


@pytest.fixture(scope="session")
def report() -> Report:
    """Sales of the 21st and the 23rd; by hand: 1,234.56 + 765.44 = 2,000.00; 3 + 1 orders; ticket 500.00."""
    return Report(
        store="Loja Exemplo",
        zone=ZONE,
        first=date(2026, 11, 21),
        last=date(2026, 11, 23),
        made_at=NOW,
        days=(
            Day(date(2026, 11, 21), 3, Decimal("1234.56"), Decimal("400.10"), new_customers=2),
            Day(date(2026, 11, 23), 1, Decimal("765.44"), Decimal("-0.10"), 1, orders_without_cost=1),
        ),
        products=(
            Product("Pão & Queijo <b>", Decimal("1.292"), Decimal("1500.00"), Decimal("300.00")),
            Product("Café Moído", Decimal(12), Decimal("500.00"), None),
        ),
        sellers=(
            Seller("Vendedora Exemplo", 3, Decimal("1234.56"), Decimal("400.10")),
            Seller("Sem vendedor", 1, Decimal("765.44"), None),
        ),
        payments=(Payment("pix", 3, Decimal("1500.00")), Payment("não informada", 2, Decimal("500.00"))),
        hours=(Hour(9, 1, Decimal("765.44")), Hour(11, 3, Decimal("1234.56"))),
        freshness=Freshness(
            last_webhook=datetime(2026, 11, 23, 18, 30, tzinfo=UTC),
            last_load=datetime(2026, 11, 23, 18, 31, tzinfo=UTC),
            orders_today=1,
            orders_without_cost=1,
        ),
    )
