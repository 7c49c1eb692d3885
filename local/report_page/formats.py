"""Values as a Brazilian reads them: R$ 1.234,56 and 23/11/2026."""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

UNKNOWN = "—"
"""Stands where a value is not known."""

_FORMS = {
    "credito": "Crédito",
    "crediario": "Crediário",
    "debito": "Débito",
    "deposito": "Depósito",
    "multiplas": "Múltiplas",
    "vale_alimentacao": "Vale-alimentação",
    "vale_refeicao": "Vale-refeição",
}
_CENT = Decimal("0.01")
_TENTH = Decimal("0.1")


def money(value: Decimal | None) -> str:
    """Write reais, to the cent: ``R$ 1.234,56``; half a cent is rounded up, away from zero."""
    if value is None:
        return UNKNOWN
    cents = value.quantize(_CENT, ROUND_HALF_UP)
    return f"{'-' if cents < 0 else ''}R$ {_brazilian(f'{abs(cents):,.2f}')}"


def number(value: Decimal | int | None) -> str:
    """Write a count or a quantity, without zeros at its end: ``1.234`` or ``0,292``."""
    if value is None:
        return UNKNOWN
    whole, _, fraction = f"{value:,f}".partition(".")
    return _brazilian(f"{whole}.{fraction.rstrip('0')}".rstrip("."))


def percent(part: Decimal | None, whole: Decimal) -> str:
    """Write how much of the whole a part is: ``12,5%``; unknown when either is unknown or nothing."""
    if part is None or not whole:
        return UNKNOWN
    return _brazilian(f"{(part / whole * 100).quantize(_TENTH, ROUND_HALF_UP):f}") + "%"


def counted(count: int, one: str, many: str) -> str:
    """Write a count with its noun: ``1 pedido``, ``1.234 pedidos``."""
    return f"{number(count)} {one if count == 1 else many}"


def payment_form(code: str) -> str:
    """Write Tiny's code of a payment form as a person does; one that is not known loses only its underscores."""
    return _FORMS.get(code) or code[:1].upper() + code[1:].replace("_", " ")


def day(value: date | None) -> str:
    """Write a date: ``23/11/2026``."""
    return UNKNOWN if value is None else f"{value:%d/%m/%Y}"


def moment(value: datetime | None, zone: ZoneInfo) -> str:
    """Write a time on the clocks of a zone: ``23/11/2026 às 15:40``."""
    return UNKNOWN if value is None else f"{value.astimezone(zone):%d/%m/%Y às %H:%M}"


def _brazilian(english: str) -> str:
    return english.translate(str.maketrans(",.", ".,"))
