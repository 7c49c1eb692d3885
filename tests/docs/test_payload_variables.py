"""The document of payload variables says what the code reads."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from local.docs import payload_variables as documented
from tiny_operators.orders import rows as orders
from tiny_operators.orders import typed_records, webhooks
from tiny_operators.tiny import search
from tiny_operators.tiny.answers import read_body
from webhook import glance

EVENT: dict[str, Any] = {
    "versao": "1.0.1",
    "cnpj": "11222333000181",
    "tipo": "inclusao_pedido",
    "dados": {"id": "1", "data": "01/02/2026", "numero": "7", "cliente": {"nome": "x"}},
}


class Recording(dict[str, Any]):
    """An object of a payload that notes which of its fields are asked for."""

    def __init__(self, content: dict[str, Any], path: str, asked: set[str]) -> None:
        super().__init__({name: recording(value, f"{path}{name}", asked) for name, value in content.items()})
        self._path, self._asked = path, asked

    def get(self, name: str, default: Any = None) -> Any:
        self._asked.add(f"{self._path}{name}")
        return super().get(name, default)

    def __getitem__(self, name: str) -> Any:
        self._asked.add(f"{self._path}{name}")
        return super().__getitem__(name)


def recording(value: Any, path: str, asked: set[str]) -> Any:
    if isinstance(value, dict):
        return Recording(value, f"{path}." if path else "", asked)
    if isinstance(value, list):
        return [recording(item, path, asked) for item in value]
    return value


def test_the_document_is_as_the_code_is() -> None:
    assert documented.DOCUMENT.read_text(encoding="utf-8") == documented.document(), "run: make docs"


def fields_that_matter(read: Callable[[Any], object]) -> set[str]:
    """Paths of the event's fields without which the outcome is another one."""
    usual = read(EVENT)
    outer = {name: {key: value for key, value in EVENT.items() if key != name} for name in EVENT}
    dados: dict[str, Any] = EVENT["dados"]
    inner = {
        f"dados.{name}": {**EVENT, "dados": {key: value for key, value in dados.items() if key != name}}
        for name in dados
    }
    return {path for path, event in (outer | inner).items() if read(event) != usual}


def test_fields_of_a_webhook_that_the_pipeline_reads() -> None:
    def read(event: Any) -> object:
        return webhooks.read_webhook(json.dumps(event).encode(), "11222333000181")

    assert fields_that_matter(read) == set(documented.WEBHOOK)


def test_fields_of_a_webhook_that_the_receiver_reads() -> None:
    def read(event: Any) -> object:
        return glance.look(json.dumps(event).encode())

    assert fields_that_matter(read) == documented.RECEIVER


ERRORS = [
    {"retorno": {"status_processamento": 1, "erros": [{"erro": "x"}], "registros": {"registro": {}}}},
    {"retorno": {"status_processamento": "3", "codigo_erro": 6}},
]
PAGE = {
    "retorno": {
        "status_processamento": "3",
        "numero_paginas": 1,
        "pedidos": [{"pedido": {"id": "1", "data_pedido": "01/02/2026", "nome": "x"}}],
    }
}
ORDER = {
    "retorno": {
        "status_processamento": "3",
        "pedido": {"id": "1", "contato": {"nome": "x"}, "itens": [{"item": {"id": "2", "idProduto": "3"}}]},
    }
}
PRODUCT = {"retorno": {"status_processamento": "3", "produto": {"id": "3", "nome": "x"}}}


def read_page(body: Any) -> None:
    answer = read_body(body, "pedidos")
    search.last_page(answer.retorno)
    for line in search.lines(answer.retorno):
        search.order_id(line)
        search.order_date(line)


def read_order(body: Any) -> None:
    record = orders.order_record(read_body(body, "pedido"), "pdv.pedido.obter", 1)
    assert record is not None
    orders.product_ids(record)


def read_product(body: Any) -> None:
    (record,) = typed_records.answered(read_body(body, "produto").retorno, "produto")
    assert not typed_records.id_differs(record, 3)


@pytest.mark.parametrize(
    ("body", "read", "fields"),
    [
        (PAGE, read_page, documented.SEARCH),
        (ORDER, read_order, documented.ORDER),
        (PRODUCT, read_product, documented.PRODUCT),
    ],
)
def test_fields_that_steer_the_reading(
    body: Any, read: Callable[[Any], None], fields: dict[str, str]
) -> None:
    asked: set[str] = set()
    read(recording(body, "", asked))
    assert asked - set(documented.ANSWER) == set(fields)


def test_fields_of_every_answer() -> None:
    asked: set[str] = set()
    for body in ERRORS:
        read_body(recording(body, "", asked), "pedido")
    assert {path for path in asked if path.count(".") <= 1} == set(documented.ANSWER)
