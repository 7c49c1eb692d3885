"""When a store is open."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest

from tiny_operators.opening_hours import Opening, open_since, parse_opening_hours

ZONE = ZoneInfo("America/Sao_Paulo")
HOURS = parse_opening_hours("mon-fri 09:00-19:00, sat 08:30-14:00")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def test_hours_are_read() -> None:
    assert parse_opening_hours("sun-mon 09:00-13:00") == (Opening(frozenset({6, 0}), time(9), time(13)),)
    assert parse_opening_hours("") == ()


@pytest.mark.parametrize(
    ("moment", "since"),
    [
        ("2026-11-23T08:59", None),
        ("2026-11-23T09:00", "2026-11-23T09:00"),
        ("2026-11-23T18:59:59", "2026-11-23T09:00"),
        ("2026-11-23T19:00", None),
        ("2026-11-28T12:00", "2026-11-28T08:30"),
        ("2026-11-29T12:00", None),
    ],
)
def test_since_when_it_is_open(moment: str, since: str | None) -> None:
    assert open_since(HOURS, at(moment)) == (at(since) if since else None)


@pytest.mark.parametrize(
    "text", ["always", "mon 9-19", "mon 19:00-09:00", "mon 09:00-25:00", "seg-sex 09:00-19:00", "mon-fri"]
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write days and hours as"):
        parse_opening_hours(text)
