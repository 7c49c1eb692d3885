"""Reading orders from Tiny into raw lines: the search page that lists each order, the order, and its products.

What was read once is not read again: a search page serves all orders of the run that it lists, a product's answer all
orders of the day, and a chunk whose object stands is done, whichever task wrote it.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, TypeVar

from tiny_operators import names
from tiny_operators.events import log_event
from tiny_operators.hooks.tiny import TinyHook, TinyUnavailableError, search_lines
from tiny_operators.planning.plan import Chunk, Plan, PlannedOrder
from tiny_operators.raw.writer import RawWriter, now
from tiny_operators.rows.orders import order_record, product_ids
from tiny_operators.tiny import search
from tiny_operators.tiny.answers import Answer, Json, Meaning
from tiny_operators.tiny.services import OFFICE_SERVICE, ORDER_SERVICE

log = logging.getLogger(__name__)

# Seconds between looks for an order that is not in the search yet: Tiny lists it some seconds after its webhook.
_LISTING_WAITS: Final = (2.0, 4.0, 8.0)
# Orders in a row without an answer, each after all its tries: then Tiny is down, not an order bad.
_GIVE_UP_AFTER: Final = 3

_Asked = TypeVar("_Asked")
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
    """

    hook: TinyHook
    raw: RawWriter
    plan: Plan
    sleep: Callable[[float], None] = time.sleep
    _pages: dict[int, str] = field(default_factory=dict)
    _unanswered_in_a_row: int = 0
    _any_answer: bool = False

    def find_search_lines(self) -> None:
        """Read the search pages of the days on which several orders were made; note which page lists which order.

        Orders that are alone on their day, or whose day is not known, are searched by number when they are read; those
        of a plan that was made from search pages have theirs already.
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

        Returns:
            Name of the object, and whether it was written now.

        Raises:
            TinyUnavailableError: When Tiny is down.
        """
        target = names.raw_orders_object(self.plan.reading, chunk.day, chunk.number)
        if self.raw.objects.exists(target):
            return target, False
        reads = list(self._answered(chunk.orders, self._read))
        self._find_missing_lines(reads)
        lines = list(self._answered(reads, self._line))
        # A chunk without an answer is not done: a later try asks again.
        return target, bool(lines) and self.raw.objects.create(target, "".join(lines))

    def finish(self) -> None:
        """End the reading.

        Raises:
            TinyUnavailableError: When there were orders and Tiny answered about none: it may well be down.
        """
        if self._unanswered_in_a_row and not self._any_answer:
            raise TinyUnavailableError("Tiny answered about none of the orders; their files wait")

    def _answered(self, asked: Sequence[_Asked], ask: Callable[[_Asked], _Told]) -> Iterator[_Told]:
        """Ask for each; what Tiny does not answer is left out, and so read again by the next run.

        One order, or one product, that Tiny can never answer must not keep all others from the tables.

        Raises:
            TinyUnavailableError: When several in a row got no answer: then it is Tiny.
        """
        for item in asked:
            try:
                answer = ask(item)
            except TinyUnavailableError:
                self._unanswered_in_a_row += 1
                if self._unanswered_in_a_row >= _GIVE_UP_AFTER:
                    raise
                log_event(log, "left_for_the_next_run", level=logging.WARNING, store=self.plan.store)
                continue
            self._unanswered_in_a_row, self._any_answer = 0, True
            yield answer

    def _read(self, order: PlannedOrder) -> _Read:
        service, answer = ORDER_SERVICE, self.hook.order(order.pedido)
        if answer.meaning is Meaning.NOT_FOUND:
            # The back office may know an order that the till does not; only when neither does, it is gone.
            service, answer = OFFICE_SERVICE, self.hook.office_order(order.pedido)
        return _Read(order, service, answer, now(), order_record(answer, service, order.pedido))

    def _line(self, read: _Read) -> str:
        products = product_ids(read.record) if read.record is not None else []
        return self.raw.order_line(
            read.order,
            {"service": read.service, "id": str(read.order.pedido)},
            read.fetched_at,
            read.answer,
            pesquisa=self._page_of(read.order),
            produtos={str(produto): self.raw.product(produto, self.hook.product) for produto in products},
            refresh_costs=self.plan.refresh_costs,
        )

    def _page_of(self, order: PlannedOrder) -> str | None:
        return order.pesquisa or self._pages.get(order.pedido)

    def _search_date(self, data: str, wanted: set[int]) -> None:
        """Page through a date while that is cheaper than to search each order by its number."""
        parameters = search.date_parameters(date.fromisoformat(data))
        left, page, pages = set(wanted), 0, 1
        while search.next_page_pays(page, pages, left):
            page += 1
            answer = self.hook.search_page(parameters, page)
            if answer.meaning is not Meaning.OK:
                break
            pages = search.last_page(answer.retorno)
            left -= self._keep_page(answer, parameters, page, left)

    def _find_missing_lines(self, reads: Sequence[_Read]) -> None:
        """Search by number the orders that no page lists, some seconds long, since Tiny lists an order late."""
        for wait in (0.0, *_LISTING_WAITS):
            missing = [read for read in reads if read.record and not self._page_of(read.order)]
            if not missing:
                return
            if wait:
                log_event(log, "not_listed_yet", store=self.plan.store, orders=len(missing), seconds=wait)
                self.sleep(wait)
            for read in missing:
                parameters = {"numero": str((read.record or {}).get("numero", ""))}
                answer = self.hook.search_page(parameters)
                if answer.meaning is Meaning.OK:
                    self._keep_page(answer, parameters, 1, {read.order.pedido})

    def _keep_page(self, answer: Answer, parameters: dict[str, str], page: int, wanted: set[int]) -> set[int]:
        """Store a search page when it lists orders that are wanted; say which."""
        listed = {search.order_id(line) for line in search_lines(answer)}
        found = {pedido for pedido in wanted if pedido in listed}
        if found:
            target = self.raw.search_page(answer, parameters, page)
            self._pages.update(dict.fromkeys(found, target))
        return found


def _by_date(orders: Iterable[PlannedOrder]) -> dict[str, set[int]]:
    wanted: dict[str, set[int]] = defaultdict(set)
    for order in orders:
        if order.data:
            wanted[order.data].add(order.pedido)
    return dict(wanted)
