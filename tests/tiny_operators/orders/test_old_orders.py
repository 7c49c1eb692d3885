"""Which orders are old, and what their rows lose: by day, at each border, by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from tiny_operators.orders.old_orders import days_to_blank, personal_since, row_day, without_old
from tiny_operators.stores import load_stores
from tiny_operators.warehouse.known_orders import line_digest

SINCE = date(2020, 11, 25)
LINE: dict[str, Any] = {
    "numero": "7",
    "numero_ecommerce": None,
    "data_pedido": date(2020, 11, 24),
    "data_prevista": None,
    "nome": "Ana Fictícia",
    "valor": None,
    "id_vendedor": "3",
    "nome_vendedor": "Beto",
    "situacao": "Faturado",
    "codigo_rastreamento": None,
    "url_rastreamento": None,
}


@pytest.mark.parametrize(
    ("moment", "since"),
    [
        # In São Paulo it is the day before until 03:00 UTC.
        (datetime(2026, 11, 26, 2, 59, tzinfo=UTC), date(2020, 11, 24)),
        (datetime(2026, 11, 26, 3, 0, tzinfo=UTC), date(2020, 11, 25)),
    ],
)
def test_the_first_day_that_keeps_its_customers(moment: datetime, since: date) -> None:
    store = replace(load_stores()[0], keep_personal_days=2192)
    assert personal_since(store, moment) == since
    assert personal_since(replace(store, keep_personal_days=0), moment) is None


@pytest.mark.parametrize("form", [str, lambda day: day])
@pytest.mark.parametrize(
    ("day", "old"), [(date(2020, 11, 24), True), (date(2020, 11, 25), False), (date(1999, 1, 1), True)]
)
def test_a_row_is_old_by_its_day(form: Any, day: date, old: bool) -> None:
    row = {
        "data": form(day),
        "timestamp": "2026-11-26T00:00:00+00:00",
        "totalVenda": "9.90",
        "contato": {"nome": "Ana"},
    }
    kept = without_old("pdv", row, SINCE)
    assert kept == row | ({"contato": None} if old else {})
    assert without_old("pdv", row, None) == row


def test_a_row_without_a_day_is_as_old_as_its_arrival() -> None:
    row = {
        "data_pedido": None,
        "timestamp": "2020-11-25T00:30:00+03:00",
        "nome": "Ana",
        "nome_vendedor": "Beto",
    }
    assert row_day("pesquisa", row) == date(2020, 11, 24)
    assert without_old("pesquisa", row, SINCE) == row | {"nome": None}
    late = row | {"timestamp": "2020-11-24T23:30:00-03:00"}
    assert without_old("pesquisa", late, SINCE) == late
    nothing = row | {"timestamp": None}
    assert without_old("pesquisa", nothing, SINCE) == nothing


def test_a_mark_of_a_deletion_stays_as_it_is() -> None:
    mark = {
        "id": 7,
        "store": "z316",
        "timestamp": "2001-01-01T00:00:00+00:00",
        "deleted_at": "2026-11-26T00:00:00+00:00",
    }
    assert without_old("pdv", mark, SINCE) == mark


def test_an_old_line_without_its_customer_has_not_changed() -> None:
    blank = LINE | {"nome": None}
    assert line_digest(LINE, SINCE) == line_digest(blank, SINCE)
    assert line_digest(LINE) != line_digest(blank)
    assert line_digest(LINE | {"situacao": "Cancelado"}, SINCE) != line_digest(LINE, SINCE)
    assert line_digest(LINE | {"nome_vendedor": None}, SINCE) != line_digest(LINE, SINCE)
    new = LINE | {"data_pedido": date(2020, 11, 25)}
    assert line_digest(new, SINCE) != line_digest(new | {"nome": None}, SINCE)


def ranges(
    done: str | None, first: date | None, since: date = SINCE, again: int = 32
) -> list[tuple[str, str]]:
    found = days_to_blank(since, done, lambda: first, again_days=again)
    return [(one.isoformat(), other.isoformat()) for one, other in found]


def test_the_first_time_takes_all_that_is_old_a_quarter_at_a_time() -> None:
    assert ranges(None, date(2020, 5, 1)) == [
        ("2020-05-01", "2020-07-31"),
        ("2020-08-01", "2020-10-31"),
        ("2020-11-01", "2020-11-24"),
    ]
    assert ranges(None, SINCE) == []
    assert ranges(None, None) == []


def test_the_next_times_take_what_became_old_and_some_days_again() -> None:
    assert ranges("2020-11-24", None) == [("2020-10-23", "2020-11-24")]
    assert ranges("2020-11-25", None) == [("2020-10-24", "2020-11-24")]
    # When it did not run for long, or the setting became shorter, nothing is left out.
    assert ranges("2020-01-01", None)[0][0] == "2019-11-30"
    assert ranges("2020-01-01", None)[-1][1] == "2020-11-24"
    # When the setting became longer, nothing younger than its border is touched.
    assert ranges("2023-01-01", None) == []
