"""The rows of an order: all samples come out as written by hand, and what cannot be a row is a reject that says why."""

from __future__ import annotations

import json
from dataclasses import astuple
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tiny_operators.helpers import (
    VALUES,
    after,
    sample,
)
from tests.tiny_operators.orders.expected_pdv import PDV
from tests.tiny_operators.raw_orders import COFFEE, PEDIDO, changed, order, page, product
from tiny_operators.orders.outcomes import Wait
from tiny_operators.orders.rows import OrderRows, order_rows, order_uuid, product_ids, row_texts
from tiny_operators.tiny.answers import Json, parse_json


def rejected(result: OrderRows) -> Any:
    assert not result.loaded
    assert result.rows == {"pdv": [], "pesquisa": [], "produto": []}
    (reject,) = result.rejects
    assert reject.action
    return reject


def test_an_item_without_a_product_keeps_its_row() -> None:
    for nothing in ("", "0", 0, None):
        answer = changed("pdv_pedido_obter.json", "pedido", "itens", 1, "idProduto", value=nothing)
        (row,) = order_rows(order(answer), page(), {}).rows["pdv"]
        assert [item["idProduto"] for item in row["itens"]] == [COFFEE, None]
        assert row["itens"][1]["valor"] == "54.90"


def test_one_item_may_be_an_object_and_items_may_be_wrapped() -> None:
    items = sample("pdv_pedido_obter.json")["retorno"]["pedido"]["itens"]
    for spelled in (items[0], {"item": items[0]}, [{"item": items[0]}]):
        answer = changed("pdv_pedido_obter.json", "pedido", "itens", value=spelled)
        assert product_ids(answer["retorno"]["pedido"]) == [COFFEE]
        (row,) = order_rows(order(answer), page(), {}).rows["pdv"]
        assert row["itens"] == PDV["itens"][:1]


@pytest.mark.parametrize("form", ["0", "0,00", "5,00", "10%", "-5,00", "1.234,56"])
def test_the_discount_stays_as_tiny_writes_it(form: str) -> None:
    answer = changed("pdv_pedido_obter.json", "pedido", "desconto", value=form)
    (row,) = order_rows(order(answer), page(), {}).rows["pdv"]
    assert row["desconto"] == form


def test_an_order_that_tiny_does_not_know_is_rejected_at_the_fetch() -> None:
    reject = rejected(order_rows(order("erro_registro_nao_localizado.json"), None, {}))
    assert (reject.step, reject.field, reject.found) == (
        "fetch",
        "pedido",
        "Tiny does not know this record (code 32)",
    )


@pytest.mark.parametrize("code", [31, 33, 77])
def test_an_order_that_tiny_refuses_is_rejected_at_the_fetch(code: int) -> None:
    answer = {"retorno": {"status_processamento": 2, "codigo_erro": code, "erros": [{"erro": "Joana"}]}}
    reject = rejected(order_rows(order(answer), page(), {}))
    assert reject.step == "fetch"
    assert "Joana" not in reject.found


@pytest.mark.parametrize("other", ["910000102", 910000102, "", None, "0910000102", "910000101.5", "Joana"])
def test_an_answer_about_another_order_is_rejected(other: object) -> None:
    reject = rejected(
        order_rows(order(changed("pdv_pedido_obter.json", "pedido", "id", value=other)), page(), {})
    )
    assert (reject.step, reject.field, reject.found) == ("rows", "pedido.id", "another one")
    assert str(PEDIDO) in reject.expected


