"""The people to look for, known by values in clear or by hashes alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from typing import Protocol

from tiny_operators.people.personal_values import PersonalValues, values_in


class Who(Protocol):
    """The people to look for."""

    @property
    def orders(self) -> Collection[int]:
        """Ids of orders that are known to be theirs."""

    @property
    def values(self) -> PersonalValues:
        """Values that lead to them; none where only hashes are known."""

    def may_be_in(self, text: str) -> bool:
        """Return whether a line of JSON may have something of theirs; False when it surely has not."""

    def reached_by(self, addresses: Iterable[str], day: date | None) -> bool:
        """Return whether one of these e-mails and telephones, as written for comparison, is theirs.

        Args:
            addresses: E-mails and telephones.
            day: The day of the order; None when it is not known.
        """

    def has(self, documents: Iterable[str], contacts: Iterable[str], day: date | None) -> bool:
        """Return whether a buyer with one of these documents or ids of a contact is one of them.

        Args:
            documents: CPF or CNPJ, without punctuation.
            contacts: Tiny's ids of contacts.
            day: The day of the order; None when it is not known.
        """


def values_of(who: Who, text: str, day: date | None = None) -> PersonalValues:
    """Find the documents, e-mails and telephones of these people in a text, also of people known by hashes alone.

    Args:
        who: The people.
        text: The text.
        day: The day of the order that the text is in; None when it is not known.
    """
    found = values_in(text)
    return PersonalValues(
        frozenset(one for one in found.documents if who.has((one,), (), day)),
        frozenset(one for one in found.emails if who.reached_by((one,), day)),
        frozenset(one for one in found.phones if who.reached_by((one,), day)),
    )
