"""Rows as lines that a load job takes without loss."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tiny_operators.raw_orders import changed, order, page
from tiny_operators.orders.rows import order_rows, row_texts

EDGE = 2**53


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (EDGE - 1, EDGE - 1),
        (1 - EDGE, 1 - EDGE),
        (EDGE, str(EDGE)),
        (EDGE + 1, str(EDGE + 1)),
        (-EDGE, str(-EDGE)),
        (2**63 - 1, "9223372036854775807"),
        (-(2**63), "-9223372036854775808"),
    ],
)
def test_long_whole_numbers_go_out_as_text(number: int, written: int | str) -> None:
    row: dict[str, Any] = {
        "id": number,
        "itens": [{"id": 1}, {"id": number}],
        "b": True,
        "payload": {"n": EDGE + 1, "t": "x"},
    }
    (text,) = row_texts([row])
    assert json.loads(text) == {**row, "id": written, "itens": [{"id": 1}, {"id": written}]}


def test_an_order_with_long_ids_loses_no_digit() -> None:
    answer = changed("pdv_pedido_obter.json", "pedido", "itens", 1, "idProduto", value=str(EDGE + 1))
    (text,) = row_texts(order_rows(order(answer), page(), {}).rows["pdv"])
    assert json.loads(text)["itens"][1]["idProduto"] == "9007199254740993"
    # As a reader sees it that takes all numbers for doubles.
    assert json.loads(text, parse_int=lambda digits: int(float(digits)))["itens"][1]["idProduto"] == str(
        EDGE + 1
    )


@given(
    st.dictionaries(st.text(max_size=3), st.integers(-(2**63), 2**63 - 1) | st.text(max_size=30), max_size=4)
)
def test_no_whole_number_loses_a_digit_to_a_reader_of_doubles(row: dict[str, Any]) -> None:
    row.pop("payload", None)
    (text,) = row_texts([row])
    found = json.loads(text, parse_int=lambda digits: int(Decimal(float(digits))))
    assert {name: str(value) for name, value in found.items()} == {
        name: str(value) for name, value in row.items()
    }