@pytest.mark.parametrize(
    ("record", "kind"),
    [([], "list of 0"), ("", "empty text"), ("texto", "text of 5 characters"), (3, "number")],
)
def test_an_answer_that_is_no_object_is_rejected(record: object, kind: str) -> None:
    answer = changed("pdv_pedido_obter.json", "pedido", value=record)
    reject = rejected(order_rows(order(answer), page(), {}))
    assert (reject.field, reject.expected, reject.found) == ("pedido", "an object", kind)


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        (("pedido", "totalVenda"), "oitenta", "pdv.totalVenda"),
        (("pedido", "totalProdutos"), "10%", "pdv.totalProdutos"),
        (("pedido", "totalVenda"), "-", "pdv.totalVenda"),
        (("pedido", "totalVenda"), "", "pdv.totalVenda"),
        (("pedido", "itens", 0, "valor"), "grátis", "pdv.itens[0].valor"),
        (("pedido", "data"), "31/02/2026", "pdv.data"),
        (("pedido", "itens"), "texto", "pdv.itens"),
        (("pedido", "itens"), {"novo": 1}, "pdv.itens"),
        (("pedido", "itens"), {"0": {"novo": 1}, "1": {"novo": 2}}, "pdv.itens"),
        (("pedido", "itens", 1, "quantidade"), {"x": 1}, "pdv.itens[1].quantidade"),
        (("pedido", "totalVenda"), parse_json("1e9999999"), "pdv.totalVenda"),
        (("pedido", "data"), "14/03/26", "pdv.data"),
    ],
)
def test_a_wrong_field_of_an_order_is_named_and_its_value_is_not(
    path: tuple[str | int, ...], value: Any, field: str
) -> None:
    reject = rejected(
        order_rows(order(changed("pdv_pedido_obter.json", *path, value=value)), page(), {COFFEE: product()})
    )
    assert (reject.step, reject.field) == ("rows", field)
    assert "Joana" not in str(astuple(reject))


def test_a_wrong_field_of_the_search_line_rejects_the_order() -> None:
    answer = changed("pedidos_pesquisa.json", "pedidos", 0, "pedido", "valor", value="abc")
    assert rejected(order_rows(order(), page(answer), {COFFEE: product()})).field == "pesquisa.valor"


def test_a_wrong_line_of_another_order_harms_nobody() -> None:
    answer = changed("pedidos_pesquisa.json", "pedidos", 1, "pedido", "valor", value="abc")
    assert order_rows(order(), page(answer), {}).loaded


LISTING_S = 15 * 60
DAY_S = 24 * 60 * 60


@pytest.mark.parametrize(
    ("unanswered", "wait", "seconds"),
    [([], Wait.NOT_LISTED, LISTING_S), (["pesquisa"], Wait.NO_SEARCH, DAY_S)],
)
@pytest.mark.parametrize("older", [False, True], ids=["asked-late", "line-of-an-older-version"])
def test_an_order_that_is_not_listed_waits_its_time_from_the_first_asking(
    unanswered: list[str], wait: Wait, seconds: int, *, older: bool
) -> None:
    """Also when its sale arrived long ago; a line of an older version knows only when that was."""
    asked = 0 if older else 100_000
    about: Any = {"unanswered": unanswered, "unlisted_since": None if older else after(asked)}
    for passed in (0, 1, seconds - 1):
        result = order_rows(order(fetched_at=after(asked + passed), **about), None, {COFFEE: product()})
        assert result.waits is not None
        assert (result.waits.wait, result.loaded, result.rejects) == (wait, False, [])
        assert not any(result.rows.values())
    for passed in (seconds, 10 * seconds):
        result = order_rows(order(fetched_at=after(asked + passed), **about), None, {COFFEE: product()})
        assert not result.waits
        assert rejected(result).field == "pesquisa"


def test_what_history_reads_cannot_wait_in_the_inbox() -> None:
    assert rejected(order_rows(order(fetched_at=after(1), path="daily"), None, {})).field == "pesquisa"


@pytest.mark.parametrize("silent", [[COFFEE], [COFFEE, 730000002], [1, 2, 3]])
def test_a_product_without_an_answer_costs_its_own_row_alone(silent: list[int]) -> None:
    result = order_rows(order(unanswered=[str(produto) for produto in silent]), page(), {})
    assert result.loaded
    assert [(reject.step, reject.field, reject.produto) for reject in result.rejects] == [
        ("fetch", "produto", produto) for produto in silent
    ]


@pytest.mark.parametrize("name", ["pedidos_pesquisa_pagina1_de_2.json", "pedidos_pesquisa_vazia.json"])
def test_a_page_that_does_not_list_the_order_rejects_it(name: str) -> None:
    assert rejected(order_rows(order(), page(name), {})).field == "pesquisa"


