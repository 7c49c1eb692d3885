"""What is known of a person in words: documents, e-mails, telephones and names, found in any text and masked there.

The same value is written in many ways: a document with and without punctuation, a telephone with and without the
country's code, a name in capitals and without its accents. Each is found in every form.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields
from datetime import date
from functools import cached_property, lru_cache
from typing import Final, Protocol

MASK: Final = "[esquecido]"

# A name of one word, or one of these, is not enough to know a person by.
_NOBODY: Final = frozenset({
    "cliente balcao",
    "cliente final",
    "cliente nao identificado",
    "consumidor final",
    "consumidor nao identificado",
    "nao informado",
    "venda balcao",
})
# Between the digits of a document, and of a telephone.
_IN_DOCUMENT: Final = r"[.\-/\s]{0,2}"
_IN_PHONE: Final = r"[().\-\s]{0,3}"
_IN_NAME: Final = r"\s+"
# A text may have an accent as a character of its own.
_ACCENTS: Final = "[\u0300-\u036f]*"
# How people write a document, an e-mail and a telephone. One may begin inside another: `(?=` looks at every place.
_DOCUMENT: Final = re.compile(
    r"(?<![0-9])(?=([0-9]{3}\.?[0-9]{3}\.?[0-9]{3}[\s\-]?[0-9]{2}"
    r"|[0-9A-Za-z]{2}\.?[0-9A-Za-z]{3}\.?[0-9A-Za-z]{3}/?[0-9A-Za-z]{4}-?[0-9]{2})(?![0-9]))"
)
# With bounds: a text may be a single word of a million letters.
_EMAIL: Final = re.compile(r"(?<![\w.%+\-])[\w.%+\-]{1,64}@[\w\-]{1,63}(?:\.[\w\-]{1,63}){1,8}")
_PHONE: Final = re.compile(
    r"(?<![0-9])(?=((?:\+?55)?[().\-\s]{0,3}0?[1-9]{2}[().\-\s]{0,3}[0-9]{4,5}[.\-\s]?[0-9]{4})(?![0-9]))"
)


@dataclass(frozen=True)
class PersonalValues:
    """The values that lead to a person.

    Attributes:
        documents: CPF or CNPJ, without punctuation.
        emails: E-mails, in small letters.
        phones: Telephones: area code and number, digits only.
        names: Names of at least two words, in small letters and without accents.
    """

    documents: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()

    def __or__(self, other: PersonalValues) -> PersonalValues:
        """Return the values of both."""
        return PersonalValues(
            *(getattr(self, part.name) | getattr(other, part.name) for part in fields(self))
        )

    def __bool__(self) -> bool:
        """Return whether there are any."""
        return any(getattr(self, part.name) for part in fields(self))

    def without(self, nobody: Iterable[str]) -> PersonalValues:
        """Leave out what is not this person's alone, such as the store's own e-mail."""
        texts = [text.strip().lower() for text in nobody]
        plain = {plain_document(text) for text in texts}
        phones = {phone for text in texts if (phone := plain_phone(text))}
        names = {" ".join(fold(text).split()) for text in texts}
        return PersonalValues(
            self.documents - plain, self.emails - set(texts), self.phones - phones, self.names - names
        )

    def masked(self, text: str) -> str:
        """Return a text with each of the values replaced by a mask; the text itself when it has none."""
        if self._any is None or not (spans := [found.span() for found in self._any.finditer(fold(text))]):
            return text
        parts, at = [], 0
        for start, end in spans:
            parts += [text[at:start], MASK]
            at = end
        return "".join([*parts, text[at:]])

    def documents_in(self, text: str) -> set[str]:
        """Return which of the documents a text has."""
        folded = fold(text)
        return {document for document in self.documents if re.search(_document_pattern(document), folded)}

    @cached_property
    def _any(self) -> re.Pattern[str] | None:
        documents = map(_document_pattern, self.documents)
        addresses = [*map(_email_pattern, self.emails), *map(_phone_pattern, self.phones)]
        patterns = [*documents, *addresses, *map(_name_pattern, self.names)]
        # The longest first: a name may begin with another one.
        return re.compile("|".join(sorted(patterns, key=len, reverse=True))) if patterns else None


class Who(Protocol):
    """The people to look for, known by values in clear or by hashes alone."""

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


def values_in(text: str) -> PersonalValues:
    """Find what is written as a document, an e-mail or a telephone in a text; names are no more than words."""
    return PersonalValues(
        frozenset(filter(is_document, map(plain_document, _DOCUMENT.findall(text)))),
        frozenset(filter(None, map(plain_email, _EMAIL.findall(text)))),
        frozenset(filter(None, map(plain_phone, _PHONE.findall(text)))),
    )


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


def plain_document(text: object) -> str:
    """Write a CPF or CNPJ without punctuation; a CPF or CNPJ that lost its leading zeros as a number gets them back."""
    plain = re.sub(r"[^0-9A-Z]", "", str(text).upper())
    if isinstance(text, int) and plain.isdigit():
        return plain.zfill(11 if len(plain) <= 11 else 14)  # noqa: PLR2004 - digits of a CPF and of a CNPJ
    return plain


def is_document(plain: str) -> bool:
    """Return whether a text has the form of a CPF or CNPJ that belongs to somebody."""
    return re.fullmatch(r"[0-9]{11}|[0-9A-Z]{12}[0-9]{2}", plain) is not None and len(set(plain)) > 1


def has_check_digits(document: str) -> bool:
    """Return whether the last two digits of a CPF or CNPJ follow from those before; letters count as by their code."""
    heaviest = 11 if len(document) == 11 else 9  # noqa: PLR2004 - digits of a CPF
    for end in (-2, -1):
        values = [ord(character) - ord("0") for character in reversed(document[:end])]
        weights = (2 + place % (heaviest - 1) for place in range(len(values)))
        rest = sum(value * weight for value, weight in zip(values, weights, strict=True)) % 11
        if document[end] != str(0 if rest < 2 else 11 - rest):  # noqa: PLR2004 - 10 and 11 are written as 0
            return False
    return True


def plain_phone(text: object) -> str:
    """Write a Brazilian telephone as area code and number; empty when it is none."""
    digits = re.sub(r"[^0-9]", "", str(text)).lstrip("0")
    found = re.fullmatch(r"(?:55)?([1-9]{2}[0-9]{8,9})", digits)
    return found[1] if found and len(set(found[1][2:])) > 1 else ""


def plain_name(text: object) -> str:
    """Write a name for comparison; empty when nobody is known by it."""
    name = " ".join(fold(str(text)).split())
    return name if " " in name and name not in _NOBODY else ""


def plain_email(text: object) -> str:
    """Write an e-mail for comparison; empty when it is none."""
    email = str(text).strip().lower()
    return email if re.fullmatch(r"[^@\s]+@[^@\s]+", email) else ""


def fold(text: str) -> str:
    """Write a text without capitals and accents, each character in its place."""
    return text.lower() if text.isascii() else "".join(map(_folded, text))


@lru_cache(maxsize=4096)
def _folded(character: str) -> str:
    return unicodedata.normalize("NFD", character)[0].lower()[:1]


def _document_pattern(document: str) -> str:
    return rf"(?<![0-9]){_IN_DOCUMENT.join(document.lower())}(?![0-9])"


def _phone_pattern(phone: str) -> str:
    area, number = phone[:2], phone[2:]
    whole = rf"(?:\+?\s?55{_IN_PHONE})?0?\(?{_IN_PHONE.join(area + number)}"
    # Without its area code only where it is written as a telephone: eight or nine digits alone are many things.
    local = rf"{number[:-4]}[\-.\s]{number[-4:]}"
    return rf"(?<![0-9])(?:{whole}|{local})(?![0-9])"


def _email_pattern(email: str) -> str:
    return rf"(?<![a-z0-9._%+\-]){re.escape(email)}(?![a-z0-9\-])"


def _name_pattern(name: str) -> str:
    words = (_ACCENTS.join(map(re.escape, word)) + _ACCENTS for word in name.split())
    return rf"(?<!\w){_IN_NAME.join(words)}(?!\w)"
