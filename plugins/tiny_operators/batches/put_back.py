"""Rejects that go back: which of them a person asks for, and what the inbox gets."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from tiny_operators.batches.run_request import FROM_DATE, TO_DATE, RequestError, read_request
from tiny_operators.orders.json_values import from_json
from tiny_operators.tiny.answers import whole_number

FIELD: Final = "field"
ORDER: Final = "order"
# gcloud takes these in any address for patterns or a generation, whatever the shell is told.
_GCLOUD_PATTERNS: Final = frozenset("*?[]#")


@dataclass(frozen=True)
class PutBackRequest:
    """What a person asks for.

    Attributes:
        dates: Days of the rejects, oldest first.
        field: Only rejects of this field; None for all.
        order: Only rejects of this order; None for all.
    """

    dates: tuple[date, ...]
    field: str | None = None
    order: int | None = None

    @property
    def named(self) -> str:
        """What a person named besides dates; empty for nothing."""
        named = {ORDER: self.order, FIELD: self.field}
        return ", ".join(f"{name} {value}" for name, value in named.items() if value is not None)

    def wants(self, reject: Mapping[str, Any]) -> bool:
        """Return whether a reject is asked for.

        Args:
            reject: The reason beside a file, or a row of ``rejeitados``.
        """
        return (self.field is None or reject.get("field") == self.field) and (
            self.order is None or reject.get("pedido") == self.order
        )


@dataclass(frozen=True)
class RejectedObject:
    """A webhook file in ``rejected/`` that goes back.

    Attributes:
        rejected: Its object.
        generation: Which content of that name.
        name: Its name in the inbox.
        pedidos: The orders that its reason names.
    """

    rejected: str
    generation: int
    name: str
    pedidos: list[int] = field(default_factory=list)


@dataclass
class PutBack:
    """What one run puts back: found once, so that a later try continues with the same work.

    Attributes:
        files: Webhook files.
        orders: Orders without a rejected file: each gets an event.
        rejects: The rejects about those orders in each object of reasons, by id.
        products: Products of these rejects: Tiny is asked for each again, even if it did not answer about it before.
        left: How many rejects were not asked for, or are about no order and no file.
    """

    files: list[RejectedObject] = field(default_factory=list)
    orders: list[int] = field(default_factory=list)
    rejects: dict[str, list[str]] = field(default_factory=dict)
    left: int = 0
    products: list[int] = field(default_factory=list)

    def add(self, name: str, rows: list[dict[str, Any]], request: PutBackRequest) -> None:
        """Add what one object of reasons says.

        Args:
            name: The object.
            rows: Its rows, of ``rejeitados``.
            request: What is asked for.
        """
        # A reject whose file is in rejected/ goes back with that file. The file of an order without a product is done.
        without_file = [row for row in rows if row["file"] is None or row["produto"] is not None]
        wanted = [row for row in without_file if row["pedido"] is not None and request.wants(row)]
        self.left += len(without_file) - len(wanted)
        if wanted:
            self.rejects[name] = [row["id"] for row in wanted]
            self.orders = sorted({*self.orders, *(row["pedido"] for row in wanted)})
            asked_again = {row["produto"] for row in wanted} - {None}
            self.products = sorted({*self.products, *asked_again})

    def named(self, most: int) -> list[int]:
        """Return the ids of the orders that go back, as far as they are known; none when they are too many to name."""
        found = sorted({*self.orders, *(pedido for file in self.files for pedido in file.pedidos)})
        return found if len(found) <= most else []

    def to_json(self) -> dict[str, Any]:
        """Convert it to JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> PutBack:
        """Read it from :meth:`to_json`."""
        return from_json(
            cls, {**content, "files": [from_json(RejectedObject, file) for file in content["files"]]}
        )


def read_put_back(params: Mapping[str, Any], now: datetime, timezone: str) -> PutBackRequest:
    """Read what a run is asked to put back; without dates the rejects of yesterday and today.

    Args:
        params: The run's parameters.
        now: The present.
        timezone: IANA name of the store's time zone.

    Raises:
        RequestError: For impossible dates, and for an order that is no id.
    """
    if params.get(FROM_DATE) or params.get(TO_DATE):
        dates = read_request(params, None, now, timezone).dates
    else:
        today = now.astimezone(ZoneInfo(timezone)).date()
        dates = [today - timedelta(days=1), today]
    order = str(params.get(ORDER) or "").strip()
    if order and not whole_number(order):
        raise RequestError(f"{ORDER} must be Tiny's id of an order, in digits")
    name = str(params.get(FIELD) or "").strip()
    return PutBackRequest(tuple(dates), name or None, whole_number(order))


def order_event(cnpj: str, pedido: int) -> dict[str, Any]:
    """Build an event that lets the next run read an order, in the form of Tiny's webhooks.

    Args:
        cnpj: Digits of the store.
        pedido: Tiny's id of the order.
    """
    return {"versao": "1.0.1", "cnpj": cnpj, "tipo": "atualizacao_pedido", "dados": {"id": str(pedido)}}


def how_to_put_back(rejected: str, waiting: str, dag_id: str, day: str, field: str) -> str:
    """Say how a person puts a rejected file back: by one command, or by the DAG where no command can name the file.

    Args:
        rejected: The file's address, such as ``gs://bucket/rejected/name``.
        waiting: Its address in the inbox.
        dag_id: The DAG that puts rejects back.
        day: The day of the reject (YYYY-MM-DD).
        field: The field of the reject.
    """
    if _GCLOUD_PATTERNS.isdisjoint(rejected + waiting):
        return f"gcloud storage mv {shlex.quote(rejected)} {shlex.quote(waiting)}"
    return f"trigger the DAG {dag_id} with {json.dumps({FROM_DATE: day, FIELD: field}, ensure_ascii=False)}"
