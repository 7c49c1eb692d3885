"""Raw answers, written into the bucket; and which product answers of the day are already there."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from tiny_operators import __version__
from tiny_operators.lake import names
from tiny_operators.lake.forgotten import ForgottenList, blank, forget_orders
from tiny_operators.lake.objects import Objects
from tiny_operators.lake.threads import begin_in_thread
from tiny_operators.orders.plan import PlannedOrder
from tiny_operators.orders.raw_lines import Envelope, Kind
from tiny_operators.people.erasing import Eraser
from tiny_operators.people.stored_texts import clean_line
from tiny_operators.stores import Store
from tiny_operators.tiny.answers import Answer, Meaning
from tiny_operators.tiny.api import PEDIDOS_PESQUISA, PRODUTO_OBTER
from tiny_operators.tiny.search import page_request

if TYPE_CHECKING:
    from google.cloud.storage import Blob


@dataclass
class RawWriter:
    """Writes the answers that one run reads, without what belongs to people who were forgotten.

    Attributes:
        objects: The store's API bucket.
        store: The store.
        path: Which DAG reads, such as ``webhook``.
        key: The run's key.
        listed: A day and the list of its products, when that has begun: see :func:`products_ahead`.
    """

    objects: Objects
    store: Store
    path: str
    key: str
    listed: tuple[str, Iterator[Blob]] | None = None
    _pages: dict[str, str] = field(default_factory=dict)
    _writing: list[Future[bool]] = field(default_factory=list)
    _products: dict[str, set[int]] = field(default_factory=dict)
    _refused: dict[int, str] = field(default_factory=dict)
    _recognised: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Read who was forgotten."""
        self._list = ForgottenList(self.objects, self.store.prefix)
        self.read_forgotten()

    def read_forgotten(self) -> None:
        """Read again who was forgotten: a person may be at any time, while a run goes on."""
        self.forgotten = self._list.read()

    def search_page(self, answer: Answer, parameters: dict[str, str], page: int, sort: str = "DESC") -> str:
        """Write a search page.

        Returns:
            Name of its object.
        """
        target = self.search_page_later(answer, parameters, page, sort)
        self.read_forgotten()
        self.finish_references()
        return target

    def search_page_later(
        self, answer: Answer, parameters: dict[str, str], page: int, sort: str = "DESC"
    ) -> str:
        """Keep a search page until :meth:`finish_references`; return the name of its object."""
        target = names.raw_search_object(self.key, _today(self.store), uuid.uuid4().hex)
        request = {"service": PEDIDOS_PESQUISA, **page_request(parameters, page, sort)}
        self._pages[target] = self._envelope("pesquisa", request, now(), **_bytes_of(answer)).line(
            answer.text
        )
        return target

    def finish_references(self) -> None:
        """Write what order lines refer to: the pages that were kept; wait for the products that are being written."""
        for target, line in self._pages.items():
            self._begin_writing(target, self._without_forgotten(line))
        self._pages.clear()
        while self._writing:
            self._writing.pop().result()

    def product(self, produto: int, ask: Callable[[int], Answer]) -> str:
        """Return the object with today's answer about a product; ask for the answer when there is none.

        It is written while others are asked for: :meth:`finish_references` waits for it.
        """
        day = _today(self.store)
        target = names.raw_product_object(day, produto)
        if produto in self._products_of(day):
            return target
        if produto in self._refused:
            return self._refused[produto]
        answer = ask(produto)
        if answer.meaning is Meaning.OK:
            self._products_of(day).add(produto)
        else:
            # Kept as it came, but it serves this run only: the next one asks again.
            target = self._refused[produto] = names.raw_refused_product_object(day, produto, uuid.uuid4().hex)
        request = {"service": PRODUTO_OBTER, "id": str(produto)}
        envelope = self._envelope("produto", request, now(), produto=produto, **_bytes_of(answer))
        self._begin_writing(target, envelope.line(answer.text))
        return target

    def _begin_writing(self, target: str, text: str) -> None:
        self._writing.append(begin_in_thread(partial(self.objects.create, target, text)))

    def has_product(self, produto: int) -> bool:
        """Return whether there is an answer about a product that serves this run."""
        return produto in self._products_of(_today(self.store)) or produto in self._refused

    def products_today(self) -> int:
        """Return how many products were read today."""
        return len(self._products_of(_today(self.store)))

    def order_line(
        self,
        order: PlannedOrder,
        request: dict[str, str],
        fetched_at: str,
        answer: Answer,
        **references: Any,
    ) -> str:
        """Build the raw line of an order.

        Args:
            order: The order.
            request: Service and parameters, without the token.
            fetched_at: When it answered (ISO 8601, UTC).
            answer: The answer.
            **references: What the order's rows are built from: see :class:`Envelope`.
        """
        envelope = self._envelope("pdv", request, fetched_at, order, **references, **_bytes_of(answer))
        return self._without_forgotten(envelope.line(answer.text))

    def remember_forgotten(self, pages: Mapping[int, str | None]) -> None:
        """Remember the orders that were recognised by their buyer, and blank their lines on search pages.

        A search page is written before its orders are read, and has no document by which to know a buyer.

        Args:
            pages: The search page of each order that was read.
        """
        new = self._recognised - self.forgotten.orders
        if not new:
            return
        known = replace(self.forgotten, orders=self.forgotten.orders | new)
        # Before they are remembered: a later try blanks the pages of those only that are new to it.
        for page in {pages[pedido] for pedido in new if pedido in pages} - {None}:
            blank(self.objects, str(page), known)
        forget_orders(self.objects, self.store.prefix, new)
        self.read_forgotten()

    def _without_forgotten(self, line: str) -> str:
        if not self.forgotten:
            return line
        eraser = Eraser(self.forgotten)
        cleaned = clean_line(line, eraser)
        self._recognised |= eraser.orders
        return cleaned

    def _products_of(self, day: str) -> set[int]:
        if day not in self._products:
            ahead, self.listed = self.listed, None
            listed = (
                ahead[1] if ahead and ahead[0] == day else self.objects.list(names.raw_product_prefix(day))
            )
            found = (names.product_of(blob.name) for blob in listed)
            self._products[day] = {produto for produto in found if produto is not None}
        return self._products[day]

    def _envelope(
        self,
        kind: Kind,
        request: dict[str, str],
        fetched_at: str,
        order: PlannedOrder | None = None,
        produto: int | None = None,
        **references: Any,
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
            **references,
        )


def products_ahead(objects: Objects, store: Store) -> tuple[str, Iterator[Blob]]:
    """Begin to list the products that were read today; return the day and the list."""
    day = _today(store)
    return day, objects.list_ahead(names.raw_product_prefix(day))


def _today(store: Store) -> str:
    return names.day_of(datetime.now(UTC), store.timezone)


def _bytes_of(answer: Answer) -> dict[str, Any]:
    """Describe how to get the bytes of an answer back from its text."""
    return {"encoding": answer.encoding, "base64": answer.base64}


def now() -> str:
    """Return the present (ISO 8601, UTC)."""
    return datetime.now(UTC).isoformat()
