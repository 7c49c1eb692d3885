"""What an order and its items cost, discount by discount: amounts that were worked out by hand, in reais."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.component.views.reference import Reference
from tests.component.views.rows import Row, Tables, Viewed, line, number, order, product, search_line, table

pytestmark = pytest.mark.stack

# An order a line: as it is in Tiny, and what the view `pedidos` says of it. cheio: valor_produtos_sem_desconto; d_itens:
# desconto_produtos; d_pedido: desconto_pedido.
ORDERS = table("""
    caso               | desconto  | frete | ipi  | icms | produtos | total    | cheio    | d_itens | d_pedido | diferenca | custo   | lucro
    # 60.00 less 5.00.
    vírgula            | 5,00      | -     | -    | -    | 60.00    | 55.00    | 60.00    | 0       | 5.00     | 0         | 36.00   | 19.00
    ponto              | 5.00      | -     | -    | -    | 25.00    | 20.00    | 25.00    | 0       | 5.00     | 0         | 10.00   | 10.00
    milhar             | 1.234,56  | -     | -    | -    | 3000.00  | 1765.44  | 3000.00  | 0       | 1234.56  | 0         | 1500.00 | 265.44
    símbolo            | R$ 5,00   | -     | -    | -    | 25.00    | 20.00    | 25.00    | 0       | 5.00     | 0         | 10.00   | 10.00
    # 10 % of 59.97 is 5.997.
    porcento           | 10%       | -     | -    | -    | 59.97    | 53.97    | 59.97    | 0       | 6.00     | 0         | 30.00   | 23.97
    porcento e vírgula | 10,5%     | -     | -    | -    | 100.00   | 89.50    | 100.00   | 0       | 10.50    | 0         | 40.00   | 49.50
    cem por cento      | 100%      | -     | -    | -    | 30.00    | 0.00     | 30.00    | 0       | 30.00    | 0         | 12.00   | -12.00
    vazio              |           | -     | -    | -    | 12.34    | 12.34    | 12.34    | 0       | 0        | 0         | 5.00    | 7.34
    nulo               | -         | -     | -    | -    | 12.34    | 12.34    | 12.34    | 0       | 0        | 0         | 5.00    | 7.34
    zero               | 0         | -     | -    | -    | 12.34    | 12.34    | 12.34    | 0       | 0        | 0         | 5.00    | 7.34
    zero e vírgula     | 0,00      | -     | -    | -    | 12.34    | 12.34    | 12.34    | 0       | 0        | 0         | 5.00    | 7.34
    acréscimo          | -3,00     | -     | -    | -    | 30.00    | 33.00    | 30.00    | 0       | -3.00    | 0         | 15.00   | 18.00
    acréscimo em três  | -1,00     | -     | -    | -    | 30.00    | 31.00    | 30.00    | 0       | -1.00    | 0         | 12.00   | 19.00
    desconto em três   | 1,00      | -     | -    | -    | 30.00    | 29.00    | 30.00    | 0       | 1.00     | 0         | 12.00   | 17.00
    um centavo         | 0,01      | -     | -    | -    | 1.99     | 1.98     | 1.99     | 0       | 0.01     | 0         | 0.20    | 1.78
    # Discounts of items, in percent; the item's price is the one after it.
    item               | 0         | -     | -    | -    | 180.00   | 180.00   | 200.00   | 20.00   | 0        | 0         | 100.00  | 80.00
    item e vírgula     | 0         | -     | -    | -    | 89.50    | 89.50    | 100.00   | 10.50   | 0        | 0         | 40.00   | 49.50
    item em dízima     | 0         | -     | -    | -    | 9.49     | 9.49     | 9.99     | 0.50    | 0        | 0         | 4.00    | 5.49
    item mais caro     | 0         | -     | -    | -    | 11.00    | 11.00    | 10.00    | -1.00   | 0        | 0         | 4.00    | 7.00
    item e pedido      | 10%       | -     | -    | -    | 270.00   | 243.00   | 290.00   | 20.00   | 27.00    | 0         | 140.00  | 103.00
    brinde             | 1,00      | -     | -    | -    | 10.00    | 9.00     | 10.00    | 0       | 1.00     | 0         | 7.00    | 2.00
    só brinde          | 0         | -     | -    | -    | 0.00     | 0.00     | 0        | 0       | 0        | 0         | 6.00    | -6.00
    # Costs that nobody knows.
    texto livre        | 5,00      | -     | -    | -    | 50.00    | 45.00    | 50.00    | 0       | 5.00     | 0         | -       | -
    sem custo          | 0         | -     | -    | -    | 30.00    | 30.00    | 30.00    | 0       | 0        | 0         | -       | -
    custo zero         | 0         | -     | -    | -    | 30.00    | 30.00    | 30.00    | 0       | 0        | 0         | -       | -
    custo médio        | 0         | -     | -    | -    | 30.00    | 30.00    | 30.00    | 0       | 0        | 0         | 7.50    | 22.50
    # Goods by weight: 89.90 x 0.3550 is 31.9145, 10.01 x 0.5 is 5.005.
    peso               | 0         | -     | -    | -    | 31.91    | 31.91    | 31.91    | 0       | 0        | 0         | 17.75   | 14.16
    meio centavo       | 0         | -     | -    | -    | 5.01     | 5.01     | 5.01     | 0       | 0        | 0         | 1.67    | 3.34
    peso com desconto  | 10%       | -     | -    | -    | 31.91    | 28.72    | 31.91    | 0       | 3.19     | 0         | 17.75   | 10.97
    # 100.00 - 10.00 + 15.90 + 3.21 + 1.05
    frete e impostos   | 10,00     | 15.90 | 3.21 | 1.05 | 100.00   | 110.16   | 100.00   | 0       | 10.00    | 0         | 60.00   | 50.16
    # Totals that do not follow from the discount: the items add up to what was charged, and the difference shows.
    centavo da Tiny    | 0,00      | -     | -    | -    | 20.00    | 19.99    | 20.00    | 0       | 0.01     | 0.01      | 8.00    | 11.99
    desconto trocado   | 5,00      | -     | -    | -    | 30.00    | 28.00    | 30.00    | 0       | 2.00     | -3.00     | 12.00   | 16.00
    desconto ilegível  | combinado | -     | -    | -    | 30.00    | 27.00    | 30.00    | 0       | 3.00     | 3.00      | 12.00   | 15.00
    # Nothing to spread in proportion to.
    sem itens          | 0         | -     | -    | -    | 40.00    | 40.00    | 40.00    | 0       | 0        | 0         | -       | -
    tudo de graça      | -1,00     | -     | -    | -    | 0.00     | 1.00     | 0        | 0       | -1.00    | 0         | 3.00    | -2.00
    # A barcode read into the quantity: the row looks odd, and the view goes on.
    código de barras   | 10%       | -     | -    | -    | 78912345678950.00 | 71021111111055.00 | 78912345678950.00 | 0 | 7891234567895.00 | 0 | 39456172839475.00 | 31564938271580.00
