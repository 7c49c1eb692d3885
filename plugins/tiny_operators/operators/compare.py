"""The end of a comparison: which of the differences are repaired."""

from __future__ import annotations

import json
import logging
from typing import Any, Final

from tiny_operators._compat import Context
from tiny_operators.alerts import alert
from tiny_operators.batches.comparison import RECONCILIATION, Comparison, Totals, compared
from tiny_operators.batches.dates import DatePlan, date_plans, read_part
from tiny_operators.events import log_event
from tiny_operators.lake import names
from tiny_operators.lake.objects import Objects
from tiny_operators.operators.base import StoreOperator
from tiny_operators.warehouse.known_orders import KnownOrders
from tiny_operators.wording import counted

log = logging.getLogger(__name__)

# Orders that a log event names, at most; the table has them all.
_NAMED: Final = 20


class CompareOperator(StoreOperator):
    """Asks BigQuery again for the orders that differed, and writes a row a date for the table ``reconciliation``.

    It does not ask Tiny. Another try writes the same, except for what was repaired meanwhile.

    Args:
        **kwargs: See :class:`StoreOperator`.

    Returns:
        Sums over the dates: see :class:`~tiny_operators.batches.comparison.Totals`.
    """

    def execute(self, context: Context) -> dict[str, Any]:
        """Compare again."""
        key, objects = self.start(context)
        known, totals = self.known_orders(), Totals()
        with objects.writing(names.rows_object(RECONCILIATION, key)) as rows:
            for plan in date_plans(objects, key):
                if plan.unanswered:
                    # It was not compared: a row of zeros would say that there are no orders.
                    continue
                found = self._of_date(objects, key, known, plan)
                rows.write(json.dumps(found.row(self.store.prefix, key)) + "\n")
                totals.add(found)
                if found.differences:
                    self._log_differences(key, found)
        self.new_rows_version(context)
        fields: dict[str, Any] = totals.fields()
        log_event(log, "reconciled", store=self.store.prefix, run=key, **fields)
        if totals.differences:
            alert(
                context,
                f"{self.store.prefix}: {counted(totals.differences, 'order')} differed between Tiny and BigQuery, "
                f"{counted(totals.unrepaired, 'still does', 'still do')}",
                store=self.store.prefix,
                run=key,
                **fields,
            )
        return fields

    def _of_date(self, objects: Objects, key: str, known: KnownOrders, plan: DatePlan) -> Comparison:
        orders = list(read_part(objects, plan.part)) if plan.orders else []
        now = known.of_ids(order.pedido for order in orders)
        unknown = any(order.pedido not in now for order in orders)
        return compared(plan, orders, now, _found_gone(objects, key) if unknown else ())

    def _log_differences(self, key: str, found: Comparison) -> None:
        fields: dict[str, Any] = {
            name: value
            for name, value in found.row(self.store.prefix, key).items()
            if name not in {"compared_at", "unrepaired"}
        }
        log_event(
            log,
            "date_reconciled",
            level=logging.ERROR if found.unrepaired else logging.WARNING,
            **fields,
            unrepaired=len(found.unrepaired),
            orders=",".join(str(pedido) for pedido in found.unrepaired[:_NAMED]),
        )


def _found_gone(objects: Objects, key: str) -> set[int]:
    """Read which orders the run found deleted in Tiny."""
    target = names.rows_object("pdv", key)
    # When there was nothing to repair, the run built no rows.
    lines = objects.stream(target) if objects.exists(target) else ()
    return {row["id"] for row in map(json.loads, lines) if row.get("deleted_at")}
