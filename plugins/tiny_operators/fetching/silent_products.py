"""Products that Tiny does not answer about, remembered from run to run: how often they were asked for, and since when.

The next run asks for such a product again, with few tries: it may have been silent for a moment. After that there is a
pause, as of an order that waits, which grows to a quarter of an hour: else each batch of orders that have the product
would cost the tries of a call. The orders are loaded meanwhile, without its cost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Final

from tiny_operators import names
from tiny_operators.gcp.storage import Objects
from tiny_operators.planning.plan import Tried
from tiny_operators.planning.waiting import Wait, Waiting, next_try, tried_again
from tiny_operators.records import from_json

# A product that nobody bought for so long begins anew.
_FORGOTTEN_AFTER: Final = timedelta(days=30)


@dataclass
class SilentProducts:
    """The memory of one store.

    Attributes:
        objects: The store's API bucket.
        prefix: Prefix of the store.
    """

    objects: Objects
    prefix: str

    def tried(self, produto: int) -> Tried | None:
        """What was tried in vain for a product; None when it is not known to be silent."""
        return self._products.get(produto)

    def rests(self, produto: int, now: datetime) -> bool:
        """Whether the pause of a product that is known to be silent is not over yet."""
        tried = self.tried(produto)
        return tried is not None and tried.times > 1 and now < next_try(tried)

    def silent(self, produto: int, run: str, now: datetime) -> Tried:
        """Remember that a product was asked for in vain."""
        waits = [Waiting(Wait.NO_ANSWER, now.isoformat())]
        tried = tried_again(self.tried(produto), run, waits)
        self._change({produto: tried}, now)
        return tried

    def forget(self, produtos: Iterable[int]) -> None:
        """Forget products that Tiny answered about, or that a person wants to be asked for again."""
        if known := {produto: None for produto in produtos if self.tried(produto)}:
            self._change(known, datetime.now(UTC))

    @cached_property
    def _products(self) -> dict[int, Tried]:
        return _from_json(self.objects.read_json(names.silent_products_object(self.prefix)))

    def _change(self, news: Mapping[int, Tried | None], now: datetime) -> None:
        """Write what is new, beside what others wrote meanwhile."""

        def changed(content: Any) -> Any:
            products = {**_from_json(content), **news}
            kept = {
                str(produto): asdict(tried)
                for produto, tried in products.items()
                if tried and now - datetime.fromisoformat(tried.last_at) < _FORGOTTEN_AFTER
            }
            return {"products": kept}

        self.objects.change_json(names.silent_products_object(self.prefix), changed)
        for produto, tried in news.items():
            if tried:
                self._products[produto] = tried
            else:
                self._products.pop(produto, None)


def since(tried: Tried) -> str:
    """Since when a product is silent (ISO 8601, UTC)."""
    return tried.since[Wait.NO_ANSWER]


def _from_json(content: Any) -> dict[int, Tried]:
    products = (content or {}).get("products", {})
    return {int(produto): from_json(Tried, tried) for produto, tried in products.items()}
