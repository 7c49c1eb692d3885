"""Planning a date of history: which of its orders are new or have changed since they were read."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import TextIO
from zoneinfo import ZoneInfo

from tiny_operators import names
from tiny_operators.events import log_event
from tiny_operators.hooks.tiny import TinyHook
from tiny_operators.raw.writer import RawWriter
from tiny_operators.rows.orders import search_values
from tiny_operators.tiny import search
from tiny_operators.tiny.answers import Answer, Json
from tiny_operators.tiny.listing import DateListing, Page

from .known_orders import KnownOrder, KnownOrders, line_digest
from .plan import PlannedOrder

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DatePlan:
    """What there is to do about one date.

    Attributes:
        date: The date (YYYY-MM-DD).
        listed: Orders that Tiny lists.
        pages: Search pages that were read.
        new: Orders to read that BigQuery does not have.
        changed: Orders to read whose search line differs, or that a person asked for.
        vanished: Orders to read that BigQuery has and Tiny does not list: moved to another date, or deleted.
        part: Object with the orders to read, one a line.
    """

    date: str
    listed: int
    pages: int
    new: int
    changed: int
    vanished: int
    part: str

    @property
    def orders(self) -> int:
        """Orders to read."""
        return self.new + self.changed + self.vanished


@dataclass
class DatePlanner:
    """Plans one date after the other; a date that is planned already is not searched again.

    Attributes:
        hook: The store's account.
        known: The store's tables.
        raw: Writes the search pages that are needed later.
        force: Plan every order that is listed.
    """

    hook: TinyHook
    known: KnownOrders
    raw: RawWriter
    force: bool = False

    def plan(self, day: date) -> DatePlan:
        """The plan of a date, made once.

        Raises:
            ListingError: When its search pages cannot be used.
        """
        target = names.date_plan_object(self.raw.key, day.isoformat())
        found = self.raw.objects.read_json(target)
        if found is None:
            made = self._make(day)
            # Another try, thought dead, may have been faster: what it planned may have been read already.
            self.raw.objects.create_json(target, asdict(made))
            found = self.raw.objects.read_json(target)
        return DatePlan(**found)

    def _make(self, day: date) -> DatePlan:
        work = _DateWork(self, day, self.known.of_date(day))
        part = names.date_orders_object(self.raw.key, day.isoformat(), uuid.uuid4().hex[:12])
        with self.raw.objects.writing(part) as orders:
            for order in work.orders():
                _write(orders, order)
        if work.listing.without_id:
            log_event(
                log,
                "search_lines_without_id",
                level=logging.ERROR,
                store=self.raw.store.prefix,
                run=self.raw.key,
                date=day.isoformat(),
                lines=work.listing.without_id,
            )
        plan = DatePlan(
            day.isoformat(),
            len(work.listing.listed),
            work.listing.pages_read,
            work.new,
            work.changed,
            work.vanished,
            part,
        )
        log_event(log, "date_planned", store=self.raw.store.prefix, run=self.raw.key, **asdict(plan))
        return plan


class _DateWork:
    """Goes through the pages of one date."""

    def __init__(self, planner: DatePlanner, day: date, known: dict[int, KnownOrder]) -> None:
        self._planner = planner
        self._day = day
        self._known = known
        self._zone = ZoneInfo(planner.raw.store.timezone)
        self._parameters = search.date_parameters(day)
        self.listing = DateListing(day, self._read_page)
        self.new = self.changed = self.vanished = 0

    def orders(self) -> Iterator[PlannedOrder]:
        """The orders to read, page by page; those that no page lists any more at the end."""
        for page in self.listing.pages():
            wanted = [pedido for pedido, line in page.fresh.items() if self._is_wanted(pedido, line)]
            if wanted:
                yield from self._of_page(page, wanted)
        gone = [pedido for pedido, order in self._known.items() if not order.gone]
        vanished = sorted(pedido for pedido in gone if pedido not in self.listing.listed)
        self.vanished = len(vanished)
        for pedido in vanished:
            yield self._planned(pedido, self._known[pedido].arrived_at, None)

    def _of_page(self, page: Page, wanted: list[int]) -> Iterator[PlannedOrder]:
        target = self._planner.raw.search_page(page.answer, self._parameters, page.number, page.sort)
        new = [pedido for pedido in wanted if pedido not in self._known]
        self.new += len(new)
        self.changed += len(wanted) - len(new)
        arrivals = self._planner.known.arrivals(new)
        for pedido in wanted:
            order = self._known.get(pedido)
            yield self._planned(pedido, order.arrived_at if order else arrivals.get(pedido), target)

    def _read_page(self, number: int, sort: str) -> Answer:
        return self._planner.hook.search_page(self._parameters, number, sort)

    def _is_wanted(self, pedido: int, line: Json) -> bool:
        order = self._known.get(pedido)
        if self._planner.force or order is None or order.gone or order.arrived_at is None:
            return True
        values = search_values(line)
        return values is None or line_digest(values) != order.line

    def _planned(self, pedido: int, arrived_at: datetime | None, page: str | None) -> PlannedOrder:
        """The order, arrived when the pipeline first heard of it: for unknown history, at midnight of its date."""
        arrived = arrived_at or datetime.combine(self._day, datetime.min.time(), self._zone)
        day = names.day_of(arrived, str(self._zone))
        return PlannedOrder(pedido, arrived.astimezone(UTC).isoformat(), day, self._day.isoformat(), page)


def _write(stream: TextIO, order: PlannedOrder) -> None:
    stream.write(json.dumps(order.to_json()) + "\n")
