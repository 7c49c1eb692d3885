"""The search lines of a run's orders: on the pages of dates with several orders, else by their numbers."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from tiny_operators.batches.asking import FEW_TRIES, Asking
from tiny_operators.events import log_event
from tiny_operators.lake import names
from tiny_operators.lake.raw_writer import RawWriter
from tiny_operators.orders.plan import PlannedOrder
from tiny_operators.tiny import search
from tiny_operators.tiny.answers import Answer, Json, Meaning
from tiny_operators.tiny.api import PEDIDOS_PESQUISA

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class OrderRead:
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
class SearchLines:
    """Finds the search pages that list a run's orders.

    Attributes:
        asking: Asks Tiny.
        raw: Takes the pages that are needed.
        sleep: Waits for seconds.
    """

    asking: Asking
    raw: RawWriter
    sleep: Callable[[float], None] = time.sleep
    _pages: dict[int, str] = field(default_factory=dict)
    _late_lines: dict[int, Json] = field(default_factory=dict)

    def find_on_dates(self, orders: Iterable[PlannedOrder], *, first: bool = False) -> None:
        """Read the pages of the days on which several orders were placed; note which page lists which order.

        Orders that are alone on their day, or whose day is not known, are searched by number when they are read. Those
        of a plan that was built from search pages already have theirs.

        Args:
            orders: The orders.
            first: Whether no earlier try can have left such a note.

        Raises:
            TinyUnavailableError: When Tiny is down.
        """
        objects, target = self.raw.objects, names.search_object(self.raw.key)
        dates = _by_date(order for order in orders if order.pesquisa is None)
        if not dates:
            return
        found = None if first else objects.read_json(target)
        if found is None:
            for data, wanted in dates.items():
                self._search_date(data, wanted)
            self.raw.read_forgotten()
            self.raw.finish_references()
            objects.write_json(target, self._pages)
        else:
            self._pages = {int(pedido): page for pedido, page in found.items()}

    def find_missing(self, reads: Sequence[OrderRead], waits: Sequence[float]) -> None:
        """Search by number the orders that no page lists, for some seconds, since Tiny lists an order late.

        The pages are kept, for :meth:`RawWriter.finish_references`.

        Args:
            reads: The orders.
            waits: Seconds between the looks.

        Raises:
            TinyUnavailableError: When Tiny is down.
        """
        for wait in (0.0, *waits):
            missing = [read for read in reads if self._lacks_line(read, first=not wait)]
            if not missing:
                return
            if wait:
                log_event(
                    log, "not_listed_yet", store=self.raw.store.prefix, orders=len(missing), seconds=wait
                )
                self.sleep(wait)
            for read in missing:
                self._search_number(read)

    def page_of(self, order: PlannedOrder) -> str | None:
        """Return the object of the page that lists an order; None when none was found."""
        return order.pesquisa or self._pages.get(order.pedido)

    def is_older(self, read: OrderRead) -> bool:
        """Return whether an order was edited after it was read, and before its line was: see :meth:`find_missing`.

        A line that is older than its order needs nothing: the next comparison of its date sees that they differ.
        """
        line = self._late_lines.get(read.order.pedido)
        return bool(line and read.record and search.was_edited_between(read.record, line))

    def is_unanswered(self, pedido: int) -> bool:
        """Return whether Tiny did not answer the search for an order."""
        return (PEDIDOS_PESQUISA, pedido) in self.asking.unanswered

    def _search_date(self, data: str, wanted: set[int]) -> None:
        """Page through a date while that is cheaper than searching each order by its number."""
        parameters = search.date_parameters(date.fromisoformat(data))
        left, page, pages = set(wanted), 0, 1
        while search.next_page_pays(page, pages, left):
            page += 1
            answer = self._page(parameters, page, data)
            if answer is None or answer.meaning is not Meaning.OK:
                break
            pages = search.last_page(answer.retorno)
            left -= self._keep(answer, parameters, page, left)

    def _lacks_line(self, read: OrderRead, *, first: bool) -> bool:
        """Return whether to search for an order: not a second time for one that earlier runs have waited for."""
        if not read.record or self.page_of(read.order) or not str(read.record.get("numero") or "").strip():
            return False
        return not self.is_unanswered(read.order.pedido) and (first or read.order.tried is None)

    def _search_number(self, read: OrderRead) -> None:
        """Search an order by its number; another order may have that number too."""
        pedido, tries = read.order.pedido, order_tries(read.order)
        parameters = search.number_parameters((read.record or {})["numero"])
        for page, answer in search.number_pages(
            lambda page: self._page(parameters, page, pedido, tries=tries)
        ):
            if self._keep(answer, parameters, page, {pedido}):
                listed = search.page_lines(answer)
                self._late_lines[pedido] = next(line for line in listed if search.order_id(line) == pedido)
                return

    def _page(
        self, parameters: dict[str, str], page: int, about: int | str, *, tries: int | None = None
    ) -> Answer | None:
        hook = self.asking.hook
        return self.asking.ask(
            PEDIDOS_PESQUISA, about, lambda: hook.pedidos_pesquisa(parameters, page), tries=tries
        )

    def _keep(self, answer: Answer, parameters: dict[str, str], page: int, wanted: set[int]) -> set[int]:
        """Keep a search page when it lists wanted orders; return which."""
        listed = {search.order_id(line) for line in search.page_lines(answer)}
        found = {pedido for pedido in wanted if pedido in listed}
        if found:
            target = self.raw.search_page_later(answer, parameters, page)
            self._pages.update(dict.fromkeys(found, target))
        return found


def order_tries(order: PlannedOrder) -> int | None:
    """Return the tries of a call about an order: few when earlier runs waited for it in vain."""
    return FEW_TRIES if order.tried else None


def _by_date(orders: Iterable[PlannedOrder]) -> dict[str, set[int]]:
    """Return the days on which several of these orders were placed, each with its orders."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for order in orders:
        if order.data:
            wanted[order.data].add(order.pedido)
    return {data: pedidos for data, pedidos in wanted.items() if len(pedidos) > 1}
