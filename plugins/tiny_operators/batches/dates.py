"""The plan of a date of history: which of its orders are new or have changed since they were read."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from functools import partial
from typing import TextIO

from tiny_operators.batches.asking import FEW_TRIES, Asking
from tiny_operators.batches.date_diff import DateDiff
from tiny_operators.batches.unanswered import UnansweredMemory
from tiny_operators.events import log_event
from tiny_operators.lake import names
from tiny_operators.lake.objects import Objects
from tiny_operators.lake.raw_writer import RawWriter, now
from tiny_operators.orders.json_values import from_json
from tiny_operators.orders.plan import PlannedOrder
from tiny_operators.tiny import search
from tiny_operators.tiny.answers import Answer
from tiny_operators.tiny.api import PEDIDOS_PESQUISA, Tiny
from tiny_operators.tiny.listing import FilterIgnoredError, ListingError, UnansweredError
from tiny_operators.warehouse.known_orders import KnownOrders

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DatePlan:
    """The work on one date.

    Without ``force`` the orders to read are those in which Tiny and BigQuery differ.

    Attributes:
        date: The date (YYYY-MM-DD).
        listed: Orders that Tiny lists under the date, whatever their own date.
        pages: Search pages that were read.
        new: Orders to read that BigQuery does not have, or has marked as deleted.
        changed: Orders to read whose search line differs, or that a person asked for.
        vanished: Orders to read that BigQuery has and Tiny no longer lists: moved to another date, or deleted.
        part: Object with the orders to read, one a line.
        known: Orders that BigQuery has of those that Tiny lists, or should; without those that are marked as deleted.
        value_difference: What the orders cost by Tiny's search lines, less what they cost by BigQuery's (R$, exact).
        compared_at: When Tiny and BigQuery were compared (ISO 8601, UTC).
        unanswered: Whether Tiny did not answer a search page of the date, while it answered other calls, or answered
            with one that cannot be used. The date is not compared then; the orders to read are those of the pages
            before.
        reason: Why a search page cannot be used; empty when all can be, or when one has no answer.
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
    unanswered: bool = False
    reason: str = ""

    @property
    def orders(self) -> int:
        """Orders to read."""
        return self.new + self.changed + self.vanished


@dataclass
class DatePlanner:
    """Plans one date after the other; a date that is already planned is not searched again.

    Attributes:
        hook: The store's account.
        known: The store's tables.
        raw: Writes the search pages that are needed later.
        force: Plan every order that is listed.
        silences: Dates whose search Tiny did not answer, or not so that it can be used.
    """

    hook: Tiny
    known: KnownOrders
    raw: RawWriter
    force: bool = False
    _filter_works: bool = False

    def __post_init__(self) -> None:
        self._asking = Asking(self.hook, self.raw.store.prefix, self.raw.key)
        self.silences = UnansweredMemory.of_dates(self.raw.objects, self.raw.store.prefix)

    def plan(self, day: date) -> DatePlan:
        """Plan a date, once.

        Raises:
            FilterIgnoredError: When Tiny ignores the dates.
            TinyUnavailableError: When Tiny is down.
        """
        target = names.date_plan_object(self.raw.key, day.isoformat())
        found = self.raw.objects.read_json(target)
        if found is None:
            plan = self._build(day)
            # Another try, thought dead, may have been faster: the orders that it planned may already have been read.
            self.raw.objects.create_json(target, asdict(plan))
            found = self.raw.objects.read_json(target)
        return from_json(DatePlan, found)

    def check_filter(self) -> None:
        """Ask Tiny, once a run, whether it respects the dates of a search: dates without orders must list none.

        Raises:
            FilterIgnoredError: When it lists some.
            UnansweredError: When it does not answer.
        """
        if self._filter_works:
            return
        for day in search.EMPTY_DATES:
            answer = self._search(day, search.date_parameters(day))
            if any(search.page_lines(answer)):
                raise FilterIgnoredError(
                    f"the search of {day} lists orders, and no shop has orders of that date: Tiny ignored dataInicial "
                    "or dataFinal, as it does with a parameter that it does not know; nothing was fetched. "
                    "Clear this task later; when it fails again, ask Tiny's support"
                )
        self._filter_works = True

    def _build(self, day: date) -> DatePlan:
        diff = DateDiff(
            day, partial(self._search, day), self.known, self.raw, self.check_filter, force=self.force
        )
        part = names.date_orders_object(self.raw.key, day.isoformat(), uuid.uuid4().hex[:12])
        unanswered, reason = False, ""
        with self.raw.objects.writing(part) as orders:
            try:
                for order in diff.orders():
                    _write(orders, order)
            except UnansweredError:
                unanswered = True
            except ListingError as error:
                unanswered, reason = True, str(error)
        if unanswered:
            self.silences.remember(day, self.raw.key, datetime.now(UTC))
        if reason:
            log_event(
                log,
                "search_not_usable",
                level=logging.WARNING,
                store=self.raw.store.prefix,
                run=self.raw.key,
                date=day.isoformat(),
                reason=reason,
            )
        if diff.listing.without_id:
            log_event(
                log,
                "search_lines_without_id",
                level=logging.ERROR,
                store=self.raw.store.prefix,
                run=self.raw.key,
                date=day.isoformat(),
                lines=diff.listing.without_id,
            )
        plan = DatePlan(
            day.isoformat(),
            len(diff.listing.listed),
            diff.listing.pages_read,
            diff.new,
            diff.changed,
            diff.vanished,
            part,
            diff.known_orders,
            f"{diff.value_difference:f}",
            now(),
            unanswered,
            reason,
        )
        log_event(log, "date_planned", store=self.raw.store.prefix, run=self.raw.key, **asdict(plan))
        return plan

    def _search(self, day: date, parameters: dict[str, str], page: int = 1, sort: str = "DESC") -> Answer:
        """Ask for a page of the search for a date.

        Raises:
            UnansweredError: When Tiny does not answer it, while it answers other calls.
        """
        answer = self._asking.ask(
            PEDIDOS_PESQUISA,
            day.isoformat(),
            lambda: self.hook.pedidos_pesquisa(parameters, page, sort),
            tries=FEW_TRIES if self.silences.since(day) else None,
        )
        if answer is None:
            raise UnansweredError(day.isoformat())
        return answer


def date_plans(objects: Objects, key: str) -> Iterator[DatePlan]:
    """Yield the dates that a run has planned, oldest first."""
    for blob in objects.list(names.date_plans_prefix(key)):
        if blob.name.endswith(".json"):
            yield from_json(DatePlan, objects.read_json(blob.name))


def read_part(objects: Objects, part: str) -> Iterator[PlannedOrder]:
    """Yield the orders of a date that are to be read, a few in memory at a time."""
    for line in objects.stream(part):
        yield PlannedOrder.from_json(json.loads(line))


def _write(stream: TextIO, order: PlannedOrder) -> None:
    stream.write(json.dumps(order.to_json()) + "\n")
