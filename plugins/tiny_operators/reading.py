"""Reading orders from Tiny into raw lines: the search page that lists each order, the order, and its products.

What was read once is not read again: a search page serves all orders of the run that it lists, a product's answer all
orders of the day, and a chunk whose object stands is done, whichever task wrote it.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, TypeVar

import pendulum

from . import __version__, names
from .events import log_event
from .hooks.tiny import (
    ORDER_SERVICE,
    PRODUCT_SERVICE,
    SEARCH_SERVICE,
    TinyHook,
    TinyUnavailableError,
    search_lines,
    search_request,
)
from .plan import Plan, PlannedOrder
from .raw import Envelope, Kind
from .rows.orders import answer_id_differs, product_ids
from .storage import Objects
from .stores import Store
from .tiny import search
from .tiny.answers import Answer, Json, Meaning

log = logging.getLogger(__name__)

# Seconds between looks for an order that is not in the search yet: Tiny lists it some seconds after its webhook.
_LISTING_WAITS: Final = (2.0, 4.0, 8.0)
# Orders in a row without an answer, each after all its tries: then Tiny is down, not an order bad.
_GIVE_UP_AFTER: Final = 3

_Asked = TypeVar("_Asked")
_Told = TypeVar("_Told")


@dataclass
class OrderReader:
    """Reads the orders of one run.

    Attributes:
        hook: The store's account.
        objects: The store's API bucket.
        store: The store.
        path: Which DAG reads, such as ``webhook``.
        key: The run's key.
        sleep: Waits for seconds.
    """

    hook: TinyHook
    objects: Objects
    store: Store
    path: str
    key: str
    sleep: Callable[[float], None] = time.sleep
    _pages: dict[int, str] = field(default_factory=dict)
    _products: dict[str, set[int]] = field(default_factory=dict)
    _refused: dict[int, str] = field(default_factory=dict)
    _unanswered_in_a_row: int = 0
    _any_answer: bool = False

    def find_search_lines(self, plan: Plan) -> None:
        """Read the search pages of the days on which several orders were made; note which page lists which order.

        Orders that are alone on their day, or whose day is not known, are searched by number when they are read.
        """
        found = self.objects.read_json(names.search_object(self.key))
        if found is None:
            for data, wanted in _by_date(plan.orders).items():
                if len(wanted) > 1:
                    self._search_date(data, wanted)
            self.objects.write_json(names.search_object(self.key), self._pages)
        else:
            self._pages = {int(pedido): page for pedido, page in found.items()}

    def read_chunk(self, number: int, day: str, orders: list[PlannedOrder]) -> tuple[str, bool]:
        """Read one chunk of orders into one raw object, unless it stands already.

        Returns:
            Name of the object, and whether it was written now.

        Raises:
            TinyUnavailableError: When Tiny is down.
        """
        target = names.raw_orders_object(self.key, day, number)
        if self.objects.exists(target):
            return target, False
        answers = list(self._answered(orders, lambda order: (order, self.hook.order(order.pedido), _now())))
        self._find_missing_lines([(order, answer) for order, answer, _ in answers])
        lines = list(self._answered(answers, lambda read: self._order_line(*read)))
        # A chunk without an answer is not done: a later try asks again.
        return target, bool(lines) and self.objects.create(target, "".join(lines))

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
                log_event(log, "left_for_the_next_run", level=logging.WARNING, store=self.store.prefix)
                continue
            self._unanswered_in_a_row, self._any_answer = 0, True
            yield answer

    def _order_line(self, order: PlannedOrder, answer: Answer, fetched_at: str) -> str:
        record = _record(answer, order.pedido)
        products = product_ids(record) if record is not None else []
        request = {"service": ORDER_SERVICE, "id": str(order.pedido)}
        envelope = self._envelope("pdv", request, fetched_at, order)
        references = {str(produto): self._product(produto) for produto in products}
        complete = Envelope(**{
            **vars(envelope),
            "pesquisa": self._pages.get(order.pedido),
            "produtos": references,
        })
        return complete.line(answer.text)

    def _search_date(self, data: str, wanted: set[int]) -> None:
        """Page through a date while that is cheaper than to search each order by its number."""
        day = pendulum.from_format(data, "YYYY-MM-DD").format("DD/MM/YYYY")
        parameters = {"dataInicial": day, "dataFinal": day}
        left, page, pages = set(wanted), 0, 1
        while search.next_page_pays(page, pages, left):
            page += 1
            answer = self.hook.search_page(parameters, page)
            if answer.meaning is not Meaning.OK:
                break
            pages = search.last_page(answer.retorno)
            left -= self._keep_page(answer, parameters, page, left)

    def _find_missing_lines(self, answers: list[tuple[PlannedOrder, Answer]]) -> None:
        """Search by number the orders that no page lists, some seconds long, since Tiny lists an order late."""
        records = {order.pedido: _record(answer, order.pedido) for order, answer in answers}
        for wait in (0.0, *_LISTING_WAITS):
            missing = {
                pedido: record for pedido, record in records.items() if record and pedido not in self._pages
            }
            if not missing:
                return
            if wait:
                log_event(log, "not_listed_yet", store=self.store.prefix, orders=len(missing), seconds=wait)
                self.sleep(wait)
            for pedido, record in missing.items():
                parameters = {"numero": str(record.get("numero", ""))}
                answer = self.hook.search_page(parameters)
                if answer.meaning is Meaning.OK:
                    self._keep_page(answer, parameters, 1, {pedido})

    def _keep_page(self, answer: Answer, parameters: dict[str, str], page: int, wanted: set[int]) -> set[int]:
        """Store a search page when it lists orders that are wanted; say which."""
        listed = {search.order_id(line) for line in search_lines(answer)}
        found = {pedido for pedido in wanted if pedido in listed}
        if found:
            target = names.raw_search_object(self.key, self._today(), uuid.uuid4().hex)
            request = {"service": SEARCH_SERVICE, **search_request(parameters, page)}
            self.objects.create(target, self._envelope("pesquisa", request, _now()).line(answer.text))
            self._pages.update(dict.fromkeys(found, target))
        return found

    def _product(self, produto: int) -> str:
        """Object with today's answer about a product, which is read when there is none."""
        day = self._today()
        target = names.raw_product_object(day, produto)
        if produto in self._products_of(day):
            return target
        if produto in self._refused:
            return self._refused[produto]
        answer = self.hook.product(produto)
        if answer.meaning is Meaning.OK:
            self._products_of(day).add(produto)
        else:
            # Kept as it came, but it serves this run only: the next one asks again.
            target = self._refused[produto] = names.raw_refused_product_object(day, produto, uuid.uuid4().hex)
        request = {"service": PRODUCT_SERVICE, "id": str(produto)}
        self.objects.create(
            target, self._envelope("produto", request, _now(), produto=produto).line(answer.text)
        )
        return target

    def _today(self) -> str:
        return names.day_of(datetime.now(UTC), self.store.timezone)

    def _products_of(self, day: str) -> set[int]:
        if day not in self._products:
            prefix = names.raw_product_prefix(day)
            found = (names.product_of(blob.name) for blob in self.objects.list(prefix))
            self._products[day] = {produto for produto in found if produto is not None}
        return self._products[day]

    def _envelope(
        self,
        kind: Kind,
        request: dict[str, str],
        fetched_at: str,
        order: PlannedOrder | None = None,
        produto: int | None = None,
    ) -> Envelope:
        return Envelope(
            store=self.store.prefix,
            kind=kind,
            pedido=order.pedido if order else None,
            produto=produto,
            arrived_at=order.arrived_at if order else None,
            fetched_at=fetched_at,
            path=self.path,
            version=__version__,
            request=request,
        )


def _by_date(orders: Iterable[PlannedOrder]) -> dict[str, set[int]]:
    wanted: dict[str, set[int]] = defaultdict(set)
    for order in orders:
        if order.data:
            wanted[order.data].add(order.pedido)
    return dict(wanted)


def _record(answer: Answer, pedido: int) -> Json | None:
    """The order in an answer; None when Tiny does not know it, or answered with another one."""
    record = answer.retorno.get("pedido") if answer.meaning is Meaning.OK else None
    return record if isinstance(record, dict) and not answer_id_differs(record, pedido) else None


def _now() -> str:
    return datetime.now(UTC).isoformat()
