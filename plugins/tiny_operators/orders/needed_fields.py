"""What a row cannot do without: what was sold, on which day and for how much. All else is a side value.

A needed field that cannot be read sets its order aside. A side value that cannot be read becomes null in its column
(it stays whole in ``payload``) and is noted beside the order: it costs nobody the order, nor the product's cost.
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

# The day of an order may also be told by its search line; without a day or a total it would stand in no report.
DAY: Final = "data"
TOTAL: Final = "totalVenda"
LINE_DAY: Final = "data_pedido"
