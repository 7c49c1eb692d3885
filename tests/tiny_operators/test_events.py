"""Log lines: one event with named fields, on one line."""

from __future__ import annotations

import json
import logging
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiny_operators.events import format_event, log_event


def test_the_example() -> None:
    assert (
        format_event("orders_fetched", {"store": "z316", "orders": 20})
        == "event=orders_fetched store=z316 orders=20"
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (20, "20"),
        (1.5, "1.500"),
        (0.12345, "0.123"),
        (None, "None"),
        (True, "True"),
        ("a", "a"),
        ("", '""'),
        ("a b", '"a b"'),
        ('a"b', '"a\\"b"'),
        ("a=b", '"a=b"'),
        ("a\nb", '"a\\nb"'),
        ("a\rb", '"a\\rb"'),
        ("é", "é"),
        ("é b", '"\\u00e9 b"'),
    ],
)
def test_values(value: str | float | bool | None, text: str) -> None:
    assert format_event("e", {"v": value}) == f"event=e v={text}"


@pytest.mark.parametrize(
    "sign", [*"\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029", "\x1b", "\x00", "\u00a0", "\u202e"]
)
@pytest.mark.parametrize("count", [1, 3, 10])
def test_no_value_begins_another_line(sign: str, count: int) -> None:
    """Nor does it move what a terminal shows."""
    for place in range(4):
        value = f"{'abc'[:place]}{sign * count}{'abc'[place:]}"
        line = format_event("e", {"a": value, "b": 1})
        assert line.isprintable()
        assert line.splitlines() == [f"event=e a={json.dumps(value)} b=1"]


@given(st.lists(st.text(st.characters(codec="utf-8")), max_size=4))
def test_every_field_can_be_read_back_from_the_one_line(values: list[str]) -> None:
    line = format_event("e", {f"f{n}": value for n, value in enumerate(values)})
    assert len(line.splitlines()) == 1
    found = re.findall(r' f\d+=("(?:[^"\\]|\\.)*"|[^ "=]*)', line)
    assert [json.loads(text) if text.startswith('"') else text for text in found] == values


def test_an_event_is_logged_with_its_level(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("tests.events")
    with caplog.at_level(logging.DEBUG, logger="tests.events"):
        log_event(logger, "one", store="z316")
        log_event(logger, "two", level=logging.WARNING, done="100 %s %d")
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("INFO", "event=one store=z316"),
        ("WARNING", 'event=two done="100 %s %d"'),
    ]
