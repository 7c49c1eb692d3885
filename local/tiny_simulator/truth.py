"""What is true in the shop, typed, whatever the wire makes of it: rows as the tables should hold them.

Integers for INT64, text with exact decimals for NUMERIC, ISO dates, lists for REPEATED, null for nothing;
only columns that come from Tiny's answers are here. Those that hold text "as it came" (``situacao``,
``descricao_complementar``) follow the switches, and what nobody can read is null.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from local.tiny_simulator import wire_orders, wire_products
from local.tiny_simulator.model import Order, Product
from local.tiny_simulator.settings import Quirks
from local.tiny_simulator.spelling import Exact, ExactTexts, fixed

Row = dict[str, Any]
_NO_COLUMNS: Final = frozenset({"kit", "mapeamentos", "grade"})


def pdv(order: Order, quirks: Quirks) -> Row:
    """Build the order's row in ``pdv``."""
    return wire_orders.pdv_order(order, _without_fields(quirks), Exact)


def search_line(order: Order, quirks: Quirks) -> Row:
    """Build the order's row in ``pesquisa``."""
    return wire_orders.search_row(order, _without_fields(quirks), ExactTexts)


def product(goods: Product, quirks: Quirks) -> Row:
    """Return the product's columns in ``produto``, as it is today."""
    row = wire_products.product(goods, _without_fields(quirks), Exact)
    row["variacoes"] = row["variacoes"] or None
    return {name: value for name, value in row.items() if name not in _NO_COLUMNS}


def _without_fields(quirks: Quirks) -> Quirks:
    """Switch off what adds fields, and what writes nothing as a value."""
    return replace(quirks, new_fields=False, unknown_fields=False, zero_ids=False, empty_list_text=False)


def order_facts(order: Order) -> Row:
    """Return what no single table holds: status code, exact discount in reais, when it was created and changed."""
    return {
        "id": order.id,
        "numero": order.numero,
        "data": order.data.isoformat(),
        "criado": order.criado.isoformat(),
        "alterado": order.alterado.isoformat(),
        "codigo_situacao": order.situacao,
        "valor_desconto": fixed(order.valor_desconto, 2),
        "total_venda": fixed(order.total_venda, 2),
        "id_vendedor": order.vendedor.id if order.vendedor else None,
        "id_contato": order.contato.id,
        "id_nota_fiscal": order.id_nota,
        "marketplace": order.canal is not None,
    }


def snapshots(orders: Iterable[Order]) -> list[Row]:
    """Return the keys of ``produto``: each product of each order once."""
    return [
        {"pedido_id": order.id, "id": product_id}
        for order in orders
        for product_id in dict.fromkeys(
            item.id_produto for item in order.itens if item.id_produto is not None
        )
    ]
