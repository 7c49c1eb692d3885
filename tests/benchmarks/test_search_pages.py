"""How many search pages the benchmarks expect of a date."""

from __future__ import annotations

from datetime import date

import pytest

from benchmarks.history.shop import search_pages
from tiny_operators.tiny.answers import Answer, read_body
from tiny_operators.tiny.listing import DateListing


@pytest.mark.parametrize("orders", [1, 99, 100, 101, 200, 250, 300, 399])
def test_a_date_costs_as_many_pages_as_the_benchmarks_allow(orders: int) -> None:
    def read_page(number: int, sort: str) -> Answer:
        rows = range(1, orders + 1)[(number - 1) * 100 : number * 100]
        found = [{"pedido": {"id": str(pedido)}} for pedido in rows]
        content = {"status_processamento": "3", "numero_paginas": -(-orders // 100), "pedidos": found}
        none = {"status_processamento": "2", "codigo_erro": "23"}
        return read_body({"retorno": content if found else none}, "pedidos")

    listing = DateListing(date(2026, 3, 14), read_page, lambda: None)
    list(listing.pages())
    assert listing.pages_read == search_pages(orders)
