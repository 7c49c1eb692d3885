"""The comparison of one date: what Tiny lists under it against what BigQuery knows of these orders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from tiny_operators.batches.listed_dates import ListedDates
from tiny_operators.lake import names
from tiny_operators.lake.raw_writer import RawWriter, now
from tiny_operators.orders.old_orders import personal_since
from tiny_operators.orders.plan import PlannedOrder
from tiny_operators.orders.rows import search_values
from tiny_operators.people.erasing import Eraser
from tiny_operators.tiny import search
from tiny_operators.tiny.answers import Answer
from tiny_operators.tiny.listing import DateListing, Page
from tiny_operators.warehouse.known_orders import KnownOrder, KnownOrders, line_digest

# What a search line's row holds, by column: see :func:`~tiny_operators.orders.rows.search_values`.
SearchValues = dict[str, Any]
ReadPage = Callable[[dict[str, str], int, str], Answer]


class DateDiff:
    """Goes through the pages of one date.

    Args:
        day: The date.
        read_page: Asks for a page of the search: its parameters, number and direction.
        known: The store's tables.
        raw: Writes the search pages that are needed later.
        check_filter: Asks Tiny whether it respects the dates of a search; raises FilterIgnoredError when it does not.
        force: Take every order that is listed.

    Attributes:
        listing: The search pages.
        new: Orders so far that BigQuery does not have, or has marked as deleted.
        changed: Orders so far whose search line differs, or that are forced.
        vanished: Orders that BigQuery has and Tiny no longer lists.
        known_orders: Orders that BigQuery has, of those that Tiny lists or should list.
        value_difference: What the orders cost by Tiny's search lines, less what they cost by BigQuery's (R$, exact).
    """

    def __init__(
        self,
        day: date,
        read_page: ReadPage,
        known: KnownOrders,
        raw: RawWriter,
        check_filter: Callable[[], None],
        *,
        force: bool,
    ) -> None:
        self._day = day
        self._tables = known
        self._raw = raw
        self._force = force
        self._zone = ZoneInfo(raw.store.timezone)
        self._personal_since = personal_since(raw.store)
        self._parameters = search.date_parameters(day)
        self._memory = ListedDates(raw.objects, raw.store.prefix)
        self._before = self._memory.of(day)
        self._known = known.of_date(day)
        self._expected = {
            pedido for pedido, order in self._known.items() if pedido not in self._before.elsewhere
        }
        others = known.of_ids(self._before.here.difference(self._known))
        self._expected.update(others)
        self._known |= others
        self.listing = DateListing(day, partial(read_page, self._parameters), check_filter)
        self.new = self.changed = self.vanished = self.known_orders = 0
        self.value_difference = Decimal(0)
        # Orders on the pages whose own date is another one, by that date.
        self._of_other_dates: dict[date, set[int]] = defaultdict(set)
        # Orders that no page lists: those to read, each with the moment; and those that were read since then.
        self._missing: dict[int, str] = {}
        self._elsewhere: set[int] = set()

    def orders(self) -> Iterator[PlannedOrder]:
        """Yield the orders to read, page by page; those that no page lists any more at the end.

        Raises:
            FilterIgnoredError: When Tiny ignores the dates.
            ListingError: When a page cannot be used: as below.
            UnansweredError: When a page has no answer: the orders on the pages before it are yielded, and no order is
                treated as one that Tiny does not list.
        """
        for page in self.listing.pages():
            # Of a forgotten person's order the table has no name: that is no difference.
            lines = {
                pedido: search_values(Eraser(self._raw.forgotten).clean(line))
                for pedido, line in page.fresh.items()
            }
            self._look_up_others(lines)
            digests = {pedido: self._count(pedido, values) for pedido, values in lines.items()}
            wanted = {pedido: digest for pedido, digest in digests.items() if self._is_wanted(pedido, digest)}
            if wanted:
                yield from self._of_page(page, wanted, lines)
        yield from self._of_unlisted()
        self._remember()

    def _look_up_others(self, lines: Mapping[int, SearchValues | None]) -> None:
        """Note the orders of other dates, and ask what BigQuery knows of them."""
        others: set[int] = set()
        for pedido, values in lines.items():
            own = values["data_pedido"] if values else None
            if own not in {self._day, None}:
                self._of_other_dates[own].add(pedido)
                others.add(pedido)
        self._known |= self._tables.of_ids(others.difference(self._known))

    def _of_page(
        self, page: Page, wanted: dict[int, int | None], lines: Mapping[int, SearchValues | None]
    ) -> Iterator[PlannedOrder]:
        target = self._raw.search_page(page.answer, self._parameters, page.number, page.sort)
        listed_at = now()
        unknown = [pedido for pedido in wanted if pedido not in self._known]
        new = len(unknown) + sum(self._known[pedido].gone for pedido in wanted if pedido in self._known)
        self.new += new
        self.changed += len(wanted) - new
        arrivals = self._tables.arrivals(unknown)
        for pedido, digest in wanted.items():
            order, values = self._known.get(pedido), lines[pedido]
            arrived_at = order.arrived_at if order else arrivals.get(pedido)
            own = values["data_pedido"] if values else None
            planned = self._planned(pedido, own or self._day, arrived_at, listed_at)
            yield replace(planned, pesquisa=target, line=digest)

    def _of_unlisted(self) -> Iterator[PlannedOrder]:
        """Yield the orders that BigQuery has and no page lists: Tiny may have deleted or moved them."""
        listed_at = now()
        for pedido in sorted(self._expected - self.listing.listed):
            order = self._known[pedido]
            asked_at = self._before.missing.get(pedido)
            if order.gone:
                continue
            if asked_at and order.read_at > datetime.fromisoformat(asked_at):
                # It was read since it was missed: Tiny has it, and lists it under another date.
                self._elsewhere.add(pedido)
                continue
            self._missing[pedido] = listed_at
            self.vanished += 1
            self._add_known(order)
            yield self._planned(pedido, order.day or self._day, order.arrived_at, listed_at)

    def _remember(self) -> None:
        self._memory.looked_at(
            self._day,
            self._before,
            listed=self.listing.listed,
            here=self._before.here.intersection(self._missing).union(*self._of_other_dates.values()),
            elsewhere=self._elsewhere,
            missing=self._missing,
        )
        for own, pedidos in self._of_other_dates.items():
            self._memory.listed_under_another(own, pedidos)

    def _count(self, pedido: int, values: SearchValues | None) -> int | None:
        """Count what an order costs by a line and by BigQuery; return the line's digest, None when it is no row."""
        if pedido in self._known and not self._known[pedido].gone:
            self._add_known(self._known[pedido])
        if values is None:
            return None
        self.value_difference += values["valor"] or 0
        return line_digest(values, self._personal_since)

    def _add_known(self, order: KnownOrder) -> None:
        self.known_orders += 1
        self.value_difference -= order.valor

    def _is_wanted(self, pedido: int, digest: int | None) -> bool:
        order = self._known.get(pedido)
        if self._force or order is None or order.gone or order.arrived_at is None:
            return True
        return digest != order.line

    def _planned(
        self, pedido: int, own_date: date, arrived_at: datetime | None, listed_at: str
    ) -> PlannedOrder:
        """Return the order, arrived when the pipeline first heard of it; unknown history at midnight of its date.

        That may be a date to come, and nothing arrives later than Tiny lists it. The date that is searched, and not the
        moment of this reading: whoever reads the order again before it has rows finds the same arrival.
        """
        midnight = datetime.combine(min(own_date, self._day), datetime.min.time(), self._zone)
        arrived = arrived_at or midnight
        return PlannedOrder(
            pedido,
            arrived.astimezone(UTC).isoformat(),
            names.day_of(arrived, str(self._zone)),
            own_date.isoformat(),
            listed_at=listed_at,
        )
