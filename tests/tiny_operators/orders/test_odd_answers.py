"""Odd containers and odd values, each by itself: the rows that they give, and what is noted, written out by hand."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from tests.tiny_operators.helpers import ODD_SAMPLES
from tests.tiny_operators.orders.expected_pdv import PDV, Row
from tests.tiny_operators.orders.expected_pesquisa_produto import PRODUTO
from tests.tiny_operators.orders.test_samples import without_own
from tests.tiny_operators.raw_orders import COFFEE, PEDIDO, changed, order, page, product
from tiny_operators.orders.rows import OrderRows, order_rows
from tiny_operators.schemas import tiny_columns
from tiny_operators.tiny.answers import Json, parse_json
from tiny_operators.tiny.search import LINE_FIELDS, lines, order_id

COFFEE_ITEM, WINE_ITEM = PDV["itens"]
(INSTALMENT,) = PDV["parcelas"]
DAY, OBJECT, WHOLE = "a day as dd/mm/yyyy", "an object", "a whole number of 64 bits"
NUMBER = "a number with up to 15 digits before the point"
Notes = list[tuple[str, str, str]]


def odd(name: str) -> Json:
    content: Json = parse_json((ODD_SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    return content


def noted(result: OrderRows) -> Notes:
    return [(note.field, note.expected, note.found) for note in result.notes]


# Each order, how its row differs from that of the same order without anything odd, and what is noted.
ORDERS: dict[str, tuple[Row, Notes]] = {
    "order-01-itens-numbered": ({}, []),
    "order-03-parcelas-numbered": (
        {"parcelas": [INSTALMENT, {**INSTALMENT, "formaPagamento": "dinheiro"}]},
        [],
    ),
    "order-05-contato-wrapped": ({}, []),
    "order-06-vencimento-php-zero": (
        {"parcelas": [{**INSTALMENT, "dataVencimento": None}]},
        [("pdv.parcelas[0].dataVencimento", DAY, "text of 11 characters")],
    ),
    # The day of the sale, from the order's search line.
    "order-07-data-php-zero": ({"data": "2026-03-14"}, [("pdv.data", DAY, "text of 11 characters")]),
    "order-09-frete-nbsp": ({"frete": "1234.56"}, []),
    "order-11-contato-list": ({}, []),
    "order-12-endereco-list": ({"enderecoEntrega": None}, []),
    "order-13-idProduto-text": (
        {"itens": [{**COFFEE_ITEM, "idProduto": None}, WINE_ITEM]},
        [("pdv.itens[0].idProduto", WHOLE, "text of 5 characters")],
    ),
}
PRODUCTS: dict[str, tuple[Row, Notes]] = {
    "product-01-dias-preparacao": (
        {"dias_preparacao": None},
        [("produto.dias_preparacao", WHOLE, "text of 6 characters")],
    ),
    "product-02-qtd-volumes": ({"qtd_volumes": None}, [("produto.qtd_volumes", WHOLE, "another number")]),
    "product-03-anexos-texts": ({"anexos": [{"anexo": "https://exemplo.invalid/a.jpg"}]}, []),
}


@pytest.mark.parametrize("name", ORDERS)
def test_every_odd_order(name: str) -> None:
    differs, notes = ORDERS[name]
    answer = odd(name)
    result = order_rows(order(answer), page(), {COFFEE: product()})
    assert (result.loaded, result.rejects, result.fields.unknown) == (True, [], set())
    (row,) = result.rows["pdv"]
    assert without_own(row) == {**PDV, **differs}
    assert noted(result) == notes
    assert row["payload"] == answer["retorno"]["pedido"], "the payload is as it came"
    assert [product["id"] for product in result.rows["produto"]] == [COFFEE]


@pytest.mark.parametrize("name", PRODUCTS)
def test_every_odd_product_keeps_its_cost(name: str) -> None:
    differs, notes = PRODUCTS[name]
    result = order_rows(order(), page(), {COFFEE: product(odd(name))})
    (row,) = result.rows["produto"]
    assert without_own(row) == {**PRODUTO["produto_obter.json"], **differs}
    assert row["preco_custo"] is not None
    assert noted(result) == notes
    assert {note.produto for note in result.notes} <= {COFFEE}
    assert result.rejects == []


def test_every_odd_sample_was_looked_at() -> None:
    names = {path.stem for path in ODD_SAMPLES.iterdir()}
    assert {name for name in names if name.startswith(("order", "product"))} == {*ORDERS, *PRODUCTS}


@pytest.mark.parametrize(
    ("name", "ids"), [("search-01-one-of-another-date", [1, 2, 3]), ("search-02-pedidos-pedido-list", [1, 2])]
)
def test_every_odd_search_page(name: str, ids: list[int]) -> None:
    assert [order_id(line) for line in lines(odd(name)["retorno"])] == ids
    for pedido in ids:
        sold = changed("pdv_pedido_obter.json", "pedido", "id", value=pedido)
        (row,) = order_rows(order(sold, pedido), page(odd(name)), {}).rows["pesquisa"]
        day = "2026-03-13" if pedido == 3 else "2026-03-14"
        reported = {"id": str(pedido), "numero": str(pedido + 10), "data_pedido": day, "valor": "10.00"}
        assert without_own(row) == {
            **dict.fromkeys(LINE_FIELDS),
            **reported,
            "situacao": "Faturado",
        }


def test_the_fields_of_a_search_line_are_the_columns_of_its_table() -> None:
    assert {column.name for column in tiny_columns("pesquisa")} == LINE_FIELDS


# A value of a side field of an order; what its column holds; whether it is noted, as what.
SIDE_VALUES: list[tuple[tuple[str | int, ...], Any, Any, str | None]] = [
    (("frete",), "R$ 10,00", "10.00", None),
    (("frete",), "a combinar", None, NUMBER),
    (("frete",), "10%", None, NUMBER),
    (("frete",), "-", None, NUMBER),
    (("valorIPI",), "R$\u00a01.234,56", "1234.56", None),
    (("valorICMSSubst",), {"x": 1}, None, NUMBER),
    (("numero",), "20451-A", None, WHOLE),
    (("pesoBruto",), parse_json("1e9999999"), None, NUMBER),
    (("pesoLiquido",), "1 kg", None, NUMBER),
    (("contato",), "Joana", None, OBJECT),
    (("contato",), {"apelido": "Joana"}, None, OBJECT),
    (("contato",), [{"nome": "Joana"}, {"nome": "Ana"}], None, OBJECT),
    (("enderecoEntrega",), [""], None, None),
    (("enderecoEntrega",), [{}], None, None),
    (("enderecoEntrega",), {"endereco": [""]}, {"endereco": '[""]'}, None),
    (("enderecoEntrega",), "a mesma", None, OBJECT),
    (("itens", 0, "idProduto"), "kit-9", None, WHOLE),
    (("itens", 0, "id"), "x", None, WHOLE),
    (("itens", 1, "pesoBruto"), "n/d", None, NUMBER),
    (("parcelas", 0, "dataVencimento"), "-", None, DAY),
    (("parcelas", 0, "dataVencimento"), "hoje", None, DAY),
    (("parcelas", 0, "dataVencimento"), "31/12/1969", None, DAY),
    (("parcelas", 0, "dataVencimento"), "2026-04-13T00:00:00-03:00", "2026-04-13", None),
    (("parcelas", 0, "valor"), "tudo", None, NUMBER),
    (("parcelas",), "à vista", [], "a list of objects"),
    (("parcelas",), {"novo": 1}, [], "a list of objects"),
]


@pytest.mark.parametrize(("path", "value", "expected", "noted_as"), SIDE_VALUES)
def test_a_side_value_costs_nobody_the_order(
    path: tuple[str | int, ...], value: Any, expected: Any, noted_as: str | None
) -> None:
    result = order_rows(order(changed("pdv_pedido_obter.json", "pedido", *path, value=value)), page(), {})
    wanted: Any = deepcopy(PDV)
    place = wanted
    for step in path[:-1]:
        place = place[step]
    if isinstance(expected, dict):
        expected = dict.fromkeys(place[path[-1]]) | expected
    place[path[-1]] = expected
    (row,) = result.rows["pdv"]
    assert without_own(row) == wanted
    name = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    assert [note[:2] for note in noted(result)] == ([(f"pdv{name}", noted_as)] if noted_as else [])
    assert result.rejects == []


@pytest.mark.parametrize("count", [1, 3, 10])
def test_as_many_side_values_as_there_are_cost_nobody_the_order(count: int) -> None:
    items = [{**item, "pesoBruto": "n/d"} for item in [{"id": 1, "valor": 1, "quantidade": 1}] * count]
    result = order_rows(order(changed("pdv_pedido_obter.json", "pedido", "itens", value=items)), page(), {})
    assert [note.field for note in result.notes] == [f"pdv.itens[{n}].pesoBruto" for n in range(count)]
    assert [item["pesoBruto"] for item in result.rows["pdv"][0]["itens"]] == [None] * count
    assert result.loaded


@pytest.mark.parametrize("nothing", ["", None, "00/00/0000", "30/11/-0001", "-", "31/12/1969"])
def test_the_day_of_the_sale_is_taken_from_the_search_where_the_order_has_none(nothing: Any) -> None:
    sold = order(changed("pdv_pedido_obter.json", "pedido", "data", value=nothing))
    result = order_rows(sold, page(), {})
    assert [row["data"] for row in result.rows["pdv"]] == ["2026-03-14"]
    assert [note.field for note in result.notes] == ["pdv.data"]
    line = changed("pedidos_pesquisa.json", "pedidos", 0, "pedido", "data_pedido", value=nothing)
    result = order_rows(sold, page(line), {})
    assert (result.loaded, [reject.field for reject in result.rejects]) == (False, ["pdv.data"])
    assert not any(result.rows.values())


@pytest.mark.parametrize(
    "name", ["preco", "preco_custo", "preco_custo_medio", "alturaEmbalagem", "estoque_minimo"]
)
@pytest.mark.parametrize("value", ["caro", "10cm", {"x": 1}, [1, 2]])
def test_a_side_value_of_a_product_costs_only_itself(name: str, value: Any) -> None:
    result = order_rows(
        order(), page(), {COFFEE: product(changed("produto_obter.json", "produto", name, value=value))}
    )
    (row,) = result.rows["produto"]
    assert without_own(row) == {**PRODUTO["produto_obter.json"], name: None}
    assert [(note.field, note.produto) for note in result.notes] == [(f"produto.{name}", COFFEE)]


def test_a_rejected_order_has_no_notes() -> None:
    answer = changed("pdv_pedido_obter.json", "pedido", "numero", value="x")
    answer["retorno"]["pedido"]["totalVenda"] = "x"
    result = order_rows(order(answer), page(), {})
    assert (result.notes, [reject.field for reject in result.rejects]) == ([], ["pdv.totalVenda"])


WRAPPERS: dict[str, Callable[[Json], Any]] = {
    "list": lambda record: [record],
    "named": lambda record: {"pedido": record},
    "numbered": lambda record: {"0": record},
    "list in a name": lambda record: {"pedido": [record]},
    "twice": lambda record: [{"pedido": {"pedido": record}}],
    "among nothing": lambda record: ["", None, {}, record],
}


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_the_order_and_the_product_may_be_wrapped_too(wrapper: str) -> None:
    answers = [order_answer(), product_answer()]
    for answer, name in zip(answers, ("pedido", "produto"), strict=True):
        answer["retorno"][name] = WRAPPERS[wrapper](answer["retorno"][name])
    result = order_rows(order(answers[0]), page(), {COFFEE: product(answers[1])})
    assert [without_own(row) for row in result.rows["pdv"]] == [PDV]
    assert [without_own(row) for row in result.rows["produto"]] == [PRODUTO["produto_obter.json"]]
    assert (result.rejects, result.notes) == ([], [])


@pytest.mark.parametrize("count", [1, 3, 10])
@pytest.mark.parametrize(
    "beside", [{"quantidade": 2}, {"codigo": "x"}, {"valor": "9,90", "desconto": ""}, {"total": 2}]
)
def test_values_beside_items_and_instalments_cost_no_row_and_make_none(beside: Json, count: int) -> None:
    for name, wrapper, known in (("itens", "item", beside), ("parcelas", "parcela", {"valor": "9,90"})):
        plain = order_answer()
        pedido = plain["retorno"]["pedido"]
        (first, *_) = container_records(pedido[name], wrapper)
        pedido[name] = [{**first, "valor": str(number)} for number in range(1, count + 1)]
        wanted = order_rows(order(plain), page(), {COFFEE: product()})
        assert [row["valor"] for row in wanted.rows["pdv"][0][name]] == [
            str(number) for number in range(1, count + 1)
        ]
        for shape in (
            {wrapper: pedido[name], **known},
            {**known, wrapper: pedido[name]},
            {**{str(n): {wrapper: record} for n, record in enumerate(pedido[name])}, **known},
        ):
            odd_one = deepcopy(plain)
            odd_one["retorno"]["pedido"][name] = shape
            result = order_rows(order(odd_one), page(), {COFFEE: product()})
            assert [row[name] for row in result.rows["pdv"]] == [wanted.rows["pdv"][0][name]]
            assert (result.rejects, result.notes) == ([], [])


def container_records(value: Any, wrapper: str) -> list[Json]:
    return [item.get(wrapper, item) for item in (value if isinstance(value, list) else [value])]


def order_answer() -> Json:
    return changed("pdv_pedido_obter.json", "pedido", "id", value=str(PEDIDO))


def product_answer() -> Json:
    return changed("produto_obter.json", "produto", "id", value=COFFEE)


@pytest.mark.parametrize("spelled", ["00{}", "{}.0", "{},00", " {} ", "{}\u00a0"])
def test_an_id_with_blanks_zeros_or_decimals_is_the_id(spelled: str) -> None:
    wanted = order_rows(order(), page(), {COFFEE: product()}).rows
    sold = changed("pdv_pedido_obter.json", "pedido", "id", value=spelled.format(PEDIDO))
    bought = changed("produto_obter.json", "produto", "id", value=spelled.format(COFFEE))
    listed = page()
    for line in lines(listed.answer["retorno"]):
        line["id"] = spelled.format(line["id"])
    result = order_rows(order(sold), listed, {COFFEE: product(bought)})
    assert (result.rejects, result.notes) == ([], [])
    for table, (row,) in result.rows.items():
        assert without_own(row) == without_own(wanted[table][0])


@pytest.mark.parametrize("count", [1, 3, 10])
@pytest.mark.parametrize(
    "empty", [{"valor": ""}, {"valor": None, "quantidade": " "}, {"item": {"valor": ""}}]
)
def test_a_form_that_was_left_empty_is_no_row_of_nulls(empty: Json, count: int) -> None:
    wanted = order_rows(order(), page(), {}).rows["pdv"][0]
    for name in ("itens", "parcelas"):
        for place in range(len(wanted[name]) + 1):
            value = list(order_answer()["retorno"]["pedido"][name])
            value[place:place] = [empty] * count
            result = order_rows(
                order(changed("pdv_pedido_obter.json", "pedido", name, value=value)), page(), {}
            )
            assert [row[name] for row in result.rows["pdv"]] == [wanted[name]]
            assert (result.rejects, result.notes) == ([], [])


@pytest.mark.parametrize("strange", [{"novo": 1}, {"0": {"novo": 1}}, "texto", 7, [[1]]])
def test_what_is_no_record_is_a_reject_and_never_a_row_of_nulls(strange: Any) -> None:
    for name, wanted in (("pedido", "pedido"), ("pedido.itens", "pdv.itens")):
        answer = order_answer()
        place: Any = answer["retorno"]
        *steps, last = name.split(".")
        for step in steps:
            place = place[step]
        place[last] = strange
        result = order_rows(order(answer), page(), {COFFEE: product()})
        assert (result.loaded, [reject.field for reject in result.rejects]) == (False, [wanted])
    answer = product_answer()
    answer["retorno"]["produto"] = strange
    result = order_rows(order(), page(), {COFFEE: product(answer)})
    assert (result.rows["produto"], [reject.field for reject in result.rejects]) == ([], ["produto"])
