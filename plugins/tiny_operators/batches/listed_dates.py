"""Orders that Tiny lists under another date than their own, remembered by date.

Tiny documents that ``pedidos.pesquisa`` filters by the day of registration, and ``data_pedido`` is the day of the sale,
which people edit and import later; a filter by the day of the sale was seen as well. Under either reading an order is
compared on the date under which Tiny lists it. Most orders have one date and are not in here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from tiny_operators.lake import names
from tiny_operators.lake.objects import Objects


@dataclass(frozen=True)
class ListedElsewhere:
    """What is known of one date's orders that have two dates.

    Attributes:
        here: Orders of other dates that Tiny lists under this one.
        elsewhere: Orders of this date that Tiny does not list under it, though it has them.
        missing: Orders that Tiny did not list at the last look, each with the moment when they were planned to be read
            (ISO 8601, UTC).
    """

    here: frozenset[int] = frozenset()
    elsewhere: frozenset[int] = frozenset()
    missing: dict[int, str] = field(default_factory=dict)

    @classmethod
    def from_json(cls, content: Any) -> ListedElsewhere:
        """Read it from :meth:`to_json`; from None when nothing was remembered."""
        found = content or {}
        return cls(
            frozenset(found.get("here", ())),
            frozenset(found.get("elsewhere", ())),
            {int(pedido): moment for pedido, moment in found.get("missing", {}).items()},
        )

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {"here": sorted(self.here), "elsewhere": sorted(self.elsewhere), "missing": self.missing}


@dataclass(frozen=True)
class ListedDates:
    """The memory of one store: an object for each date that has such orders.

    Attributes:
        objects: The store's API bucket.
        prefix: Prefix of the store.
    """

    objects: Objects
    prefix: str

    def of(self, day: date) -> ListedElsewhere:
        """Return what is remembered of a date."""
        return ListedElsewhere.from_json(self.objects.read_json(self._object(day)))

    def looked_at(
        self,
        day: date,
        before: ListedElsewhere,
        *,
        listed: Collection[int],
        here: Iterable[int],
        elsewhere: Iterable[int],
        missing: dict[int, str],
    ) -> None:
        """Remember what a look at a date has found; what other dates said meanwhile stays.

        Args:
            day: The date.
            before: What was remembered of it.
            listed: All orders that Tiny lists under it.
            here: Those of them whose own date is another one.
            elsewhere: Orders of the date that Tiny has, but does not list under it.
            missing: Orders that are to be read because Tiny does not list them.
        """
        after = ListedElsewhere(
            frozenset(here), (before.elsewhere - frozenset(listed)) | frozenset(elsewhere), missing
        )
        if after != before:
            self._change(day, lambda now: self._merged(now, before, after))

    def listed_under_another(self, day: date, pedidos: Collection[int]) -> None:
        """Remember that Tiny lists orders of a date under another one."""
        new = frozenset(pedidos)
        if not new <= self.of(day).elsewhere:
            self._change(day, lambda now: ListedElsewhere(now.here, now.elsewhere | new, now.missing))

    @staticmethod
    def _merged(now: ListedElsewhere, before: ListedElsewhere, after: ListedElsewhere) -> ListedElsewhere:
        said_meanwhile = now.elsewhere - before.elsewhere
        return ListedElsewhere(after.here, after.elsewhere | said_meanwhile, after.missing)

    def _change(self, day: date, change: Any) -> None:
        self.objects.change_json(
            self._object(day), lambda content: change(ListedElsewhere.from_json(content)).to_json()
        )

    def _object(self, day: date) -> str:
        return names.listed_elsewhere_object(self.prefix, day.isoformat())
