"""What Tiny does not answer about in a chaos run: orders and products, some for a while and some for good."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from benchmarks.history.shop import Shop
from local.demo.parts import Sale
from tiny_operators.lake import names
from tiny_operators.lake.objects import Objects

# Products that are silent for a while, and as many for good: of those that sell best.
_PRODUCTS: Final = 2
_BEST_SELLERS: Final = 20
# Calls about an order that get no answer, when it is silent for a while: some runs.
_A_WHILE: Final = 12
# An order that got no answer in so many runs does not owe it to the usual faults.
_SURELY_SILENT: Final = 5
_A_DAY: Final = timedelta(hours=25)
_LONGER_THAN_A_PAUSE: Final = timedelta(hours=1)

Truth = dict[str, Any]


@dataclass
class Silence:
    """The silent orders and products of a run.

    Attributes:
        shop: The stack.
        orders: Orders that Tiny never answers about.
        products: Products that Tiny never answers about.
    """

    shop: Shop
    orders: set[int] = field(default_factory=set)
    products: set[int] = field(default_factory=set)

    def begin(self, dice: random.Random, first: date, last: date) -> None:
        """Let products be silent, before any is read: an answer about a product serves for its day."""
        pairs = self.shop.simulator.truth_of_dates(first, last)["snapshots"]
        sold = Counter(int(pair["id"]) for pair in pairs)
        best = sorted(produto for produto, _ in sold.most_common(_BEST_SELLERS))
        chosen = dice.sample(best, 2 * _PRODUCTS)
        self.products = set(chosen[:_PRODUCTS])
        for produto in chosen:
            self._fault("produto.obter", produto, None)

    def of_order(self, sale: Sale, *, forever: bool) -> None:
        """Let an order be silent, or for a while also the search for it."""
        self._fault("pdv.pedido.obter", sale.pedido, None if forever else _A_WHILE)
        if forever:
            self.orders.add(sale.pedido)
        else:
            self._fault("pedidos.pesquisa", sale.webhook["dados"]["numero"], _A_WHILE)

    def of_date(self, day: date) -> None:
        """Let the search for a date be silent."""
        self.shop.simulator.fault(
            service="pedidos.pesquisa", faults=["code_35"], date=day.isoformat(), times=None
        )

    def end(self) -> None:
        """Let Tiny answer about all that was silent for a while."""
        self.shop.simulator.no_faults()
        for pedido in self.orders:
            self._fault("pdv.pedido.obter", pedido, None)
        for produto in self.products:
            self._fault("produto.obter", produto, None)

    def let_a_day_pass(self) -> None:
        """Let the files that wait have waited for a day, when runs enough have asked for their orders in vain."""
        warehouse = self.shop.warehouse
        objects = Objects(warehouse.storage_client(), warehouse.api_bucket)
        target = names.waiting_files_object(self.shop.store.prefix)
        state = objects.read_json(target)
        if state and _a_day_later(state) != state:
            objects.change_json(target, _a_day_later)

    def without(self, truth: Truth) -> Truth:
        """Return the part of the truth that the tables can hold."""
        return truth | {
            "pdv": [row for row in truth["pdv"] if int(row["id"]) not in self.orders],
            "pesquisa": [row for row in truth["pesquisa"] if int(row["id"]) not in self.orders],
            "snapshots": [
                pair
                for pair in truth["snapshots"]
                if int(pair["pedido_id"]) not in self.orders and int(pair["id"]) not in self.products
            ],
        }

    def differences(self, first: date, last: date) -> list[str]:
        """Find where the tables differ from what they can hold of the orders of some dates, both included."""
        return self.shop.warehouse.differences(self.without(self.shop.simulator.truth_of_dates(first, last)))

    def _fault(self, service: str, about: int | str, times: int | None) -> None:
        self.shop.simulator.fault(service=service, faults=["code_35"], key=str(about), times=times)


def _a_day_later(state: Any) -> Any:
    """Return the state of waiting files when all their pauses are over, and for surely silent ones also a day."""
    return (state or {}) | {
        "files": {
            generation: tried
            | {"last_at": _at_least_ago(tried["last_at"], _LONGER_THAN_A_PAUSE)}
            | {"since": _since(tried)}
            for generation, tried in (state or {}).get("files", {}).items()
        }
    }


def _since(tried: dict[str, Any]) -> dict[str, str]:
    waits: dict[str, str] = tried["since"]
    if tried["times"] < _SURELY_SILENT:
        return waits
    return {wait: _at_least_ago(since, _A_DAY) for wait, since in waits.items()}


def _at_least_ago(moment: str, ago: timedelta) -> str:
    """Return a moment, or an earlier one that is at least so long ago."""
    found = datetime.fromisoformat(moment)
    return moment if datetime.now(UTC) - found >= ago else (found - ago).isoformat()
