"""A search line compares with the row that was made of it: equal exactly when its reader would see no difference."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from local.tiny_simulator.settings import PROFILES
from local.tiny_simulator.wire_orders import search_row
from tests.simulator.shops import make_shop
from tests.tiny_operators.helpers import VALUES, sample, to_json
from tests.tiny_operators.orders.expected_pesquisa_produto import PESQUISA
from tests.tiny_operators.raw_orders import changed, order, page
from tiny_operators.orders.rows import SEARCH_VALUES, order_rows, search_values
from tiny_operators.schemas import columns
from tiny_operators.tiny.answers import Json, parse_json
from tiny_operators.tiny.search import lines, order_id

TYPES = {column.name: column.type for column in columns("pesquisa")}


def as_queried(row: Json) -> Json:
    """The values of a row as BigQuery's client returns them: exact decimals and days."""
    read: dict[str, Callable[[str], Any]] = {"NUMERIC": Decimal, "DATE": date.fromisoformat, "STRING": str}
    return {name: None if row[name] is None else read[TYPES[name]](row[name]) for name in SEARCH_VALUES}


def line_of(name: str, pedido: int) -> Json:
    return next(line for line in lines(sample(name)["retorno"]) if order_id(line) == pedido)


def test_all_that_tiny_says_of_an_order_is_compared() -> None:
    assert set(SEARCH_VALUES) == set(PESQUISA["pedidos_pesquisa.json", 910000101]) - {"id"}


@pytest.mark.parametrize(("name", "pedido"), PESQUISA)
def test_every_sample(name: str, pedido: int) -> None:
    found = search_values(line_of(name, pedido))
    assert found == as_queried(PESQUISA[name, pedido])
    assert found
    assert list(found) == list(SEARCH_VALUES)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_line_equals_the_row_that_was_made_of_it(profile: str) -> None:
    for made in make_shop(profile=profile, days=3).orders.values():
        listing = {"retorno": {"status_processamento": 3, "pedidos": [search_row(made, PROFILES[profile])]}}
        answer = parse_json(to_json(listing))
        sold = order(changed("pdv_pedido_obter.json", "pedido", "id", value=str(made.id)), made.id)
        (row,) = order_rows(sold, page(answer), {}).rows["pesquisa"]
        (line,) = lines(answer["retorno"])
        assert search_values(line) == as_queried(row)


@pytest.mark.parametrize(
    ("field", "one", "other", "same"),
    [
        ("valor", "85.90", parse_json("85.9"), True),
        ("valor", "85.90", "85.91", False),
        ("id_vendedor", "0", "", True),
        ("id_vendedor", "740000001", 740000001, True),
        ("nome_vendedor", " ", None, True),
        ("situacao", "Faturado", "Cancelado", False),
        ("data_prevista", "00/00/0000", "", True),
        ("data_prevista", "20/03/2026", "21/03/2026", False),
        ("id", "1", "2", True),
        ("origem_nova", "1", "2", True),
    ],
)
def test_only_another_value_differs(field: str, one: object, other: object, same: bool) -> None:
    line = line_of("pedidos_pesquisa.json", 910000101)
    found = [search_values({**line, field: value}) for value in (one, other)]
    assert (found[0] == found[1]) == same
    assert None not in found


@pytest.mark.parametrize(("field", "value"), [("valor", "abc"), ("data_pedido", "hoje"), ("valor", [1])])
def test_a_line_that_cannot_be_a_row_has_no_values(field: str, value: Any) -> None:
    assert search_values({**line_of("pedidos_pesquisa.json", 910000101), field: value}) is None


def test_a_text_that_was_cut_is_compared_as_it_is_stored() -> None:
    found = search_values({"nome": "corte \ud83c"})
    assert found
    assert found["nome"] == "corte ?"


@given(VALUES)
def test_whatever_stands_on_a_line_has_values_or_none(value: Any) -> None:
    for name in ("nome", "valor", "data_pedido"):
        found = search_values({name: value})
        assert found is None or set(found) == set(SEARCH_VALUES)
