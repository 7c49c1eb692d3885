"""Ten thousand good answers in odd containers and spellings: each gives the rows of the good one, and nothing to note."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from tests.tiny_operators.orders.containers import Disguise
from tests.tiny_operators.orders.test_mutated_answers import SERVICES, Story, raw, rows_of, stories
from tiny_operators.orders.rows import OrderRows, order_record, product_ids
from tiny_operators.tiny.answers import Json, read_answer
from tiny_operators.tiny.api import PDV_PEDIDO_OBTER, PEDIDO_OBTER

ANSWERS, BATCHES = 10_000, 10


def reported(result: OrderRows | None) -> str:
    """The rows without the payload, which is as it came."""
    assert result is not None
    assert (result.loaded, result.rejects, result.notes) == (True, [], [])
    rows = {table: [{**row, "payload": None} for row in made] for table, made in result.rows.items()}
    return json.dumps(rows, sort_keys=True)


@cache
def good(number: int, service: str) -> tuple[str, frozenset[str]]:
    story = stories()[number]
    result = rows_of(story, service, story.answers[service])
    assert result is not None
    return reported(result), frozenset(result.fields.unknown)


def products(story: Story, service: str, answer: Json) -> list[int]:
    """Products that would be asked for."""
    line = raw(service, answer, story)
    assert line is not None
    record = order_record(
        read_answer(200, json.dumps(line.answer, default=str), "pedido"), service, story.pedido
    )
    assert record is not None
    return product_ids(record)


@pytest.mark.parametrize("batch", range(BATCHES))
def test_a_disguised_answer_gives_the_rows_of_the_good_one(batch: int) -> None:
    disguise, changed = Disguise(batch), 0
    for index in range(ANSWERS // BATCHES):
        number, service = index % len(stories()), SERVICES[index % len(SERVICES)]
        story = stories()[number]
        answer = disguise.of(story.answers[service])
        changed += answer != story.answers[service]
        try:
            result = rows_of(story, service, answer)
            rows, unknown = good(number, service)
            assert reported(result) == rows
            assert result
            assert result.fields.unknown == unknown, "a container is no news"
            if service in {PDV_PEDIDO_OBTER, PEDIDO_OBTER} and index % 10 == 0:
                assert products(story, service, answer) == products(story, service, story.answers[service])
        except Exception as error:
            error.add_note(
                f"{service} of order {story.pedido}, batch {batch}, answer {index}: {short(answer)}"
            )
            raise
    assert changed > ANSWERS // BATCHES * 0.8, "a disguise that changes nothing proves nothing"


def short(answer: Any) -> str:
    return json.dumps(answer, default=str)[:3000]


def test_the_same_seed_disguises_the_same() -> None:
    answer = stories()[0].answers[PDV_PEDIDO_OBTER]
    assert Disguise(7).of(answer) == Disguise(7).of(answer)
    assert Disguise(7).of(answer) != Disguise(8).of(answer)
