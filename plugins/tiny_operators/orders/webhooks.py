"""What a file in the webhook bucket says: events of orders, events that nobody needs, or rejects.

Source: Tiny's "Webhooks" documentation and recorded payloads: ids as text or number, no event id and no event time. So
an event is only a doorbell: the order is read from the API.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import unquote

import pendulum

from tiny_operators.orders.envelopes import Found, Unreadable, read_events
from tiny_operators.orders.outcomes import Reject
from tiny_operators.tiny.answers import whole_number
from tiny_operators.wording import kind_of

# An order was created or changed. Everything else that Tiny posts (stock, invoices, tracking) changes no row here.
ORDER_EVENTS: Final = frozenset({"inclusao_pedido", "atualizacao_pedido"})
# The other known ones. Any further one is put away as well.
OTHER_EVENTS: Final = frozenset({
    "estoque", "produto", "precos", "rastreio", "nota_fiscal", "situacao_pedido",
})  # fmt: skip

MAX_BYTES: Final = 1024 * 1024
# Tiny sends one. All orders of a file are one batch, which new sales wait for.
MAX_ORDERS: Final = 1000

# An event of order 0: somebody tries the address.
TEST_CALL: Final = "test_call"

# Names around the events of a container: numbers, and those that Tiny's API puts around a record.
_WRAPPER = re.compile(r"(?i)[0-9]+|pedidos?|item|itens")
# The events of orders in other spellings, without what is between words: inclusaoPedido, Inclusão de Pedidos.
_SPELLED = re.compile(r"(?:pedidos?)?(inclusao|atualizacao)(?:d[eo]s?)?(?:pedidos?)?")

# The name has a word in the place of the order where the receiver cannot read it.
_ARRIVAL = re.compile(r"-tiny-webhook-vendas-[0-9a-z]+-(\d{8}T\d{6})-")


@dataclass(frozen=True)
class OrderEvent:
    """An event of one order.

    Attributes:
        pedido: Tiny's id of the order.
        data: Day of the order as the event says it (YYYY-MM-DD); None when it does not say it.
    """

    pedido: int
    data: str | None


@dataclass(frozen=True)
class Uninteresting:
    """A well-formed event that changes no row.

    Attributes:
        tipo: Tiny's name of the event, as :func:`event_kind` writes it, or :data:`TEST_CALL`.
    """

    tipo: str


Event = OrderEvent | Uninteresting | Reject


def read_webhook(content: bytes, cnpj: str, content_type: str = "") -> list[Event]:
    """Read what a file of the inbox holds: mostly one event, and at least one entry.

    Args:
        content: The file.
        cnpj: Digits of the store that the inbox belongs to.
        content_type: What the file's sender called it; it may be empty or wrong.
    """
    events = list(dict.fromkeys(_read(found, cnpj) for found in _single(read_events(content, content_type))))
    orders = len({event.pedido for event in events if isinstance(event, OrderEvent)})
    if orders > MAX_ORDERS:
        action = "upload fewer payloads a file; read a history with the daily DAG"
        return [Reject("plan", "(file)", f"at most {MAX_ORDERS} orders", f"{orders} orders", action)]
    return events


def _single(events: list[Found]) -> Iterator[Found]:
    """Yield the events, each about one thing: ``dados`` may be a container of them."""
    for event in events:
        if isinstance(event, dict):
            yield from ({**event, "dados": each} for each in _each(event.get("dados")))
        else:
            yield event


def _each(dados: object) -> Iterator[object]:
    """Yield what is in a list, in an object of numbered keys, or wrapped in a name; anything else as it is."""
    inside: Iterable[object] = ()
    if isinstance(dados, list):
        inside = dados
    elif isinstance(dados, dict) and all(_WRAPPER.fullmatch(str(name).strip()) for name in dados):
        inside = [value for value in dados.values() if isinstance(value, dict | list)]
    if not inside:
        yield dados
    for each in inside:
        yield from _each(each)


def _read(event: Found, cnpj: str) -> Event:
    if isinstance(event, Unreadable):
        return _reject("(file)", "Tiny's events, as JSON or as a form", event.found)
    for name in ("cnpj", "tipo"):
        value = event.get(name)
        if not isinstance(value, str | int) or isinstance(value, bool) or not str(value).strip():
            return _reject(name, "text", kind_of(value))
    tipo = event_kind(event["tipo"])
    about = _order_event(event.get("dados")) if tipo in ORDER_EVENTS else Uninteresting(tipo)
    # The documentation's own event is a test call, whosever CNPJ it has.
    if about == Uninteresting(TEST_CALL):
        return about
    # A JSON number has lost its leading zeros.
    if cnpj_key(str(event["cnpj"])) != cnpj_key(cnpj):
        action = "add the store to include/stores.yaml, or put the file into its own store's bucket"
        return Reject("plan", "cnpj", "the CNPJ of this bucket's store", "another one", action)
    return about


def event_kind(tipo: object) -> str:
    """Normalise a ``tipo`` for comparison: small letters without accents, words joined by ``_``.

    The events of orders have one name, however their words are joined: an order that is not known as one is not read.
    """
    plain = unicodedata.normalize("NFKD", unquote(str(tipo))).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain)
    spelled = _SPELLED.fullmatch("".join(words))
    if spelled and "pedido" in spelled[0]:
        return f"{spelled[1]}_pedido"
    return "_".join(words)


def cnpj_key(cnpj: str) -> str:
    """Normalise a CNPJ or CPF for comparison: 14 characters without punctuation."""
    return re.sub(r"[^0-9A-Z]", "", cnpj.upper()).zfill(14)


def _order_event(dados: object) -> Event:
    if not isinstance(dados, dict):
        return _reject("dados", "an object", kind_of(dados))
    fields = {str(name).strip().lower(): value for name, value in dados.items()}
    pedido = whole_number(fields.get("id"))
    if pedido is None:
        return _reject("dados.id", "digits", kind_of(fields.get("id")))
    # Tiny's documentation shows an event with the id 0, and its panel lets people send that.
    return OrderEvent(pedido, _day(fields.get("data"))) if pedido else Uninteresting(TEST_CALL)


def arrival_in_name(name: str, timezone: str) -> datetime | None:
    """Read from the receiver's name for a file when it arrived; None for a file with another name.

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


def _reject(field: str, expected: str, found: str) -> Reject:
    return Reject("plan", field, expected, found, "upload Tiny's payload as it came")
