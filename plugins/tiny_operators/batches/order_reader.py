"""The step that reads orders from Tiny into raw lines: the search page that lists each order, the order, its products.

What was read once is not read again: a search page serves all orders of the run that it lists, and a product's answer
all orders of the day. A chunk whose object exists is done, whichever task wrote it. An order, product or search without
an answer does not stop the others: see :mod:`tiny_operators.batches.asking`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from tiny_operators.batches.asking import Asking
from tiny_operators.batches.searches import OrderRead, SearchLines, order_tries
from tiny_operators.batches.unanswered import UnansweredMemory
from tiny_operators.batches.waiting import began
from tiny_operators.events import log_event
from tiny_operators.lake import names
from tiny_operators.lake.raw_writer import RawWriter, now
from tiny_operators.orders.outcomes import Wait
from tiny_operators.orders.plan import Chunk, Plan, PlannedOrder
from tiny_operators.orders.rows import order_record, product_ids
from tiny_operators.tiny.answers import Meaning
from tiny_operators.tiny.api import PDV_PEDIDO_OBTER, PEDIDO_OBTER, PRODUTO_OBTER, Tiny

log = logging.getLogger(__name__)

# Seconds between looks for an order that Tiny does not know or list yet: its webhook may come some seconds before.
_LISTING_WAITS: Final = (2.0, 4.0, 8.0)
# How long ago its webhook came, at most: after that an order that neither service knows is gone.
_MAY_BE_EARLY: Final = timedelta(minutes=15)
# Tries of a call about a product, without which the order is loaded all the same; and of a call about a product that
# earlier runs asked for in vain.
_PRODUCT_TRIES: Final = 5
_SILENT_PRODUCT_TRIES: Final = 1


@dataclass
class OrderReader:
    """Reads the orders of one run.

    Attributes:
        hook: The store's account.
        raw: Writes the answers.
        plan: The run's plan.
        sleep: Waits for seconds.
        alive: Called before each call.
        first: Whether nobody has read anything of the plan yet, so that nothing of it is looked for.
    """

    hook: Tiny
    raw: RawWriter
    plan: Plan
    sleep: Callable[[float], None] = time.sleep
    alive: Callable[[], None] = lambda: None
    first: bool = False

    def __post_init__(self) -> None:
        self._asking = Asking(self.hook, self.plan.store, self.raw.key, self.alive)
        self._searches = SearchLines(self._asking, self.raw, self.sleep)
        self._silent = UnansweredMemory.of_products(self.raw.objects, self.plan.store)
        self._lines_differ = False

    def find_search_lines(self) -> None:
        """Find the search lines of the plan's orders: see :meth:`SearchLines.find_on_dates`."""
        self._searches.find_on_dates(self.plan.orders, first=self.first)

    def read_chunk(self, chunk: Chunk, asked: Callable[[], object] = lambda: None) -> tuple[str, bool]:
        """Read one chunk of orders into one raw object, unless it exists already.

        Orders that Tiny does not answer about are noted beside it. A chunk of such orders alone has no raw object.

        Args:
            chunk: The chunk.
            asked: Called when all calls are made, before the answers are written.

        Returns:
            Name of the object, and whether the chunk was read now.

        Raises:
            TinyUnavailableError: When Tiny is down.
        """
        objects = self.raw.objects
        target = names.raw_orders_object(self.plan.reading, chunk.day, chunk.number)
        beside = names.unanswered_object(self.raw.key, chunk.day, chunk.number)
        noted = None
        if not self.first:
            objects.read_ahead(beside)
            if objects.exists(target) or len(noted := objects.read_json(beside) or {}) == len(chunk.orders):
                return target, False
        unanswered: dict[str, str] = {}
        reads: list[OrderRead] = []
        for order in chunk.orders:
            if read := self._read(order):
                reads.append(read)
            else:
                unanswered[str(order.pedido)] = now()
        reads = self._read_early_ones(reads)
        self._searches.find_missing(reads, _LISTING_WAITS)
        reads = list(self._read_edited_ones(reads, unanswered))
        products = [self._products(read) for read in reads]
        asked()
        self.raw.read_forgotten()
        self.raw.finish_references()
        lines = [self._line(read, *found) for read, found in zip(reads, products, strict=True)]
        self.raw.remember_forgotten({read.order.pedido: self._searches.page_of(read.order) for read in reads})
        # Before the raw object, which says that the chunk is done. A try that died may have noted other orders.
        if unanswered or noted is not None:
            objects.write_json(beside, unanswered)
        if lines:
            objects.create(target, "".join(lines))
        return target, True

    def _read(self, order: PlannedOrder) -> OrderRead | None:
        """Ask for an order; return None when Tiny does not answer about it."""
        pedido, service, tries = order.pedido, PDV_PEDIDO_OBTER, order_tries(order)
        answer = self._asking.ask(service, pedido, lambda: self.hook.pdv_pedido_obter(pedido), tries=tries)
        if answer and answer.meaning is Meaning.NOT_FOUND:
            # The back office may know an order that the till does not; only when neither does, it is gone.
            service = PEDIDO_OBTER
            answer = self._asking.ask(service, pedido, lambda: self.hook.pedido_obter(pedido), tries=tries)
        if answer is None:
            return None
        return OrderRead(order, service, answer, now(), order_record(answer, service, pedido))

    def _read_early_ones(self, reads: list[OrderRead]) -> list[OrderRead]:
        """Read again, for some seconds, the orders that Tiny does not know and whose webhooks have just come."""
        for wait in _LISTING_WAITS:
            early = [read for read in reads if _may_be_early(read)]
            if not early:
                break
            log_event(log, "not_known_yet", store=self.plan.store, orders=len(early), seconds=wait)
            self.sleep(wait)
            for read in early:
                # Without an answer now, the earlier answer counts.
                reads[reads.index(read)] = self._read(read.order) or read
        return reads

    def _read_edited_ones(self, reads: list[OrderRead], unanswered: dict[str, str]) -> Iterator[OrderRead]:
        """Read again the orders that were edited before their lines were read: no comparison of lines finds these.

        One without an answer now is noted as unanswered, so that it is read by a later run: what is here of it is old.
        """
        for read in reads:
            newest: OrderRead | None = read
            if not self._lines_differ and self._searches.is_older(read):
                newest = self._read(read.order)
                # Tiny's two answers may differ by themselves: then nothing is known by it, and no further call is made.
                self._lines_differ = newest is not None and self._searches.is_older(newest)
                log_event(
                    log,
                    "edited_meanwhile",
                    store=self.plan.store,
                    order=read.order.pedido,
                    answered=newest is not None,
                    differs=self._lines_differ,
                )
            if newest:
                yield newest
            else:
                unanswered[str(read.order.pedido)] = now()

    def _line(self, read: OrderRead, products: dict[str, str], silent: dict[str, str]) -> str:
        order, page = read.order, self._searches.page_of(read.order)
        unanswered, unlisted_since = [*silent], None
        if not page:
            wait = Wait.NOT_LISTED
            if self._searches.is_unanswered(order.pedido):
                wait = Wait.NO_SEARCH
                unanswered.append("pesquisa")
            unlisted_since = began(order, wait, read.fetched_at) if order.files else None
        return self.raw.order_line(
            order,
            {"service": read.service, "id": str(order.pedido)},
            read.fetched_at,
            read.answer,
            pesquisa=page,
            produtos=products,
            refresh_costs=self.plan.refresh_costs,
            unanswered=unanswered,
            silent_since=silent,
            unlisted_since=unlisted_since,
        )

    def _products(self, read: OrderRead) -> tuple[dict[str, str], dict[str, str]]:
        """Return the objects of an order's products, and since when Tiny is silent about the others; by id as text.

        Each is asked once in a run, however many of its orders have it.
        """
        found: dict[str, str] = {}
        silent: dict[str, str] = {}
        for produto in product_ids(read.record) if read.record is not None else []:
            if target := self._product(produto):
                found[str(produto)] = target
            elif since := self._silent.since(produto):
                silent[str(produto)] = since
        return found, silent

    def _product(self, produto: int) -> str | None:
        """Return the object of a product; None when Tiny does not answer about it, or did not a moment ago."""
        if (PRODUTO_OBTER, produto) in self._asking.unanswered or self._is_paused(produto):
            return None
        tries = _SILENT_PRODUCT_TRIES if self._silent.since(produto) else _PRODUCT_TRIES
        ask = partial(self.raw.product, produto, self.hook.produto_obter)
        found = self._asking.ask(PRODUTO_OBTER, produto, ask, tries=tries)
        if found is None:
            self._silent.remember(produto, self.raw.key, datetime.now(UTC))
        else:
            self._silent.forget([produto])
        return found

    def _is_paused(self, produto: int) -> bool:
        """Return whether to ask for a silent product later; a person who wants costs read again has them now."""
        if self.plan.refresh_costs or self.raw.has_product(produto):
            return False
        return self._silent.is_paused(produto, datetime.now(UTC))


