"""Raw lines, read with what they refer to: the search page that lists an order, and its products."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from tiny_operators.lake.objects import Objects
from tiny_operators.lake.threads import begin_in_thread, map_in_threads
from tiny_operators.orders.raw_lines import RawLine, read_line
from tiny_operators.orders.rows import OrderRows, order_rows

# Neighbouring orders share a search page and often products. A parsed page takes some hundred kilobytes.
_KEEP_PAGES: Final = 4
_KEEP_PRODUCTS: Final = 200


class RawReferenceError(ValueError):
    """Something that an order line refers to cannot be used.

    Attributes:
        name: Object name.
        found: What is there.
    """

    def __init__(self, name: str, found: str) -> None:
        super().__init__(f"{name}: a raw line is expected, found {found}")
        self.name = name
        self.found = found


@dataclass(frozen=True)
class References:
    """What some orders refer to, by the names of the objects; without what cannot be used."""

    pages: Mapping[str, RawLine]
    products: Mapping[str, RawLine]


class RawReader:
    """Reads raw order lines of one bucket; keeps the pages and products of neighbouring orders."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._pages = _LineCache(objects, _KEEP_PAGES)
        self._products = _LineCache(objects, _KEEP_PRODUCTS)

    def orders(self, name: str) -> Iterator[RawLine]:
        """Read the order lines of an object; none when it does not exist."""
        yield from map(read_line, self._objects.lines_if_any(name))

    def read_ahead(self, orders: Iterable[RawLine]) -> None:
        """Read what some orders refer to, and keep it for them."""
        self.keep(self.references(orders))

    def references(self, orders: Iterable[RawLine]) -> References:
        """Read what some orders refer to, several objects at once; what cannot be used is reported by its order.

        This may be done in a thread, beside the orders before them.
        """
        pages: dict[str, None] = {}
        products: dict[str, None] = {}
        for order in orders:
            if order.envelope.pesquisa:
                pages[order.envelope.pesquisa] = None
            products.update(dict.fromkeys(order.envelope.produtos.values()))
        pages_read = begin_in_thread(partial(self._pages.read, pages))
        return References(products=self._products.read(products), pages=pages_read.result())

    def keep(self, references: References) -> None:
        """Keep what the next orders refer to."""
        self._pages.keep(references.pages)
        self._products.keep(references.products)

    def order_rows(self, order: RawLine) -> OrderRows:
        """Build the rows of one order.

        Raises:
            RawReferenceError: When the search page or a product that it refers to is missing, or no raw line.
        """
        page = order.envelope.pesquisa
        products = {
            int(produto): self._products.line(name) for produto, name in order.envelope.produtos.items()
        }
        return order_rows(order, self._pages.line(page) if page else None, products)


class _LineCache:
    """Raw lines that are alone in their objects; the last used ones are kept."""

    def __init__(self, objects: Objects, most: int) -> None:
        self._objects = objects
        self._most = most
        self._room = most
        self._lines: dict[str, RawLine] = {}

    def read(self, names: Iterable[str]) -> dict[str, RawLine]:
        """Read lines, those that are kept not again; without those that cannot be used."""
        wanted = {name: self._lines.get(name) for name in names}
        missing = [name for name, line in wanted.items() if line is None]
        wanted |= zip(missing, map_in_threads(self._read_if_any, missing), strict=True)
        return {name: line for name, line in wanted.items() if line is not None}

    def keep(self, lines: Mapping[str, RawLine]) -> None:
        # All of these are used before others are kept.
        self._room = max(self._most, len(lines))
        for name, line in lines.items():
            self._keep(name, line)

    def line(self, name: str) -> RawLine:
        found = self._lines.get(name) or self._read(name)
        self._keep(name, found)
        return found

    def _keep(self, name: str, line: RawLine) -> None:
        """Keep a line as the last one used; the one that was not used for the longest time goes."""
        self._lines.pop(name, None)
        self._lines[name] = line
        while len(self._lines) > self._room:
            self._lines.pop(next(iter(self._lines)))

    def _read_if_any(self, name: str) -> RawLine | None:
        try:
            return self._read(name)
        except RawReferenceError:
            return None

    def _read(self, name: str) -> RawLine:
        text = next(self._objects.lines_if_any(name), None)
        if text is None:
            raise RawReferenceError(name, "nothing")
        try:
            return read_line(text)
        except ValueError as error:
            raise RawReferenceError(name, "something else") from error