def test_an_order_that_is_gone_does_not_wait_for_the_search() -> None:
    assert not order_rows(order("erro_registro_nao_localizado.json", fetched_at=after(1)), None, {}).waits


@pytest.mark.parametrize(
    ("answer", "step", "field"),
    [
        ("erro_registro_nao_localizado.json", "fetch", "produto"),
        ("produto_obter_kit.json", "rows", "produto.id"),
        (changed("produto_obter.json", "produto", value={"x": 1}), "rows", "produto"),
        (changed("produto_obter.json", "produto", value=[]), "rows", "produto"),
    ],
)
def test_a_products_reject_does_not_reject_the_order(answer: str | Json, step: str, field: str) -> None:
    vinho = changed("produto_obter.json", "produto", "id", value=730000002)
    result = order_rows(order(), page(), {COFFEE: product(answer), 730000002: product(vinho, 730000002)})
    assert result.loaded
    assert [row["id"] for row in result.rows["produto"]] == [730000002]
    assert [(reject.step, reject.field) for reject in result.rejects] == [(step, field)]


def test_costs_that_a_person_asked_for_say_when() -> None:
    for refresh in (True, False):
        result = order_rows(order(fetched_at=after(30), refresh_costs=refresh), page(), {COFFEE: product()})
        (row,) = result.rows["produto"]
        assert row["refreshed_at"] == (after(30) if refresh else None)
        assert "refreshed_at" not in result.rows["pdv"][0] | result.rows["pesquisa"][0]


def test_new_fields_are_reported_and_kept_in_the_payload() -> None:
    answer = changed("pdv_pedido_obter.json", "pedido", "itens", 0, "lote", value="L1")
    answer["retorno"]["pedido"]["contato"]["apelido"] = "J"
    answer["retorno"]["pedido"]["canal"] = {"nome": "loja"}
    line = changed("pedidos_pesquisa.json", "pedidos", 0, "pedido", "origem", value=1)
    produto = changed("produto_obter.json", "produto", "data_criacao_nova", value="x")
    result = order_rows(order(answer), page(line), {COFFEE: product(produto)})
    assert result.fields.unknown == {
        "pdv.itens.lote",
        "pdv.contato.apelido",
        "pdv.canal",
        "pesquisa.origem",
        "produto.data_criacao_nova",
    }
    payload = result.rows["pdv"][0]["payload"]
    assert payload["canal"] == {"nome": "loja"}
    assert payload["itens"][0]["lote"] == "L1"


def test_the_uuid_is_the_orders_for_ever() -> None:
    assert order_uuid("z316", PEDIDO) == "62c9b5fd-7706-5330-9009-2c32fccc87ab"
    assert len({order_uuid(store, pedido) for store in ("z316", "b2") for pedido in (1, 11, 111)}) == 6
    readings = [
        order_rows(order(fetched_at=after(n), path=path), page(), {})
        for n, path in enumerate(["webhook", "replay"])
    ]
    assert {result.rows["pdv"][0]["uuid"] for result in readings} == {order_uuid("z316", PEDIDO)}
    assert [result.rows["pdv"][0]["source_id"] for result in readings] == ["webhook-0.1.0", "replay-0.1.0"]


@pytest.mark.parametrize(
    ("itens", "ids"),
    [
        ([{"idProduto": "2"}, {"idProduto": 1}, {"idProduto": "2"}], [2, 1]),
        ([{"item": {"idProduto": "7"}}], [7]),
        ([{"idProduto": " 8 "}, {"idProduto": "9.00"}, {"idProduto": "0010"}], [8, 9, 10]),
        ({"idProduto": 7}, [7]),
        (
            [
                {"idProduto": ""},
                {"idProduto": "0"},
                {"idProduto": None},
                {},
                {"idProduto": "-3"},
                {"idProduto": "1,5"},
                {"idProduto": "99999999999999999999"},
                {"idProduto": "1e99"},
                {"idProduto": True},
            ],
            [],
        ),
        ([{"idProduto": "texto"}, "texto", None, {"item": "x"}], []),
        ("", []),
        (None, []),
        ([], []),
        ("texto", []),
        (5, []),
    ],
)
def test_products_of_an_order(itens: object, ids: list[int]) -> None:
    assert product_ids({"itens": itens}) == ids
    assert product_ids({}) == []