""")

# An item a line: as it is in Tiny, with its product's cost ("0/7.50": preco_custo and preco_custo_medio; "livre": free
# text), and what the view `itens_pedido` says of it. cheio_und: produto_valor_sem_desconto_und.
ITEMS = table("""
    caso               | custo_und | valor   | quantidade    | desconto | cheio_und   | d_item | d_pedido | faturado | custo   | lucro
    # 5.00 x 10/60 = 0.8333, 1.6667, 2.5000: 4.99 in whole cents, the last cent to the largest remainder.
    vírgula            | 6         | 10.00   | 1             | 0        | 10.00       | 0      | 0.83     | 9.17     | 6.00    | 3.17
    vírgula            | 12        | 20.00   | 1             | 0        | 20.00       | 0      | 1.67     | 18.33    | 12.00   | 6.33
    vírgula            | 18        | 30.00   | 1             | 0        | 30.00       | 0      | 2.50     | 27.50    | 18.00   | 9.50
    ponto              | 10        | 25.00   | 1             | 0        | 25.00       | 0      | 5.00     | 20.00    | 10.00   | 10.00
    milhar             | 1000      | 2000.00 | 1             | 0        | 2000.00     | 0      | 823.04   | 1176.96  | 1000.00 | 176.96
    milhar             | 500       | 1000.00 | 1             | 0        | 1000.00     | 0      | 411.52   | 588.48   | 500.00  | 88.48
    símbolo            | 10        | 25.00   | 1             | 0        | 25.00       | 0      | 5.00     | 20.00    | 10.00   | 10.00
    porcento           | 10        | 19.99   | 1             | 0        | 19.99       | 0      | 2.00     | 17.99    | 10.00   | 7.99
    porcento           | 10        | 19.99   | 1             | 0        | 19.99       | 0      | 2.00     | 17.99    | 10.00   | 7.99
    porcento           | 10        | 19.99   | 1             | 0        | 19.99       | 0      | 2.00     | 17.99    | 10.00   | 7.99
    porcento e vírgula | 40        | 100.00  | 1             | 0        | 100.00      | 0      | 10.50    | 89.50    | 40.00   | 49.50
    cem por cento      | 4         | 10.00   | 1             | 0        | 10.00       | 0      | 10.00    | 0.00     | 4.00    | -4.00
    cem por cento      | 8         | 20.00   | 1             | 0        | 20.00       | 0      | 20.00    | 0.00     | 8.00    | -8.00
    vazio              | 5         | 12.34   | 1             | 0        | 12.34       | 0      | 0        | 12.34    | 5.00    | 7.34
    nulo               | 5         | 12.34   | 1             | -        | 12.34       | 0      | 0        | 12.34    | 5.00    | 7.34
    zero               | 5         | 12.34   | 1             | 0,00     | 12.34       | 0      | 0        | 12.34    | 5.00    | 7.34
    zero e vírgula     | 5         | 12.34   | 1             |          | 12.34       | 0      | 0        | 12.34    | 5.00    | 7.34
    acréscimo          | 5         | 10.00   | 1             | 0        | 10.00       | 0      | -1.00    | 11.00    | 5.00    | 6.00
    acréscimo          | 10        | 20.00   | 1             | 0        | 20.00       | 0      | -2.00    | 22.00    | 10.00   | 12.00
    # -0.3333 each: -0.34 in whole cents downwards, two cents back to the first two.
    acréscimo em três  | 4         | 10.00   | 1             | 0        | 10.00       | 0      | -0.33    | 10.33    | 4.00    | 6.33
    acréscimo em três  | 4         | 10.00   | 1             | 0        | 10.00       | 0      | -0.33    | 10.33    | 4.00    | 6.33
    acréscimo em três  | 4         | 10.00   | 1             | 0        | 10.00       | 0      | -0.34    | 10.34    | 4.00    | 6.34
    # 0.3333 each: equal remainders, so the cent goes to the first.
    desconto em três   | 4         | 10.00   | 1             | 0        | 10.00       | 0      | 0.34     | 9.66     | 4.00    | 5.66
    desconto em três   | 4         | 10.00   | 1             | 0        | 10.00       | 0      | 0.33     | 9.67     | 4.00    | 5.67
    desconto em três   | 4         | 10.00   | 1             | 0        | 10.00       | 0      | 0.33     | 9.67     | 4.00    | 5.67
    # 0.00497 and 0.00503
    um centavo         | 0.10      | 0.99    | 1             | 0        | 0.99        | 0      | 0        | 0.99     | 0.10    | 0.89
    um centavo         | 0.10      | 1.00    | 1             | 0        | 1.00        | 0      | 0.01     | 0.99     | 0.10    | 0.89
    item               | 50        | 90.00   | 2             | 10       | 100.00      | 20.00  | 0        | 180.00   | 100.00  | 80.00
    item e vírgula     | 40        | 89.50   | 1             | 10,5     | 100.00      | 10.50  | 0        | 89.50    | 40.00   | 49.50
    # 9.49 / 0.95 = 9.98947368...
    item em dízima     | 4         | 9.49    | 1             | 5        | 9.989473684 | 0.50   | 0        | 9.49     | 4.00    | 5.49
    item mais caro     | 4         | 11.00   | 1             | -10      | 10.00       | -1.00  | 0        | 11.00    | 4.00    | 7.00
    # 27.00 x 180/270 = 18.00
    item e pedido      | 50        | 90.00   | 2             | 10%      | 100.00      | 20.00  | 18.00    | 162.00   | 100.00  | 62.00
    item e pedido      | 40        | 90.00   | 1             | 0        | 90.00       | 0      | 9.00     | 81.00    | 40.00   | 41.00
    brinde             | 3         | 0.00    | 1             | 100      | -           | -      | 0        | 0.00     | 3.00    | -3.00
    brinde             | 4         | 10.00   | 1             | 0        | 10.00       | 0      | 1.00     | 9.00     | 4.00    | 5.00
    só brinde          | 3         | 0.00    | 2             | 100,00   | -           | -      | 0        | 0.00     | 6.00    | -6.00
    texto livre        | 8         | 20.00   | 1             | 0        | 20.00       | 0      | 2.00     | 18.00    | 8.00    | 10.00
    texto livre        | livre     | 30.00   | 1             | 0        | 30.00       | 0      | 3.00     | 27.00    | -       | -
    sem custo          | -         | 20.00   | 1             | 0        | 20.00       | 0      | 0        | 20.00    | -       | -
    sem custo          | 4         | 10.00   | 1             | 0        | 10.00       | 0      | 0        | 10.00    | 4.00    | 6.00
    custo zero         | 0/0       | 30.00   | 1             | 0        | 30.00       | 0      | 0        | 30.00    | -       | -
    custo médio        | 0/7.50    | 30.00   | 1             | 0        | 30.00       | 0      | 0        | 30.00    | 7.50    | 22.50
    peso               | 50        | 89.90   | 0.3550        | 0        | 89.90       | 0      | 0        | 31.91    | 17.75   | 14.16
    # 3.33 x 0.5 is 1.665
    meio centavo       | 3.33      | 10.01   | 0.5           | 0        | 10.01       | 0      | 0        | 5.01     | 1.67    | 3.34
    peso com desconto  | 50        | 89.90   | 0.3550        | 0        | 89.90       | 0      | 3.19     | 28.72    | 17.75   | 10.97
    frete e impostos   | 60        | 100.00  | 1             | 0        | 100.00      | 0      | 10.00    | 90.00    | 60.00   | 30.00
    centavo da Tiny    | 4         | 10.00   | 1             | 0        | 10.00       | 0      | 0.01     | 9.99     | 4.00    | 5.99
    centavo da Tiny    | 4         | 10.00   | 1             | 0        | 10.00       | 0      | 0        | 10.00    | 4.00    | 6.00
    desconto trocado   | 12        | 30.00   | 1             | 0        | 30.00       | 0      | 2.00     | 28.00    | 12.00   | 16.00
    desconto ilegível  | 12        | 30.00   | 1             | 0        | 30.00       | 0      | 3.00     | 27.00    | 12.00   | 15.00
    tudo de graça      | 1         | 0.00    | 1             | 0        | 0           | 0      | -0.33    | 0.33     | 1.00    | -0.67
    tudo de graça      | 1         | 0.00    | 1             | 0        | 0           | 0      | -0.33    | 0.33     | 1.00    | -0.67
    tudo de graça      | 1         | 0.00    | 1             | 0        | 0           | 0      | -0.34    | 0.34     | 1.00    | -0.66
    código de barras   | 5         | 10.00   | 7891234567895 | 0        | 10.00       | 0      | 7891234567895.00 | 71021111111055.00 | 39456172839475.00 | 31564938271580.00
