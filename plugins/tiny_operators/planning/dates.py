"""Planning a date of history: which of its orders are new or have changed since they were read."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TextIO
from zoneinfo import ZoneInfo

from tiny_operators import names
from tiny_operators.events import log_event
from tiny_operators.gcp.storage import Objects
from tiny_operators.hooks.tiny import TinyHook
from tiny_operators.raw.writer import RawWriter, now
from tiny_operators.records import from_json
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

    Without ``force`` the orders to read are those in which Tiny and BigQuery differ.

    Attributes:
        date: The date (YYYY-MM-DD).
        listed: Orders that Tiny lists.
        pages: Search pages that were read.
        new: Orders to read that BigQuery does not have, or has marked as deleted.
        changed: Orders to read whose search line differs, or that a person asked for.
        vanished: Orders to read that BigQuery has and Tiny does not list: moved to another date, or deleted.
        part: Object with the orders to read, one a line.
        known: Orders that BigQuery has, without those that are marked as deleted.
        value_difference: What Tiny's search lines say that the orders cost, less what BigQuery's say (R$, exact).
        compared_at: When Tiny and BigQuery were compared (ISO 8601, UTC).
    """

    date: str
    listed: int
    pages: int
    new: int
    changed: int
    vanished: int
    part: str
    known: int
    value_difference: str
    compared_at: str

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
        return from_json(DatePlan, found)

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
            work.known_orders,
            f"{work.value_difference:f}",
            now(),
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
        there = [order.valor for order in known.values() if not order.gone]
        self.known_orders = len(there)
        self.value_difference = -sum(there, Decimal(0))

    def orders(self) -> Iterator[PlannedOrder]:
        """The orders to read, page by page; those that no page lists any more at the end."""
        for page in self.listing.pages():
            digests = {pedido: self._count(line) for pedido, line in page.fresh.items()}
            wanted = {pedido: digest for pedido, digest in digests.items() if self._is_wanted(pedido, digest)}
            if wanted:
                yield from self._of_page(page, wanted)
        gone = [pedido for pedido, order in self._known.items() if not order.gone]
        vanished = sorted(pedido for pedido in gone if pedido not in self.listing.listed)
        self.vanished = len(vanished)
        listed_at = now()
        for pedido in vanished:
            yield self._planned(pedido, self._known[pedido].arrived_at, listed_at)

    def _of_page(self, page: Page, wanted: dict[int, int | None]) -> Iterator[PlannedOrder]:
        target = self._planner.raw.search_page(page.answer, self._parameters, page.number, page.sort)
        listed_at = now()
        unknown = [pedido for pedido in wanted if pedido not in self._known]
        new = len(unknown) + sum(self._known[pedido].gone for pedido in wanted if pedido in self._known)
        self.new += new
        self.changed += len(wanted) - new
        arrivals = self._planner.known.arrivals(unknown)
        for pedido, digest in wanted.items():
            order = self._known.get(pedido)
            arrived_at = order.arrived_at if order else arrivals.get(pedido)
            yield self._planned(pedido, arrived_at, listed_at, target, digest)

    def _read_page(self, number: int, sort: str) -> Answer:
        return self._planner.hook.search_page(self._parameters, number, sort)

    def _count(self, line: Json) -> int | None:
        """Count what a line says that its order costs; the line's digest, None when it cannot be a row."""
        values = search_values(line)
        if values is None:
            return None
        self.value_difference += values["valor"] or 0
        return line_digest(values)

    def _is_wanted(self, pedido: int, digest: int | None) -> bool:
        order = self._known.get(pedido)
        if self._planner.force or order is None or order.gone or order.arrived_at is None:
            return True
        return digest != order.line

    def _planned(
        self,
        pedido: int,
        arrived_at: datetime | None,
        listed_at: str,
        page: str | None = None,
        digest: int | None = None,
    ) -> PlannedOrder:
        """The order, arrived when the pipeline first heard of it: for unknown history, at midnight of its date."""
        arrived = arrived_at or datetime.combine(self._day, datetime.min.time(), self._zone)
        day = names.day_of(arrived, str(self._zone))
        return PlannedOrder(
            pedido,
            arrived.astimezone(UTC).isoformat(),
            day,
            self._day.isoformat(),
            page,
            listed_at=listed_at,
            line=digest,
        )


def date_plans(objects: Objects, key: str) -> Iterator[DatePlan]:
    """The dates that a run has planned, oldest first."""
    for blob in objects.list(names.date_plans_prefix(key)):
        if blob.name.endswith(".json"):
            yield from_json(DatePlan, objects.read_json(blob.name))


def read_part(objects: Objects, part: str) -> Iterator[PlannedOrder]:
    """The orders of a date that are to be read, a few in memory at a time."""
    for line in objects.stream(part):
        yield PlannedOrder.from_json(json.loads(line))


def _write(stream: TextIO, order: PlannedOrder) -> None:
    stream.write(json.dumps(order.to_json()) + "\n")