def _may_be_early(read: OrderRead) -> bool:
    """Return whether an order that Tiny does not know may be one that cannot be read yet."""
    if read.answer.meaning is not Meaning.NOT_FOUND or not read.order.files:
        return False
    last = max(datetime.fromisoformat(file.arrived_at) for file in read.order.files)
    return read.order.tried is None and datetime.now(UTC) - last < _MAY_BE_EARLY


def progress(
    *, planned: int, done: int, fresh: int, calls: int, seconds: float, at: datetime
) -> dict[str, Any]:
    """Return how far a reading is, how fast it goes and when it will be done: for the log and for people.

    Args:
        planned: Orders that are to be read.
        done: Orders that are read, also by tries before this one.
        fresh: Orders that this try has read.
        calls: Calls of this try.
        seconds: Time of this try.
        at: The present.

    Returns:
        Named values. ``seconds_left`` and ``done_at`` follow from the pace so far: None before the first order is read.
    """
    left: float | None = None
    if done >= planned:
        left = 0.0
    elif fresh:
        left = seconds / fresh * (planned - done)
    return {
        "orders": done,
        "planned": planned,
        "percent": 100 * done // planned if planned else 100,
        "calls": calls,
        "calls_per_minute": round(60 * calls / seconds, 1) if seconds > 0 else 0.0,
        "seconds_left": None if left is None else round(left),
        "done_at": None if left is None else (at + timedelta(seconds=left)).isoformat(timespec="seconds"),
    }
