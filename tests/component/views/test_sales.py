"""What the sales views add up, and what they leave out: worked out by hand over a Monday and a Tuesday."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.component.views.reference import Reference
from tests.component.views.rows import Row, Tables, Viewed, line, number, order, product, search_line, table

pytestmark = pytest.mark.stack

MONDAY, TUESDAY = date(2024, 3, 4), date(2024, 3, 5)
# chegou: when the sale arrived, in UTC (São Paulo is three hours behind); "-" for one that came by history. itens:
# product x quantity @ unit price; product 0 is free text. parcelas: form of payment and value.
ORDERS = table("""
    pedido | dia        | chegou           | situacao            | excluido         | vendedor | cpf            | forma     | parcelas                  | itens       | desconto | frete | total
    2001   | 2024-03-04 | 2024-03-04T12:00 | Faturado            | -                | 7        | 111.444.777-35 | pix       | -                         | 1x2@10.00   | -        | -     | 20.00
    2002   | 2024-03-04 | 2024-03-04T12:59 | atendido            | -                | 7        | 22.333.444/0001-81 | multiplas | pix 30.00, credito 50.00 | 2x1@80.00   | -        | -     | 80.00
    2003   | 2024-03-04 | 2024-03-04T23:10 | pronto_envio        | -                | 8        | 11144477735    | credito   | credito 15.00, credito 15.00 | 3x0.5@60.00 | -     | -     | 30.00
    2004   | 2024-03-04 | -                | ENTREGUE            | -                | -        | -              | dinheiro  | -                         | 1x1@10.00   | 1,00     | 5.00  | 14.00
    2005   | 2024-03-04 | 2024-03-04T12:30 | Cancelado           | -                | 7        | 111.444.777-35 | pix       | pix 10.00                 | 1x1@10.00   | -        | -     | 10.00
    2006   | 2024-03-04 | 2024-03-04T12:30 | Em aberto           | -                | 7        | 111.444.777-35 | pix       | pix 10.00                 | 1x1@10.00   | -        | -     | 10.00
    2007   | 2024-03-04 | 2024-03-04T12:30 | Faturado            | 2024-03-05T10:00 | 7        | 111.444.777-35 | pix       | pix 10.00                 | 1x1@10.00   | -        | -     | 10.00
    2008   | 2024-03-04 | 2024-03-04T12:30 | Não entregue        | -                | 7        | 111.444.777-35 | pix       | pix 10.00                 | 1x1@10.00   | -        | -     | 10.00
    2009   | 2024-03-04 | 2024-03-04T12:30 | Aprovado            | -                | 7        | 111.444.777-35 | pix       | pix 10.00                 | 1x1@10.00   | -        | -     | 10.00
    2010   | 2024-03-05 | 2024-03-05T15:00 | Enviado             | -                | 7        | 111.444.777-35 | dinheiro  | pix 4.00                  | 1x1@10.00   | -        | -     | 10.00
    2011   | 2024-03-05 | 2024-03-06T01:30 | Faturado (atendido) | -                | 8        | 222.555.888-46 | -         | -                         | 0x1@5.00    | -        | -     | 5.00
""")
PRODUCTS = table("""
    produto | nome   | categoria                   | custo
    1       | Café   | Mercearia >> Cafés          | 6.00
    2       | Vinho  | Bebidas >> Vinhos >> Tintos | 30.00
    3       | Queijo | Frios                       | -
