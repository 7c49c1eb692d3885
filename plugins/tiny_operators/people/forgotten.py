"""The people whom a store has forgotten: what is stored of them again later is blanked before it is stored.

They are known by the ids of their orders, and by keyed hashes of their documents, contacts, e-mails and telephones. A
hash counts for orders up to the day on which the person was forgotten: who buys again after that is a customer again.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, ClassVar

from tiny_operators.people.asked_people import People
from tiny_operators.people.personal_values import PersonalValues


@dataclass(frozen=True)
class Forgotten:
    """The forgotten people of one store.

    Attributes:
        orders: Ids of their orders.
        until: The last day that counts, by the hash of each document, contact, e-mail and telephone.
        key: The secret of the hashes.
    """

    orders: frozenset[int] = frozenset()
    until: Mapping[str, date] = field(default_factory=dict)
    key: bytes = field(default=b"", repr=False)

    values: ClassVar = PersonalValues()
    """None: nothing of them is known in clear."""

    def __bool__(self) -> bool:
        """Return whether anybody was forgotten."""
        return bool(self.orders or self.until)

    def has(self, documents: Iterable[str], contacts: Iterable[str], day: date | None) -> bool:
        """Return whether one of these is a forgotten person's, for an order of that day."""
        return self._counts([*_about("documento", documents), *_about("contato", contacts)], day)

    def reached_by(self, addresses: Iterable[str], day: date | None) -> bool:
        """Return whether one of these e-mails and telephones is a forgotten person's, for an order of that day."""
        return self._counts(_about("endereco", addresses), day)

    def _counts(self, about: Iterable[str], day: date | None) -> bool:
        if not self.until:
            return False
        found = (self.until.get(_hash(self.key, one)) for one in about)
        return any(until is not None and (day is None or day <= until) for until in found)

    def may_be_in(self, text: str) -> bool:
        """Return whether a text may have something of theirs: a hash is not found in a text, but by reading it."""
        return bool(self)

    def with_people(self, people: People, until: date) -> Forgotten:
        """Return these and more people, forgotten up to a day."""
        about = [
            *_about("documento", people.documents),
            *_about("contato", people.contacts),
            *_about("endereco", people.values.emails | people.values.phones),
        ]
        new = {_hash(self.key, one): until for one in about}
        return replace(self, orders=self.orders | people.orders, until={**self.until, **new})

    def to_json(self) -> dict[str, Any]:
        """Write them as JSON, without the secret."""
        return {
            "orders": sorted(self.orders),
            "until": {one: day.isoformat() for one, day in sorted(self.until.items())},
        }

    @classmethod
    def from_json(cls, content: dict[str, Any] | None, key: bytes) -> Forgotten:
        """Read what :meth:`to_json` wrote; nobody when there is nothing."""
        content = content or {}
        until = {one: date.fromisoformat(day) for one, day in content.get("until", {}).items()}
        return cls(frozenset(content.get("orders", ())), until, key)


def _about(kind: str, values: Iterable[str]) -> list[str]:
    return [f"{kind}:{value}" for value in values]


def _hash(key: bytes, text: str) -> str:
    # Not what the views' keys of customers are made of: who has one does not have the other.
    return hmac.new(key, f"esquecido:{text}".encode(), hashlib.sha256).hexdigest()
