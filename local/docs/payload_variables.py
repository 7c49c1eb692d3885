"""The document of payload variables: each field that is taken from a webhook or an answer, and what it is used for.

Columns come from the schema files; the other fields are listed here, and a test records which the code really reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from local.stack.settings import REPO
from tiny_operators.orders.pedido_obter import PEDIDO_NAMES
from tiny_operators.schemas import OWN_COLUMNS, schema_fields

DOCUMENT: Final[Path] = REPO / "docs" / "payload-variables.md"

WEBHOOK: Final = {
    "cnpj": "which store it belongs to; another store's is set aside",
    "tipo": "`inclusao_pedido` and `atualizacao_pedido` are about orders; others are put away",
    "dados": "what the event is about: an object",
    "dados.id": "the order that is read from the API; it is also part of the object's name",
    "dados.data": "the order's date: the search that finds its line asks for that day (by the receiver: not read)",
}
# What the receiver reads of it: for the object's name, and to leave out what nobody needs.
RECEIVER: Final = frozenset({"cnpj", "tipo", "dados", "dados.id"})

ANSWER: Final = {
    "retorno": "the answer itself; without it the call is made again",
    "retorno.status_processamento": "3 is success; with another one the code says what to do",
    "retorno.codigo_erro": "what to do: wait (6, 11), try again (35, 99), ask `pedido.obter` (32), stop (1, 2, 5, …)",
    "retorno.codigo": "the code under its other name",
    "retorno.erro": "the code, where it does not stand above",
    "retorno.erros": "the same: in an object, a list, or inside `erro`",
    "retorno.registros": "the code, where it stands in a record",
}
SEARCH: Final = {
    "retorno.pedidos": "the orders of a page: a list, one order, numbered keys, each wrapped in `pedido` or not",
    "retorno.numero_paginas": "how many pages a date has",
    "retorno.pedidos.pedido.id": "which order it is",
    "retorno.pedidos.pedido.data_pedido": "whether Tiny heeded the dates that were asked for",
}
ORDER: Final = {
    "retorno.pedido": "the order",
    "retorno.pedido.id": "that it is the order that was asked for; another one is refused",
    "retorno.pedido.itens": "which products are read: a list, one item, numbered keys, each wrapped in `item` or not",
    "retorno.pedido.itens.item.idProduto": "the product that is read; items of free text have none",
}
PRODUCT: Final = {
    "retorno.produto": "the product",
    "retorno.produto.id": "that it is the product that was asked for; another one is refused",
}
_SERVICES: Final = {"pdv": "pdv.pedido.obter", "pesquisa": "pedidos.pesquisa", "produto": "produto.obter"}
_RECORDS: Final = {"pdv": "pedido", "pesquisa": "pedido", "produto": "produto"}

_HEAD: Final = """# Payload variables

Each field that is taken from a webhook or an answer of Tiny, and what it is used for. This page is made by
`make docs`; a test fails when it is not as the code is. Whatever else an answer has is kept in the column `payload`,
and told the first time that it comes (`event=new_fields`).
"""


def document() -> str:
    """Write the document, in Markdown."""
    parts = [
        _HEAD,
        "\n## The webhook\n\nAn event is only a doorbell: what the tables hold is read from the API.\n",
        _steering(WEBHOOK),
        "\n## Every answer\n",
        _steering(ANSWER),
    ]
    for table, fields in (("pdv", ORDER), ("pesquisa", SEARCH), ("produto", PRODUCT)):
        parts += [f"\n## `{_SERVICES[table]}`, table `{table}`\n", _steering(fields), "\n", _columns(table)]
    return "".join(parts)


def _steering(fields: Mapping[str, str]) -> str:
    rows = "".join(f"| `{path}` | {use} |\n" for path, use in fields.items())
    return f"\n| field | what it tells the pipeline |\n| --- | --- |\n{rows}"


def _columns(table: str) -> str:
    office = table == "pdv"
    head = "| field | in `pedido.obter` | column | type | meaning |\n| --- | --- | --- | --- | --- |\n"
    if not office:
        head = "| field | column | type | meaning |\n| --- | --- | --- | --- |\n"
    rows = []
    for path, field in _fields(table):
        other = f" {_office_name(path)} |" if office else ""
        meaning = field["description"].partition(". Fonte: ")[0]
        kind = field["type"] + (" (list)" if field["mode"] == "REPEATED" else "")
        rows.append(f"| `{_RECORDS[table]}.{path}` |{other} `{path}` | {kind} | {meaning} |\n")
    return head + "".join(rows)


def _fields(table: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the columns that hold what Tiny answers, and the fields of records, with their paths."""
    for field in schema_fields(table):
        if field["name"] not in OWN_COLUMNS:
            yield from _with_inner(field["name"], field)


def _with_inner(path: str, field: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield path, field
    for inner in field.get("fields", ()):
        yield from _with_inner(f"{path}.{inner['name']}", inner)


def _office_name(path: str) -> str:
    found = PEDIDO_NAMES.get(path)
    return f"`pedido.{found}`" if found else ""
