"""What a run is to do: which orders to read, oldest first, and which webhook files each of them answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from . import names
from .tiny.webhooks import OrderEvent, Reject, Uninteresting, arrival_in_name, read_webhook

# How long an order that Tiny never answers about goes on being asked for, while others get their answers.
UNANSWERED_FOR: Final = timedelta(days=1)


@dataclass(frozen=True)
class InboxFile:
    """A file of the webhook bucket.

    Attributes:
        name: Object name.
        generation: Which content of that name; a later upload has another one.
        arrived_at: When it arrived (ISO 8601, UTC).
    """

    name: str
    generation: int
    arrived_at: str


@dataclass(frozen=True)
class PlannedOrder:
    """An order to read.

    Attributes:
        pedido: Tiny's id of the order.
        arrived_at: When the sale reached the pipeline: the first of its files (ISO 8601, UTC).
        day: The store's day of that moment: where its raw answers go.
        data: Day of the order (YYYY-MM-DD), where it is known before reading.
        files: Its webhook files.
    """

    pedido: int
    arrived_at: str
    day: str
    data: str | None = None
    files: tuple[InboxFile, ...] = ()


@dataclass(frozen=True)
class RejectedFile:
    """A file that cannot be used, and why."""

    file: InboxFile
    reject: Reject


@dataclass(frozen=True)
class Plan:
    """The work of one run.

    Attributes:
        store: Prefix of the store.
        path: Which DAG planned it.
        orders: Orders to read, oldest first.
        rejected: Files that cannot be used.
        ignored: Files with events that nobody needs.
        chunk_orders: Orders in a chunk, at most: what a task that dies reads again.
    """

    store: str
    path: str
    orders: tuple[PlannedOrder, ...] = ()
    rejected: tuple[RejectedFile, ...] = ()
    ignored: tuple[InboxFile, ...] = ()
    chunk_orders: int = 20

    def to_json(self) -> dict[str, Any]:
        """The plan as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Plan:
        """The plan from :meth:`to_json`."""
        return cls(
            store=content["store"],
            path=content["path"],
            orders=tuple(
                PlannedOrder(**{**order, "files": tuple(InboxFile(**file) for file in order["files"])})
                for order in content["orders"]
            ),
            rejected=tuple(
                RejectedFile(InboxFile(**item["file"]), Reject(**item["reject"]))
                for item in content["rejected"]
            ),
            ignored=tuple(InboxFile(**file) for file in content["ignored"]),
            chunk_orders=content["chunk_orders"],
        )


@dataclass
class WebhookPlanner:
    """Collects webhook files into a plan: several files of one order are one entry.

    Attributes:
        store: Prefix of the store.
        cnpj: Its digits.
        timezone: IANA name of its time zone.
    """

    store: str
    cnpj: str
    timezone: str
    _files: dict[int, list[InboxFile]] = field(default_factory=dict)
    _data: dict[int, str | None] = field(default_factory=dict)
    _rejected: list[RejectedFile] = field(default_factory=list)
    _ignored: list[InboxFile] = field(default_factory=list)

    def add(self, name: str, generation: int, created: datetime, content: bytes | Reject) -> None:
        """Add a file.

        Args:
            name: Object name.
            generation: Its generation.
            created: When the object was made; the time in the receiver's name goes before it.
            content: The file, or why it was not read.
        """
        # A name may say anything; nothing arrives later than it was stored.
        arrived = min(arrival_in_name(name, self.timezone) or created, created)
        file = InboxFile(name, generation, arrived.isoformat())
        event = content if isinstance(content, Reject) else read_webhook(content, self.cnpj)
        match event:
            case Reject():
                self._rejected.append(RejectedFile(file, event))
            case Uninteresting():
                self._ignored.append(file)
            case OrderEvent():
                self._files.setdefault(event.pedido, []).append(file)
                self._data[event.pedido] = event.data or self._data.get(event.pedido)

    def plan(self, max_orders: int | None = None, chunk_orders: int = 20) -> Plan:
        """The plan for the files added so far.

        Args:
            chunk_orders: Orders in a chunk, at most.
            max_orders: Only the oldest so many orders are planned; the files of the others go on waiting.
        """
        orders = [self._order(pedido, files) for pedido, files in self._files.items()]
        orders.sort(key=lambda order: (order.arrived_at, order.pedido))
        return Plan(
            self.store,
            "webhook",
            tuple(orders[:max_orders]),
            tuple(self._rejected),
            tuple(self._ignored),
            chunk_orders,
        )

    def _order(self, pedido: int, files: list[InboxFile]) -> PlannedOrder:
        files = sorted(files, key=lambda file: (file.arrived_at, file.name))
        first = files[0].arrived_at
        day = names.day_of(datetime.fromisoformat(first), self.timezone)
        return PlannedOrder(pedido, first, day, self._data[pedido], tuple(files))


@dataclass(frozen=True)
class Disposal:
    """Where a webhook file goes at the end of a run.

    Attributes:
        file: The file.
        state: ``done``, ``ignored``, ``rejected`` or ``waiting`` (it stays in the inbox).
        reject: Why it was rejected.
    """

    file: InboxFile
    state: str
    reject: Reject | None = None


def disposals(plan: Plan, outcomes: dict[str, dict[str, Any]], now: datetime) -> Iterator[Disposal]:
    """Where each file of a plan goes.

    Args:
        plan: The plan.
        outcomes: What became of each order, by id as text: ``state`` (``loaded``, ``waiting``, ``rejected``) and
            ``reject``. An order without an outcome got no answer from Tiny: its files stay, for a day.
        now: The present.
    """
    yield from (Disposal(file, "ignored") for file in plan.ignored)
    yield from (Disposal(item.file, "rejected", item.reject) for item in plan.rejected)
    for order in plan.orders:
        outcome = outcomes.get(str(order.pedido)) or _unanswered(order, now)
        state = "done" if outcome["state"] == "loaded" else outcome["state"]
        reject = Reject(**outcome["reject"]) if state == "rejected" else None
        yield from (Disposal(file, state, reject) for file in order.files)


def _unanswered(order: PlannedOrder, now: datetime) -> dict[str, Any]:
    if now - datetime.fromisoformat(order.arrived_at) < UNANSWERED_FOR:
        return {"state": "waiting"}
    action = "open the order in Tiny, then move its webhook file back into the inbox"
    reject = Reject(
        "fetch", "pedido", "an answer within a day", "none, while other orders got theirs", action
    )
    return {"state": "rejected", "reject": asdict(reject)}


def chunks(plan: Plan) -> Iterator[tuple[str, list[PlannedOrder]]]:
    """The plan's orders in small groups of one day each: what a task that dies may have to read again.

    Args:
        plan: The plan, with the size of a chunk.

    Yields:
        The day (YYYY-MM-DD) and the orders.
    """
    group: list[PlannedOrder] = []
    for order in plan.orders:
        if group and (order.day != group[0].day or len(group) >= plan.chunk_orders):
            yield group[0].day, group
            group = []
        group.append(order)
    if group:
        yield group[0].day, group
