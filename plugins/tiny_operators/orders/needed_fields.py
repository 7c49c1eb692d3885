"""What a row cannot do without: what was sold, on which day and for how much. All else is a side value.

A needed field that cannot be read sets its order aside. A side value that cannot be read becomes null in its column
and is noted beside the order. It stays whole in ``payload``. Neither the order nor the product's cost is lost by it.
"""

from __future__ import annotations

from typing import Final

# By table, the fields that must be readable: which record it is, its day, and its money. What Tiny leaves empty is
# null, as everywhere.
NEEDED: Final = {
    "pdv": frozenset({
        "id",
        "data",
        "totalProdutos",
        "totalVenda",
        "itens",
        "itens.valor",
        "itens.quantidade",
    }),
    "pesquisa": frozenset({"id", "data_pedido", "valor"}),
    "produto": frozenset({"id"}),
}

# The search line of an order may give its day too. Without a day or a total the order would be in no report.
DAY: Final = "data"
TOTAL: Final = "totalVenda"
LINE_DAY: Final = "data_pedido"
