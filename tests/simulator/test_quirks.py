"""Each switch does what it says, and nothing does it when it is off."""

import dataclasses
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any

import pytest

from local.tiny_simulator.settings import Quirks
from tests.simulator.client import Json, Tiny

KIT_OF_ONE, PARENT, SERVICE, WITH_ONE_PICTURE = 730000053, 730000047, 730000054, 730000002


def _orders(tiny: Tiny) -> list[Json]:
    orders: list[Json] = tiny.get("truth", tables="orders")["orders"]
    return orders


def _till(tiny: Tiny) -> Json:
    order_id = next(
        order["id"]
        for order in _orders(tiny)
        if not order["marketplace"] and order["codigo_situacao"] == "faturado"
    )
    answer: Json = tiny.call("pdv.pedido.obter", id=order_id)["pedido"]
    return answer


def _product(tiny: Tiny, product_id: int = 730000001) -> Json:
    answer: Json = tiny.call("produto.obter", id=product_id)["produto"]
    return answer


def _row(tiny: Tiny) -> Json:
    answer: Json = tiny.call("pedidos.pesquisa", sort="ASC")["pedidos"][0]["pedido"]
    return answer


def _texts(tiny: Tiny) -> set[object]:
    return set(_till(tiny)["enderecoEntrega"].values())


def _sold(tiny: Tiny, count: int = 200) -> list[Json]:
    ids = [order["id"] for order in tiny.sell(count)]
    rows: list[Json] = tiny.get("truth", tables="pdv", ids=",".join(map(str, ids)))["pdv"]
    return rows


def _throttled(tiny: Tiny) -> type:
    tiny.post("faults", {"service": "info", "faults": ["code_6"]})
    return type(tiny.call("info")["erros"])


WIRE: dict[str, tuple[Json, Callable[[Tiny], Any], Any, Any]] = {
    "numeric_ids": ({"numeric_ids": 1}, lambda t: type(_row(t)["id"]), str, int),
    "numeric_values": ({"numeric_values": 1}, lambda t: type(_row(t)["valor"]) in {int, float}, False, True),
    "numeric_pdv": ({"numeric_pdv": 1}, lambda t: type(_till(t)["itens"][0]["id"]), str, int),
    "numeric_status": ({"numeric_status": 1}, lambda t: t.call("info")["status_processamento"], "3", 3),
    "blank_nulls": ({"blank_nulls": True}, lambda t: _till(t)["enderecoEntrega"]["cidade"], None, ""),
    "zero_ids": ({"zero_ids": True}, lambda t: _product(t, SERVICE)["id_fornecedor"], None, 0),
    "space_blanks": ({"blank_nulls": True, "space_blanks": 1}, _texts, {None}, {" "}),
    "true_nulls": ({"blank_nulls": True, "true_nulls": True}, lambda t: _product(t)["garantia"], None, ""),
    "stray_nulls": ({"blank_nulls": True, "stray_nulls": 1}, _texts, {None}, {None}),
    "empty_list_text": ({"empty_list_text": True}, lambda t: _product(t)["variacoes"], [], ""),
    "single_as_object": ({"single_as_object": 1}, lambda t: type(_product(t, KIT_OF_ONE)["kit"]), list, dict),
    "single_row_as_object": (
        {"single_row_as_object": 1},
        lambda t: type(t.call("pedidos.pesquisa", numero=_row(t)["numero"])["pedidos"]) if _many(t) else None,
        list,
        dict,
    ),
    "odd_containers": (
        {"odd_containers": 1},
        lambda t: (
            all(type(_till(t)[name]) in {list, dict} for name in ("contato", "itens"))
            and "nome" in _till(t)["contato"]
        ),
        True,
        False,
    ),
    "odd_values": ({"odd_values": 1}, lambda t: _till(t)["totalVenda"].startswith("R$\u00a0"), False, True),
    "unreadable_values": (
        {"unreadable_values": 1},
        lambda t: _product(t)["dias_preparacao"].isdigit(),
        True,
        False,
    ),
    "latin_1": (
        {"latin_1": True},
        lambda t: "Empório".encode("latin-1") in t.raw("info").content,
        False,
        True,
    ),
    "long_prices": ({"long_prices": 1}, lambda t: _product(t)["preco"], "89.90", "89.9000000000"),
    "escaped_unicode": ({"escaped_unicode": True}, lambda t: "\\u00" in t.raw("info").text, False, True),
    "rich_text": (
        {"rich_text": True},
        lambda t: "&amp;" in _product(t)["descricao_complementar"],
        False,
        True,
    ),
    "new_fields": ({"new_fields": True}, lambda t: "data_criacao" in _product(t), False, True),
    "unknown_fields": ({"unknown_fields": True}, lambda t: "origemVenda" in _till(t), False, True),
    "old_labels": ({"old_labels": True}, lambda t: _till(t)["situacao"], "Faturado", "Atendido"),
    "situacao_codes": ({"situacao_codes": True}, lambda t: _till(t)["situacao"], "Faturado", "faturado"),
    "xml_without_formato": (
        {"xml_without_formato": True},
        lambda t: t.raw("info", formato=None).text[:5],
        '{"ret',
        "<?xml",
    ),
    "loose_numero": (
        {"loose_numero": True},
        lambda t: t.code("pedidos.pesquisa", numero=_row(t)["numero"][:3]),
        20,
        0,
    ),
    "throttle_object": ({"throttle_object": 1}, _throttled, list, dict),
    "page_count_drift": (
        {"page_count_drift": True},
        lambda t: len({t.call("pedidos.pesquisa")["numero_paginas"] for _ in range(30)}) > 1,
        False,
        True,
    ),
    "webhook_pair": ({"webhook_pair": True}, lambda t: len(t.sell()[0]["webhooks"]), 1, 2),
    "webhook_duplicates": ({"webhook_duplicates": 1}, lambda t: len(t.sell()[0]["webhooks"]), 1, 2),
    "webhook_shuffle": (
        {"webhook_shuffle": True},
        lambda t: {o["webhooks"][0]["tipo"] for o in t.sell(30, pair=True)},
        {"inclusao_pedido"},
        {"inclusao_pedido", "atualizacao_pedido"},
    ),
    "webhook_numbers": (
        {"webhook_numbers": 1},
        lambda t: type(t.sell()[0]["webhooks"][0]["dados"]["id"]),
        str,
        int,
    ),
    "webhook_early_s": (
        {"webhook_early_s": 3600},
        lambda t: t.code("pdv.pedido.obter", id=t.sell()[0]["id"]),
        0,
        32,
    ),
    "discount_forms": (
        {"discount_forms": True},
        lambda t: {"0", "0,00", None} <= {row["desconto"] for row in _sold(t)},
        False,
        True,
    ),
    "surcharges": (
        {"discount_forms": True, "surcharges": 1},
        lambda t: all((row["desconto"] or "").startswith("-") for row in _sold(t, 20)),
        False,
        True,
    ),
    "full_discounts": (
        {"full_discounts": 1},
        lambda t: {item["desconto"] for row in _sold(t, 20) for item in row["itens"]} == {"100"},
        False,
        True,
    ),
    "free_text_items": (
        {"free_text_items": 1},
        lambda t: all(row["itens"][-1]["idProduto"] is None for row in _sold(t, 20)),
        False,
        True,
    ),
    "document_forms": (
        {"document_forms": True},
        lambda t: any((row["contato"]["cpfCnpj"] or "").isdigit() for row in _sold(t)),
        False,
        True,
    ),
}
ELSEWHERE = {
    "odd_errors",
    "page_repeats",
    "page_gaps",
    "search_delay_s",
    "search_by_registration",
    "search_ignores_dates",
    "webhook_plain_type",
    "webhook_envelopes",
    "webhook_lost",
}


