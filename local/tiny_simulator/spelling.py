"""How Tiny writes a value: the same money as text or number, the same nothing as "", "0", " " or null."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from local.tiny_simulator.settings import Quirks

UNREADABLE: Final = {
    "dataVencimento": ("30/11/-0001", "-", "31/12/1969", "a combinar"),
    "dias_preparacao": ("7 dias", "-"),
    "alturaEmbalagem": ("10cm", "n/d"),
}
"""Side fields that may hold something that nobody can read, and what."""
CONTAINERS: Final = 5
_ODD_LISTS: Final = frozenset({"itens", "parcelas", "anexos", "imagens_externas"})
_ODD_DAYS: Final = frozenset({"dataVencimento", "data_prevista"})
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


def choice(count: int, *key: object) -> int:
    """Choose one of so many cases, by its key, the same each time."""
    return hashlib.blake2b(repr((key, count)).encode(), digest_size=4).digest()[0] % count


def is_unreadable(quirks: Quirks, field: str, *key: object) -> bool:
    """Return whether a record has something in a field that nobody can read; its truth is then nothing."""
    return field in UNREADABLE and chance(quirks.unreadable_values, "unreadable", field, key)


def odd_container(values: list[Any], kind: int) -> object:
    """Write a list in a shape that is none.

    Args:
        values: Its elements.
        kind: Which of the ``CONTAINERS`` shapes.
    """
    match kind:
        case 0:
            return {str(2 * n): value for n, value in enumerate(values)}
        case 1:
            return {"item": values}
        case 2:
            return [values]
        case 3:
            return {"lista": {"item": values}}
        case _:
            return [*values, ""]


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
        """Write an id that is there."""
        return value if chance(self.numeric_ids, "ids", self.key) else str(value)

    def no_id(self, field: str, value: int | None) -> str | int | None:
        """Write an id that may be missing: ``"0"``, sometimes ``0`` or ``""``."""
        if value is not None:
            return self.id(value)
        if not self.quirks.zero_ids or chance(_BLANK_IDS, "no id", self.key, field):
            return self.blank(field)
        return 0 if chance(self.numeric_ids, "ids", self.key) else "0"

    def text(self, field: str, value: str) -> str | None:
        """Write text that may be empty."""
        return value or self.blank(field)

    def date(self, field: str, value: date | None) -> str | None:
        """Write ``dd/mm/yyyy``; sometimes with a time and a zone."""
        if value and field in _ODD_DAYS and self._is_odd(field):
            return f"{value:%Y-%m-%d}T00:00:00-03:00"
        return value.strftime("%d/%m/%Y") if value else self.blank(field)

    def moment(self, field: str, value: datetime | None) -> str | None:
        """Write ``dd/mm/yyyy hh:mm:ss``."""
        return value.strftime("%d/%m/%Y %H:%M:%S") if value else self.blank(field)

    def number(self, field: str, value: Decimal | None, digits: int = 2) -> str | int | float | None:
        """Write a quantity or amount: text with a dot, or a JSON number.

        Args:
            field: Its name.
            value: None writes nothing.
            digits: Decimal places of the text form, unless the value needs more.
        """
        if value is None:
            return self.blank(field)
        if self._is_odd(field):
            return f"R$\u00a0{fixed(value, digits).replace('.', ',')}"
        if chance(self.numeric_values, "values", self.key, field):
            return as_number(value)
        return fixed(value, digits)

    def price(self, field: str, value: Decimal | None) -> str | int | float | None:
        """Write an amount in reais; sometimes with ten decimals."""
        long = value is not None and chance(self.quirks.long_prices, "long", self.key, field)
        return f"{value:.10f}" if long else self.number(field, value)

    def blank(self, field: str) -> str | None:
        """Write nothing: null, an empty text or a blank."""
        quirks = self.quirks
        if not quirks.blank_nulls or (quirks.true_nulls and field in TRUE_NULLS):
            return None
        if chance(quirks.stray_nulls, "null", self.key, field):
            return None
        return " " if chance(quirks.space_blanks, "space", self.key, field) else ""

    def rows(self, field: str, values: list[dict[str, Any]], share: float) -> object:
        """Write a list, or its only element as an object, or all in a shape that is no list."""
        if field in _ODD_LISTS and values and chance(self.quirks.odd_containers, "list", self.key, field):
            return odd_container(values, choice(CONTAINERS, self.key, field))
        if len(values) == 1 and chance(share, "single", self.key, field):
            return values[0]
        return values

    def record(self, field: str, value: dict[str, Any]) -> object:
        """Write an object, sometimes in a wrapper or a list; one that holds nothing may be a list of nothing."""
        if not chance(self.quirks.odd_containers, "object", self.key, field):
            return value
        if not any(str(inner or "").strip() for inner in value.values()):
            return [""]
        return [value] if choice(2, self.key, field) else {field: value}

    def whole(self, value: int) -> str | int:
        """Write a whole number."""
        return str(value)

    def wrapped(self, name: str, value: dict[str, Any]) -> dict[str, Any]:
        """Write an element of a list, in a wrapper with its name."""
        return {name: value}

    def readable(self, field: str, written: str | int | None, *key: object) -> str | int | None:
        """Write a value, or in its place something that nobody can read.

        Args:
            field: Its name.
            written: The value as it is written.
            key: Which record it is of, for all services alike.
        """
        if not is_unreadable(self.quirks, field, *key):
            return written
        return UNREADABLE[field][choice(len(UNREADABLE[field]), field, key)]

    def _is_odd(self, field: str) -> bool:
        return chance(self.quirks.odd_values, "odd", self.key, field)


@dataclass(frozen=True, slots=True)
class Exact(Speller):
    """Writes the values of one record as the tables hold them: typed, exact, null for nothing."""

    def id(self, value: int) -> str | int:
        """Write a whole number."""
        return value

    def no_id(self, field: str, value: int | None) -> str | int | None:
        """Write an id that may be missing."""
        return None if value is None else self.id(value)

    def date(self, field: str, value: date | None) -> str | None:
        """Write an ISO date."""
        return value.isoformat() if value else None

    def number(self, field: str, value: Decimal | None, digits: int = 2) -> str | None:
        """Write a decimal as text."""
        return None if value is None else fixed(value, digits)

    def price(self, field: str, value: Decimal | None) -> str | None:
        """Write a decimal as text."""
        return self.number(field, value)

    def blank(self, field: str) -> None:
        """Write nothing."""

    def rows(self, field: str, values: list[dict[str, Any]], share: float) -> object:
        """Write a list."""
        return values

    def record(self, field: str, value: dict[str, Any]) -> object:
        """Write an object."""
        return value

    def whole(self, value: int) -> int:
        """Write a whole number."""
        return value

    def wrapped(self, name: str, value: dict[str, Any]) -> dict[str, Any]:
        """Write an element of a list."""
        return value

    def readable(self, field: str, written: str | int | None, *key: object) -> str | int | None:
        """Write a value; nothing where nobody can read what is written."""
        return None if is_unreadable(self.quirks, field, *key) else written


class ExactTexts(Exact):
    """The same, for the table whose ids are texts."""

    def id(self, value: int) -> str:
        """Write an id."""
        return str(value)


def fixed(value: Decimal, digits: int) -> str:
    """Write a number as text with a dot and at least so many decimals; more if the value has them."""
    exponent = value.normalize().as_tuple().exponent
    own = -exponent if isinstance(exponent, int) else 0
    return f"{value:.{max(digits, own)}f}"


def as_number(value: Decimal) -> int | float:
    """Write a JSON number; whole values without a decimal point."""
    return int(value) if value == value.to_integral_value() else float(value)


def status_text(code: str, label: str, quirks: Quirks, *, code_allowed: bool) -> str:
    """Write an order's ``situacao``: the label of today, an older label, or the code."""
    if quirks.situacao_codes and code_allowed:
        return code
    return "Atendido" if quirks.old_labels and code == "faturado" else label
