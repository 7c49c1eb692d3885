"""A request that names people, and what is said of one that does not; no message has a value."""

from __future__ import annotations

import pytest

from tiny_operators.people.asked_people import MOST_PEOPLE, People, PeopleError, read_people
from tiny_operators.people.personal_values import has_check_digits

CPF = "11144477735"


def test_a_request_names_people() -> None:
    content = "\ufeff111.444.777-35\r\n\r\n id: 0720000012 \n11222333000182".encode()
    found = read_people(content, "f", ())
    assert found == [
        ("f, line 1", People(frozenset({CPF}))),
        ("f, line 3", People(contacts=frozenset({"720000012"}))),
        ("f, line 4", People(frozenset({"11222333000182"}))),
    ]


BAD = ["Joana", "111.444.777-3", "11111111111", "id", "id 0", "111.444.777-35; x", "joana@example.com"]


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("place", [0, 1, 3])
def test_a_bad_line_at_every_place_is_named_without_its_value(bad: str, place: int) -> None:
    lines = [CPF] * 3
    lines.insert(place, bad)
    with pytest.raises(PeopleError, match=f"f, line {place + 1}: ") as refused:
        read_people("\n".join(lines).encode(), "f", ())
    assert bad not in str(refused.value).replace("'id'", "").replace("the id 0", "").replace(" id ", "")


@pytest.mark.parametrize("bad", ["000.000.000-00", "11111111111", "00.000.000/0000-00"])
@pytest.mark.parametrize("place", [0, 1, 3])
def test_a_number_of_one_digit_is_not_told_that_its_length_is_wrong(bad: str, place: int) -> None:
    lines = [CPF] * 3
    lines.insert(place, bad)
    with pytest.raises(PeopleError) as refused:
        read_people("\n".join(lines).encode(), "f", ())
    says = "all digits of this CPF or CNPJ are the same: such a number is nobody's"
    assert str(refused.value) == f"f, line {place + 1}: {says}"


@pytest.mark.parametrize("bad", ["111.444.777\u201335", "111.444.777-35;", "CPF: 111.444.777-35"])
def test_a_number_with_other_signs_is_told_of_them(bad: str) -> None:
    with pytest.raises(PeopleError, match=r"11 of them digits, with characters other than") as refused:
        read_people(bad.encode(), "f", ())
    assert "777" not in str(refused.value)


@pytest.mark.parametrize("written", [CPF, "000.000.001-91", "11.222.333/0001-81", "12.ABC.345/01DE-35"])
def test_each_wrong_digit_of_a_document_is_seen_in_its_check_digits(written: str) -> None:
    document = "".join(filter(str.isalnum, written))
    assert has_check_digits(document)
    assert not has_check_digits(document[:-1] + str((int(document[-1]) + 1) % 10))
    assert not has_check_digits(document[:-2] + str((int(document[-2]) + 1) % 10) + document[-1])


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff\xfe", "\n".join([CPF] * (MOST_PEOPLE + 1)).encode()])
def test_a_request_of_nobody_or_too_many_is_refused(content: bytes) -> None:
    with pytest.raises(PeopleError, match=r"^f "):
        read_people(content, "f", ())