""")
VIEWS = {
    "vendas_por_dia": """
        dia        | pedidos | itens | faturamento | desconto | custo | margem | ticket_medio | clientes | clientes_novos | pedidos_sem_custo
        # 20 + 80 + 30 + 14; costs 12 + 30 + 6, that of the cheese is unknown; margins 8 + 50 + (14 - 6)
        2024-03-04 | 4       | 4.5   | 144.00      | 1.00     | 48.00 | 66.00  | 36.00        | 2        | 2              | 1
        2024-03-05 | 2       | 2     | 15.00       | 0        | 6.00  | 4.00   | 7.50         | 2        | 1              | 1
    """,
    "vendas_por_vendedor": """
        dia        | vendedor_id | vendedor_nome | pedidos | faturamento | desconto | margem | ticket_medio
        2024-03-04 | 7           | Vendedor 7    | 2       | 100.00      | 0        | 58.00  | 50.00
        2024-03-04 | 8           | Vendedor 8    | 1       | 30.00       | 0        | -      | 30.00
        2024-03-04 | -           | Sem vendedor  | 1       | 14.00       | 1.00     | 8.00   | 14.00
        2024-03-05 | 7           | Vendedor 7    | 1       | 10.00       | 0        | 4.00   | 10.00
        2024-03-05 | 8           | Vendedor 8    | 1       | 5.00        | 0        | -      | 5.00
    """,
    "vendas_por_forma_pagamento": """
        dia        | forma_pagamento | pedidos | valor
        # 20.00 without an instalment, and 30.00 of a split payment.
        2024-03-04 | pix             | 2       | 50.00
        2024-03-04 | credito         | 2       | 80.00
        2024-03-04 | dinheiro        | 1       | 14.00
        # One instalment of 4.00 for 10.00: the rest stands under the order's own form.
        2024-03-05 | pix             | 1       | 4.00
        2024-03-05 | dinheiro        | 1       | 6.00
        2024-03-05 | não informada   | 1       | 5.00
    """,
    "vendas_por_hora": """
        dia        | dia_semana | hora | pedidos | faturamento
        2024-03-04 | 1          | 9    | 2       | 100.00
        2024-03-04 | 1          | 20   | 1       | 30.00
        2024-03-05 | 2          | 12   | 1       | 10.00
        # Half past one in the morning in UTC.
        2024-03-05 | 2          | 22   | 1       | 5.00
    """,
    "vendas_por_produto_dia": """
        dia        | produto_id | produto_nome | categoria_principal | categoria_secundaria | unidades | faturamento | custo | margem
        # 2 x 10.00 and 10.00 less 1.00.
        2024-03-04 | 1          | Café         | Mercearia           | Cafés                | 3        | 29.00       | 18.00 | 11.00
        2024-03-04 | 2          | Vinho        | Bebidas             | Vinhos               | 1        | 80.00       | 30.00 | 50.00
        2024-03-04 | 3          | Queijo       | Frios               | -                    | 0.5      | 30.00       | -     | -
        2024-03-05 | 1          | Café         | Mercearia           | Cafés                | 1        | 10.00       | 6.00  | 4.00
        2024-03-05 | -          | Embalagem    | -                   | -                    | 1        | 5.00        | -     | -
    """,
}


def payment(text: str) -> Row:
    forma, valor = text.split()
    return {"formaPagamento": forma, "valor": valor}


def item(text: str) -> Row:
    produto, rest = text.split("x")
    quantidade, valor = rest.split("@")
    return line(int(produto) or None, valor, quantidade)


def tables() -> Tables:
    found: Tables = {"pdv": [], "pesquisa": [], "produto": []}
    for given in ORDERS:
        sold = item(str(given["itens"]))
        row = order(int(str(given["pedido"])), str(given["dia"]), given["total"], [sold])
        row |= {
            "situacao": given["situacao"],
            "deleted_at": given["excluido"] and f"{given['excluido']}:00Z",
            "contato": {"nome": "Consumidor Final", "cpfCnpj": given["cpf"]},
            "formaPagamento": given["forma"],
            "parcelas": [payment(text) for text in (given["parcelas"] or "").split(",") if text],
            "desconto": given["desconto"],
            "frete": given["frete"],
        }
        if given["chegou"]:
            row |= {"timestamp": f"{given['chegou']}:00Z", "source_id": "webhook-0.1.0"}
        found["pdv"].append(row)
        vendedor = given["vendedor"]
        found["pesquisa"].append(search_line(row, vendedor, f"Vendedor {vendedor}" if vendedor else None))
        for goods in PRODUCTS:
            if goods["produto"] == str(sold["idProduto"]):
                produto = product(row, sold["idProduto"], goods["custo"])
                found["produto"].append(produto | {"nome": goods["nome"], "categoria": goods["categoria"]})
    return found


@pytest.fixture(scope="module")
def sales(engine: Viewed | Reference) -> Viewed | Reference:
    engine.load(tables())
    return engine


@pytest.fixture(scope="module")
def orders(sales: Viewed | Reference) -> dict[int, Row]:
    days = f"pedido_dia BETWEEN '{MONDAY}' AND '{TUESDAY}'"
    return {row["pedido_id"]: row for row in sales.rows("pedidos", days)}


def as_value(text: str | None, like: object) -> Any:
    """A cell, as the type of what was found."""
    if text is None:
        return None
    return type(like)(text) if isinstance(like, int | Decimal) else text


@pytest.mark.parametrize("view", VIEWS)
def test_sales(sales: Viewed | Reference, view: str) -> None:
    expected = table(VIEWS[view])
    found = [
        {name: str(value) if isinstance(value, date) else value for name, value in row.items()}
        for row in sales.rows(view, f"dia BETWEEN '{MONDAY}' AND '{TUESDAY}'")
    ]

    def key(row: dict[str, Any]) -> str:
        return " ".join(str(row[name]) for name in list(expected[0])[:3])

    assert len(found) == len(expected)
    for row, given in zip(sorted(found, key=key), sorted(expected, key=key), strict=True):
        assert row == {name: as_value(given[name], row[name]) for name in row}


def test_payments_add_up_to_the_revenue(sales: Viewed | Reference) -> None:
    days = f"dia BETWEEN '{MONDAY}' AND '{TUESDAY}'"
    paid = sum(row["valor"] for row in sales.rows("vendas_por_forma_pagamento", days))
    assert paid == number("159.00")


def test_what_counts_as_a_sale(orders: dict[int, Row]) -> None:
    assert {pedido for pedido, row in orders.items() if row["venda_efetiva"]} == {
        2001,
        2002,
        2003,
        2004,
        2010,
        2011,
    }
    assert [pedido for pedido, row in orders.items() if row["cancelado"]] == [2005]
    assert [pedido for pedido, row in orders.items() if row["excluido"]] == [2007]


def test_orders_that_are_no_sales(sales: Viewed | Reference) -> None:
    found = sales.rows("pedidos_fora_das_vendas", f"pedido_dia BETWEEN '{MONDAY}' AND '{TUESDAY}'")
    assert {row["pedido_id"]: row["motivo"] for row in found} == {
        2005: "cancelado",
        2006: "outra situação",
        2007: "excluído",
        2008: "outra situação",
        2009: "outra situação",
    }


def test_the_hour_of_arrival(orders: dict[int, Row]) -> None:
    """In the store's zone; none for a sale that came by history, whose timestamp is midnight."""
    hours = {pedido: orders[pedido]["pedido_hora"] for pedido in (2001, 2003, 2004, 2011)}
    assert hours == {2001: 9, 2003: 20, 2004: None, 2011: 22}


