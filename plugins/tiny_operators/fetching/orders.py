"""Reading orders from Tiny into raw lines: the search page that lists each order, the order, and its products.

What was read once is not read again: a search page serves all orders of the run that it lists, a product's answer all
orders of the day, and a chunk whose object stands is done, whichever task wrote it.

No answer is an answer. When a call has used up its tries, another call that must work tells whether Tiny is down: then
the run ends. Else only that order, search or product has none: it is noted, and the others go on.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Final, TypeVar

from tiny_operators import names
from tiny_operators.events import log_event
from tiny_operators.hooks.tiny import TinyHook, TinyUnavailableError, search_lines
from tiny_operators.planning.plan import Chunk, Plan, PlannedOrder
from tiny_operators.planning.waiting import Wait, began
from tiny_operators.raw.writer import RawWriter, now
from tiny_operators.rows.orders import order_record, product_ids
from tiny_operators.tiny import search
from tiny_operators.tiny.answers import Answer, Json, Meaning
from tiny_operators.tiny.services import OFFICE_SERVICE, ORDER_SERVICE, PRODUCT_SERVICE, SEARCH_SERVICE

log = logging.getLogger(__name__)

# Seconds between looks for an order that is not in the search yet: Tiny lists it some seconds after its webhook.
_LISTING_WAITS: Final = (2.0, 4.0, 8.0)
# Tiny finds a number also inside of longer ones: so many pages of a search by number, at most.
_NUMBER_PAGES: Final = 3
# Tries of a call once it is known that Tiny answers, but not about everything; and of one about a product, without
# which the order is loaded all the same.
_FEW_TRIES: Final = 3
_PRODUCT_TRIES: Final = 5

_Told = TypeVar("_Told")


@dataclass(frozen=True)
class _Read:
    """An order's answer.

    Attributes:
        order: The order.
        service: Which service answered.
        answer: Its answer.
        fetched_at: When (ISO 8601, UTC).
        record: The order in the answer, in the shape of ``pdv.pedido.obter``; None when there is none in it.
    """

    order: PlannedOrder
    service: str
    answer: Answer
    fetched_at: str
    record: Json | None


@dataclass
class OrderReader:
    """Reads the orders of one run.

    Attributes:
        hook: The store's account.
        raw: Writes the answers.
        plan: The run's plan.
        sleep: Waits for seconds.
        alive: Called before each call.
    """

    hook: TinyHook
    raw: RawWriter
    plan: Plan
    sleep: Callable[[float], None] = time.sleep
    alive: Callable[[], None] = lambda: None
    _pages: dict[int, str] = field(default_factory=dict)
    _unanswered: set[tuple[str, int]] = field(default_factory=set)

    def find_search_lines(self) -> None:
        """Read the search pages of the days on which several orders were made; note which page lists which order.

        Orders that are alone on their day, or whose day is not known, are searched by number when they are read; those
        of a plan that was made from search pages have theirs already.

        Raises:
            TinyUnavailableError: When Tiny is down.
        """
        objects, target = self.raw.objects, names.search_object(self.raw.key)
        unlisted = [order for order in self.plan.orders if order.pesquisa is None]
        found = objects.read_json(target) if unlisted else {}
        if found is None:
            for data, wanted in _by_date(unlisted).items():
                if len(wanted) > 1:
                    self._search_date(data, wanted)
            objects.write_json(target, self._pages)
        else:
            self._pages = {int(pedido): page for pedido, page in found.items()}

    def read_chunk(self, chunk: Chunk) -> tuple[str, bool]:
        """Read one chunk of orders into one raw object, unless it stands already.

        Orders that Tiny does not answer about are noted beside it; of a chunk of such orders alone there is no raw
        object.

        Returns:
            Name of the object, and whether the chunk was read now.

        Raises:
            TinyUnavailableError: When Tiny is down.
        """
        objects = self.raw.objects
        target = names.raw_orders_object(self.plan.reading, chunk.day, chunk.number)
        beside = names.unanswered_object(self.raw.key, chunk.day, chunk.number)
        if objects.exists(target) or len(objects.read_json(beside) or {}) == len(chunk.orders):
            return target, False
        unanswered: dict[str, str] = {}
        reads: list[_Read] = []
        for order in chunk.orders:
            if read := self._read(order):
                reads.append(read)
            else:
                unanswered[str(order.pedido)] = now()
        self._find_missing_lines(reads)
        lines = [self._line(read) for read in reads]
        # Before the raw object, which says that the chunk is done. A try that died may have noted others.
        if unanswered or objects.exists(beside):
            objects.write_json(beside, unanswered)
        if lines:
            objects.create(target, "".join(lines))
        return target, True

    def _ask(
        self, service: str, about: int, ask: Callable[[], _Told], *, tries: int | None = None
    ) -> _Told | None:
        """Ask Tiny; None when it does not answer this, while it answers other calls.

        Args:
            service: The service that is asked.
            about: Id of the order or product.
            ask: Asks it.
            tries: Tries, at most; None for as many as a call has.

        Raises:
            TinyUnavailableError: When Tiny is down.
        """
        self.alive()
        self.hook.most_tries = _FEW_TRIES if self._unanswered and tries is None else tries
        try:
            return ask()
        except TinyUnavailableError:
            if not self.hook.is_up():
                log_event(log, "tiny_is_down", level=logging.WARNING, store=self.plan.store, run=self.raw.key)
                raise
        # It may have been down until a moment ago.
        self.hook.most_tries = 1
        with suppress(TinyUnavailableError):
            return ask()
        self._unanswered.add((service, about))
        log_event(
            log,
            "unanswered",
            level=logging.WARNING,
            store=self.plan.store,
            run=self.raw.key,
            service=service,
            about=about,
        )
        return None

    def _read(self, order: PlannedOrder) -> _Read | None:
        """Ask for an order; None when Tiny does not answer about it."""
        pedido, service, tries = order.pedido, ORDER_SERVICE, _tries(order)
        answer = self._ask(service, pedido, lambda: self.hook.order(pedido), tries=tries)
        if answer and answer.meaning is Meaning.NOT_FOUND:
            # The back office may know an order that the till does not; only when neither does, it is gone.
            service = OFFICE_SERVICE
            answer = self._ask(service, pedido, lambda: self.hook.office_order(pedido), tries=tries)
        if answer is None:
            return None
        return _Read(order, service, answer, now(), order_record(answer, service, pedido))

    def _line(self, read: _Read) -> str:
        order, page = read.order, self._page_of(read.order)
        found, unanswered = self._products(read)
        since = None
        if not page:
            wait = Wait.NOT_LISTED
            if (SEARCH_SERVICE, order.pedido) in self._unanswered:
                wait = Wait.NO_SEARCH
                unanswered.append("pesquisa")
            since = began(order, wait, read.fetched_at) if order.files else None
        return self.raw.order_line(
            order,
            {"service": read.service, "id": str(order.pedido)},
            read.fetched_at,
            read.answer,
            pesquisa=page,
            produtos=found,
            refresh_costs=self.plan.refresh_costs,
            unanswered=unanswered,
            unlisted_since=since,
        )

    def _products(self, read: _Read) -> tuple[dict[str, str], list[str]]:
        """The objects of an order's products, by id as text, and the ids that Tiny does not answer about.

        Each is asked once in a run, however many of its orders have it.
        """
        found: dict[str, str] = {}
        unanswered: list[str] = []
        for produto in product_ids(read.record) if read.record is not None else []:
            if target := self._product(produto):
                found[str(produto)] = target
            else:
                unanswered.append(str(produto))
        return found, unanswered

    def _product(self, produto: int) -> str | None:
        if (PRODUCT_SERVICE, produto) in self._unanswered:
            return None
        ask = partial(self.raw.product, produto, self.hook.product)
        return self._ask(PRODUCT_SERVICE, produto, ask, tries=_PRODUCT_TRIES)

    def _page_of(self, order: PlannedOrder) -> str | None:
        return order.pesquisa or self._pages.get(order.pedido)

    def _search_date(self, data: str, wanted: set[int]) -> None:
        """Page through a date while that is cheaper than to search each order by its number."""
        parameters = search.date_parameters(date.fromisoformat(data))
        left, page, pages = set(wanted), 0, 1
        while search.next_page_pays(page, pages, left):
            page += 1
            answer = self._search_page(parameters, page, 0)
            if answer is None or answer.meaning is not Meaning.OK:
                break
            pages = search.last_page(answer.retorno)
            left -= self._keep_page(answer, parameters, page, left)

    def _find_missing_lines(self, reads: Sequence[_Read]) -> None:
        """Search by number the orders that no page lists, some seconds long, since Tiny lists an order late."""
        for wait in (0.0, *_LISTING_WAITS):
            missing = [read for read in reads if self._lacks_line(read, first=not wait)]
            if not missing:
                return
            if wait:
                log_event(log, "not_listed_yet", store=self.plan.store, orders=len(missing), seconds=wait)
                self.sleep(wait)
            for read in missing:
                self._search_number(read)

    def _lacks_line(self, read: _Read, *, first: bool) -> bool:
        """Whether to search for an order: not a second time for one that runs before have waited for."""
        if not read.record or self._page_of(read.order) or not str(read.record.get("numero") or "").strip():
            return False
        return (SEARCH_SERVICE, read.order.pedido) not in self._unanswered and (
            first or read.order.tried is None
        )

    def _search_number(self, read: _Read) -> None:
        """Search an order by its number; another order may have that number too."""
        pedido, parameters = read.order.pedido, {"numero": str((read.record or {})["numero"])}
        page, pages = 0, 1
        while page < min(pages, _NUMBER_PAGES):
            page += 1
            answer = self._search_page(parameters, page, pedido, tries=_tries(read.order))
            if answer is None or answer.meaning is not Meaning.OK:
                return
            if self._keep_page(answer, parameters, page, {pedido}):
                return
            pages = search.last_page(answer.retorno)

    def _search_page(
        self, parameters: dict[str, str], page: int, about: int, *, tries: int | None = None
    ) -> Answer | None:
        return self._ask(SEARCH_SERVICE, about, lambda: self.hook.search_page(parameters, page), tries=tries)

    def _keep_page(self, answer: Answer, parameters: dict[str, str], page: int, wanted: set[int]) -> set[int]:
        """Store a search page when it lists orders that are wanted; say which."""
        listed = {search.order_id(line) for line in search_lines(answer)}
        found = {pedido for pedido in wanted if pedido in listed}
        if found:
            target = self.raw.search_page(answer, parameters, page)
            self._pages.update(dict.fromkeys(found, target))
        return found


def _tries(order: PlannedOrder) -> int | None:
    """Tries of a call about an order: few when the runs before waited for it in vain."""
    return _FEW_TRIES if order.tried else None


def _by_date(orders: Iterable[PlannedOrder]) -> dict[str, set[int]]:
    wanted: dict[str, set[int]] = defaultdict(set)
    for order in orders:
        if order.data:
            wanted[order.data].add(order.pedido)
    return dict(wanted)
