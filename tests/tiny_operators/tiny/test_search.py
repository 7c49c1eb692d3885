"""Search pages, and when to read one more of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tiny_operators.helpers import VALUES, sample
from tiny_operators.tiny.search import (
    last_page,
    lines,
    next_page_pays,
    number_parameters,
    order_id,
    order_number,
    was_edited_between,
)


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("pedidos_pesquisa", [910000101, 1040000202]),
        ("pedidos_pesquisa_numero", [910000101]),
        ("pedidos_pesquisa_tipos_numericos", [910000101]),
        ("pedidos_pesquisa_pagina1_de_2", [1040000202]),
        ("pedidos_pesquisa_pagina2_de_2_repetido", [1040000202, 910000101]),
        ("pedidos_pesquisa_vazia", []),
        ("pdv_pedidos", [910000101]),
    ],
)
def test_orders_of_the_samples(name: str, ids: list[int]) -> None:
    assert [order_id(line) for line in lines(sample(f"{name}.json")["retorno"])] == ids


@pytest.mark.parametrize(
    "pedidos",
    [
        {"pedido": {"id": "7"}},
        {"id": 7},
        [{"pedido": {"id": " 7 "}}],
        [{"id": "7"}],
        ["", None, 3, {"pedido": {"id": 7}}],
    ],
)
def test_lines_come_wrapped_or_flat_in_a_list_or_alone(pedidos: object) -> None:
    assert [order_id(line) for line in lines({"pedidos": pedidos})] == [7]


@pytest.mark.parametrize(
    "retorno", [{}, {"pedidos": None}, {"pedidos": ""}, {"pedidos": []}, {"pedidos": [{"pedido": ""}]}]
)
def test_no_lines(retorno: dict[str, Any]) -> None:
    assert list(lines(retorno)) == []


@pytest.mark.parametrize("value", [None, "", "x", "-1", 1.5, "²", "٣", [], {}, "9" * 5000])
def test_what_is_no_id_or_page_number(value: object) -> None:
    assert order_id({"id": value}) is None
    assert last_page({"numero_paginas": value}) == 1


@pytest.mark.parametrize("value", ["2", 2, " 2 ", "02"])
def test_page_numbers_in_every_spelling(value: object) -> None:
    assert last_page({"numero_paginas": value}) == 2


@given(st.dictionaries(st.sampled_from(["pedidos", "numero_paginas", "id"]), VALUES))
def test_any_answer_can_be_looked_through(retorno: dict[str, Any]) -> None:
    assert last_page(retorno) >= 0
    for line in lines(retorno):
        found = order_id(line)
        assert found is None or found >= 0


@pytest.mark.parametrize(
    ("page", "pages", "wanted", "pays"),
    [
        (0, 1, [1], True),
        (0, 1, [1, 2], True),
        (0, 1, [], False),
        (0, 2, [1], False),
        (0, 2, [1, 1], False),
        (0, 2, [1, 2], True),
        (1, 2, [1], True),
        (2, 2, [1], False),
        (3, 2, [1, 2], False),
        (1, 9, list(range(7)), False),
        (1, 9, list(range(8)), True),
    ],
)
def test_a_page_pays_while_fewer_pages_are_left_than_orders(
    page: int, pages: int, wanted: list[int], pays: bool
) -> None:
    assert next_page_pays(page, pages, wanted) is pays


@given(st.integers(1, 12), st.sets(st.integers(0, 11), min_size=1), st.data())
def test_paging_never_costs_more_calls_than_twice_the_best(
    pages: int, wanted: set[int], data: st.DataObject
) -> None:
    """Wherever the orders stand: pages until it pays no more, then one search for each order that is left."""
    stands = {order: data.draw(st.integers(1, pages)) for order in wanted}
    left, page = set(wanted), 0
    while next_page_pays(page, pages, left):
        page += 1
        left = {order for order in left if stands[order] != page}
    assert page + len(left) <= 2 * min(pages, len(wanted))


@pytest.mark.parametrize(
    "numero", [20451, "20451", " 20451 ", "020451", "20451.0", Decimal("20451.0"), "20451,00"]
)
def test_a_number_is_searched_as_tiny_knows_it(numero: object) -> None:
    """Tiny would find nothing for another writing, and the order would be set aside as one that is not listed."""
    assert number_parameters(numero) == {"numero": "20451"}
    assert order_number({"numero": numero}) == 20451


@pytest.mark.parametrize("numero", ["20451-A", "A 7", "20.451"])
def test_what_is_no_number_is_searched_as_it_is(numero: str) -> None:
    assert number_parameters(f" {numero}") == {"numero": numero}
    assert order_number({"numero": numero}) is None


SOLD = {"totalVenda": "90.00", "situacao": "Em aberto"}
LISTED = {"valor": "90.00", "situacao": "Em aberto"}


@pytest.mark.parametrize(
    ("record", "line"),
    [
        ({}, {"valor": "80.00"}),
        ({}, {"situacao": "Faturado"}),
        ({}, {"valor": 90.01}),
        ({"totalVenda": "1.090,00"}, {"valor": "90.00"}),
        ({"situacao": ""}, {"valor": "80.00", "situacao": ""}),
    ],
)
def test_an_edit_shows_in_the_total_or_the_status(record: dict[str, Any], line: dict[str, Any]) -> None:
    assert was_edited_between(SOLD | record, LISTED | line)


@pytest.mark.parametrize(
    ("record", "line"),
    [
        ({}, {}),
        ({}, {"valor": "90,0"}),
        ({}, {"valor": 90}),
        ({}, {"valor": ""}),
        ({"totalVenda": None}, {}),
        ({}, {"situacao": "EM ABERTO "}),
        ({"situacao": "faturado"}, {"situacao": "Pronto para envio"}),
        ({"situacao": "aberto"}, {}),
        ({"situacao": ""}, {}),
        ({}, {"situacao": None}),
    ],
)
def test_another_spelling_is_no_edit(record: dict[str, Any], line: dict[str, Any]) -> None:
    assert not was_edited_between(SOLD | record, LISTED | line)
