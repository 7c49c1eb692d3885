"""The fetch step: the planned orders' answers into the bucket."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from functools import cache
from typing import Any

from tiny_operators._compat import AirflowSkipException, Context
from tiny_operators.batches.order_reader import OrderReader, progress
from tiny_operators.events import log_event
from tiny_operators.lake import names
from tiny_operators.lake.raw_writer import RawWriter, now, products_ahead
from tiny_operators.lake.threads import begin_in_thread
from tiny_operators.lineage import Lineage, in_bucket
from tiny_operators.operators.account import AccountOperator
from tiny_operators.orders.plan import chunks

log = logging.getLogger(__name__)


class FetchOrdersOperator(AccountOperator):
    """Reads each planned order with its search line and products, and stores the answers as they came.

    Orders are read in small chunks; a chunk that is already in the bucket is not read again by a later try. After each
    chunk the task reports its progress: in the log, and as the XCom ``progress``, which the UI shows. An order, product
    or search that Tiny does not answer does not stop the others: see :mod:`tiny_operators.batches.order_reader`.

    Args:
        **kwargs: See :class:`AccountOperator`.

    Returns:
        Counts: ``orders``, ``chunks``, ``calls`` (of the last stretch, when the task gave way to live sales).

    Raises:
        AirflowSkipException: When the plan has no orders.
    """

    def lineage(self, key: str) -> Lineage:
        """Return the plan and the raw answers."""
        plan = in_bucket(self.store.api_bucket, names.plan_object(key))
        return Lineage((plan,), (in_bucket(self.store.api_bucket, names.RAW),))

    def execute(self, context: Context) -> dict[str, int]:
        """Read the orders."""
        return self.go_on(context)

    def go_on(self, context: Context, event: Any = None, after: int = 0) -> dict[str, int]:
        """Read the orders after the first ``after`` chunks, which were read before the task gave way."""
        key, objects = self.start(context)
        self.give_way(objects, self.go_on.__name__, after=after)
        objects.read_ahead(
            names.plan_object(key),
            names.account_object(self.store.prefix),
            names.forgotten_object(self.store.prefix),
            names.silent_products_object(self.store.prefix),
        )
        listed = products_ahead(objects, self.store)
        begun = begin_in_thread(lambda: objects.create_json(names.reading_begun_object(key), {"at": now()}))
        alive, first = self.take_turn(objects), begun.result()
        calls_end = cache(lambda: begin_in_thread(lambda: self.turn_done(objects)))
        plan = self.read_plan(objects, key)
        if not plan.planned:
            self.turn_done(objects)
            raise AirflowSkipException("The run has no order to read")
        hook = self.tiny(objects)
        raw = RawWriter(objects, self.store, plan.path, key, listed)
        reader = OrderReader(hook, raw, plan, alive=alive, first=first)
        reader.find_search_lines()
        started, done, fresh, number = time.monotonic(), 0, 0, 0
        for chunk in chunks(self.planned_orders(objects, plan), plan.chunk_orders):
            number, done = chunk.number, done + len(chunk.orders)
            if chunk.number <= after:
                continue
            more = done < plan.planned
            target, read = reader.read_chunk(chunk) if more else reader.read_chunk(chunk, calls_end)
            fresh += len(chunk.orders) if read else 0
            fields = progress(
                planned=plan.planned,
                done=done,
                fresh=fresh,
                calls=hook.calls.total(),
                seconds=time.monotonic() - started,
                at=datetime.now(UTC),
            )
            log_event(
                log,
                "chunk_fetched" if read else "chunk_found",
                store=self.store.prefix,
                run=key,
                object=target,
                **fields,
            )
            context["ti"].xcom_push(key="progress", value=fields)
            if more:
                self.give_way(objects, self.go_on.__name__, after_work=read, after=chunk.number)
        calls_end().result()
        return {"orders": done, "chunks": number, "calls": hook.calls.total()}
