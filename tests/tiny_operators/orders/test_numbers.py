"""Money, quantities and ids: exact, in every form that Tiny writes, or refused."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tiny_operators.helpers import to_json
from tests.tiny_operators.orders.columns import INTEGER, NUMERIC, refused, typed
from tiny_operators.schemas import Column
from tiny_operators.tiny.answers import parse_decimal, parse_json

LARGEST = "999999999999999.999999999"  # that the views can add up


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("85.90", "85.90"),
        ("5,00", "5.00"),
        ("0", "0"),
        ("0,00", "0.00"),
        ("-3", "-3"),
        ("+3", "3"),
        ("-5,25", "-5.25"),
        ("1.234,56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("1.234.567,89", "1234567.89"),
        ("1,234,567.89", "1234567.89"),
        ("1.234.567", "1234567"),
        ("-1.234,56", "-1234.56"),
        ("0.3550", "0.3550"),
        ("36.3200000000", "36.3200000000"),
        (" 85.90 ", "85.90"),
        ("1 234,56", "1234.56"),
        ("1\u00a0234,56", "1234.56"),
        ("\u00a010,00\u202f", "10.00"),
        ("R$ 10,00", "10.00"),
        ("R$\u00a01.234,56", "1234.56"),
        ("1\u202f234\u2009567", "1234567"),
        ("R$ 1 234", "1234"),
        ("- 3", "-3"),
        ("R$ - 3,50", "-3.50"),
        # Decimals, as Tiny writes them: a weight in grams of a kilogram.
        ("1.234", "1.234"),
        ("1,234", "1.234"),
        ("r$5", "5"),
        ("-R$ 3,50", "-3.50"),
        ("R$ -3,50", "-3.50"),
        (".5", "0.5"),
        ("1e3", "1000"),
        ("1.5E-3", "0.0015"),
        ("123456789012345,12", "123456789012345.12"),
    ],
)
def test_money_in_every_form(text: str, number: str) -> None:
    assert parse_decimal(text) == Decimal(number)
    assert Decimal(typed(text, NUMERIC)) == Decimal(number)


@pytest.mark.parametrize(
    "text",
    [
        "10%",
        "R$",
        "R$ R$ 5,00",
        "-R$ -5,00",
        "US$ 5,00",
        "5,00 R$",
        "5 reais",
        "7 dias",
        "10cm",
        "abc",
        "-",
        "+",
        ".",
        ",",
        "--5",
        "5-",
        "1e",
        "e5",
        "0x10",
        "1_000",
        "NaN",
        "Infinity",
        "inf",
        "٣",
        "½",
        "1/2",
        "(5,00)",
        "1e1000",
        "10+5",
        "5,00-",
        "\u22125,00",
        "1'234,56",
    ],
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_decimal(text)
    assert refused(text, NUMERIC).path == "campo"


@pytest.mark.parametrize(
    "text",
    [
        "1.2.3",
        "1.234.56",
        "1,2.3,4",
        "1.234,567.89",
        "..5",
        "1,,5",
        "12.34.567,89",
        "1.234,56.",
        "14.03.2026",
        "10 20",
        "1 2",
        "1 23,45",
        "12 3456",
        "1 234 56",
        "1234 567",
        "1.5 2",
        "10 , 5",
        "1. 234,56",
        "3\u00a010",
    ],
)
def test_separators_that_group_nothing_are_refused(text: str) -> None:
    """Rather a reject that a person sees than money that nobody charged."""
    assert refused(text, NUMERIC).found == f"text of {len(text)} characters"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (85, "85"),
        (0, "0"),
        (-3, "-3"),
        (Decimal("85.90"), "85.90"),
        (Decimal("1E+3"), "1000"),
        (Decimal("11.3275"), "11.3275"),
        ("89.9000000000", "89.900000000"),
        ("0.0000000005", "0.000000001"),
        ("-0.0000000005", "-0.000000001"),
        ("0.00000000049", "0.000000000"),
        (10**14, "1" + "0" * 14),
        (LARGEST, LARGEST),
        (f"-{LARGEST}", f"-{LARGEST}"),
        (Decimal(LARGEST), LARGEST),
        ("123456789012345.1234567891", "123456789012345.123456789"),
    ],
)
def test_numeric_travels_as_exact_text_of_at_most_nine_decimals(value: object, text: str) -> None:
    assert typed(value, NUMERIC) == text


@pytest.mark.parametrize(
    "value",
    [
        10**15,
        -(10**15),
        "1e15",
        10**29,
        "1e99",
        Decimal("1E+400"),
        parse_json("1e9999999"),
        parse_json("-1e9999999"),
        "9" * 5000,
        "999999999999999.9999999996",
    ],
    ids=lambda value: str(value)[:12],
)
def test_numbers_beyond_any_sale_are_refused(value: object) -> None:
    refused(value, NUMERIC)


@pytest.mark.parametrize("value", [parse_json("1e-9999999"), Decimal("1E-400"), "1e-99"])
def test_a_number_far_below_the_last_decimal_is_zero(value: object) -> None:
    assert Decimal(typed(value, NUMERIC)) == 0


@pytest.mark.parametrize("value", [True, False, {"valor": "5"}, [1], "x"])
@pytest.mark.parametrize("target", [NUMERIC, INTEGER], ids=["numeric", "integer"])
def test_what_is_no_number_does_not_become_one(value: object, target: Column) -> None:
    refused(value, target)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("20451", 20451),
        (20451, 20451),
        (" 7 ", 7),
        ("7.0", 7),
        ("7,00", 7),
        (Decimal("7.0"), 7),
        ("0", 0),
        ("-1", -1),
        (2**63 - 1, 2**63 - 1),
        (str(2**63 - 1), 2**63 - 1),
    ],
)
def test_integers(value: object, number: int) -> None:
    found = typed(value, INTEGER)
    assert found == number
    assert type(found) is int


@pytest.mark.parametrize(
    "value", [2**63, str(2**63), "7.5", Decimal("7.5"), "1e30", parse_json("1e9999999"), "A7", "10%"]
)
def test_what_is_no_integer_of_64_bits_is_refused(value: object) -> None:
    refused(value, INTEGER)


@pytest.mark.parametrize("value", ["1.000", "1,000", "12.000", " 123,000", "-1.000"])
def test_a_whole_number_that_may_be_thousands_is_refused(value: str) -> None:
    assert refused(value, INTEGER).found == "a number with a part that may be thousands or decimals"


@pytest.mark.parametrize("value", ["1.0000", "0,000", "1000.000", "1000,00", Decimal("1.000")])
def test_a_whole_number_that_cannot_be_thousands_is_read(value: object) -> None:
    assert typed(value, INTEGER) == int(Decimal(str(value).replace(",", ".")))


@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, places=9, min_value=-(10**15) + 1, max_value=10**15 - 1
    )
)
def test_money_is_exact(number: Decimal) -> None:
    for spelled in (number, f"{number:f}", f"{number:f}".replace(".", ",")):
        assert Decimal(typed(spelled, NUMERIC)) == number
    assert Decimal(typed(json.loads(to_json(number), parse_float=Decimal), NUMERIC)) == number


@given(st.integers(0, 10**12), st.integers(0, 99))
def test_thousands_in_both_styles(reais: int, cents: int) -> None:
    american = f"{reais:,}.{cents:02d}"
    brazilian = american.translate(str.maketrans(",.", ".,"))
    assert parse_decimal(american) == parse_decimal(brazilian) == Decimal(reais * 100 + cents) / 100
