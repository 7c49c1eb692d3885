"""The people whom a store has forgotten: what is stored of them again later is blanked before it is stored.

They are known by the ids of their orders, and by keyed hashes of their documents and contacts. A hash counts for
orders up to the day on which the person was forgotten: who buys again after that is a customer again.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from tiny_operators.orders.asked_people import People
from tiny_operators.orders.personal_values import PersonalValues


@dataclass(frozen=True)
class Forgotten:
    """The forgotten people of one store.

    Attributes:
        orders: Ids of their orders.
        until: The last day that counts, by the hash of each document and contact.
        key: The secret of the hashes.
        values: None: nothing of them is known in clear.
    """

    orders: frozenset[int] = frozenset()
    until: Mapping[str, date] = field(default_factory=dict)
    key: bytes = field(default=b"", repr=False)
    values: PersonalValues = field(default_factory=PersonalValues)

    def __bool__(self) -> bool:
        """Return whether anybody was forgotten."""
        return bool(self.orders or self.until)

    def has(self, documents: Iterable[str], contacts: Iterable[str], day: date | None) -> bool:
        """Return whether one of these is a forgotten person's, for an order of that day."""
        if not self.until:
            return False
        found = (self.until.get(one) for one in _hashes(self.key, documents, contacts))
        return any(until is not None and (day is None or day <= until) for until in found)

    def may_be_in(self, text: str) -> bool:
        """Return whether a text may have something of theirs: a hash is not found in a text, but by reading it."""
        return bool(self)

    def with_people(self, people: People, until: date) -> Forgotten:
        """Return these and more people, forgotten up to a day."""
        new = dict.fromkeys(_hashes(self.key, people.documents, people.contacts), until)
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


def _hashes(key: bytes, documents: Iterable[str], contacts: Iterable[str]) -> list[str]:
    texts = [*(f"documento:{one}" for one in documents), *(f"contato:{one}" for one in contacts)]
    # Not what the views' keys of customers are made of: who has one does not have the other.
    return [hmac.new(key, f"esquecido:{text}".encode(), hashlib.sha256).hexdigest() for text in texts]