def _many(tiny: Tiny) -> bool:
    return isinstance(tiny.call("pedidos.pesquisa")["pedidos"], list)


def test_every_switch_is_tested() -> None:
    assert WIRE.keys() | ELSEWHERE == {field.name for field in dataclasses.fields(Quirks)}


@pytest.mark.parametrize("name", WIRE)
def test_switch(tiny: Tiny, name: str) -> None:
    values, look, off, on = WIRE[name]
    tiny.quirks()
    assert look(tiny) == off
    tiny.quirks(**values)
    assert look(tiny) == on


def test_true_null_stays_null_among_blanks(tiny: Tiny) -> None:
    tiny.quirks(blank_nulls=True)
    assert _product(tiny)["cod_lista_servicos"] == ""
    tiny.quirks(blank_nulls=True, true_nulls=True)
    assert _product(tiny)["cod_lista_servicos"] is None


def test_stray_nulls_come_among_blanks(tiny: Tiny) -> None:
    tiny.quirks(blank_nulls=True)
    assert _texts(tiny) == {""}
    tiny.quirks(blank_nulls=True, stray_nulls=0.5)
    assert _texts(tiny) == {"", None}


def test_odd_errors_take_every_shape(tiny: Tiny) -> None:
    tiny.quirks(odd_errors=1)
    shapes = {_shape(tiny.call("pdv.pedido.obter", id=number)) for number in range(1, 60)}
    assert shapes == {"object", "inner object", "text", "absent"}


def _shape(retorno: Json) -> str:
    if "erros" not in retorno:
        return "absent"
    errors = retorno["erros"]
    if isinstance(errors, dict):
        return "object"
    if isinstance(errors[0], str):
        return "text"
    return "inner object" if isinstance(errors[0]["erro"], dict) else "usual"


def test_pdv_answers_json_without_formato(tiny: Tiny) -> None:
    tiny.quirks(xml_without_formato=True)
    assert "retorno" in tiny.raw("pdv.pedidos", formato=None).json()


def test_xml_carries_the_same_values(tiny: Tiny) -> None:
    tiny.quirks(xml_without_formato=True)
    root = ET.fromstring(tiny.raw("pedidos.pesquisa", formato=None, sort="ASC").text)
    assert root.tag == "retorno"
    found = [order.findtext("id") for order in root.iter("pedido")]
    assert found == [row["pedido"]["id"] for row in tiny.call("pedidos.pesquisa", sort="ASC")["pedidos"]]


def test_the_same_question_has_the_same_answer(tiny: Tiny) -> None:
    tiny.settings(profile="common")
    order_id = _orders(tiny)[0]["id"]
    assert len({tiny.raw("pdv.pedido.obter", id=order_id).content for _ in range(5)}) == 1
