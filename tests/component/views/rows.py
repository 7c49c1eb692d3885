"""Rows of the tables for the views' tests, written as text tables, and what the views make of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from google.cloud import bigquery

from tiny_operators.schemas import LAYOUTS, schema_fields
from tiny_operators.stores import Store

Row = dict[str, Any]
Tables = dict[str, list[Row]]
STORE = "loja"


def table(text: str) -> list[dict[str, str | None]]:
    """Rows of a text table: a header, then a row a line, cells between bars; ``-`` is null, ``#`` begins a comment."""
    lines = [line.split("#")[0] for line in text.strip().splitlines()]
    header, *rows = ([cell.strip() for cell in line.split("|")] for line in lines if line.strip())
    return [
        {name: None if cell == "-" else cell for name, cell in zip(header, row, strict=True)} for row in rows
    ]


def number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def line(produto: int | None, valor: str, quantidade: str = "1", desconto: str | None = "0") -> Row:
    """An item of an order; without a product it is free text."""
    descricao = f"Produto {produto}" if produto else "Embalagem"
    return {
        "idProduto": produto,
        "descricao": descricao,
        "valor": valor,
        "quantidade": quantidade,
        "desconto": desconto,
    }


def order(pedido: int, dia: str | date, total: str | None, itens: Iterable[Row], **fields: Any) -> Row:
    """A row of pdv; by history, so its timestamp is midnight in São Paulo, if it is given none."""
    return {
        "store": STORE,
        "id": pedido,
        "numero": pedido % 1000,
        "uuid": f"uuid-{pedido}",
        "timestamp": f"{dia}T03:00:00Z",
        "data": str(dia),
        "totalVenda": total,
        "totalProdutos": total,
        "situacao": "Faturado",
        "itens": list(itens),
        "parcelas": [],
        "source_id": "daily-0.1.0",
        "update_timestamp": f"{dia}T09:00:00Z",
        "fetched_at": f"{dia}T08:00:00Z",
        **fields,
    }


def search_line(pedido: Row, id_vendedor: str | None = None, nome_vendedor: str | None = None) -> Row:
    """The row of pesquisa of an order."""
    own = ("store", "uuid", "timestamp", "source_id", "update_timestamp", "fetched_at")
    return {
        **{name: pedido[name] for name in own},
        "id": str(pedido["id"]),
        "data_pedido": pedido["data"],
        "valor": pedido["totalVenda"],
        "id_vendedor": id_vendedor,
        "nome_vendedor": nome_vendedor,
    }


def product(pedido: Row, produto: int, custo: str | None, **fields: Any) -> Row:
    """The row of produto of a product that an order sold."""
    own = ("store", "uuid", "timestamp", "source_id", "update_timestamp", "fetched_at")
    return {
        **{name: pedido[name] for name in own},
        "pedido_id": pedido["id"],
        "id": produto,
        "nome": f"Produto {produto}",
        "preco_custo": custo,
        "anexos": [],
        "imagens_externas": [],
        **fields,
    }


class Viewed:
    """A store of its own with its tables and views, to load rows into and to read views from."""

    def __init__(self, client: bigquery.Client, store: Store) -> None:
        self.client, self.store = client, store

    def load(self, tables: Tables) -> None:
        """Add rows to the tables."""
        for name in LAYOUTS:
            if rows := tables.get(name):
                schema = [bigquery.SchemaField.from_api_repr(field) for field in schema_fields(name)]
                config = bigquery.LoadJobConfig(schema=schema, write_disposition="WRITE_APPEND")
                target = f"{self.store.dataset}.{name}"
                self.client.load_table_from_json(rows, target, job_config=config).result()

    def rows(self, view: str, where: str = "TRUE", *, personal: bool = False) -> list[Row]:
        """Rows of a view."""
        dataset = self.store.personal_dataset if personal else self.store.report_dataset
        return [
            dict(row) for row in self.client.query_and_wait(f"SELECT * FROM `{dataset}.{view}` WHERE {where}")
        ]
