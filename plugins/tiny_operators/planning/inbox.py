"""The inbox's part of a plan: which orders the waiting webhook files are about, and where each file goes at the end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tiny_operators import names
from tiny_operators.records import from_json
from tiny_operators.tiny.webhooks import OrderEvent, Reject, Uninteresting, arrival_in_name, read_webhook

from .plan import InboxFile, Plan, PlannedOrder, RejectedFile


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
            rejected=tuple(self._rejected),
            ignored=tuple(self._ignored),
            chunk_orders=chunk_orders,
        )

    def _order(self, pedido: int, files: list[InboxFile]) -> PlannedOrder:
        files = sorted(files, key=lambda file: (file.arrived_at, file.name))
        first = files[0].arrived_at
        day = names.day_of(datetime.fromisoformat(first), self.timezone)
        return PlannedOrder(pedido, first, day, self._data[pedido], files=tuple(files))


@dataclass(frozen=True)
class Disposal:
    """Where a webhook file goes at the end of a run.

    Attributes:
        file: The file.
        state: ``done``, ``ignored``, ``rejected`` or ``waiting`` (it stays in the inbox).
        reject: Why it was rejected.
        pedido: Order that it is about, where that is known.
    """

    file: InboxFile
    state: str
    reject: Reject | None = None
    pedido: int | None = None


def disposals(plan: Plan, outcomes: dict[str, dict[str, Any]]) -> Iterator[Disposal]:
    """Where each file of a plan goes.

    Args:
        plan: The plan.
        outcomes: What became of each order, by id as text: ``state`` (``loaded``, ``gone``, ``waiting``, ``rejected``)
            and ``reject``. The files of an order without an outcome stay.
    """
    yield from (Disposal(file, "ignored") for file in plan.ignored)
    yield from (Disposal(item.file, "rejected", item.reject) for item in plan.rejected)
    for order in plan.orders:
        outcome = outcomes.get(str(order.pedido)) or {"state": "waiting"}
        state = "done" if outcome["state"] in {"loaded", "gone"} else outcome["state"]
        reject = from_json(Reject, outcome["reject"]) if state == "rejected" else None
        yield from (Disposal(file, state, reject, order.pedido) for file in order.files)
