"""The rows step: raw answers into typed rows for the three tables, or rejects with their reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from tiny_operators._compat import AirflowException, Context
from tiny_operators.batches.field_drift import report_field_drift
from tiny_operators.batches.row_files import RowFiles
from tiny_operators.batches.waiting import reject_if_overdue
from tiny_operators.lake import names
from tiny_operators.lake.objects import Objects
from tiny_operators.lake.raw_reader import RawReader
from tiny_operators.lineage import Lineage
from tiny_operators.links import RejectsLink, folder_url
from tiny_operators.operators.base import BATCH_BOUNDS, StoreOperator, rows_lineage
from tiny_operators.orders.old_orders import personal_since
from tiny_operators.orders.outcomes import Origin, Outcome, State, Wait, Waiting
from tiny_operators.orders.plan import Chunk, Plan, PlannedOrder, chunks
from tiny_operators.orders.rows import OrderRows
from tiny_operators.wording import counted

if TYPE_CHECKING:
    from google.cloud.storage import Blob


class MakeRowsOperator(StoreOperator):
    """Turns the run's raw answers into one file of typed rows for each table, and rejects into a file of reasons.

    Each planned order ends as one of them, except those that wait in the inbox for the next run.

    Returns:
        Counts: see :class:`RowFiles`; and ``planned``.

    Raises:
        AirflowException: When planned orders have no outcome; no file is written.
    """

    operator_extra_links = (*StoreOperator.operator_extra_links, RejectsLink())

    def lineage(self, key: str) -> Lineage:
        """Return the raw answers and the files of rows."""
        return rows_lineage(self.store, key)

    def execute(self, context: Context) -> dict[str, int]:
        """Build the rows."""
        key, objects = self.start(context)
        objects.read_ahead(
            names.plan_object(key),
            names.forgotten_object(self.store.prefix),
            names.fields_object(self.store.prefix),
        )
        noted = objects.list_ahead(names.unanswered_prefix(key))
        plan = self.read_plan(objects, key)
        outcome = _BatchOutcome(objects, plan, key, noted)
        day = self._day(objects, plan)
        origin = Origin(self.store.prefix, key, plan.path, day)
        with RowFiles(objects, origin, personal_since(self.store)) as files:
            for chunk in chunks(self.planned_orders(objects, plan), plan.chunk_orders):
                outcome.add_chunk(chunk, files)
            check_counts(plan.planned, files.counts)
            ends = {str(pedido): end.to_json() for pedido, end in outcome.outcomes.items()}
            files.on_commit(partial(objects.write_json, names.outcome_object(key), ends))
            now = datetime.now(UTC)
            files.on_commit(partial(report_field_drift, objects, self.store, key, files.fields, now))
        self.new_rows_version(context)
        context["ti"].xcom_push(key=BATCH_BOUNDS, value=files.bounds.to_xcom())
        if files.counts["rejeitados"]:
            RejectsLink.persist(context, folder_url(self.store.api_bucket, names.rejected_prefix(day)))
        return {**files.report(), "planned": plan.planned}

    def _day(self, objects: Objects, plan: Plan) -> str:
        """Return the day of the run's rejects: that of its first order, so that it is the same at each try."""
        first = next(self.planned_orders(objects, plan), None)
        return first.day if first else names.day_of(datetime.now(UTC), self.store.timezone)


class _BatchOutcome:
    """The outcome of each order of a plan.

    Args:
        objects: The store's API bucket.
        plan: The plan.
        key: The run's key.
        noted: The run's notes of orders that Tiny did not answer about.

    Attributes:
        outcomes: Those of orders that came by webhook files, by Tiny's id.
    """

    def __init__(self, objects: Objects, plan: Plan, key: str, noted: Iterable[Blob]) -> None:
        self.outcomes: dict[int, Outcome] = {}
        self._objects = objects
        self._raw = RawReader(objects)
        self._plan = plan
        self._key = key
        self._noted = {blob.name for blob in noted}

    def add_chunk(self, chunk: Chunk, files: RowFiles) -> None:
        """Write the rows of a chunk's orders."""
        left = {order.pedido: order for order in chunk.orders}
        lines = list(self._raw.orders(names.raw_orders_object(self._plan.reading, chunk.day, chunk.number)))
        self._raw.read_ahead(lines)
        for line in lines:
            self._add(left.pop(int(line.envelope.pedido or 0)), self._raw.order_rows(line), files)
        for pedido, asked_at in self._unanswered_of(chunk).items():
            if pedido in left:
                order = left.pop(pedido)
                self._add(order, _without_answer(order, asked_at), files)

    def _unanswered_of(self, chunk: Chunk) -> dict[int, str]:
        """Read which orders Tiny did not answer about, each with the moment."""
        target = names.unanswered_object(self._key, chunk.day, chunk.number)
        noted = self._objects.read_json(target) if target in self._noted else {}
        return {int(pedido): asked_at for pedido, asked_at in (noted or {}).items()}

    def _add(self, order: PlannedOrder, result: OrderRows, files: RowFiles) -> None:
        files.add(result, order.files[0].name if order.files else None)
        if order.files and result.outcome:
            self.outcomes[order.pedido] = result.outcome


def _without_answer(order: PlannedOrder, asked_at: str) -> OrderRows:
    """Return what becomes of an order that Tiny does not answer about: it waits, or is set aside."""
    reject = reject_if_overdue(order, asked_at)
    if reject is None:
        return OrderRows(order.pedido, waits=Waiting(Wait.NO_ANSWER, asked_at))
    return OrderRows(order.pedido, rejects=[reject])


def check_counts(planned: int, counts: Mapping[str, int]) -> None:
    """Check that no planned order is forgotten.

    Args:
        planned: Orders that were planned.
        counts: What became of them: see :class:`~tiny_operators.batches.row_files.RowFiles`.

    Raises:
        AirflowException: When the counts do not add up.
    """
    ends = {state: counts.get(state, 0) for state in State}
    if planned != sum(ends.values()):
        found = ", ".join(f"{state} {count}" for state, count in ends.items())
        raise AirflowException(
            f"{counted(planned, 'order was', 'orders were')} planned, but {sum(ends.values())} came to an end "
            f"({found}): nothing is loaded. "
            "A new run reads these orders again. A run of webhooks comes by itself; trigger one for dates. "
            "If it fails in the same way, the code has a fault"
        )
