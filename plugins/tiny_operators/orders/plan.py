"""The work of a run: which orders to read, oldest first, in which chunks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from tiny_operators.orders.json_values import from_json
from tiny_operators.orders.outcomes import Reject

# Orders in a chunk.
CHUNK_ORDERS: Final = 20


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
class Tried:
    """What was tried in vain for an order, or a file, by the runs before.

    Attributes:
        times: How many runs tried.
        last_at: When the last one did (ISO 8601, UTC).
        since: Since when it waits, by reason: see :class:`~tiny_operators.orders.outcomes.Wait`.
        run: Key of the last one.
    """

    times: int
    last_at: str
    since: dict[str, str] = field(default_factory=dict)
    run: str = ""


@dataclass(frozen=True)
class PlannedOrder:
    """An order to read.

    Attributes:
        pedido: Tiny's id of the order.
        arrived_at: When the sale reached the pipeline: the first of its files, or what BigQuery knows; midnight of its
            date, or of the date under which Tiny lists it when that is earlier, for an order that is read from the
            history for the first time (ISO 8601, UTC).
        day: The store's day of that moment: where its raw answers go.
        data: Day of the order (YYYY-MM-DD), where it is known before reading.
        pesquisa: Object of the search page that lists it, where that was read for the plan.
        files: Its webhook files.
        listed_at: When the search was read that the plan is based on (ISO 8601, UTC).
        line: Digest of its line in that search, where it has one that can be read.
        tried: What the runs before tried in vain.
    """

    pedido: int
    arrived_at: str
    day: str
    data: str | None = None
    pesquisa: str | None = None
    files: tuple[InboxFile, ...] = ()
    listed_at: str | None = None
    line: int | None = None
    tried: Tried | None = None

    def to_json(self) -> dict[str, Any]:
        """Convert the order to JSON values; empty ones are left out."""
        return {name: value for name, value in asdict(self).items() if value not in (None, ())}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> PlannedOrder:
        """Read the order from :meth:`to_json`."""
        tried = content.get("tried")
        return from_json(
            cls,
            {
                **content,
                "files": tuple(from_json(InboxFile, file) for file in content.get("files", ())),
                "tried": from_json(Tried, tried) if tried else None,
            },
        )


@dataclass(frozen=True)
class RejectedFile:
    """A file that cannot be used, and why."""

    file: InboxFile
    reject: Reject


@dataclass(frozen=True)
class FinishedPart:
    """What has come to its end in a file that waits.

    Attributes:
        pedido: The order; None for what is no order in the file.
        reject: Why it was rejected; None when it was not.
    """

    pedido: int | None
    reject: Reject | None = None

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> FinishedPart:
        """Read it from the JSON values of :func:`dataclasses.asdict`."""
        reject = content.get("reject")
        return cls(content["pedido"], from_json(Reject, reject) if reject else None)


@dataclass(frozen=True)
class PartlyFinishedFile:
    """A file that waits, and what came to its end in it in the runs before: that is not done again."""

    file: InboxFile
    ends: tuple[FinishedPart, ...]


@dataclass(frozen=True)
class Plan:
    """The work of one run.

    A batch of webhooks is small and is in the plan itself. A day of history may have any length, so its orders are in
    objects of their own, which are read as they are needed.

    Attributes:
        store: Prefix of the store.
        path: Which DAG planned it.
        orders: Orders to read, oldest first.
        parts: Objects with further orders, one a line.
        in_parts: How many orders the parts have.
        rejected: Files that cannot be used.
        ignored: Files with events that nobody needs.
        chunk_orders: Orders in a chunk, at most: a task that dies has to read so many again.
        refresh_costs: Whether a person asked to read again the product costs that were read before.
        reading: First part of the names of the raw objects of its orders; empty for the run's key. A run of history
            that is cleared has a new plan and reads everything again.
        ended: Files that waited, with the part of them that is already done.
    """

    store: str
    path: str
    orders: tuple[PlannedOrder, ...] = ()
    parts: tuple[str, ...] = ()
    in_parts: int = 0
    rejected: tuple[RejectedFile, ...] = ()
    ignored: tuple[InboxFile, ...] = ()
    chunk_orders: int = CHUNK_ORDERS
    refresh_costs: bool = False
    reading: str = ""
    ended: tuple[PartlyFinishedFile, ...] = ()

    @property
    def files(self) -> frozenset[InboxFile]:
        """Files with orders to read, or with orders that are already done."""
        waiting = {item.file for item in self.ended}
        return frozenset(waiting.union(*(order.files for order in self.orders)))

    @property
    def planned(self) -> int:
        """How many orders are to be read."""
        return len(self.orders) + self.in_parts

    def to_json(self) -> dict[str, Any]:
        """Convert the plan to JSON values."""
        return {**asdict(self), "orders": [order.to_json() for order in self.orders]}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Plan:
        """Read the plan from :meth:`to_json`."""
        return from_json(
            cls,
            {
                **content,
                "orders": tuple(PlannedOrder.from_json(order) for order in content["orders"]),
                "parts": tuple(content["parts"]),
                "rejected": tuple(
                    RejectedFile(from_json(InboxFile, item["file"]), from_json(Reject, item["reject"]))
                    for item in content["rejected"]
                ),
                "ignored": tuple(from_json(InboxFile, file) for file in content["ignored"]),
                "ended": tuple(
                    PartlyFinishedFile(
                        from_json(InboxFile, item["file"]), tuple(map(FinishedPart.from_json, item["ends"]))
                    )
                    for item in content.get("ended", ())
                ),
            },
        )


@dataclass(frozen=True)
class Chunk:
    """A small group of orders of one day: what a task that dies may have to read again.

    Attributes:
        number: Its place in the plan, from 1.
        day: The day of all its orders (YYYY-MM-DD).
        orders: Its orders.
    """

    number: int
    day: str
    orders: tuple[PlannedOrder, ...]


def chunks(orders: Iterable[PlannedOrder], most: int) -> Iterator[Chunk]:
    """Yield a plan's orders in chunks, one at a time.

    Args:
        orders: The orders, in the plan's order.
        most: Orders in a chunk, at most.
    """
    group: list[PlannedOrder] = []
    number = 1
    for order in orders:
        # An order that moved between two dates of the plan is there twice.
        again = any(order.pedido == other.pedido for other in group)
        if group and (order.day != group[0].day or len(group) >= most or again):
            yield Chunk(number, group[0].day, tuple(group))
            group, number = [], number + 1
        group.append(order)
    if group:
        yield Chunk(number, group[0].day, tuple(group))
