"""Rows: raw answers into typed rows for the three tables, or rejects with their reason."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from tiny_operators import names
from tiny_operators._compat import Context
from tiny_operators.planning.plan import chunks
from tiny_operators.raw.reader import RawReader
from tiny_operators.rows.files import RowFiles
from tiny_operators.rows.orders import OrderRows
from tiny_operators.tiny.webhooks import Reject

from .base import StoreOperator


class MakeRowsOperator(StoreOperator):
    """Turns the run's raw answers into one file of typed rows for each table, and rejects into a file of reasons.

    Each planned order ends in one of them, except those that wait in the inbox for the next run.

    Returns:
        Counts: see :class:`RowFiles`.
    """

    def execute(self, context: Context) -> dict[str, int]:
        """Make the rows."""
        key, objects = self.start(context)
        plan = self.read_plan(objects, key)
        outcomes: dict[str, Any] = {}
        # The first order's day, so that a later try writes the same objects, also after midnight.
        first = next(self.planned_orders(objects, plan), None)
        day = first.day if first else names.day_of(datetime.now(UTC), self.store.timezone)
        raw = RawReader(objects)
        with RowFiles(objects, self.store.prefix, key, day) as files:
            for chunk in chunks(self.planned_orders(objects, plan), plan.chunk_orders):
                left = {order.pedido: order for order in chunk.orders}
                for line in raw.orders(names.raw_orders_object(plan.reading, chunk.day, chunk.number)):
                    result = raw.order_rows(line)
                    files.add(result)
                    if left.pop(result.pedido).files:
                        outcomes[str(result.pedido)] = _outcome(result)
                for order in left.values():
                    if not order.files:
                        files.add(_unanswered(order.pedido))
        objects.write_json(names.outcome_object(key), outcomes)
        return files.report()


def _outcome(result: OrderRows) -> dict[str, Any]:
    if result.loaded or result.gone:
        return {"state": "loaded"}
    if result.waits:
        return {"state": "waiting"}
    return {"state": "rejected", "reject": asdict(result.rejects[0])}


def _unanswered(pedido: int) -> OrderRows:
    action = "look at the order in Tiny, then trigger the daily DAG for its date: it reads what is missing"
    reject = Reject("fetch", "pedido", "an answer", "none, while other orders got theirs", action)
    return OrderRows(pedido, rejects=[reject])
