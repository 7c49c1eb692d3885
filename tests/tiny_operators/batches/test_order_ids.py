"""What the statements of a batch are told of its orders' ids."""

from __future__ import annotations

import json

import pytest

from tiny_operators.batches.row_files import FEW, OrderIds


def told(*pedidos: int) -> dict[str, object]:
    ids = OrderIds()
    for pedido in pedidos:
        ids.add(pedido)
    return ids.to_xcom()


def test_of_no_order_there_is_nothing_to_tell() -> None:
    assert told() == {"ids": [], "numbers": None, "texts": None}


@pytest.mark.parametrize("given", [(7,), (7, 7), (9, 10, 100), (100, 9, 10), (10, 100, 9)])
def test_few_ids_are_told_each_once_in_order(given: tuple[int, ...]) -> None:
    assert told(*given)["ids"] == sorted(set(given))


def test_the_ends_are_those_of_numbers_and_those_of_text() -> None:
    for given in ((9, 10, 100), (100, 9, 10), (10, 100, 9)):
        assert told(*given)["numbers"] == [9, 100]
        assert told(*given)["texts"] == ["10", "9"]


def test_many_ids_are_not_told_and_take_no_room() -> None:
    few, many = told(*range(FEW), *range(FEW)), told(*range(200_000))
    assert few["ids"] == list(range(FEW))
    assert many == {"ids": [], "numbers": [0, 199_999], "texts": ["0", "99999"]}
    assert len(json.dumps(many)) < 100
