"""What the statements of a batch are told of its orders: their ids, and the days of their rows."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, timedelta

import pytest

from tiny_operators.batches.row_files import FEW, FEW_DAYS, BatchBounds

DAY = date(2026, 11, 27)


def reported(*pedidos: int, days: Iterable[date] = (DAY,)) -> dict[str, object]:
    bounds = BatchBounds()
    for pedido in pedidos:
        bounds.add(pedido, days)
    return bounds.to_xcom()


def test_of_no_order_there_is_nothing_to_tell() -> None:
    assert reported() == {"ids": [], "numbers": None, "texts": None, "days": []}


@pytest.mark.parametrize("given", [(7,), (7, 7), (9, 10, 100), (100, 9, 10), (10, 100, 9)])
def test_few_ids_are_told_each_once_in_order(given: tuple[int, ...]) -> None:
    assert reported(*given)["ids"] == sorted(set(given))


def test_the_ends_are_those_of_numbers_and_those_of_text() -> None:
    for given in ((9, 10, 100), (100, 9, 10), (10, 100, 9)):
        assert reported(*given)["numbers"] == [9, 100]
        assert reported(*given)["texts"] == ["10", "9"]


def test_many_ids_are_not_told_and_take_no_room() -> None:
    few, many = reported(*range(FEW), *range(FEW)), reported(*range(200_000))
    assert few["ids"] == list(range(FEW))
    assert many == {"ids": [], "numbers": [0, 199_999], "texts": ["0", "99999"], "days": ["2026-11-27"]}
    assert len(json.dumps(many)) < 130


@pytest.mark.parametrize("count", [1, 3, FEW_DAYS])
def test_few_days_are_told_each_once_in_order(count: int) -> None:
    days = [DAY - timedelta(days=number) for number in range(count)]
    assert reported(7, 8, days=days)["days"] == sorted(day.isoformat() for day in days)


@pytest.mark.parametrize("more", [1, 3, 5_000])
def test_many_days_are_not_told(more: int) -> None:
    """A statement looks them up then."""
    days = (date(2000, 1, 1) + timedelta(days=number) for number in range(FEW_DAYS + more))
    assert reported(7, days=days)["days"] == []


def test_an_order_without_a_day_adds_none() -> None:
    assert reported(7, days=())["days"] == []
