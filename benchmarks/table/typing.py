"""Typing answers into rows, beside reading and writing the same JSON without a look at it.

``python -m benchmarks.table.typing`` prints the profile of it: benchmarks/profiles/rows.txt.
"""

from __future__ import annotations

import cProfile
import json
import pstats
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Final

from benchmarks.table.rows import Row
from local.tiny_simulator.settings import PROFILES, Settings
from local.tiny_simulator.simulator import Simulator
from tests.simulator.shops import make_shop
from tiny_operators.lake import names
from tiny_operators.orders.raw_lines import Envelope, Kind, read_line
from tiny_operators.orders.rows import order_rows, row_texts
from tiny_operators.tiny.api import PDV_PEDIDO_OBTER, PEDIDOS_PESQUISA, PRODUTO_OBTER

ORDERS: Final = 100
_PER_DAY: Final = 40
_ROUNDS: Final = 5
_NOW: Final = "2026-03-14T12:00:00+00:00"
_DAY: Final = _NOW[:10]


@dataclass(frozen=True)
class Lines:
    """The raw lines of an order: itself, the page of the search that lists it, its products; and their objects."""

    pedido: int
    order: str
    page: str
    products: dict[int, str]
    page_object: str
    product_objects: dict[int, str]

    @property
    def all(self) -> list[str]:
        """Every line."""
        return [self.order, self.page, *self.products.values()]


def made(count: int) -> list[Lines]:
    """Let the simulated shop answer about so many orders."""
    # A day has somewhat more or fewer.
    shop = make_shop(profile="common", days=count * 6 // (5 * _PER_DAY) + 1, per_day=_PER_DAY)
    simulator = Simulator(shop, token="t", settings=Settings(quirks=PROFILES["common"]))  # noqa: S106 - opens nothing

    def line(
        kind: Kind,
        service: str,
        pedido: int | None,
        produto: int | None,
        references: Mapping[str, Any] = MappingProxyType({}),
        **params: str,
    ) -> str:
        body = simulator.answer(service, {"formato": "JSON", **params}, None, None).body.decode()
        request = {"service": service}
        about = Envelope("z316", kind, pedido, produto, _NOW, _NOW, "bench", "1", request, **references)
        return about.line(" ".join(body.splitlines()))

    found = []
    for order in list(shop.orders.values())[:count]:
        products = {
            item.id_produto: line("produto", PRODUTO_OBTER, None, item.id_produto, id=str(item.id_produto))
            for item in order.itens
            if item.id_produto
        }
        page_object = names.raw_search_object(f"bench_{order.id}", _DAY, "1")
        product_objects = {produto: names.raw_product_object(_DAY, produto) for produto in products}
        by_text = {str(produto): name for produto, name in product_objects.items()}
        references = {"pesquisa": page_object, "produtos": by_text}
        page = line("pesquisa", PEDIDOS_PESQUISA, None, None, numero=str(order.numero))
        itself = line("pdv", PDV_PEDIDO_OBTER, order.id, None, references, id=str(order.id))
        found.append(Lines(order.id, itself, page, products, page_object, product_objects))
    if len(found) != count:
        raise RuntimeError(f"the shop has {len(found)} orders, wanted are {count}")
    return found


def plain(orders: list[Lines]) -> None:
    """Read and write the JSON."""
    for lines in orders:
        for text in lines.all:
            json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":"))


def typed(orders: list[Lines]) -> int:
    """Type the answers and write the rows; return how many there are.

    A product has one answer a day, which is read once for all orders that refer to it, as in the task.
    """
    rows, read = 0, cache(read_line)
    for lines in orders:
        products = {produto: read(text) for produto, text in lines.products.items()}
        result = order_rows(read_line(lines.order), read_line(lines.page), products)
        for made_rows in result.rows.values():
            rows += len(list(row_texts(made_rows)))
    return rows


def typing() -> Iterator[Row]:
    """Measure both, in turns."""
    orders = made(ORDERS)
    if typed(orders) < 2 * len(orders):
        raise RuntimeError("the shop's orders have no rows")
    ways: tuple[Callable[[list[Lines]], object], ...] = (plain, typed)
    best = {do: min(_seconds(do, orders) for _ in range(_ROUNDS)) for do in ways}
    yield Row(
        "orders typed a second of processor", len(orders) / best[typed], len(orders) / best[plain],
        "json.loads and json.dumps of the same", 0.33, at_least=True,
    )  # fmt: skip


def _seconds(do: Callable[[list[Lines]], object], orders: list[Lines]) -> float:
    began = time.process_time()
    do(orders)
    return time.process_time() - began


def main() -> None:
    """Print the profile."""
    orders = made(ORDERS)
    with cProfile.Profile() as profile:
        typed(orders)
    pstats.Stats(profile).strip_dirs().sort_stats("tottime").print_stats(25)


if __name__ == "__main__":
    main()
