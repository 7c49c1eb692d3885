"""Values as a Brazilian reads them: R$ 1.234,56 and 23/11/2026."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from tiny_operators.situation.formats import UNKNOWN, brazilian

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
    return f"{'-' if cents < 0 else ''}R$ {brazilian(f'{abs(cents):,.2f}')}"


def percent(part: Decimal | None, whole: Decimal) -> str:
    """Write how much of the whole a part is: ``12,5%``; unknown when either is unknown or nothing."""
    if part is None or not whole:
        return UNKNOWN
    return brazilian(f"{(part / whole * 100).quantize(_TENTH, ROUND_HALF_UP):f}") + "%"


def payment_form(code: str) -> str:
    """Write Tiny's code of a payment form as a person does; one that is not known loses only its underscores."""
    return _FORMS.get(code) or code[:1].upper() + code[1:].replace("_", " ")
