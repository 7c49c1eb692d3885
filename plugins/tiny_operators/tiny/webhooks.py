"""What a file in the webhook bucket says: an event of an order, an event that nobody needs, or a reject.

Source: Tiny's "Webhooks" documentation and recorded payloads: ids as text or number, no event id and no event time, so
an event is only a doorbell: the order is read from the API.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import pendulum

from .answers import parse_json

# An order was made or changed. Everything else that Tiny posts (stock, invoices, tracking) changes no row here.
ORDER_EVENTS: Final = frozenset({"inclusao_pedido", "atualizacao_pedido"})

MAX_BYTES: Final = 1024 * 1024

_ARRIVAL = re.compile(r"-tiny-webhook-vendas-\d+-(\d{8}T\d{6})-")


@dataclass(frozen=True)
class Reject:
    """Why something cannot be used.

    Attributes:
        step: Where it was found: ``plan``, ``fetch`` or ``rows``.
        field: The field, as a path such as ``dados.id``.
        expected: What it should be.
        found: The kind of what was there, never the value.
        action: What a person can do.
        produto: Tiny's id of the product, when only that was rejected and its order was not.
    """

    step: str
    field: str
    expected: str
    found: str
    action: str
    produto: int | None = None


@dataclass(frozen=True)
class OrderEvent:
    """An event of one order.

    Attributes:
        pedido: Tiny's id of the order.
        data: Day of the order as the event says it (YYYY-MM-DD); None when it does not.
    """

    pedido: int
    data: str | None


@dataclass(frozen=True)
class Uninteresting:
    """A well-formed event that changes no row.

    Attributes:
        tipo: Tiny's name of the event.
    """

    tipo: str


def kind_of(value: object) -> str:
    """The kind of a value in words that give nothing of it away."""
    match value:
        case None:
            return "nothing"
        case str():
            return f"text of {len(value)} characters" if value.strip() else "empty text"
        case bool():
            return "true or false"
        case dict():
            return "object"
        case list():
            return f"list of {len(value)}"
        case _:
            return "number"


def read_webhook(content: bytes, cnpj: str) -> OrderEvent | Uninteresting | Reject:
    """Say what a file of the inbox is.

    Args:
        content: The file.
        cnpj: Digits of the store that the inbox belongs to.
    """
    try:
        event = parse_json(content.decode("utf-8-sig"))
    except ValueError:
        return _reject("(file)", "JSON in UTF-8", "something else", "upload Tiny's payload as it came")
    if not isinstance(event, dict):
        return _reject("(file)", "a JSON object", kind_of(event), "upload one payload a file")
    for name in ("versao", "cnpj", "tipo"):
        kinds = str | int if name == "tipo" else str | int | Decimal
        if not isinstance(event.get(name), kinds) or not str(event[name]).strip():
            return _reject(name, "text", kind_of(event.get(name)), "upload Tiny's payload as it came")
    # A JSON number has lost its zeros on the left; the receiver compares in the same way.
    if cnpj_key(str(event["cnpj"])) != cnpj_key(cnpj):
        return _reject(
            "cnpj",
            "the CNPJ of this bucket's store",
            "another one",
            "add the store to include/stores.yaml, or put the file into its own store's bucket",
        )
    if event["tipo"] not in ORDER_EVENTS:
        return Uninteresting(str(event["tipo"]))
    return _order_event(event)


def cnpj_key(cnpj: str) -> str:
    """A CNPJ or CPF in the form in which they are compared: 14 characters without punctuation."""
    return re.sub(r"[^0-9A-Z]", "", cnpj.upper()).zfill(14)


def _order_event(event: dict[str, Any]) -> OrderEvent | Reject:
    dados = event.get("dados")
    if not isinstance(dados, dict):
        return _reject("dados", "an object", kind_of(dados), "upload Tiny's payload as it came")
    order_id = dados.get("id")
    digits = (
        str(order_id).strip() if isinstance(order_id, str | int) and not isinstance(order_id, bool) else ""
    )
    if not re.fullmatch(r"[0-9]{1,18}", digits) or int(digits) == 0:
        return _reject(
            "dados.id", "digits, above zero", kind_of(order_id), "upload Tiny's payload as it came"
        )
    return OrderEvent(int(digits), _day(dados.get("data")))


def arrival_in_name(name: str, timezone: str) -> datetime | None:
    """When a file arrived, from the receiver's name for it; None for a file with another name.

    Args:
        name: Object name.
        timezone: IANA name of the store's time zone, in which the receiver writes.

    Returns:
        The time in UTC.
    """
    found = _ARRIVAL.search(name)
    if not found:
        return None
    try:
        return pendulum.from_format(found[1], "YYYYMMDD[T]HHmmss", tz=timezone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _day(value: object) -> str | None:
    text = str(value).strip()
    if not re.fullmatch(r"[0-9]{2}/[0-9]{2}/[0-9]{4}", text):
        return None
    try:
        return pendulum.from_format(text, "DD/MM/YYYY").to_date_string()
    except ValueError:
        return None


def _reject(field: str, expected: str, found: str, action: str) -> Reject:
    return Reject("plan", field, expected, found, action)
