"""Days that are not complete, joined where one remedy helps them all: a person gets few entries, not one a day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Final

from tiny_operators.situation.facts import State

# Up to so many complete days in between are taken along: each costs its search page once more, and nothing else. So a
# shop that is closed on Sundays gets one entry, not one a week.
_BRIDGED_DAYS: Final = 6
_NOT_COMPLETE: Final = frozenset({State.MISSING, State.DIFFERS, State.LOADED})


@dataclass(frozen=True)
class Span:
    """Days from the first to the last one that is not complete.

    Attributes:
        days: Those that are not complete, each with its state, the oldest first; at least one.
    """

    days: tuple[tuple[date, State], ...]

    @property
    def first(self) -> date:
        """The first day."""
        return self.days[0][0]

    @property
    def last(self) -> date:
        """The last day."""
        return self.days[-1][0]

    @property
    def length(self) -> int:
        """How many days, those that are complete included."""
        return (self.last - self.first).days + 1

    @property
    def states(self) -> frozenset[State]:
        """The states of its days that are not complete."""
        return frozenset(state for _, state in self.days)

    @property
    def most_missing(self) -> int:
        """How many days in a row have no orders, at most."""
        return max(
            (len(list(days)) for state, days in groupby(self._each_day()) if state is State.MISSING),
            default=0,
        )

    def count(self, state: State) -> int:
        """Return how many days are in a state."""
        return sum(each is state for _, each in self.days)

    def _each_day(self) -> Iterable[State | None]:
        known = dict(self.days)
        return (known.get(self.first + timedelta(days=number)) for number in range(self.length))


def spans(states: Iterable[tuple[date, State]]) -> list[Span]:
    """Join the days that are not complete, the newest span first.

    Args:
        states: Each day with its state, the oldest first.
    """
    found: list[list[tuple[date, State]]] = []
    for day, state in states:
        if state not in _NOT_COMPLETE:
            continue
        if not found or (day - found[-1][-1][0]).days > _BRIDGED_DAYS + 1:
            found.append([])
        found[-1].append((day, state))
    return [Span(tuple(days)) for days in reversed(found)]
