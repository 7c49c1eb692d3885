"""The rows step: raw answers into typed rows for the three tables, or rejects with their reason."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from tiny_operators._compat import AirflowException, Context
from tiny_operators.batches.field_drift import tell_field_news
from tiny_operators.batches.row_files import RowFiles
from tiny_operators.batches.waiting import Waiting, set_aside
from tiny_operators.lake import names
from tiny_operators.lake.objects import Objects
from tiny_operators.lake.raw_reader import RawReader
from tiny_operators.links import RejectsLink, folder_url
from tiny_operators.operators.base import ORDERS, StoreOperator
from tiny_operators.orders.plan import Chunk, Plan, PlannedOrder, chunks
from tiny_operators.orders.reject_rows import Origin
from tiny_operators.orders.rows import OrderRows
from tiny_operators.orders.waits import Wait


class MakeRowsOperator(StoreOperator):
    """Turns the run's raw answers into one file of typed rows for each table, and rejects into a file of reasons.

    Each planned order ends as one of them, except those that wait in the inbox for the next run.

    Returns:
        Counts: see :class:`RowFiles`; ``planned``, and ``unanswered``: orders that wait because Tiny did not answer.

    Raises:
        AirflowException: When planned orders have no outcome; no file is written.
    """

    operator_extra_links = (*StoreOperator.operator_extra_links, RejectsLink())

    def execute(self, context: Context) -> dict[str, int]:
        """Build the rows."""
        key, objects = self.start(context)
        plan = self.read_plan(objects, key)
        outcome = _BatchOutcome(objects, plan, key)
        day = self._day(objects, plan)
        with RowFiles(objects, Origin(self.store.prefix, key, plan.path, day)) as files:
            for rejected in plan.rejected:
                files.add_file(rejected)
            for chunk in chunks(self.planned_orders(objects, plan), plan.chunk_orders):
                outcome.add_chunk(chunk, files)
            check_counts(plan.planned, files.counts, outcome.unanswered)
        objects.write_json(names.outcome_object(key), outcome.outcomes)
        self.rows_made(context)
        context["ti"].xcom_push(key=ORDERS, value=files.order_ids.told())
        if files.counts["rejeitados"]:
            RejectsLink.persist(context, folder_url(self.store.api_bucket, names.rejected_prefix(day)))
        tell_field_news(objects, self.store, key, files.fields, datetime.now(UTC))
        return {**files.report(), "planned": plan.planned, "unanswered": outcome.unanswered}

    def _day(self, objects: Objects, plan: Plan) -> str:
        """Return the day of the run's rejects: that of its first order or file, so that it is the same at each try."""
        if first := next(self.planned_orders(objects, plan), None):
            return first.day
        arrived = [datetime.fromisoformat(item.file.arrived_at) for item in plan.rejected]
        return names.day_of(min(arrived, default=datetime.now(UTC)), self.store.timezone)


class _BatchOutcome:
    """The outcome of each order of a plan.

    Attributes:
        outcomes: By order, for the files of its webhooks: see :func:`~tiny_operators.batches.inbox.disposals`. An order
            that waits also has why (``wait``), and when that was seen (``at``).
        unanswered: How many orders wait because Tiny did not answer about them.
    """

    def __init__(self, objects: Objects, plan: Plan, key: str) -> None:
        self.outcomes: dict[str, Any] = {}
        self.unanswered = 0
        self._objects = objects
        self._raw = RawReader(objects)
        self._plan = plan
        self._key = key
        self._noted = {blob.name for blob in objects.list(names.unanswered_prefix(key))}

    def add_chunk(self, chunk: Chunk, files: RowFiles) -> None:
        """Write the rows of a chunk's orders."""
        left = {order.pedido: order for order in chunk.orders}
        lines = list(self._raw.orders(names.raw_orders_object(self._plan.reading, chunk.day, chunk.number)))
        self._raw.read_ahead(lines)
        for line in lines:
            order, result = left.pop(int(line.envelope.pedido or 0)), self._raw.order_rows(line)
            waiting = Waiting(result.waits, line.envelope.fetched_at) if result.waits else None
            self._add(order, result, files, waiting)
        for pedido, asked_at in self._unanswered_of(chunk).items():
            if pedido in left:
                self._add_unanswered(left.pop(pedido), asked_at, files)

    def _unanswered_of(self, chunk: Chunk) -> dict[int, str]:
        """Read which orders Tiny did not answer about, each with the moment."""
        target = names.unanswered_object(self._key, chunk.day, chunk.number)
        noted = self._objects.read_json(target) if target in self._noted else {}
        return {int(pedido): asked_at for pedido, asked_at in (noted or {}).items()}

    def _add_unanswered(self, order: PlannedOrder, asked_at: str, files: RowFiles) -> None:
        reject = set_aside(order, asked_at)
        if reject is None:
            self.unanswered += 1
            self.outcomes[str(order.pedido)] = _waits(Waiting(Wait.NO_ANSWER, asked_at))
        else:
            self._add(order, OrderRows(order.pedido, rejects=[reject]), files)

    def _add(
        self, order: PlannedOrder, result: OrderRows, files: RowFiles, waiting: Waiting | None = None
    ) -> None:
        files.add(result, order.files[0].name if order.files else None)
        if order.files:
            self.outcomes[str(order.pedido)] = _waits(waiting) if waiting else _outcome(result)


def check_counts(planned: int, counts: Counter[str], unanswered: int) -> None:
    """Check that no planned order is forgotten.

    Args:
        planned: Orders that were planned.
        counts: What became of them: see :class:`~tiny_operators.batches.row_files.RowFiles`.
        unanswered: Orders that wait because Tiny did not answer about them.

    Raises:
        AirflowException: When the counts do not add up.
    """
    ends = {name: counts[name] for name in ("loaded", "gone", "orders_rejected", "waiting")}
    ends["unanswered"] = unanswered
    if planned != sum(ends.values()):
        found = ", ".join(f"{name} {count}" for name, count in ends.items())
        raise AirflowException(
            f"{planned} orders were planned, but {sum(ends.values())} came to an end ({found}): nothing is loaded. "
            "A new run reads these orders again. A run of webhooks comes by itself; trigger one for dates. "
            "If it fails in the same way, the code has a fault"
        )


def _waits(waiting: Waiting) -> dict[str, Any]:
    return {"state": "waiting", "wait": waiting.wait, "at": waiting.at}


def _outcome(result: OrderRows) -> dict[str, Any]:
    match result.state:
        case "loaded" | "gone" as state:
            return {"state": state}
        case "orders_rejected":
            return {"state": "rejected", "reject": asdict(result.rejects[0])}
    return {"state": "waiting"}
