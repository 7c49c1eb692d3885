"""The inbox's part of a plan: which orders the waiting webhook files are about, and what happens to each file."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from tiny_operators.events import log_event
from tiny_operators.lake import names
from tiny_operators.orders.outcomes import Origin, Outcome, Reject, State
from tiny_operators.orders.plan import CHUNK_ORDERS, FinishedPart, InboxFile, Plan, PlannedOrder, RejectedFile
from tiny_operators.orders.webhooks import (
    OTHER_EVENTS,
    TEST_CALL,
    Event,
    OrderEvent,
    Uninteresting,
    arrival_in_name,
    read_webhook,
)
from tiny_operators.tiny.answers import Json

log = logging.getLogger(__name__)

_FEWEST_TOO_MANY: Final = 5
_MOST_ROWS_OF_FILE: Final = 20


@dataclass
class WebhookPlanner:
    """Collects webhook files into a plan: several files of one order are one entry, and a file may be about several.

    Attributes:
        store: Prefix of the store.
        cnpj: Its digits.
        timezone: IANA name of its time zone.
        unneeded: The events that nobody needs: how many of each kind.
    """

    store: str
    cnpj: str
    timezone: str
    unneeded: Counter[str] = field(default_factory=Counter)
    _orders: dict[InboxFile, set[int]] = field(default_factory=dict)
    _data: dict[int, str | None] = field(default_factory=dict)
    _rejects: dict[InboxFile, list[Reject]] = field(default_factory=dict)
    _ignored: list[InboxFile] = field(default_factory=list)

    def add(
        self, name: str, generation: int, created: datetime, content: bytes | Reject, content_type: str = ""
    ) -> None:
        """Add a file.

        Args:
            name: Object name.
            generation: Its generation.
            created: When the object was created; a time in the receiver's name for it is used instead.
            content: The file, or why it was not read.
            content_type: What the file's sender called it.
        """
        # A name may say anything; nothing arrives later than it was stored.
        arrived = min(arrival_in_name(name, self.timezone) or created, created)
        file = InboxFile(name, generation, arrived.isoformat())
        for event in self._events(name, content, content_type):
            match event:
                case Reject():
                    self._rejects.setdefault(file, []).append(event)
                case Uninteresting():
                    # A kind that nobody knows may be any text.
                    known = event.tipo in {*OTHER_EVENTS, TEST_CALL}
                    self.unneeded[event.tipo if known else "other"] += 1
                case OrderEvent():
                    self._orders.setdefault(file, set()).add(event.pedido)
                    self._data[event.pedido] = event.data or self._data.get(event.pedido)
        if file not in self._orders and file not in self._rejects:
            self._ignored.append(file)

    def _events(self, name: str, content: bytes | Reject, content_type: str) -> list[Event]:
        """Read a file. Whatever is wrong with it, it is rejected alone: the others go on."""
        if isinstance(content, Reject):
            return [content]
        try:
            return read_webhook(content, self.cnpj, content_type)
        except Exception as error:
            kind = type(error).__name__
            log_event(log, "file_not_read", level=logging.ERROR, store=self.store, object=name, error=kind)
            return [
                Reject(
                    "plan",
                    "(file)",
                    "a file that can be read",
                    f"{kind} while it was read",
                    "report the error's name; put the file back when it is fixed",
                )
            ]

    def plan(self, chunk_orders: int = CHUNK_ORDERS) -> Plan:
        """Plan all files added so far, the oldest order first.

        Args:
            chunk_orders: Orders in a chunk, at most.
        """
        files: dict[int, list[InboxFile]] = {}
        for file, pedidos in self._orders.items():
            for pedido in pedidos:
                files.setdefault(pedido, []).append(file)
        orders = [self._order(pedido, own) for pedido, own in files.items()]
        orders.sort(key=lambda order: (order.arrived_at, order.pedido))
        rejected = [RejectedFile(file, one) for file, rejects in self._rejects.items() for one in rejects]
        return Plan(
            self.store,
            "webhook",
            tuple(orders),
            rejected=tuple(rejected),
            ignored=tuple(self._ignored),
            chunk_orders=chunk_orders,
        )

    def _order(self, pedido: int, files: list[InboxFile]) -> PlannedOrder:
        files = sorted(files, key=lambda file: (file.arrived_at, file.name))
        first = files[0].arrived_at
        day = names.day_of(datetime.fromisoformat(first), self.timezone)
        return PlannedOrder(pedido, first, day, self._data[pedido], files=tuple(files))


def whole_files(plan: Plan, wanted: Iterable[PlannedOrder], most: int | None) -> Plan:
    """Choose the part of a plan for one batch: files with all their orders, or else they could never leave the inbox.

    Args:
        plan: The plan of all files.
        wanted: Orders of the plan, the most urgent first.
        most: Orders, at most; but a file with more of them is a batch of its own.

    Returns:
        The plan with these orders, each with those of its files that have all their orders in it; the other files wait.
    """
    inside: dict[InboxFile, set[int]] = {}
    for order in plan.orders:
        for file in order.files:
            inside.setdefault(file, set()).add(order.pedido)
    batch: set[int] = set()
    for order in wanted:
        together = batch | inside[order.files[0]]
        if batch and most is not None and len(together) > most:
            break
        batch = together
    taken = {file for file, pedidos in inside.items() if pedidos <= batch}
    return replace(
        plan,
        orders=tuple(
            replace(order, files=tuple(file for file in order.files if file in taken))
            for order in plan.orders
            if order.pedido in batch
        ),
        rejected=tuple(item for item in plan.rejected if item.file in taken or item.file not in inside),
        ended=tuple(item for item in plan.ended if item.file in taken or item.file not in inside),
    )


@dataclass(frozen=True)
class FileDestination:
    """Where a webhook file goes at the end of a run.

    Attributes:
        file: The file.
        state: ``done``, ``ignored``, ``rejected`` or ``waiting`` (it stays in the inbox).
        reject: Why it was rejected.
        pedido: Order that it is about; of several the first that waits or was rejected.
        more: The other orders of the file that were rejected, with their reasons.
    """

    file: InboxFile
    state: str
    reject: Reject | None = None
    pedido: int | None = None
    more: tuple[tuple[int | None, Reject], ...] = ()


def reject_rows(plan: Plan, run: str, now: datetime) -> list[Json]:
    """Build the rows of ``rejeitados`` of what is no order in the files of a plan.

    Of a file with many rejects only some have a row; all of them are in the reason beside the file.

    Args:
        plan: The plan.
        run: The run's key.
        now: The present.
    """
    origin = Origin(plan.store, run, plan.path, now.date().isoformat())
    of_file: dict[InboxFile, dict[str, Json]] = defaultdict(dict)
    for item in plan.rejected:
        file, of_this = item.file, of_file[item.file]
        if len(of_this) < _MOST_ROWS_OF_FILE:
            row = origin.row(item.reject, now.isoformat(), file=file.name, generation=file.generation)
            of_this[row["id"]] = row
    return [row for rows in of_file.values() for row in rows.values()]


def file_destinations(plan: Plan, outcomes: Mapping[int, Outcome]) -> Iterator[FileDestination]:
    """Say where each file of a plan goes.

    A file that is about several orders waits as long as one of them waits. Then it is rejected when any part of it was
    rejected, so that all of it is read again when it is put back. Otherwise it is done.

    Args:
        plan: The plan.
        outcomes: What became of each order, by Tiny's id. The files of an order without an outcome stay.
    """
    yield from (FileDestination(file, "ignored") for file in plan.ignored)
    yield from (_destination(file, parts) for file, parts in _parts(plan, outcomes).items())


def ended(plan: Plan, outcomes: Mapping[int, Outcome]) -> dict[int, tuple[FinishedPart, ...]]:
    """Say what has come to its end in each file of a plan, in this run or before, by the file's generation.

    Args:
        plan: The plan.
        outcomes: What became of each order: see :func:`file_destinations`.
    """
    return {file.generation: tuple(parts.ends) for file, parts in _parts(plan, outcomes).items()}


def too_many_unusable(destinations: Sequence[FileDestination], share: float) -> int | None:
    """Count the files that leave the inbox and hold something that is no order.

    Args:
        destinations: Where all files of a run go.
        share: Part of the files that may be so, 0 to 1; fewer than five are never too many.

    Returns:
        How many they are; None when they are not too many.
    """
    unusable = sum(1 for one in destinations if one.reject is not None and one.reject.step == "plan")
    most = Decimal(str(share)) * len(destinations)
    return unusable if unusable >= _FEWEST_TOO_MANY and unusable > most else None


@dataclass
class _Parts:
    """What a file is about: the part that has come to its end, and the orders that wait."""

    ends: list[FinishedPart] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)


def _parts(plan: Plan, outcomes: Mapping[int, Outcome]) -> dict[InboxFile, _Parts]:
    found: dict[InboxFile, _Parts] = defaultdict(_Parts)
    for before in plan.ended:
        found[before.file].ends += before.ends
    for item in plan.rejected:
        found[item.file].ends.append(FinishedPart(None, item.reject))
    for order in plan.orders:
        outcome = outcomes.get(order.pedido)
        for file in order.files:
            if outcome is None or outcome.state is State.WAITING:
                found[file].waiting.append(order.pedido)
            else:
                found[file].ends.append(FinishedPart(order.pedido, outcome.reject))
    return found


def _destination(file: InboxFile, parts: _Parts) -> FileDestination:
    if parts.waiting:
        return FileDestination(file, "waiting", pedido=parts.waiting[0])
    rejects = [(end.pedido, end.reject) for end in parts.ends if end.reject is not None]
    if not rejects:
        return FileDestination(file, "done", pedido=parts.ends[0].pedido if len(parts.ends) == 1 else None)
    (pedido, reject), *more = rejects
    return FileDestination(file, "rejected", reject, pedido, tuple(more))
