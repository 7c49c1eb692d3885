"""What a comparison of Tiny with BigQuery found on a date, and what became of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from tiny_operators.batches.dates import DatePlan
from tiny_operators.orders.plan import PlannedOrder
from tiny_operators.warehouse.known_orders import KnownOrder

# The table of what comparisons found and did.
RECONCILIATION: Final = "reconciliation"


@dataclass(frozen=True)
class Comparison:
    """One date of a comparison.

    Attributes:
        plan: What was found before the repair.
        unrepaired: Orders that still differ.
    """

    plan: DatePlan
    unrepaired: tuple[int, ...]

    @property
    def differences(self) -> int:
        """Orders that differed."""
        return self.plan.orders

    @property
    def repaired(self) -> int:
        """Orders that differed and no longer do."""
        return self.differences - len(self.unrepaired)

    def row(self, store: str, run: str) -> dict[str, Any]:
        """Build the row of the table ``reconciliation``.

        Args:
            store: Prefix of the store.
            run: The run's key.
        """
        return {
            "store": store,
            "date": self.plan.date,
            "run": run,
            "compared_at": self.plan.compared_at,
            "orders_in_tiny": self.plan.listed,
            "orders_in_bigquery": self.plan.known,
            "missing": self.plan.new,
            "changed": self.plan.changed,
            "vanished": self.plan.vanished,
            "value_difference": self.plan.value_difference,
            "repaired": self.repaired,
            "unrepaired": list(self.unrepaired),
        }


@dataclass
class Totals:
    """Sums over the dates of a comparison, with the first and the last of them; see :class:`Comparison`."""

    first: str = ""
    last: str = ""
    days: int = 0
    differences: int = 0
    repaired: int = 0
    unrepaired: int = 0
    value_difference: Decimal = Decimal(0)

    def add(self, found: Comparison) -> None:
        """Count a date."""
        day = found.plan.date
        self.first = min(self.first or day, day)
        self.last = max(self.last, day)
        self.days += 1
        self.differences += found.differences
        self.repaired += found.repaired
        self.unrepaired += len(found.unrepaired)
        self.value_difference += Decimal(found.plan.value_difference)

    def fields(self) -> dict[str, int | str]:
        """Return the sums as values of a log event and of JSON."""
        return {
            "days": self.days,
            "first": self.first,
            "last": self.last,
            "differences": self.differences,
            "repaired": self.repaired,
            "unrepaired": self.unrepaired,
            "value_difference": f"{self.value_difference:f}",
        }


def compared(
    plan: DatePlan, orders: Iterable[PlannedOrder], known: Mapping[int, KnownOrder], gone: Collection[int]
) -> Comparison:
    """Say what became of the differences of a date.

    Args:
        plan: What was found on the date.
        orders: The orders that differed.
        known: What BigQuery knows of them now, whatever their date.
        gone: Orders that were deleted in Tiny before they could be read; BigQuery knows nothing of those that it never
            had.
    """
    left = (
        order.pedido
        for order in orders
        if still_differs(order, known.get(order.pedido))
        and not (order.pedido in gone and order.pedido not in known)
    )
    return Comparison(plan, tuple(sorted(left)))


def still_differs(order: PlannedOrder, now: KnownOrder | None) -> bool:
    """Return whether BigQuery still differs from what Tiny said of an order.

    What was read of the order after the search is newer than the search: the order may have been changed, moved to
    another date or deleted meanwhile.

    Args:
        order: The order as the comparison planned it.
        now: What BigQuery knows of it now; None when it has no row.
    """
    if now is None:
        return True
    has_outcome = now.gone or now.arrived_at is not None
    if now.read_at > datetime.fromisoformat(str(order.listed_at)):
        return not has_outcome
    if order.pesquisa is None:
        # Tiny did not list it on its date.
        return not now.gone and str(now.day) == order.data
    return now.gone or not has_outcome or now.line != order.line
