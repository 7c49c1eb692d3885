"""What a rehearsal found, as people read it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_WIDEST: Final = 72
_HEAD: Final = ("step", "result", "time", "read", "billed", "what")
_UNITS: Final = ("B", "KB", "MB", "GB", "TB")
_UNIT: Final = 1000


class Result(StrEnum):
    """What became of a step."""

    HELD = "held"
    FAILED = "FAILED"
    NOT_TRIED = "not tried"


@dataclass(frozen=True)
class Said:
    """What a step that held has to say.

    Attributes:
        text: What was seen.
        read: How many bytes its jobs processed; None when BigQuery does not say.
        billed: How many bytes are billed for them; None when BigQuery does not say.
    """

    text: str
    read: int | None = None
    billed: int | None = None


@dataclass(frozen=True)
class Outcome:
    """One line of the report.

    Attributes:
        step: Name of the step.
        result: What became of it.
        said: What was seen, or what a failure means.
        do: What to do about it; empty where there is nothing to do.
        seconds: How long it took.
        is_part: Whether it is a part of another step, which has its bytes and its time too.
    """

    step: str
    result: Result
    said: Said
    do: str = ""
    seconds: float = 0.0
    is_part: bool = False

    def line(self) -> str:
        """Write the outcome on one line, for the time of the rehearsal."""
        return f"{self.result:<9}  {self.seconds:6.1f} s  {self.step}: {self.said.text}"


def exit_code(outcomes: Iterable[Outcome]) -> int:
    """Return 0 when nothing failed, else 1."""
    return int(any(outcome.result is Result.FAILED for outcome in outcomes))


def report(outcomes: Sequence[Outcome]) -> str:
    """Write the table of all steps, then what each failure means and what to do about it."""
    rows = [_HEAD, *(_cells(outcome) for outcome in outcomes)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    for do, alike in _by_what_to_do(outcomes).items():
        lines += [
            "",
            *(f"{outcome.step}: {outcome.result}, {outcome.said.text}" for outcome in alike),
            f"  -> {do}",
        ]
    return "\n".join([*lines, "", _summary(outcomes)])


def _by_what_to_do(outcomes: Sequence[Outcome]) -> dict[str, list[Outcome]]:
    found: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        if outcome.do:
            found.setdefault(outcome.do, []).append(outcome)
    return found


def _cells(outcome: Outcome) -> tuple[str, ...]:
    text = outcome.said.text
    short = text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"
    seconds = f"{outcome.seconds:.1f} s"
    return (outcome.step, outcome.result, seconds, size(outcome.said.read), size(outcome.said.billed), short)


def _summary(outcomes: Sequence[Outcome]) -> str:
    counts = {result: sum(outcome.result is result for outcome in outcomes) for result in Result}
    # A script's statements stand beside it, and must not count twice.
    whole = [outcome for outcome in outcomes if not outcome.is_part]
    billed = sum(outcome.said.billed or 0 for outcome in whole)
    seconds = sum(outcome.seconds for outcome in whole)
    return (
        f"{len(outcomes)} steps in {seconds:.0f} s: {counts[Result.HELD]} held, {counts[Result.FAILED]} failed, "
        f"{counts[Result.NOT_TRIED]} not tried; {size(billed)} billed"
    )


def size(count: int | None) -> str:
    """Write a number of bytes as people read it; a dash for an unknown one."""
    if count is None:
        return "-"
    number, unit = float(count), 0
    while number >= _UNIT and unit < len(_UNITS) - 1:
        number, unit = number / _UNIT, unit + 1
    return f"{number:.0f} {_UNITS[unit]}" if unit == 0 else f"{number:.1f} {_UNITS[unit]}"
