"""Numbers and dates as a Brazilian reads them."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from local.report_page.formats import money, payment_form, percent
from tiny_operators.situation.formats import counted, day, moment, number


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1234.56", "R$ 1.234,56"),
        ("1234567.8", "R$ 1.234.567,80"),
        ("0", "R$ 0,00"),
        ("-12.3", "-R$ 12,30"),
        ("2.005", "R$ 2,01"),
        ("-0.004", "R$ 0,00"),
        ("999.995", "R$ 1.000,00"),
    ],
)
def test_money(value: str, text: str) -> None:
    assert money(Decimal(value)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [("0.292", "0,292"), ("3.000", "3"), ("1234", "1.234"), ("100", "100"), ("1E+2", "100"), ("0", "0")],
)
def test_quantities_have_no_zeros_at_their_end(value: str, text: str) -> None:
    assert number(Decimal(value)) == text


def test_what_is_unknown_is_not_zero() -> None:
    assert {
        money(None),
        number(None),
        percent(None, Decimal(1)),
        day(None),
        moment(None, ZoneInfo("UTC")),
    } == {"—"}
    assert percent(Decimal(0), Decimal(0)) == "—"


def test_percent_counted_and_dates() -> None:
    assert percent(Decimal(1), Decimal(3)) == "33,3%"
    assert percent(Decimal(1), Decimal(1)) == "100,0%"
    assert [counted(n, "pedido", "pedidos") for n in (1, 2, 1234)] == [
        "1 pedido",
        "2 pedidos",
        "1.234 pedidos",
    ]
    assert day(date(2026, 1, 9)) == "09/01/2026"


def test_a_moment_is_told_on_the_store_s_clock() -> None:
    moment_utc = datetime(2026, 11, 24, 1, 5, tzinfo=UTC)
    assert moment(moment_utc, ZoneInfo("America/Sao_Paulo")) == "23/11/2026 às 22:05"


def test_codes_of_payment_forms_are_written_as_words() -> None:
    codes = ("credito", "vale_alimentacao", "pix", "duplicata_mercantil", "não informada", "")
    words = ["Crédito", "Vale-alimentação", "Pix", "Duplicata mercantil", "Não informada", ""]
    assert [payment_form(code) for code in codes] == words