def test_the_seller_is_that_of_the_search_line(orders: dict[int, Row]) -> None:
    sellers = {pedido: (row["vendedor_id"], row["vendedor_nome"]) for pedido, row in orders.items()}
    assert (sellers[2001], sellers[2003], sellers[2004]) == (
        ("7", "Vendedor 7"),
        ("8", "Vendedor 8"),
        (None, None),
    )


def test_customers(sales: Viewed | Reference, orders: dict[int, Row]) -> None:
    """The same CPF with and without dots is one customer, and cancelled orders are no purchases."""
    keys = [orders[pedido]["cliente_chave"] for pedido in (2001, 2002, 2011)]
    wanted = ", ".join(f"'{key}'" for key in keys)
    found = {row.pop("cliente_chave"): row for row in sales.rows("clientes", f"cliente_chave IN ({wanted})")}
    names = (
        "primeira_compra",
        "ultima_compra",
        "pedidos",
        "faturamento",
        "ticket_medio",
        "dias_entre_compras",
    )
    assert [tuple(found[key][name] for name in names) for key in keys] == [
        # 20.00 and 30.00 on Monday, 10.00 on Tuesday: two gaps in one day.
        (MONDAY, TUESDAY, 3, Decimal(60), Decimal(20), Decimal("0.5")),
        (MONDAY, MONDAY, 1, Decimal(80), Decimal(80), None),
        (TUESDAY, TUESDAY, 1, Decimal(5), Decimal(5), None),
    ]
