"""Words of messages that people read."""

from __future__ import annotations

import pytest

from tiny_operators.wording import counted, duration, first_of, sentence, some


@pytest.mark.parametrize(
    ("number", "says"),
    [(0, "0 orders"), (1, "1 order"), (1.0, "1 order"), (2, "2 orders"), (0.5, "0.5 orders")],
)
def test_one_and_many(number: float, says: str) -> None:
    assert counted(number, "order") == says


def test_words_that_have_another_plural() -> None:
    assert [counted(number, "file waits", "files wait") for number in (1, 2)] == [
        "1 file waits",
        "2 files wait",
    ]


@pytest.mark.parametrize(
    ("seconds", "says"),
    [
        (0, "0 seconds"),
        (1.2, "1 second"),
        (36, "36 seconds"),
        (119, "119 seconds"),
        (120, "2 minutes"),
        (7199, "120 minutes"),
        (7200, "2 hours"),
        (9000, "2.5 hours"),
        (400_000, "111.1 hours"),
    ],
)
def test_how_long_something_takes(seconds: float, says: str) -> None:
    assert duration(seconds) == says


def test_what_is_not_there_is_not_told() -> None:
    assert [some(0, "file"), some(1, "file"), some(2, "file")] == [[], ["1 file"], ["2 files"]]


@pytest.mark.parametrize(
    ("most", "says"), [(1, "a; and 2 more"), (2, "a; b; and 1 more"), (3, "a; b; c"), (4, "a; b; c")]
)
def test_many_names_are_cut(most: int, says: str) -> None:
    assert first_of(["a", "b", "c"], most) == says


@pytest.mark.parametrize("end", ["", ".", "..", "?", "!", " .", "?.", ";", ":"])
def test_a_sentence_has_one_end(end: str) -> None:
    assert sentence(f"Clear the task{end}") == "Clear the task."
