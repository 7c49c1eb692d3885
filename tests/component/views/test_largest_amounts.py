"""The largest amounts that become rows fail no view: one absurd order must not take the reports away from all others.

In GoogleSQL's reference implementation, whose decimals are exact; those of the emulator are not.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from decimal import Decimal

import pytest

from tests.component.views.reference import Ask, Reference
from tests.component.views.rows import Row, Tables, line, order, product, search_line
from tiny_operators.orders.typed_values import to_record
from tiny_operators.schemas import tiny_columns
from tiny_operators.stores import Store
from tiny_operators.warehouse.views import views

DAY = "2024-01-15"
LARGEST, SMALLEST = "999999999999999.999999999", "0.000000001"
AMOUNTS = (LARGEST, f"-{LARGEST}", SMALLEST)
DISCOUNTS = ("99.999999999", LARGEST, f"-{LARGEST}", "50%")
SOLD = {"pedidos": "valor_faturado", "itens_pedido": "total_produto_valor_faturado"}


def item(valor: str, quantidade: str, produto: int, desconto: str) -> Row:
    """An item whose amounts are as large as the typing lets them be."""
    amounts = {"valor": valor, "quantidade": quantidade}
    (typed,) = to_record({"itens": [amounts]}, tiny_columns("pdv"))["itens"]
    assert {name: Decimal(typed[name]) for name in amounts} == {
        name: Decimal(text) for name, text in amounts.items()
    }
    return line(produto, valor, quantidade, desconto)


def orders(count: int) -> Iterator[tuple[Row, list[Row]]]:
    """Orders of two items each, with their products: prices, quantities, discounts and costs at their limits."""
    given = itertools.product(AMOUNTS, AMOUNTS, DISCOUNTS)
    for pedido, (valor, quantidade, desconto) in enumerate(itertools.islice(given, count), 5000):
        made = order(
            pedido,
            DAY,
            valor,
            [item(valor, quantidade, pedido * 10 + nth, desconto) for nth in range(2)],
            desconto=desconto,
            frete=LARGEST,
            valorIPI=quantidade,
            valorICMSSubst=f"-{LARGEST}",
            parcelas=[{"dias": 0, "valor": LARGEST, "formaPagamento": "dinheiro"}],
        )
        yield made, [product(made, pedido * 10 + nth, LARGEST) for nth in range(2)]


@pytest.mark.parametrize("count", [1, 3, len(AMOUNTS) ** 2 * len(DISCOUNTS)])
def test_every_view_has_its_rows(language: Ask, viewed_store: Store, count: int) -> None:
    reference = Reference(language, viewed_store)
    ordinary = order(1, DAY, "10.00", [line(10, "10.00")])
    tables: Tables = {
        "pdv": [ordinary],
        "pesquisa": [search_line(ordinary)],
        "produto": [product(ordinary, 10, "4.00")],
    }
    for made, products in orders(count):
        tables["pdv"].append(made)
        tables["pesquisa"].append(search_line(made))
        tables["produto"] += products
    reference.load(tables)
    for view in views(viewed_store):
        found = reference.rows(view.name, personal=view.dataset == viewed_store.personal_dataset)
        if column := SOLD.get(view.name):
            assert [row[column] for row in found if row["pedido_id"] == 1] == [Decimal(10)], view.path
