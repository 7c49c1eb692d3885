"""What Tiny does not answer about, remembered from run to run: how often it was asked, and since when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Final, Self

from tiny_operators.batches.waiting import next_try, tried_again
from tiny_operators.lake import names
from tiny_operators.lake.objects import Objects
from tiny_operators.orders.json_values import from_json
from tiny_operators.orders.outcomes import Wait, Waiting
from tiny_operators.orders.plan import Tried

# Runs that ask in vain about something silent before there is a pause.
_RUNS_BEFORE_PAUSE: Final = 2
# What nobody asked about for so long starts from zero.
_EXPIRES_AFTER: Final = timedelta(days=30)


@dataclass
class UnansweredMemory:
    """What Tiny does not answer about, in the memory of one store: how often it was asked, and since when.

    Products: the next two runs ask for such a product again, with few tries, since it may have been silent for a
    moment. After that there is a pause, which grows to a quarter of an hour, like that of an order that waits.
    Otherwise each batch of orders with the product would use up the tries of a call. The orders are loaded meanwhile,
    without its cost.

    Dates for which the search of orders has no answer, or none that can be used: each night asks again.

    Attributes:
        objects: The store's API bucket.
        target: Name of the object.
    """

    objects: Objects
    target: str

    @classmethod
    def of_products(cls, objects: Objects, prefix: str) -> Self:
        """Open the memory of a store's products, by Tiny's id."""
        return cls(objects, names.silent_products_object(prefix))

    @classmethod
    def of_dates(cls, objects: Objects, prefix: str) -> Self:
        """Open the memory of a store's dates (YYYY-MM-DD)."""
        return cls(objects, names.silent_dates_object(prefix))

    def all(self) -> list[str]:
        """Return everything that is known to be silent, sorted."""
        return sorted(self._known)

    def since(self, about: object) -> str | None:
        """Return since when Tiny does not answer about something (ISO 8601, UTC); None when it is not silent."""
        tried = self._known.get(str(about))
        return tried.since[Wait.NO_ANSWER] if tried else None

    def is_paused(self, about: object, now: datetime) -> bool:
        """Return whether the pause of something that is known to be silent is not over yet."""
        tried = self._known.get(str(about))
        return tried is not None and tried.times > _RUNS_BEFORE_PAUSE and now < next_try(tried)

    def remember(self, about: object, run: str, now: datetime) -> None:
        """Remember that a run asked about something in vain."""
        waits = [Waiting(Wait.NO_ANSWER, now.isoformat())]
        self._change({str(about): tried_again(self._known.get(str(about)), run, waits)}, now)

    def forget(self, abouts: Iterable[object]) -> None:
        """Forget what Tiny answered about, or what a person wants to ask for again."""
        if known := {str(about): None for about in abouts if str(about) in self._known}:
            self._change(known, datetime.now(UTC))

    @cached_property
    def _known(self) -> dict[str, Tried]:
        return _silent(self.objects.read_json(self.target))

    def _change(self, news: Mapping[str, Tried | None], now: datetime) -> None:
        """Write what is new, beside what others wrote meanwhile."""

        def changed(content: Any) -> Any:
            found = {**_silent(content), **news}
            return {
                "silent": {
                    about: asdict(tried)
                    for about, tried in found.items()
                    if tried and now - datetime.fromisoformat(tried.last_at) < _EXPIRES_AFTER
                }
            }

        self.objects.change_json(self.target, changed)
        for about, tried in news.items():
            if tried:
                self._known[about] = tried
            else:
                self._known.pop(about, None)


def _silent(content: Any) -> dict[str, Tried]:
    silent = (content or {}).get("silent", {})
    return {about: from_json(Tried, tried) for about, tried in silent.items()}
