"""Values as a Brazilian reads them: 1.234 and 23/11/2026."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

# Stands where a value is not known.
UNKNOWN: Final = "—"
# From so many on, the next larger unit says enough.
_MOST_MINUTES: Final = 120
_MOST_HOURS: Final = 48


def number(value: Decimal | int | None) -> str:
    """Write a count or a quantity, without zeros at its end: ``1.234`` or ``0,292``."""
    if value is None:
        return UNKNOWN
    whole, _, fraction = f"{value:,f}".partition(".")
    return brazilian(f"{whole}.{fraction.rstrip('0')}".rstrip("."))


def counted(count: int, one: str, many: str) -> str:
    """Write a count with its noun: ``1 pedido``, ``1.234 pedidos``."""
    return f"{number(count)} {one if count == 1 else many}"


def day(value: date | None) -> str:
    """Write a date: ``23/11/2026``."""
    return UNKNOWN if value is None else f"{value:%d/%m/%Y}"


def days(first: date, last: date) -> str:
    """Write a range of dates, both ends included."""
    return day(first) if first == last else f"{day(first)} a {day(last)}"


def moment(value: datetime | None, zone: ZoneInfo) -> str:
    """Write a time on the clocks of a zone: ``23/11/2026 às 15:40``."""
    return UNKNOWN if value is None else f"{value.astimezone(zone):%d/%m/%Y às %H:%M}"


def age(passed: timedelta) -> str:
    """Write how long ago something was: ``agora``, ``há 12 minutos``, ``há 3 horas``, ``há 2 dias``."""
    minutes = int(passed.total_seconds() // 60)
    if minutes < 1:
        return "agora"
    if minutes < _MOST_MINUTES:
        return f"há {counted(minutes, 'minuto', 'minutos')}"
    hours = minutes // 60
    return f"há {hours} horas" if hours < _MOST_HOURS else f"há {counted(hours // 24, 'dia', 'dias')}"


def brazilian(english: str) -> str:
    """Write a number with the marks that Brazilians use, not the English ones."""
    return english.translate(str.maketrans(",.", ".,"))
