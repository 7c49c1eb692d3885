"""Raw answers, written into the bucket; and which product answers of the day are already there."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from tiny_operators import __version__
from tiny_operators.lake import names
from tiny_operators.lake.forgotten import blank, forget_orders, read_forgotten
from tiny_operators.lake.objects import Objects
from tiny_operators.orders.erasing import Eraser
from tiny_operators.orders.plan import PlannedOrder
from tiny_operators.orders.raw_lines import Envelope, Kind
from tiny_operators.orders.stored_texts import clean_line
from tiny_operators.stores import Store
from tiny_operators.tiny.answers import Answer, Meaning
from tiny_operators.tiny.search import page_request
from tiny_operators.tiny.services import PRODUCT_SERVICE, SEARCH_SERVICE


@dataclass
class RawWriter:
    """Writes the answers that one run reads, without what belongs to people who were forgotten.

    Attributes:
        objects: The store's API bucket.
        store: The store.
        path: Which DAG reads, such as ``webhook``.
        key: The run's key.
    """

    objects: Objects
    store: Store
    path: str
    key: str
    _products: dict[str, set[int]] = field(default_factory=dict)
    _refused: dict[int, str] = field(default_factory=dict)
    _recognised: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Read who was forgotten."""
        self.read_forgotten()

    def read_forgotten(self) -> None:
        """Read again who was forgotten: a person may be at any time, while a run goes on."""
        self.forgotten = read_forgotten(self.objects, self.store.prefix)

    def search_page(self, answer: Answer, parameters: dict[str, str], page: int, sort: str = "DESC") -> str:
        """Write a search page.

        Returns:
            Name of its object.
        """
        target = names.raw_search_object(self.key, self._today(), uuid.uuid4().hex)
        request = {"service": SEARCH_SERVICE, **page_request(parameters, page, sort)}
        line = self._envelope("pesquisa", request, now(), **_bytes_of(answer)).line(answer.text)
        self.read_forgotten()
        self.objects.create(target, self._without_forgotten(line))
        return target

    def product(self, produto: int, ask: Callable[[int], Answer]) -> str:
        """Return the object with today's answer about a product; ask for the answer when there is none.

        Args:
            produto: Tiny's id of the product.
            ask: Asks Tiny about a product.
        """
        day = self._today()
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
        request = {"service": PRODUCT_SERVICE, "id": str(produto)}
        envelope = self._envelope("produto", request, now(), produto=produto, **_bytes_of(answer))
        self.objects.create(target, envelope.line(answer.text))
        return target

    def has_product(self, produto: int) -> bool:
        """Return whether there is an answer about a product that serves this run."""
        return produto in self._products_of(self._today()) or produto in self._refused

    def products_today(self) -> int:
        """Return how many products were read today."""
        return len(self._products_of(self._today()))

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


def _bytes_of(answer: Answer) -> dict[str, Any]:
    """Describe how to get the bytes of an answer back from its text."""
    return {"encoding": answer.encoding, "base64": answer.base64}


def now() -> str:
    """Return the present (ISO 8601, UTC)."""
    return datetime.now(UTC).isoformat()
