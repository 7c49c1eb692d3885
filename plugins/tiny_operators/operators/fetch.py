"""Fetching: the planned orders' answers into the bucket."""

from __future__ import annotations

import logging
import time
from typing import Any

from tiny_operators._compat import Context
from tiny_operators.events import log_event
from tiny_operators.hooks.tiny import TinyHook
from tiny_operators.plan import Plan, chunks
from tiny_operators.reading import OrderReader
from tiny_operators.stores import Store

from .base import StoreOperator

log = logging.getLogger(__name__)


class FetchOrdersOperator(StoreOperator):
    """Reads each planned order with its search line and products, and stores the answers as they came.

    Orders are read in small chunks; a chunk that stands in the bucket is not read again by a later try. Runs in the
    store's pool of one slot, so that the pace holds for the whole account.

    Args:
        **kwargs: See :class:`StoreOperator`.

    Returns:
        Counts: ``orders``, ``chunks``, ``calls``.
    """

    def __init__(self, *, store: Store, **kwargs: Any) -> None:
        super().__init__(store=store, pool=kwargs.pop("pool", store.pool), **kwargs)

    def execute(self, context: Context) -> dict[str, int]:
        """Read the orders."""
        key, objects = self.start(context)
        plan: Plan = self.read_plan(objects, key)
        hook = TinyHook(self.store.tiny_conn_id)
        reader = OrderReader(hook, objects, self.store, plan.path, key)
        reader.find_search_lines(plan)
        started, done, number = time.monotonic(), 0, 0
        for number, (day, orders) in enumerate(chunks(plan), start=1):
            target, fresh = reader.read_chunk(number, day, orders)
            done += len(orders)
            log_event(
                log,
                "chunk_fetched" if fresh else "chunk_found",
                store=self.store.prefix,
                run=key,
                object=target,
                orders=done,
                planned=len(plan.orders),
                calls=hook.calls.total(),
                seconds=time.monotonic() - started,
            )
        reader.finish()
        return {"orders": done, "chunks": number, "calls": hook.calls.total()}
