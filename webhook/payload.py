"""What a posted body is: a sale's event to store, an event that nobody needs, or something to refuse.

Pure: bytes and the known stores in, a verdict out; no HTTP, no storage, no clock. The shapes are those of
Tiny's account webhooks, which carry numbers now as text, now as numbers.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NoReturn, TypeAlias

NEEDED: Final = frozenset({"inclusao_pedido", "atualizacao_pedido"})
"""Values of `tipo` that announce a new or changed sale; the hub's (stock, tracking, invoices…) do not."""

_ORDER_ID: Final = re.compile(r"0*[1-9][0-9]*")
"""A positive number: Tiny writes "0" for "no id"."""
_ORDER_ID_DIGITS: Final = 18
"""So many always fit the tables' INT64; Tiny's ids have 9 or 10 today."""
_PLAIN_NAME: Final = re.compile(r"[a-z_]{1,40}")
_MISSING: Final = object()


@dataclass(frozen=True, slots=True)
class Sale:
    """An event to store.

    Attributes:
        store: Prefix of the store.
        order: Tiny's id of the order, digits only.
        tipo: Kind of the event, one of `NEEDED`.
    """

    store: str
    order: str
    tipo: str


@dataclass(frozen=True, slots=True)
class Unneeded:
    """A well-formed event of a kind that the pipeline does not use: to acknowledge, not to store.

    Attributes:
        store: Prefix of the store.
        tipo: Kind of the event, fit for a log: as it came where it is a plain name, else `other`.
    """

    store: str
    tipo: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a body is not taken, in words that name the field and never repeat its value.

    Attributes:
        field: Path of the field, such as `dados.id`, or `body`.
        expected: What should be there.
        found: Kind of the value that was there.
        action: What the sender or the operator can do.
        store: Prefix of the store, where it is known.
    """

    field: str
    expected: str
    found: str
    action: str
    store: str | None = None


Verdict: TypeAlias = Sale | Unneeded | Refusal

_CHECK_SENDER: Final = (
    "Check that only Tiny's sales webhooks come to this address, and that nothing rewrites them."
)
_ADD_STORE: Final = (
    "If the shop is yours, add it to stores.yaml and deploy the receiver again: Tiny repeats for hours."
)


def judge(body: bytes, stores: Mapping[str, str]) -> Verdict:
    """Tell what a posted body is.

    Args:
        body: The bytes as they came.
        stores: Prefix of each store by `cnpj_key` of its CNPJ.

    Returns:
        The verdict. Never raises, whatever the bytes.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return Refusal("body", "JSON in UTF-8", "bytes that are not UTF-8", _CHECK_SENDER)
    try:
        event = json.loads(text, parse_constant=_not_json)
    except (ValueError, RecursionError):
        found = "text that is not JSON" if text.strip() else "nothing"
        return Refusal("body", "JSON in UTF-8", found, _CHECK_SENDER)
    if not isinstance(event, dict):
        return Refusal("body", "a JSON object", _kind(event), _CHECK_SENDER)
    return _judge_event(event, stores)


def cnpj_key(cnpj: str) -> str:
    """Return a CNPJ (or CPF) in the one form in which they are compared.

    Punctuation goes, because Tiny masks it in some places and not in others; zeros on the left come back,
    because a JSON number has lost them. Letters stay: newer CNPJs may have some.

    Args:
        cnpj: With or without punctuation.

    Returns:
        Letters and digits only, at least 14 of them.
    """
    return re.sub(r"[^0-9A-Z]", "", cnpj.upper()).zfill(14)


def _judge_event(event: Mapping[str, object], stores: Mapping[str, str]) -> Verdict:
    versao, cnpj, tipo = (event.get(name, _MISSING) for name in ("versao", "cnpj", "tipo"))
    for field, value in (("versao", versao), ("cnpj", cnpj)):
        if not _is_filled(value):
            return Refusal(field, "text or a number", _kind(value), _CHECK_SENDER)
    if not (isinstance(tipo, str) and tipo.strip()):
        return Refusal("tipo", "text", _kind(tipo), _CHECK_SENDER)
    store = stores.get(cnpj_key(str(cnpj)))
    if store is None:
        return Refusal("cnpj", "the CNPJ of a store in stores.yaml", "the CNPJ of no such store", _ADD_STORE)
    # Before dados.id is asked for: events of other kinds carry other ids.
    if tipo not in NEEDED:
        return Unneeded(store, tipo if _PLAIN_NAME.fullmatch(tipo) else "other")
    return _judge_sale(event.get("dados", _MISSING), store, tipo)


def _judge_sale(dados: object, store: str, tipo: str) -> Sale | Refusal:
    if not isinstance(dados, dict):
        return Refusal("dados", "an object", _kind(dados), _CHECK_SENDER, store)
    value = dados.get("id", _MISSING)
    order = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if len(order) > _ORDER_ID_DIGITS or not _ORDER_ID.fullmatch(order):
        expected = f"a number above 0 of at most {_ORDER_ID_DIGITS} digits"
        return Refusal("dados.id", expected, _kind(value), _CHECK_SENDER, store)
    return Sale(store, order, tipo)


def _is_filled(value: object) -> bool:
    if isinstance(value, str):
        return bool(value.strip())
    return isinstance(value, int | float) and not isinstance(value, bool)


def _kind(value: object) -> str:
    """Name the kind of a value; the value itself may be personal data."""
    if value is _MISSING:
        return "nothing"
    if isinstance(value, str):
        return "text" if value.strip() else "empty text"
    # bool before int: in Python, True is an int.
    kinds = ((bool, "true or false"), (int | float, "a number"), (list, "a list"), (dict, "an object"))
    return next((name for of_type, name in kinds if isinstance(value, of_type)), "null")


def _not_json(constant: str) -> NoReturn:
    """Refuse NaN and the infinities, which Python's parser takes and BigQuery's JSON does not."""
    raise ValueError(constant)
