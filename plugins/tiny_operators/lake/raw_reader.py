"""Raw lines, read with what they refer to: the search page that lists an order, and its products."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Final

from tiny_operators.lake.objects import Objects
from tiny_operators.lake.threads import map_in_threads, run_in_threads
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
        """Read what some orders refer to, several objects at once; what cannot be used is reported by its order."""
        pages: dict[str, None] = {}
        products: dict[str, None] = {}
        for order in orders:
            if order.envelope.pesquisa:
                pages[order.envelope.pesquisa] = None
            products.update(dict.fromkeys(order.envelope.produtos.values()))
        run_in_threads(partial(self._pages.read_ahead, pages), partial(self._products.read_ahead, products))

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

    def read_ahead(self, names: Iterable[str]) -> None:
        wanted = list(names)
        missing = [name for name in wanted if name not in self._lines]
        found = zip(missing, map_in_threads(self._read_if_any, missing), strict=True)
        self._lines |= {name: line for name, line in found if line is not None}
        # All of these are used before others are read.
        self._room = max(self._most, len(wanted))
        for name in wanted:
            if name in self._lines:
                self._keep(name, self._lines[name])

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
