"""Invented orders, as Tiny would answer about them. Nobody is behind them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from tiny_operators.orders.outcomes import Origin, Reject
from tiny_operators.stores import Store
from tiny_operators.tiny.answers import Answer, Json, read_answer

PRODUCT: Final = 999_000_001
SELLER: Final = "999000002"
_FIRST: Final = 999_100_000
# Orders of the days before: so that a statement that reads one day is known from one that reads all.
_OLDER_DAYS: Final = 12
# Their size: some bytes would not stand out against what a statement reads anyway.
_FILLER: Final = "Pedido inventado para um ensaio. " * 600
_PRICE: Final = Decimal("19.90")


@dataclass(frozen=True)
class Invented:
    """An order that nobody made.

    Attributes:
        pedido: Its id.
        day: Its day.
        pieces: How many pieces of the product were sold.
        note: What stands in its remarks.
    """

    pedido: int
    day: date
    pieces: int = 1
    note: str = ""

    @property
    def total(self) -> Decimal:
        """What it costs."""
        return _PRICE * self.pieces


def older_orders(today: date) -> list[Invented]:
    """Invent one order for each of some days before."""
    return [
        Invented(_FIRST + back, today - timedelta(days=back), note=_FILLER)
        for back in range(1, _OLDER_DAYS + 1)
    ]


def order_of(today: date) -> Invented:
    """Invent the order that goes all the way."""
    return Invented(_FIRST, today, pieces=3)


def order_answer(order: Invented) -> Answer:
    """Write what ``pdv.pedido.obter`` answers about an order; its payment has no readable due date, which is noted."""
    return _answer(
        "pedido",
        {
            "id": str(order.pedido),
            "numero": str(order.pedido - _FIRST + 1),
            "data": f"{order.day:%d/%m/%Y}",
            "frete": "0.00",
            "desconto": "0,00",
            "totalProdutos": str(order.total),
            "totalVenda": str(order.total),
            "observacoes": order.note,
            "formaPagamento": "pix",
            "situacao": "Faturado",
            "contato": {"nome": "Cliente de Ensaio", "tipo": "F", "cpfCnpj": "", "email": "", "fone": ""},
            "itens": [
                {
                    "id": str(order.pedido + 10_000),
                    "idProduto": str(PRODUCT),
                    "descricao": "Produto de ensaio",
                    "codigo": "ENSAIO",
                    "valor": str(_PRICE),
                    "quantidade": f"{order.pieces}.0000",
                    "desconto": "0",
                    "unidade": "UN",
                    "tipo": "P",
                }
            ],
            "parcelas": [
                {
                    "formaPagamento": "pix",
                    "dataVencimento": "31/02/2026",
                    "valor": str(order.total),
                    "tPag": "17",
                }
            ],
        },
    )


def search_answer(orders: list[Invented]) -> Answer:
    """Write the page of ``pedidos.pesquisa`` that lists some orders."""
    lines = [
        {
            "id": str(order.pedido),
            "numero": str(order.pedido - _FIRST + 1),
            "data_pedido": f"{order.day:%d/%m/%Y}",
            "nome": "Cliente de Ensaio",
            "valor": str(order.total),
            "id_vendedor": SELLER,
            "nome_vendedor": "Vendedora de Ensaio",
            "situacao": "Faturado",
        }
        for order in orders
    ]
    return _answer("pedidos", [{"pedido": line} for line in lines], pagina="1", numero_paginas="1")


def product_answer(produto: int) -> Answer:
    """Write what ``produto.obter`` answers about the product."""
    return _answer(
        "produto",
        {
            "id": str(produto),
            "nome": "Produto de ensaio",
            "codigo": "ENSAIO",
            "unidade": "UN",
            "preco": 19.9,
            "preco_custo": 11.4,
            "situacao": "A",
            "obs": _FILLER,
            "anexos": [{"anexo": "https://example.invalid/ensaio.jpg"}],
            "imagens_externas": [],
        },
    )


def rejected_file(store: Store, now: datetime) -> Json:
    """Build the row of ``rejeitados`` of a file that nobody sent."""
    reject = Reject("plan", "(file)", "JSON", "text", "nothing: it is invented")
    origin = Origin(store.prefix, "rehearsal", "webhook", now.date().isoformat())
    return origin.row(reject, now.isoformat(), file="invented.json", generation=1)


def _answer(key: str, content: Any, **more: str) -> Answer:
    body = {"retorno": {"status_processamento": "3", "status": "OK", **more, key: content}}
    return read_answer(200, json.dumps(body, ensure_ascii=False), key)