@pytest.mark.parametrize(
    "written",
    ["7", " 7 ", 7, "7,00", "007", "1.000", "12.345.678", "1e3", "0", "-3", "1,5", "x", "1e99", str(10**20)],
)
def test_the_products_that_are_asked_for_are_those_of_the_column(written: object) -> None:
    """The check after a merge wants a row or a reason for each product that the column of the items names."""
    answer = changed("pdv_pedido_obter.json", "pedido", "itens", 0, "idProduto", value=written)
    (row,) = order_rows(order(answer), page(), {}).rows["pdv"]
    named = {item["idProduto"] for item in row["itens"]} - {None}
    assert {*product_ids(answer["retorno"]["pedido"])} == {product for product in named if product > 0}


@pytest.mark.parametrize("written", [f"{PEDIDO} ", f" {PEDIDO}", f"00{PEDIDO}", PEDIDO])
def test_the_tables_have_one_spelling_of_an_order(written: object) -> None:
    """Else a merge would not find the row of the reading before, and insert another one."""
    listed = page()
    line = listed.answer["retorno"]["pedidos"][0]["pedido"]
    assert int(line["id"]) == PEDIDO
    line["id"] = written
    assert order_rows(order(), listed, {}).rows["pesquisa"][0]["id"] == str(PEDIDO)


@given(VALUES)
def test_any_items_have_products_or_none(itens: object) -> None:
    found = product_ids({"itens": itens})
    assert all(type(produto) is int and produto > 0 for produto in found)
    assert len(set(found)) == len(found)


PLACES = st.sampled_from([
    ("pedido",),
    ("pedido", "id"),
    ("pedido", "data"),
    ("pedido", "totalVenda"),
    ("pedido", "itens"),
    ("pedido", "contato"),
    ("pedido", "itens", 0),
    ("pedido", "itens", 0, "valor"),
    ("pedido", "parcelas"),
    ("pedido", "novo"),
    ("codigo_erro",),
    ("status_processamento",),
])


@given(PLACES, VALUES)
def test_whatever_tiny_answers_becomes_rows_a_reject_or_a_wait(
    path: tuple[str | int, ...], value: Any
) -> None:
    result = order_rows(
        order(changed("pdv_pedido_obter.json", *path, value=value)), page(), {COFFEE: product()}
    )
    assert result.loaded != bool(result.rejects)
    for rows in result.rows.values():
        for text in row_texts(rows):
            text.encode()
            json.loads(text, parse_constant=pytest.fail)


@pytest.mark.parametrize(
    "field",
    ['"novo":1e400', '"novo":{"x":[-1e999]}', '"observacoes":"corte \\ud83c"', '"novo":"\\udc00"'],
    ids=["infinite", "deep", "half of a pair", "unknown field"],
)
def test_an_odd_value_of_one_order_does_not_spoil_the_file_of_rows(field: str) -> None:
    """A load job refuses a whole file for one line that is no JSON, and a lone surrogate cannot be written at all."""
    answer = '{"retorno":{"status_processamento":3,"pedido":{"id":"910000101",' + field + "}}}"
    result = order_rows(order(parse_json(answer)), page(), {})
    for text in row_texts(result.rows["pdv"]):
        json.loads(text.encode(), parse_constant=pytest.fail)
    assert result.loaded or result.rejects


def test_the_payload_keeps_every_value() -> None:
    answer = changed(
        "pdv_pedido_obter.json",
        "pedido",
        "novo",
        value=parse_json('[36.3200000000, 0.1, 11.3275, 1e3, 7, "é", null, true]'),
    )
    (row,) = order_rows(order(answer), page(), {}).rows["pdv"]
    assert row["payload"]["novo"] == [36.32, 0.1, 11.3275, 1000, 7, "é", None, True]


def test_rows_are_one_json_line_each() -> None:
    rows = order_rows(order(), page(), {}).rows["pdv"] * 2
    texts = list(row_texts(rows))
    assert [json.loads(text) for text in texts] == rows
    assert all(text.count("\n") == 1 and text.endswith("}\n") for text in texts)
