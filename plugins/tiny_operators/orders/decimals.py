"""Decimals as Tiny and Brazilian software write them."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Final

# Digits in groups of three, or without groups; then the decimals. The mark of groups and that of decimals differ.
_NUMBER: Final = re.compile(
    r"[+-]?(?:[0-9]{1,3}(?:\.[0-9]{3}){2,}|[0-9]{1,3}(?:,[0-9]{3}){2,}"
    r"|[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]*|[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]*"
    r"|[0-9]+[.,]?[0-9]*|[.,][0-9]+)(?:[eE][+-]?[0-9]{1,2})?"
)
_HEAD: Final = re.compile(r"^([+-]?) ?(?:R\$)? ?([+-]?) ?", re.IGNORECASE)
# Blanks that group digits as points do. Other blanks are between two numbers, such as 10 20.
_BLANK_GROUPS: Final = re.compile(r"[+-]?[0-9]{1,3}(?: [0-9]{3})+(?:[.,][0-9]*)?")


def parse_decimal(text: str) -> Decimal:
    """Read a decimal in any of the forms that Tiny uses: ``85.90``, ``5,00``, ``1.234,56``, ``-3``, ``R$ 10,00``.

    The last separator is the decimal one; a separator that occurs more than once only groups digits. A single one
    before three digits is the decimal one, too: Tiny writes decimals with a point, and weights in grams of a kilogram.

    Raises:
        ValueError: When it is not a number.
    """
    # Without an argument, split knows every kind of space, the no-break ones too.
    cleaned = " ".join(text.split())
    if " " in cleaned or "$" in cleaned:
        cleaned = _HEAD.sub(r"\1\2", cleaned)
        if _BLANK_GROUPS.fullmatch(cleaned):
            cleaned = cleaned.replace(" ", "")
    if not _NUMBER.fullmatch(cleaned):
        raise ValueError("not a number")
    last = max(cleaned.rfind("."), cleaned.rfind(","))
    if last >= 0:
        mark = cleaned[last]
        other = "," if mark == "." else "."
        cleaned = cleaned.replace(other, "")
        cleaned = cleaned.replace(mark, "" if cleaned.count(mark) > 1 else ".")
    try:
        return Decimal(cleaned)
    except InvalidOperation as error:
        raise ValueError("not a number") from error
