"""The rows of the table: what was measured, against what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """A figure.

    Attributes:
        what: What was measured.
        value: The figure.
        limit: What it is measured against.
        against: What the limit is, in words.
        wanted: The ratio of the two that is wanted; None where nothing is.
        at_least: Whether the ratio shall be at least that; otherwise at most.
        promised: Whether the documents promise it.
    """

    what: str
    value: float
    limit: float
    against: str
    wanted: float | None = None
    at_least: bool = False
    promised: bool = False

    @property
    def ratio(self) -> float:
        """The figure, as a part of its limit."""
        return self.value / self.limit

    @property
    def is_missed(self) -> bool:
        """Whether the ratio is not the one that is wanted."""
        if self.wanted is None:
            return False
        return self.ratio < self.wanted if self.at_least else self.ratio > self.wanted


def markdown(rows: Iterable[Row], about: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of the table."""
    yield ", ".join(f"{name} {value}" for name, value in about.items())
    yield ""
    yield "| what | figure | limit | ratio | wanted |"
    yield "| --- | --- | --- | --- | --- |"
    for row in rows:
        wanted = "" if row.wanted is None else f"{'≥' if row.at_least else '≤'} {row.wanted:g}"
        missed = ": missed" if row.is_missed else ""
        yield f"| {row.what} | {row.value:g} | {row.limit:g} ({row.against}) | {row.ratio:.2f} | {wanted}{missed} |"


def end(rows: Iterable[Row]) -> int:
    """Return 1 when a promised ratio is missed, else 0."""
    return int(any(row.is_missed and row.promised for row in rows))
