"""How Tiny writes a value: the same money as text or number, the same nothing as "", "0", " " or null."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from local.tiny_simulator.settings import Quirks

TRUE_NULLS: Final = frozenset({"cod_lista_servicos", "im"})
"""Fields that are a real null in recordings."""
_BLANK_IDS: Final = 0.2
"""Share of missing ids that are written as nothing although Tiny mostly writes "0"."""


def chance(share: float, *key: object) -> bool:
    """Decide a case by its key, the same way each time; ``share`` of all keys say yes."""
    if share <= 0 or share >= 1:
        return share >= 1
    digest = hashlib.blake2b(repr(key).encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") < share * 2**32


@dataclass(frozen=True, slots=True)
class Speller:
    """Writes the values of one record.

    Attributes:
        quirks: The switches.
        key: What the record is, such as service and id: its quirks are the same at each reading.
        numeric_ids: Share of records whose ids are JSON numbers.
        numeric_values: Share of fields whose amounts are JSON numbers.
    """

    quirks: Quirks
    key: tuple[object, ...]
    numeric_ids: float
    numeric_values: float

    def id(self, value: int) -> str | int:
        """An id that is there."""
        return value if chance(self.numeric_ids, "ids", self.key) else str(value)

    def no_id(self, field: str, value: int | None) -> str | int | None:
        """An id that may be missing: ``"0"``, sometimes ``0`` or ``""``."""
        if value is not None:
            return self.id(value)
        if not self.quirks.zero_ids or chance(_BLANK_IDS, "no id", self.key, field):
            return self.blank(field)
        return 0 if chance(self.numeric_ids, "ids", self.key) else "0"

    def text(self, field: str, value: str) -> str | None:
        """Text that may be empty."""
        return value or self.blank(field)

    def date(self, field: str, value: date | None) -> str | None:
        """``dd/mm/yyyy``."""
        return value.strftime("%d/%m/%Y") if value else self.blank(field)

    def moment(self, field: str, value: datetime | None) -> str | None:
        """``dd/mm/yyyy hh:mm:ss``."""
        return value.strftime("%d/%m/%Y %H:%M:%S") if value else self.blank(field)

    def number(self, field: str, value: Decimal | None, digits: int = 2) -> str | int | float | None:
        """A quantity or amount: text with a dot, or a JSON number.

        Args:
            field: Its name.
            value: None writes nothing.
            digits: Decimal places of the text form, unless the value needs more.
        """
        if value is None:
            return self.blank(field)
        if chance(self.numeric_values, "values", self.key, field):
            return as_number(value)
        return fixed(value, digits)

    def price(self, field: str, value: Decimal | None) -> str | int | float | None:
        """An amount in reais; sometimes with ten decimals."""
        long = value is not None and chance(self.quirks.long_prices, "long", self.key, field)
        return f"{value:.10f}" if long else self.number(field, value)

    def blank(self, field: str) -> str | None:
        """Nothing."""
        quirks = self.quirks
        if not quirks.blank_nulls or (quirks.true_nulls and field in TRUE_NULLS):
            return None
        if chance(quirks.stray_nulls, "null", self.key, field):
            return None
        return " " if chance(quirks.space_blanks, "space", self.key, field) else ""

    def rows(self, field: str, values: list[dict[str, Any]], share: float) -> object:
        """A list, or its only element as an object."""
        if len(values) == 1 and chance(share, "single", self.key, field):
            return values[0]
        return values


def fixed(value: Decimal, digits: int) -> str:
    """Text with a dot and at least so many decimals; more if the value has them."""
    exponent = value.normalize().as_tuple().exponent
    own = -exponent if isinstance(exponent, int) else 0
    return f"{value:.{max(digits, own)}f}"


def as_number(value: Decimal) -> int | float:
    """A JSON number; whole values without a decimal point."""
    return int(value) if value == value.to_integral_value() else float(value)


def status_text(code: str, label: str, quirks: Quirks, *, code_allowed: bool) -> str:
    """An order's ``situacao``: the label of today, an older label, or the code."""
    if quirks.situacao_codes and code_allowed:
        return code
    return "Atendido" if quirks.old_labels and code == "faturado" else label
