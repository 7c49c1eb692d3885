"""Days that are not complete are joined where one remedy helps them all."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tiny_operators.situation.facts import State
from tiny_operators.situation.remedies import spans

FIRST = date(2026, 1, 1)


def days(letters: str) -> list[tuple[date, State]]:
    """Days from the first one on: a letter for each, as in the JSON."""
    return [(FIRST + timedelta(days=number), State(letter)) for number, letter in enumerate(letters)]


def found(letters: str) -> list[tuple[int, int]]:
    """First and last day of each span, counted from the first day."""
    return [((each.first - FIRST).days, (each.last - FIRST).days) for each in spans(days(letters))]


@pytest.mark.parametrize(
    ("letters", "joined"),
    [
        ("", []),
        ("cccpp", []),
        ("m", [(0, 0)]),
        ("lmllmdlp", [(0, 6)]),
        # A week that is complete but for its Sunday, again and again.
        ("mccccccmccccccm", [(0, 14)]),
        ("mcccccccm", [(8, 8), (0, 0)]),
        ("ccllcccmccccccccdcp", [(16, 16), (2, 7)]),
    ],
)
def test_neighbours_are_joined_the_newest_first(letters: str, joined: list[tuple[int, int]]) -> None:
    assert found(letters) == joined


@pytest.mark.parametrize(
    ("letters", "most"), [("lll", 0), ("lmml", 2), ("mmcmmm", 3), ("mcmcmcm", 1), ("mmmmm", 5)]
)
def test_days_without_orders_in_a_row(letters: str, most: int) -> None:
    (span,) = spans(days(letters))
    assert span.most_missing == most


def test_what_is_in_a_span() -> None:
    (span,) = spans(days("clmcdlcc"))
    assert (span.length, len(span.days)) == (5, 4)
    assert span.states == {State.LOADED, State.MISSING, State.DIFFERS}
    assert [span.count(state) for state in (State.LOADED, State.MISSING, State.COMPLETE)] == [2, 1, 0]
