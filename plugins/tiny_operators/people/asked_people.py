"""The people whom an operator names in a request: one a line, by CPF or CNPJ, or by Tiny's id of the contact.

A message about a bad request names the file and the line, and never what is there.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, Final

from tiny_operators.people.personal_values import (
    PersonalValues,
    has_check_digits,
    is_document,
    plain_document,
)

MOST_PEOPLE: Final = 100
_CONTACT: Final = re.compile(r"id\s*[:=]?\s*([0-9]{1,18})", re.IGNORECASE)
_OTHER: Final = re.compile(r"[^0-9A-Za-z.\-/ ]")
_LENGTHS: Final = (11, 14)
_NO_DIGITS: Final = bytes(set(range(256)) - set(b"0123456789"))
_FORMS: Final = "a CPF of 11 digits, a CNPJ of 14 characters, or 'id' and Tiny's id of the contact"


class PeopleError(ValueError):
    """A request that names nobody, or not in a known form; the message has no personal value."""


@dataclass(frozen=True)
class People:
    """People to look for.

    Attributes:
        documents: Their CPF or CNPJ, without punctuation.
        contacts: Tiny's ids of their contacts.
        orders: Ids of orders found to be theirs.
        values: What was found of them.
    """

    documents: frozenset[str] = frozenset()
    contacts: frozenset[str] = frozenset()
    orders: frozenset[int] = frozenset()
    values: PersonalValues = field(default_factory=PersonalValues)

    def has(self, documents: Iterable[str], contacts: Iterable[str], day: date | None) -> bool:
        """Return whether one of these documents or contacts is one of theirs, whatever the day of the order."""
        return not self.documents.isdisjoint(documents) or not self.contacts.isdisjoint(contacts)

    def reached_by(self, addresses: Iterable[str], day: date | None) -> bool:
        """Return whether one of these e-mails and telephones is theirs, whatever the day of the order."""
        return not (self.values.emails | self.values.phones).isdisjoint(addresses)

    def may_be_in(self, text: str) -> bool:
        """Return whether a line of JSON may have something of theirs: most have nothing, and need not be parsed."""
        if "\\" in text:
            # What is escaped is not looked through here.
            return True
        plain = unicodedata.normalize("NFD", text.lower()).encode("ascii", "ignore")
        digits = plain.translate(None, _NO_DIGITS)
        numbers, words = self._signs
        return any(number in digits for number in numbers) or any(word in plain for word in words)

    @cached_property
    def _signs(self) -> tuple[list[bytes], list[bytes]]:
        """What a line of theirs has at least one of: among its digits, or in it."""
        documents = self.documents | self.values.documents
        digits = {re.sub("[^0-9]", "", one).lstrip("0") for one in (*documents, *self.contacts)}
        # Of a telephone the end, which is never without its last eight digits.
        numbers = {*digits, *map(str, self.orders), *(phone[-8:] for phone in self.values.phones)}
        words = {*self.values.emails, *(max(name.split(), key=len) for name in self.values.names)}
        return [one.encode() for one in numbers if one], [one.encode("ascii", "ignore") for one in words]

    def __or__(self, other: People) -> People:
        """Return the people of both."""
        return People(
            self.documents | other.documents,
            self.contacts | other.contacts,
            self.orders | other.orders,
            self.values | other.values,
        )

    def to_json(self) -> dict[str, Any]:
        """Write them as JSON."""
        return {
            "documents": sorted(self.documents),
            "contacts": sorted(self.contacts),
            "orders": sorted(self.orders),
            "values": {name: sorted(found) for name, found in asdict(self.values).items()},
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> People:
        """Read what :meth:`to_json` wrote."""
        values = {name: frozenset(found) for name, found in content["values"].items()}
        return cls(
            frozenset(content["documents"]),
            frozenset(content["contacts"]),
            frozenset(content["orders"]),
            PersonalValues(**values),
        )


def read_people(content: bytes, file: str, nobody: Collection[str]) -> list[tuple[str, People]]:
    """Read a request.

    Args:
        content: The file.
        file: Its name, for messages.
        nobody: Documents that stand for no customer, such as the store's own.

    Returns:
        Where each person was named, as ``file, line 2``, and the person.

    Raises:
        PeopleError: When a line names nobody, or too many are named.
    """
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise PeopleError(f"{file} is no text in UTF-8: write {_FORMS}, one a line") from error
    people = list(_of_lines(lines, file, {plain_document(text) for text in nobody}))
    if not people:
        raise PeopleError(f"{file} is empty: write {_FORMS}, one a line")
    if len(people) > MOST_PEOPLE:
        raise PeopleError(f"{file} names {len(people)} people, more than {MOST_PEOPLE}: write several files")
    return people


def _of_lines(lines: list[str], file: str, nobody: set[str]) -> Iterator[tuple[str, People]]:
    for number, line in enumerate(lines, 1):
        where, text = f"{file}, line {number}", line.strip()
        if not text:
            continue
        if found := _CONTACT.fullmatch(text):
            if not int(found[1]):
                raise PeopleError(f"{where}: the id 0 is nobody's")
            yield where, People(contacts=frozenset({str(int(found[1]))}))
            continue
        document = plain_document(text)
        if not is_document(document) or _OTHER.search(text):
            raise PeopleError(f"{where}: {_said_of_other(text)}")
        if document in nobody:
            raise PeopleError(f"{where}: this document is the store's own, or one that stands for nobody")
        yield where, People(documents=frozenset({document}))


def said_of_nobody(person: People) -> str:
    """Say of a person who was named, and of whom nothing was found, what is true; without a value.

    An order may be stored without the id of its contact: by that id alone not all of a person can be found.
    """
    if person.contacts:
        return "no order is stored under this contact id; if the person has a CPF or CNPJ, name them by it"
    says = "nothing is stored of this person (any more)"
    if all(map(has_check_digits, person.documents)):
        return says
    return f"{says}; the check digits of this CPF or CNPJ are wrong: is it as the person wrote it?"


def _said_of_other(text: str) -> str:
    """Say why a text names nobody."""
    plain, has_other = plain_document(text), _OTHER.search(text)
    if not has_other and len(plain) in _LENGTHS and len(set(plain)) == 1:
        return "all digits of this CPF or CNPJ are the same: such a number is nobody's"
    digits = sum(character.isdigit() for character in text)
    found = f"a text of {len(text)} characters, {digits} of them digits"
    if has_other:
        found += ", with characters other than digits, letters, '.', '-', '/' and blanks"
    return f"expected {_FORMS}, found {found}"
