"""Exact arithmetic: cents, order discounts, instalments that add up."""

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
ZERO = Decimal(0)


def cents(value: Decimal) -> Decimal:
    """Round an amount in reais to whole cents, halves away from zero."""
    return value.quantize(CENT, rounding=ROUND_HALF_UP)


def with_comma(value: Decimal) -> str:
    """Spell an amount in reais as Brazilians write it: ``5,00``."""
    return f"{cents(value):f}".replace(".", ",")


def parse_decimal(text: str) -> Decimal:
    """Read ``1.234,56``, ``1234,56`` or ``1234.56``.

    Raises:
        decimal.InvalidOperation: The text is not a number.
    """
    text = text.strip()
    if "," in text:
        text = text.replace(".", "").replace(",", ".")
    return Decimal(text)


def discount_value(spelled: str, total_products: Decimal) -> Decimal:
    """Return the amount in reais that an order's ``desconto`` takes off; negative for a surcharge.

    Args:
        spelled: ``""``, ``"0"``, ``"0,00"``, ``"5,00"`` or ``"10%"`` (percent of ``totalProdutos``).
        total_products: The order's ``totalProdutos`` in reais.

    Raises:
        decimal.InvalidOperation: The text is none of these forms.
    """
    text = spelled.strip()
    if not text:
        return ZERO
    if text.endswith("%"):
        return cents(total_products * parse_decimal(text[:-1]) / 100)
    return cents(parse_decimal(text))


def net_price(gross: Decimal, percent: str) -> Decimal:
    """Return the unit price in reais after an item's own discount in percent."""
    return cents(gross * (100 - parse_decimal(percent or "0")) / 100)


def split(total: Decimal, weights: list[int]) -> list[Decimal]:
    """Divide an amount by weights into whole cents; the last part takes the rest, so they add up exactly."""
    whole = sum(weights)
    parts = [(total * weight / whole).quantize(CENT, rounding=ROUND_DOWN) for weight in weights[:-1]]
    return [*parts, total - sum(parts, ZERO)]
