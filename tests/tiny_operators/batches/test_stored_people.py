"""What is said of people who are named, and of whom nothing is found."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tiny_operators.batches.stored_people import StoredPeople
from tiny_operators.people.asked_people import People, PeopleError

CPF, NOT_STORED, MISTYPED = "11144477735", "52998224725", "52998224752"
CONTACT, OTHER_CONTACT = "720000012", "720000013"
# As a row of pdv may be: with the document of its buyer, and without the id of the contact.
ROWS: list[dict[str, Any]] = [
    {"id": 7, "numero": "8", "data": "2026-03-14", "contato": {"nome": "Joana Amostra", "cpfCnpj": CPF}},
    {"id": 9, "numero": "10", "data": "2026-03-14", "contato": {"nome": "Carlos Amostra", "id": CONTACT}},
]
NO_ORDER = "no order is stored under this contact id; if the person has a CPF or CNPJ, name them by it"


def find(*people: People) -> Any:
    empty: Any = SimpleNamespace(list=list)
    tables: Any = SimpleNamespace(rows=lambda table: ROWS if table == "pdv" else [])
    named = [(f"f, line {number}", person) for number, person in enumerate(people, 1)]
    return StoredPeople(empty, empty, tables, ()).find(named)


def by_document(document: str) -> People:
    return People(frozenset({document}))


def by_id(contact: str) -> People:
    return People(contacts=frozenset({contact}))


def test_who_is_stored_is_found_by_either() -> None:
    assert find(by_document(CPF), by_id(CONTACT)).people.orders == {7, 9}


@pytest.mark.parametrize("many", [0, 1, 3])
def test_of_a_contact_id_only_what_is_true_is_said_at_every_place(many: int) -> None:
    """The person of line 7 may be this contact: that nothing is stored of them would be false."""
    for place in range(many + 1):
        people = [by_document(CPF)] * many
        people.insert(place, by_id(OTHER_CONTACT))
        with pytest.raises(PeopleError) as refused:
            find(*people)
        assert str(refused.value) == f"f, line {place + 1}: {NO_ORDER}"


@pytest.mark.parametrize("many", [0, 1, 3])
def test_of_a_document_it_is_said_that_nothing_is_stored_at_every_place(many: int) -> None:
    for place in range(many + 1):
        people = [by_id(CONTACT)] * many
        people.insert(place, by_document(NOT_STORED))
        with pytest.raises(PeopleError) as refused:
            find(*people)
        assert str(refused.value) == f"f, line {place + 1}: nothing is stored of this person (any more)"


def test_of_several_that_are_not_stored_the_first_is_named() -> None:
    with pytest.raises(PeopleError, match="line 2: no order"):
        find(by_document(CPF), by_id(OTHER_CONTACT), by_document(NOT_STORED))
    with pytest.raises(PeopleError, match="line 2: nothing"):
        find(by_document(CPF), by_document(NOT_STORED), by_id(OTHER_CONTACT))


@pytest.mark.parametrize("document", [MISTYPED, "11222333000182"])
def test_a_number_that_is_not_stored_and_was_mistyped_is_said_to_be_so(document: str) -> None:
    with pytest.raises(
        PeopleError, match=r"\(any more\); the check digits of this CPF or CNPJ are wrong"
    ) as refused:
        find(by_document(CPF), by_document(document))
    assert document not in str(refused.value)