""")
CASES = [str(row["caso"]) for row in ORDERS]
ORDER_COLUMNS = {
    "cheio": "valor_produtos_sem_desconto",
    "d_itens": "desconto_produtos",
    "d_pedido": "desconto_pedido",
    "total": "valor_faturado",
    "diferenca": "diferenca",
    "custo": "valor_produtos_custo",
    "lucro": "valor_lucro",
}
ITEM_COLUMNS = {
    "cheio_und": "produto_valor_sem_desconto_und",
    "d_item": "desconto_produto",
    "d_pedido": "desconto_pedido",
    "faturado": "total_produto_valor_faturado",
    "custo": "total_produto_valor_custo",
    "lucro": "total_produto_valor_lucro",
}
DAY = "2024-01-15"
_FIRST = 1000


def pedido_of(case: str) -> int:
    return _FIRST + CASES.index(case)


def tables() -> Tables:
    """The rows of all cases."""
    found: Tables = {"pdv": [], "pesquisa": [], "produto": []}
    for given in ORDERS:
        pedido = pedido_of(str(given["caso"]))
        lines: list[Row] = []
        costs: dict[int, list[str | None]] = {}
        for item in (item for item in ITEMS if item["caso"] == given["caso"]):
            produto = None if item["custo_und"] == "livre" else pedido * 10 + len(lines)
            lines.append(line(produto, str(item["valor"]), str(item["quantidade"]), item["desconto"]))
            if produto:
                costs[produto] = [*str(item["custo_und"]).split("/")] if item["custo_und"] else [None]
        row = order(pedido, DAY, given["total"], lines)
        row |= {
            "totalProdutos": given["produtos"],
            "desconto": given["desconto"],
            "frete": given["frete"],
            "valorIPI": given["ipi"],
            "valorICMSSubst": given["icms"],
        }
        found["pdv"].append(row)
        found["pesquisa"].append(search_line(row))
        for produto, (custo, *medio) in costs.items():
            found["produto"].append(
                product(row, produto, custo, preco_custo_medio=medio[0] if medio else None)
            )
    return found


@pytest.fixture(scope="module")
def orders(engine: Viewed | Reference) -> dict[int, Row]:
    engine.load(tables())
    return {row["pedido_id"]: row for row in engine.rows("pedidos", f"pedido_dia = '{DAY}'")}


@pytest.fixture(scope="module")
def items(engine: Viewed | Reference, orders: dict[int, Row]) -> list[Row]:
    rows = engine.rows("itens_pedido", f"pedido_dia = '{DAY}'")
    return sorted(rows, key=lambda row: (row["pedido_id"], row["item_posicao"]))


@pytest.mark.parametrize("case", CASES)
def test_an_order(orders: dict[int, Row], case: str) -> None:
    given = ORDERS[CASES.index(case)]
    found = orders[pedido_of(case)]
    assert {name: found[column] for name, column in ORDER_COLUMNS.items()} == {
        name: number(given[name]) for name in ORDER_COLUMNS
    }
    assert found["custo_completo"] == (given["custo"] is not None)
    assert found["desconto_total"] == found["desconto_produtos"] + found["desconto_pedido"]


@pytest.mark.parametrize("case", [case for case in CASES if case != "sem itens"])
def test_its_items(items: list[Row], case: str) -> None:
    found = [row for row in items if row["pedido_id"] == pedido_of(case)]
    given = [item for item in ITEMS if item["caso"] == case]
    assert [{name: row[column] for name, column in ITEM_COLUMNS.items()} for row in found] == [
        {name: number(item[name]) for name in ITEM_COLUMNS} for item in given
    ]
    assert [row["item_posicao"] for row in found] == [*range(1, len(given) + 1)]


@pytest.mark.parametrize("case", [case for case in CASES if case != "sem itens"])
def test_the_items_add_up_to_the_order(orders: dict[int, Row], items: list[Row], case: str) -> None:
    found, sold = orders[pedido_of(case)], [row for row in items if row["pedido_id"] == pedido_of(case)]
    extras = found["valor_frete"] + found["valor_ipi"] + found["valor_icms_st"]
    assert sum(row["total_produto_valor_faturado"] for row in sold) + extras == found["valor_faturado"]
    assert sum(row["desconto_pedido"] for row in sold) == found["desconto_pedido"]
    assert sum(row["desconto_total"] for row in sold) == found["desconto_total"]
    assert found["valor_produtos_sem_desconto"] - found["desconto_total"] + extras == found["valor_faturado"]


def test_an_order_without_items_keeps_its_row(orders: dict[int, Row], items: list[Row]) -> None:
    pedido = pedido_of("sem itens")
    assert (orders[pedido]["itens"], orders[pedido]["unidades"]) == (0, 0)
    assert pedido not in {row["pedido_id"] for row in items}


def test_a_free_text_item_has_no_product(items: list[Row]) -> None:
    row = next(row for row in items if row["produto_nome"] == "Embalagem")
    names = (
        "produto_id",
        "produto_categoria_principal",
        "produto_valor_custo_und",
        "produto_valor_lucro_und",
    )
    assert {row[name] for name in names} == {None}


def test_amounts_of_one_unit(items: list[Row]) -> None:
    """Two units for 90.00 each, which was 100.00; of the order's 27.00 these two bear 18.00, each 9.00; cost 50.00."""
    row = next(row for row in items if row["pedido_id"] == pedido_of("item e pedido"))
    assert {name: row[name] for name in row if name.endswith("_und")} == {
        "produto_valor_custo_und": 50,
        "produto_valor_sem_desconto_und": 100,
        "produto_valor_com_desconto_und": 81,
        "produto_valor_lucro_und": 31,
        "desconto_produto_und": 10,
        "desconto_pedido_und": 9,
        "desconto_total_und": 19,
    }
    assert (row["total_produto_valor_sem_desconto"], row["desconto_total"]) == (Decimal(200), Decimal(38))
