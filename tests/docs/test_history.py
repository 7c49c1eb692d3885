"""What the page about history says of waiting is what the code does."""

from __future__ import annotations

import re
from math import ceil, floor
from pathlib import Path
from typing import Final

import pytest

from tiny_operators.batches.asking import FEW_TRIES
from tiny_operators.tiny.answers import Meaning
from tiny_operators.tiny.pacing import BACKOFF

REPO: Final = Path(__file__).resolve().parents[2]
PAGE: Final = " ".join((REPO / "docs" / "history.md").read_text(encoding="utf-8").split())


def pauses(meaning: Meaning, tries: int, unit: int = 1) -> str:
    """Say how long the pauses between some tries are in all, at least and at most."""
    waits = [
        sum(BACKOFF[meaning].seconds(failures, share) for failures in range(1, tries)) for share in (0.0, 1.0)
    ]
    least, most = floor(waits[0] / unit), ceil(waits[1] / unit)
    return f"pauses of {least} to {most} {'seconds' if unit == 1 else 'minutes'}"


@pytest.mark.parametrize(
    ("before", "meaning", "unit"),
    [
        ("That call has ", Meaning.TRY_AGAIN, 1),
        (r"A limit of Tiny's \(code 6\) has ", Meaning.THROTTLED, 60),
        (r"maintenance \(code 99\) ", Meaning.MAINTENANCE, 60),
    ],
)
def test_how_long_one_call_holds_the_account(before: str, meaning: Meaning, unit: int) -> None:
    tries = BACKOFF[meaning].tries
    assert re.search(f"{before}{tries} tries(,| and) (with )?{pauses(meaning, tries, unit)}", PAGE)


def test_how_long_the_calls_after_it_hold_the_account() -> None:
    first, most = 3, 5
    waits = [sum(BACKOFF[Meaning.TRY_AGAIN].seconds(n, share) for n in (1, 2)) for share in (0.0, 1.0)]
    assert f"has {FEW_TRIES} tries, with pauses of {first} to {most} seconds" in PAGE
    assert first <= waits[0] <= waits[1] <= most
