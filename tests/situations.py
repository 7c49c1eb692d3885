"""Situations made by hand, for tests of the page that shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tiny_operators.situation.facts import LOOKED_AT_DAYS, Situation, situation_of
from tiny_operators.situation.page import Run, UnderWay, render

# Past six in the morning in São Paulo.
NOW = datetime(2026, 11, 23, 18, 40, tzinfo=UTC)
TODAY = date(2026, 11, 23)
FIRST = TODAY - timedelta(days=LOOKED_AT_DAYS - 1)
STORE = {"prefix": "z316", "name": "Loja Exemplo", "timezone": "America/Sao_Paulo"}


def form(dag_id: str) -> str:
    """The address of a DAG's form."""
    return f"../form/{dag_id}"


def days_ago(*ago: int) -> list[date]:
    """Days that are so many days ago."""
    return [TODAY - timedelta(days=number) for number in ago]


def row(day: date, orders: int = 0, in_tiny: int | None = None, **values: Any) -> dict[str, Any]:
    """What the tables know of a day; compared when Tiny's number is given."""
    compared = None if in_tiny is None else datetime(2026, 11, 22, 8, tzinfo=UTC)
    found = {
        "day": day,
        "orders": orders,
        "orders_in_tiny": in_tiny,
        "still_differ": None if in_tiny is None else 0,
        "compared_at": compared,
        "rejects": 0,
        "notes": 0,
        "last_load": None,
        "last_webhook": None,
        "daily": False,
        "files": 0,
        "orders_out": None,
        "files_out": None,
        "rejects_folder": f"https://storage.example/rejected/dt={day}",
    }
    return found | values


def reason(
    pedido: int | None = None, file: str | None = None, field: str = "pdv.totalVenda"
) -> dict[str, Any]:
    """Why an order or a file was set aside, as the tables have it."""
    return {"pedido": pedido, "file": file, "field": field, "expected": "a number", "found": "text"}


def with_rejects(day: date, orders: int, files: int = 0) -> dict[str, Any]:
    """A complete day on which so many orders and files were set aside; the newest 20 of each are told."""
    base = 1000 * day.toordinal()
    names = [f"vendas/{day}-{number}.json" for number in range(files)]
    return good(day) | {
        "rejects": orders + files,
        "files": files,
        "orders_out": [reason(base + number) for number in range(orders)][:20] or None,
        "files_out": [reason(file=name, field="(file)") for name in names][:20] or None,
    }


def good(day: date) -> dict[str, Any]:
    """A day that is complete."""
    return row(day, 12, 12)


def rows(
    changed: Mapping[date, Mapping[str, Any] | None] | None = None, first: date = FIRST
) -> list[dict[str, Any]]:
    """All days that are looked at: good ones from some day on, unless they are given; None for a day without anything."""
    changed = changed or {}
    days = [FIRST + timedelta(days=number) for number in range(LOOKED_AT_DAYS)]
    given = {day: row(day) if day < first else good(day) for day in days}
    return [dict(changed.get(day, given[day]) or row(day)) for day in days]


def situation(
    known: Iterable[Mapping[str, Any]] | None = None,
    arrived: Iterable[datetime] = (),
    now: datetime = NOW,
    **store: str,
) -> Situation:
    """The situation of a store: complete, unless rows are given."""
    return situation_of(STORE | store, rows() if known is None else known, list(arrived), now, 6)


def example_page(*, stores: int = 1) -> str:
    """The page of stores with days in each state, among the newest and among the older ones, and with runs under way."""
    ago = [TODAY - timedelta(days=number) for number in range(LOOKED_AT_DAYS)]
    changed: dict[date, dict[str, Any] | None] = {
        **dict.fromkeys((ago[3], ago[4], ago[5], ago[90], ago[200])),
        ago[0]: row(ago[0], 7, last_load=NOW - timedelta(minutes=3)),
        ago[8]: row(ago[8], 11, 14),
        ago[6]: with_rejects(ago[6], 0, 1),
        ago[12]: with_rejects(ago[12], 3) | {"orders": 1234, "orders_in_tiny": 1234, "notes": 1034},
        ago[13]: row(ago[13], 3),
    }
    shown = []
    for prefix in (f"loja{number}" for number in range(1, stores + 1)):
        runs = (
            Run(f"{prefix}_daily", ago[90], ago[60], 42, NOW + timedelta(hours=3)),
            Run(f"{prefix}_compare", ago[35], ago[1]),
        )
        arrived = [NOW - timedelta(minutes=4)]
        found = situation(rows(changed), arrived, prefix=prefix, name=f"Loja Exemplo {prefix[4:]}")
        shown.append((found, UnderWay(runs, (f"{prefix}_daily",) * 27)))
    return render(shown, NOW, lambda dag_id: f"../dags/{dag_id}/trigger")
