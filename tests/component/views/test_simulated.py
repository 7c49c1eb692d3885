"""Four hundred orders of the simulator, against what its own arithmetic says of them."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

import pytest

from local.tiny_simulator import truth
from local.tiny_simulator.model import Order
from local.tiny_simulator.settings import PROFILES
from local.tiny_simulator.shop import Shop
from tests.component.views.rows import STORE, Row, Tables, Viewed
from tests.simulator.shops import make_shop

pytestmark = pytest.mark.stack

# Out of the way of the views that look back from today.
_EARLIER = timedelta(days=1000)
_QUIRKS = PROFILES["hostile"]


def moved(day: str) -> str:
    return (date.fromisoformat(day) - _EARLIER).isoformat()


def tables(shop: Shop) -> Tables:
    """What the tables hold of a shop."""
    found: Tables = {"pdv": [], "pesquisa": [], "produto": []}
    for sold in shop.orders.values():
        day = moved(sold.data.isoformat())
        own = {
            "store": STORE,
            "uuid": f"uuid-{sold.id}",
            "timestamp": f"{day}T03:00:00Z",
            "fetched_at": f"{day}T08:00:00Z",
        }
        found["pdv"].append(truth.pdv(sold, _QUIRKS) | own | {"data": day})
        found["pesquisa"].append(truth.search_line(sold, _QUIRKS) | own | {"data_pedido": day})
        for key in truth.snapshots([sold]):
            row = truth.product(shop.products[key["id"]], _QUIRKS)
            found["produto"].append(row | key | own | {"variacoes": json.dumps(row["variacoes"])})
    return found


@pytest.fixture(scope="module")
def shop() -> Shop:
    return make_shop(profile="hostile", days=11, per_day=50)


@pytest.fixture(scope="module")
def sold(shop: Shop) -> dict[int, Order]:
    orders = dict(shop.orders)
    assert len(orders) >= 400
    forms = {
        "".join("9" if letter.isdigit() else letter for letter in order.desconto) for order in orders.values()
    }
    assert forms >= {"", "9", "9,99", "9%", "99%", "99,9%", "-9,99", "99,99"}
    assert any(item.desconto == "100" for order in orders.values() for item in order.itens)
    assert any(item.id_produto is None for order in orders.values() for item in order.itens)
    assert any(item.unidade == "KG" for order in orders.values() for item in order.itens)
    assert any(order.ipi and order.icms_st for order in orders.values())
    assert any(order.frete for order in orders.values())
    return orders


@pytest.fixture(scope="module")
def simulated(viewed: Viewed, shop: Shop, sold: dict[int, Order]) -> Viewed:
    viewed.load(tables(shop))
    return viewed


@pytest.fixture(scope="module")
def days(shop: Shop) -> str:
    found = sorted(moved(order.data.isoformat()) for order in shop.orders.values())
    return f"pedido_dia BETWEEN '{found[0]}' AND '{found[-1]}'"


@pytest.fixture(scope="module")
def orders(simulated: Viewed, days: str) -> dict[int, Row]:
    return {row["pedido_id"]: row for row in simulated.rows("pedidos", days)}


@pytest.fixture(scope="module")
def items(simulated: Viewed, days: str) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    for row in simulated.rows("itens_pedido", days):
        found[row["pedido_id"]].append(row)
    return found


def test_no_row_is_dropped_or_doubled(
    sold: dict[int, Order], orders: dict[int, Row], items: dict[int, list[Row]]
) -> None:
    assert orders.keys() == sold.keys()
    counts = {pedido: len(rows) for pedido, rows in items.items()}
    assert counts == {pedido: len(order.itens) for pedido, order in sold.items()}


def test_items_add_up_to_what_was_charged(
    sold: dict[int, Order], orders: dict[int, Row], items: dict[int, list[Row]]
) -> None:
    for pedido, order in sold.items():
        parts = sum((row["total_produto_valor_faturado"] for row in items[pedido]), Decimal(0))
        assert parts + order.frete + order.ipi + order.icms_st == order.total_venda, pedido
        assert orders[pedido]["valor_faturado"] == order.total_venda, pedido


def test_discounts_are_those_that_were_typed(
    sold: dict[int, Order], orders: dict[int, Row], items: dict[int, list[Row]]
) -> None:
    for pedido, order in sold.items():
        row = orders[pedido]
        assert (row["desconto_pedido"], row["diferenca"]) == (order.valor_desconto, 0), pedido
        assert sum(item["desconto_pedido"] for item in items[pedido]) == order.valor_desconto, pedido


def test_a_part_is_within_a_cent_of_its_share(sold: dict[int, Order], items: dict[int, list[Row]]) -> None:
    for pedido, order in sold.items():
        for item, row in zip(
            order.itens, sorted(items[pedido], key=lambda r: r["item_posicao"]), strict=True
        ):
            share = order.valor_desconto * item.total / (order.total_produtos or 1)
            assert abs(row["desconto_pedido"] - share) < Decimal("0.01"), pedido


def cost_of(shop: Shop, produto: int | None) -> Decimal | None:
    """What a product cost; None when nobody filled it in, for which Tiny also writes 0."""
    goods = shop.products[produto] if produto else None
    return (goods.preco_custo or goods.preco_custo_medio or None) if goods else None


def test_profit_is_what_was_charged_less_the_cost(
    shop: Shop, sold: dict[int, Order], orders: dict[int, Row]
) -> None:
    for pedido, order in sold.items():
        costs = [cost_of(shop, item.id_produto) for item in order.itens]
        row = orders[pedido]
        assert row["custo_completo"] == (None not in costs), pedido
        assert (row["valor_lucro"] is None) == (None in costs), pedido
        if None not in costs:
            assert row["valor_lucro"] == order.total_venda - row["valor_produtos_custo"], pedido
