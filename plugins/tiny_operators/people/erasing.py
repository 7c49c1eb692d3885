"""What belongs to a person inside a record, of whatever kind: found and blanked; all else stays as it is.

One rule serves an answer of Tiny, a webhook, a row and a run's note, since all of them write an order in the same few
shapes: a record with the buyer in a field of its own (``contato``, ``cliente``), the delivery beside it, and free text.
A blank is null, which every reader of these records knows.

* In an order of the person, all of the buyer and of the delivery is blanked, free text, and the name.
* In any other record, only the values that lead to the person are masked, wherever they are in a text. What another
  customer gave as their own stays with them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from itertools import chain, count
from typing import Any, Final

from tiny_operators.orders.envelopes import BLANKS, events_in
from tiny_operators.orders.json_values import path_name
from tiny_operators.people.exact_json import blanked, day_of, parse, plain_field, texts_in, whole_id, write
from tiny_operators.people.personal_values import (
    PersonalValues,
    Who,
    is_document,
    plain_document,
    plain_email,
    plain_name,
    plain_phone,
    values_of,
)
from tiny_operators.tiny.answers import Json

# Names of fields without capitals and underscores: the services of Tiny and the tables write the same ones differently.
_BUYERS: Final = ("contato", "cliente")
_DELIVERY: Final = "enderecoentrega"
_DOCUMENTS: Final = frozenset({"cpfcnpj", "cpf", "cnpj"})
_CONTACT: Final = "idcontato"
_CONTACT_IDS: Final = frozenset({"id", _CONTACT})
_EMAILS: Final = frozenset({"email"})
_PHONES: Final = frozenset({"fone", "celular", "telefone"})
_NAMES: Final = frozenset({"nome", "fantasia", "nomefantasia", "nomedestinatario", "razaosocial"})
_FREE_TEXT: Final = ("obs", "infoadicional")
# The seller of an order is not its customer, even when both have one name.
_OF_OTHERS: Final = frozenset({"nomevendedor"})
_ORDER_IDS: Final = ("pedidoid", "pedido")
_DAYS: Final = ("data", "datapedido")
_LONG_NUMBER: Final = 100_000_000
# Nobody's value: a document and a telephone have digits, an e-mail and a name have other characters.
_WORDS: Final = re.compile(r"[A-Za-z_]+")


@dataclass(frozen=True)
class _Scope:
    """What is known of the record that a value is in."""

    own: bool = False
    order: int | None = None
    day: date | None = None
    is_order: bool = False
    in_order: bool = False


@dataclass
class Eraser:
    """Blanks what belongs to some people.

    Attributes:
        who: The people.
        orders: Ids of orders found to be theirs.
        values: Values that were found in their orders.
        met: Documents and ids of contacts that were met; those of buyers each with the documents beside it.
        found: What was blanked: the path of each, with what it was. Of an order of theirs it is the whole order.
    """

    who: Who
    orders: set[int] = field(default_factory=set)
    values: PersonalValues = field(default_factory=PersonalValues)
    met: dict[str, set[str]] = field(default_factory=dict)
    found: list[tuple[str, Any]] = field(default_factory=list)
    _masked: PersonalValues = field(default_factory=PersonalValues)

    def clean(self, record: Any) -> Any:
        """Return a record without what belongs to these people; an equal one when there was nothing."""
        inside = PersonalValues()
        for scope, order in _orders(record, _Scope(), self.who):
            if scope.order is not None:
                self.orders.add(scope.order)
            inside |= _values_of(order, self.who)
            documents, contacts = _buyer(order)
            for one in documents | contacts:
                self.met.setdefault(one, set()).update(filter(is_document, documents))
        self.values |= inside
        # What an order says of its buyer is masked in its other fields, too, in those that nobody knows yet.
        self._masked = self.who.values | inside if inside else self.who.values
        return self._cleaned(record, "", _Scope())

    def masked(self, text: str) -> str:
        """Return a text that is no record without the values that lead to these people."""
        self._masked = self.who.values | values_of(self.who, text)
        return self._text(text, "", _Scope())

    def _cleaned(self, value: Any, path: str, scope: _Scope) -> Any:
        match value:
            case dict():
                return self._record(value, path, scope)
            case list():
                return [self._cleaned(item, f"{path}[{n}]", scope) for n, item in enumerate(value)]
            case str():
                return self._json_text(value, path, scope)
            case _:
                return value

    def _record(self, record: Json, path: str, outer: _Scope) -> Json:
        scope = _scope(record, outer, self.who)
        cleaned: Json = {}
        for name, value in record.items():
            inner = f"{path}.{path_name(name)}" if path else path_name(name)
            cleaned[self._name(name, inner, scope, cleaned)] = self._field(
                plain_field(name), value, inner, scope
            )
        if scope.own and not outer.own and cleaned != record:
            self.found.append((path, record))
        return cleaned

    def _name(self, name: str, path: str, scope: _Scope, taken: Collection[str]) -> str:
        """Clean the name of a field: it may be a value, as in an object of amounts by e-mail."""
        if _WORDS.fullmatch(name) or (masked := self._text(name, path, scope)) == name:
            return name
        others = (f"{masked} {number}" for number in count(2))
        return next(one for one in chain([masked], others) if one not in taken)

    def _field(self, name: str, value: Any, path: str, scope: _Scope) -> Any:
        if name in _OF_OTHERS:
            return value
        if name in _BUYERS or name == _DELIVERY:
            return self._address(value, path, scope)
        if scope.own and (
            (name.startswith(_FREE_TEXT) and scope.in_order)
            or (name in {"nome", _CONTACT} and scope.is_order)
        ):
            return blanked(value)
        if isinstance(value, int) and not isinstance(value, bool):
            theirs = value > _LONG_NUMBER and not name.startswith("id")
            if theirs and {plain_document(value)} & self._masked.documents:
                self._note(path, value, scope)
                return None
            return value
        return self._cleaned(value, path, scope)

    def _address(self, value: Any, path: str, scope: _Scope) -> Any:
        documents = set(texts_in(value, _DOCUMENTS, plain_document))
        if scope.own or self.who.has(documents, (), scope.day):
            blank = blanked(value)
            if blank != value:
                self._note(path, value, scope)
                self._met(documents & self._masked.documents)
            return blank
        if any(map(is_document, documents)):
            # Another customer's: what they gave as their own is theirs.
            return value
        return self._cleaned(value, path, scope)

    def _json_text(self, text: str, path: str, scope: _Scope) -> Any:
        """Clean a text that may be JSON itself, as ``dados`` of some webhooks, or hold events in another form."""
        # Texts in one another may be deeper together than each is alone.
        with suppress(RecursionError):
            value, is_json = _inside(text)
            cleaned = self._cleaned(value, path, scope)
            if cleaned != value:
                return write(cleaned)
            if is_json:
                return text
        if text.lstrip(BLANKS)[:1] in {"{", "["} and values_of(self.who, text, scope.day):
            # An address or a name in it cannot be found by its field.
            self._note(path, text, scope)
            return None
        return self._text(text, path, scope)

    def _text(self, text: str, path: str, scope: _Scope) -> str:
        masked = self._masked.masked(text)
        if masked != text:
            self._note(path, text, scope)
            self._met(self._masked.documents_in(text))
        return masked

    def _met(self, documents: Iterable[str]) -> None:
        for document in documents:
            self.met.setdefault(document, set())

    def _note(self, path: str, value: Any, scope: _Scope) -> None:
        """Keep what is blanked, unless all of its order is kept."""
        if not scope.own:
            self.found.append((path, value))


def _orders(value: Any, outer: _Scope, who: Who) -> Iterator[tuple[_Scope, Json]]:
    """Yield the records inside a value that are about orders of these people."""
    match value:
        case dict():
            scope = _scope(value, outer, who)
            if scope.own:
                yield scope, value
            for inner in value.values():
                yield from _orders(inner, scope, who)
        case list():
            for item in value:
                yield from _orders(item, outer, who)
        case str():
            with suppress(RecursionError):
                yield from _orders(_inside(value)[0], outer, who)


def _inside(text: str) -> tuple[Any, bool]:
    """Return what a text holds, its JSON value or the events of a form or of lines; and whether that is all of it."""
    plain = text.strip(BLANKS)
    if plain[:1] in {"{", "[", '"'}:
        with suppress(ValueError):
            return parse(plain), True
    return events_in(plain), False


def _scope(record: Json, outer: _Scope, who: Who) -> _Scope:
    fields = {plain_field(name): value for name, value in record.items()}
    is_order = any(name in fields for name in (*_BUYERS, _DELIVERY, "datapedido")) or {
        "data",
        "numero",
    } <= set(fields)
    order = next(
        (found for name in _ORDER_IDS if (found := whole_id(fields.get(name))) is not None), outer.order
    )
    if is_order:
        order = whole_id(fields.get("id")) or order
    day = next((day for name in _DAYS if (day := day_of(fields.get(name))) is not None), outer.day)
    own = outer.own or (order is not None and order in who.orders) or _is_bought_by(record, day, who)
    return _Scope(own, order, day, is_order, is_order or outer.in_order)


def _is_bought_by(order: Json, day: date | None, who: Who) -> bool:
    documents, contacts = _buyer(order)
    if who.has(documents, contacts, day):
        return True
    # Without a document, an e-mail or a telephone says who it is, as in the views.
    buyers = [value for name, value in order.items() if plain_field(name) in _BUYERS]
    addresses = {*texts_in(buyers, _EMAILS, plain_email), *texts_in(buyers, _PHONES, plain_phone)} - {""}
    return not any(map(is_document, documents)) and who.reached_by(addresses, day)


def _buyer(order: Json) -> tuple[set[str], set[str]]:
    """Return the documents of an order's buyer, and Tiny's ids of the contact."""
    documents: set[str] = set()
    contacts: set[str] = set()
    for name, value in order.items():
        plain = plain_field(name)
        if plain in _BUYERS:
            documents.update(texts_in(value, _DOCUMENTS, plain_document))
            contacts.update(texts_in(value, _CONTACT_IDS, str))
        elif plain == _CONTACT and (contact := whole_id(value)):
            contacts.add(str(contact))
    return documents - {""}, contacts - {""}


def _values_of(order: Json, who: Who) -> PersonalValues:
    """Collect what an order of a person says of its buyer; of the delivery only when it is theirs by its document."""
    found = PersonalValues()
    for name, value in order.items():
        plain = plain_field(name)
        documents = frozenset(filter(is_document, texts_in(value, _DOCUMENTS, plain_document)))
        if plain in _BUYERS or (plain == _DELIVERY and who.has(documents, (), None)):
            found |= PersonalValues(
                documents,
                frozenset(filter(None, texts_in(value, _EMAILS, plain_email))),
                frozenset(filter(None, texts_in(value, _PHONES, plain_phone))),
                frozenset(filter(None, texts_in(value, _NAMES, plain_name))),
            )
    return found
