"""Listing a date while its orders come, go and change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tiny_operators.helpers import sample
from tiny_operators.tiny import search
from tiny_operators.tiny.answers import Answer, read_body
from tiny_operators.tiny.listing import DateListing, FilterIgnoredError, ListingError

DAY = date(2026, 3, 14)
PAGE = 3


def answer(content: dict[str, Any]) -> Answer:
    return read_body({"retorno": content}, "pedidos")


def refused(code: int) -> Answer:
    return answer({"status_processamento": 2, "codigo_erro": str(code)})


def heeded() -> None:
    """Stand for a Tiny that heeds the dates."""


def page_of(ids: list[int], pages: int, day: str = "14/03/2026") -> Answer:
    rows = [{"pedido": {"id": str(pedido), "data_pedido": day}} for pedido in ids]
    return answer({"status_processamento": "3", "status": "OK", "numero_paginas": pages, "pedidos": rows})


class Orders:
    """The orders of a date at Tiny; something happens to them before each page is answered.

    An answer may name a wrong number of pages: by the number of the call, from 0.
    """

    def __init__(
        self,
        ids: list[int],
        happenings: list[Callable[[list[int]], None]] | None = None,
        counts: dict[int, int] | None = None,
    ) -> None:
        self.ids = sorted(ids)
        self.happenings = happenings or []
        self.counts = counts or {}
        self.asked: list[tuple[int, str]] = []

    def read_page(self, number: int, sort: str) -> Answer:
        if len(self.asked) < len(self.happenings):
            self.happenings[len(self.asked)](self.ids)
            self.ids.sort()
        self.asked.append((number, sort))
        ids = self.ids if sort == "ASC" else self.ids[::-1]
        pages = -(-len(ids) // PAGE)
        if not ids:
            return refused(20)
        if number > pages:
            return refused(23)
        said = self.counts.get(len(self.asked) - 1, pages)
        return page_of(ids[(number - 1) * PAGE : number * PAGE], said)


def listed(orders: Orders) -> DateListing:
    listing = DateListing(DAY, orders.read_page, heeded, page_lines=PAGE)
    fresh: list[int] = []
    for page in listing.pages():
        fresh += page.fresh
    assert len(fresh) == len(set(fresh)), "no order twice"
    assert set(fresh) == listing.listed
    assert listing.pages_read == len(orders.asked)
    return listing


def test_a_date_of_one_page_costs_one_call() -> None:
    orders = Orders([1, 2])
    assert listed(orders).listed == {1, 2}
    assert orders.asked == [(1, "ASC")]


@pytest.mark.parametrize("full", [1, 2, 3])
def test_a_full_last_page_costs_one_call_more_than_its_pages_both_ways(full: int) -> None:
    orders = Orders(list(range(1, full * PAGE + 1)))
    assert len(listed(orders).listed) == full * PAGE
    there = [(number, "ASC") for number in range(1, full + 2)]
    assert orders.asked == [*there, *((number, "DESC") for number in range(1, full + 1))]


@pytest.mark.parametrize("wrong", [1, 3, 99])
@pytest.mark.parametrize("said", [0, 1, 2])
@pytest.mark.parametrize("ids", [PAGE + 1, 2 * PAGE, 3 * PAGE - 1, 3 * PAGE])
def test_a_page_count_that_is_too_low_hides_no_order(ids: int, said: int, wrong: int) -> None:
    """In the first answer, in any other, in three in a row, and in all."""
    for place in range(1 if wrong > 10 else 8):
        orders = Orders(list(range(1, ids + 1)), counts=dict.fromkeys(range(place, place + wrong), said))
        assert listed(orders).listed == set(range(1, ids + 1)), place


def test_a_first_page_that_hides_the_others_misses_nothing_that_slips_to_it() -> None:
    orders = Orders([1, 2, 3, 4], [lambda ids: None, lambda ids: ids.remove(1)], {0: 1})
    assert listed(orders).listed == {1, 2, 3, 4}


@pytest.mark.parametrize("nothing", [{3}, {4}, {3, 5}, {4, 6}, {3, 5, 7}])
def test_a_later_pass_that_lists_less_does_not_end_the_listing(nothing: set[int]) -> None:
    """An order slips to a page that was read, and the pass that would find it is told that there is nothing."""
    orders = Orders([1, 2, 3, 4, 5], [lambda ids: None, lambda ids: ids.remove(2)])

    def read_page(number: int, sort: str) -> Answer:
        page = orders.read_page(number, sort)
        return refused(20) if len(orders.asked) in nothing else page

    listing = DateListing(DAY, read_page, heeded, page_lines=PAGE)
    list(listing.pages())
    assert listing.listed == {1, 2, 3, 4, 5}


def test_a_full_page_that_comes_for_every_number_is_no_endless_search() -> None:
    asked: list[int] = []

    def read_page(number: int, sort: str) -> Answer:
        asked.append(number)
        return page_of([1, 2, 3], 1)

    listing = DateListing(DAY, read_page, heeded, page_lines=PAGE)
    list(listing.pages())
    assert (listing.listed, asked) == ({1, 2, 3}, [1, 2, 1])


@pytest.mark.parametrize("unread", [1, 3, search.PAGE_LINES - 1])
def test_lines_that_cannot_be_read_fill_a_page_too(unread: int) -> None:
    """Wherever they stand on a full page."""
    for place in (0, 50, search.PAGE_LINES - unread):
        first: list[Any] = [{"pedido": {**ORDER, "id": n}} for n in range(1, search.PAGE_LINES - unread + 1)]
        first[place:place] = ["texto"] * unread
        pages = {1: page_with(first), 2: page_of([901], 1)}
        listing = DateListing(DAY, lambda number, sort, pages=pages: pages[number], heeded)  # type: ignore[misc]
        list(listing.pages())
        assert 901 in listing.listed


def test_a_date_without_orders_costs_one_call_and_is_no_error() -> None:
    orders = Orders([])
    assert listed(orders).listed == set()
    assert orders.asked == [(1, "ASC")]


ORDER = {"id": "7", "data_pedido": "14/03/2026"}
UNREADABLE = [
    "texto",
    7,
    {"novo": 1},
    [{"pedido": {"novo": 1}}],
    {"0": {"novo": 1}},
    [{"data_pedido": "14/03/2026"}],
]


def page_with(pedidos: Any) -> Answer:
    return answer({"status_processamento": "3", "numero_paginas": 1, "pedidos": pedidos})


@pytest.mark.parametrize("pedidos", UNREADABLE)
def test_a_page_of_which_nothing_can_be_read_is_no_date_without_orders(pedidos: Any) -> None:
    listing = DateListing(DAY, lambda number, sort: page_with(pedidos), heeded)
    with pytest.raises(
        ListingError, match=r"search of 2026-03-14 lists orders, but none of them can be read"
    ):
        list(listing.pages())


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("strange", ["texto", {"novo": 1}, {"data_pedido": "14/03/2026"}])
def test_what_cannot_be_read_is_counted_and_keeps_no_order_out(strange: Any, count: int) -> None:
    for place in range(3):
        lines: list[Any] = [{"pedido": {**ORDER, "id": pedido}} for pedido in (1, 2)]
        lines[place:place] = [strange] * count
        listing = DateListing(DAY, lambda number, sort, lines=lines: page_with(lines), heeded)  # type: ignore[misc]
        assert [list(page.fresh) for page in listing.pages()] == [[1, 2]]
        assert listing.without_id == count


@pytest.mark.parametrize("nothing", ["", [], {}, [{}], [""]])
def test_an_empty_page_is_a_date_without_orders(nothing: Any) -> None:
    listing = DateListing(DAY, lambda number, sort: page_with(nothing), heeded)
    assert [page.fresh for page in listing.pages()] == [{}]


@pytest.mark.parametrize(
    "pedidos",
    [
        {"pedido": [ORDER, {**ORDER, "id": 8}]},
        {"0": {"pedido": ORDER}, "1": {"pedido": {**ORDER, "id": 8}}},
        [[ORDER], {"pedido": {**ORDER, "id": 8}}],
    ],
)
def test_a_page_in_any_container_lists_its_orders(pedidos: Any) -> None:
    listing = DateListing(DAY, lambda number, sort: page_with(pedidos), heeded)
    assert [list(page.fresh) for page in listing.pages()] == [[7, 8]]


def test_several_pages_are_read_again_in_the_other_direction() -> None:
    orders = Orders([1, 2, 3, 4])
    assert listed(orders).listed == {1, 2, 3, 4}
    assert orders.asked == [(1, "ASC"), (2, "ASC"), (1, "DESC"), (2, "DESC")]


def test_an_order_that_slips_to_a_page_already_read_is_found() -> None:
    orders = Orders([1, 2, 3, 4, 5], [lambda ids: None, lambda ids: ids.remove(1)])
    assert listed(orders).listed == {1, 2, 3, 4, 5}


def test_an_order_that_slips_away_in_both_directions_is_found() -> None:
    still: Callable[[list[int]], None] = lambda ids: None  # noqa: E731 - shorter than a function that does nothing
    orders = Orders(
        [1, 2, 3, 4, 5, 6, 7], [still, lambda ids: ids.remove(1), still, still, lambda ids: ids.remove(7)]
    )
    assert listed(orders).listed == {1, 2, 3, 4, 5, 6, 7}
    assert orders.asked[5:] == [(1, "ASC"), (2, "ASC"), (1, "DESC"), (2, "DESC")]


def test_the_end_of_the_pages_may_come_early() -> None:
    orders = Orders([1, 2, 3, 4], [lambda ids: None, lambda ids: ids.remove(2)])
    assert listed(orders).listed == {1, 2, 3, 4}
    assert orders.asked[:2] == [(1, "ASC"), (2, "ASC")]


IDS = st.integers(1, 60)
HAPPENING = st.one_of(
    st.none(),
    st.tuples(st.just("add"), IDS),
    st.tuples(st.just("remove"), IDS),
    st.tuples(st.just("newest"), IDS),
)


def _happens(what: tuple[str, int] | None) -> Callable[[list[int]], None]:
    def happen(ids: list[int]) -> None:
        match what:
            case ("add", pedido) if pedido not in ids:
                ids.append(pedido)
            case ("newest", pedido):
                ids.append(max([100, *ids]) + pedido)
            case ("remove", pedido) if pedido in ids:
                ids.remove(pedido)

    return happen


# A pass that lists less than the one before needs a happening: the listing gives up after eight of them.
@given(
    st.sets(IDS, max_size=30),
    st.lists(HAPPENING, max_size=12),
    st.dictionaries(st.integers(0, 20), st.integers(0, 12)),
)
def test_no_order_is_missed_that_was_there_all_the_time(
    start: set[int], what: list[tuple[str, int] | None], counts: dict[int, int]
) -> None:
    """Orders are added, removed and moved in from other dates, before each page; any page count may be wrong."""
    orders = Orders(list(start), [_happens(each) for each in what], counts)
    removed = {each[1] for each in what if each and each[0] == "remove"}
    assert start - removed <= listed(orders).listed


def test_a_count_that_is_too_high_ends_with_code_23() -> None:
    asked: list[int] = []

    def read_page(number: int, sort: str) -> Answer:
        asked.append(number)
        return page_of([1, 2], 2) if number == 1 else refused(23)

    listing = DateListing(DAY, read_page, heeded)
    assert [list(page.fresh) for page in listing.pages()] == [[1, 2], []]
    assert listing.listed == {1, 2}


def test_a_count_that_is_too_low_for_a_moment_hides_no_page() -> None:
    counts = iter([3, 1, 3, 3, 3, 3])
    ids = list(range(1, 9))

    def read_page(number: int, sort: str) -> Answer:
        ordered = ids if sort == "ASC" else ids[::-1]
        return page_of(ordered[(number - 1) * PAGE : number * PAGE], next(counts))

    listing = DateListing(DAY, read_page, heeded)
    list(listing.pages())
    assert listing.listed == set(ids)


@pytest.mark.parametrize("other", ["13/03/2026", "2026-03-13", "2026-03-15 10:00:00"])
def test_orders_of_other_dates_are_listed_when_tiny_heeds_the_dates(other: str) -> None:
    asked: list[str] = []
    pages = {1: page_of([1, 2], 2, other), 2: page_of([3], 2, other)}
    listing = DateListing(DAY, lambda number, sort: pages[number], lambda: asked.append("filter"))
    list(listing.pages())
    assert listing.listed == {1, 2, 3}
    assert asked == ["filter"], "once, however many lines are of another date"


def test_nothing_is_read_on_when_tiny_ignores_the_dates() -> None:
    def ignored() -> None:
        raise FilterIgnoredError("the dates are ignored")

    numbers: list[int] = []

    def read_page(number: int, sort: str) -> Answer:
        numbers.append(number)
        return page_of([number], 50, "13/03/2026")

    with pytest.raises(FilterIgnoredError, match="ignored"):
        list(DateListing(DAY, read_page, ignored).pages())
    assert numbers == [1]


def test_orders_of_the_date_do_not_ask_whether_tiny_heeds_it() -> None:
    listing = DateListing(DAY, lambda number, sort: page_of([1, 2], 1), lambda: pytest.fail("asked"))
    (page,) = listing.pages()
    assert set(page.fresh) == {1, 2}


def test_a_line_without_an_id_does_not_stop_the_others() -> None:
    content = sample("pedidos_pesquisa.json")["retorno"]
    for item in content["pedidos"]:
        item["pedido"]["data_pedido"] = "14/03/2026"
    content["pedidos"][0]["pedido"]["id"] = ""
    listing = DateListing(DAY, lambda number, sort: answer(content), heeded)
    (page,) = listing.pages()
    assert listing.without_id == 1
    assert len(page.fresh) == len(content["pedidos"]) - 1


def test_a_refused_search_says_why() -> None:
    listing = DateListing(DAY, lambda number, sort: refused(21), heeded)
    with pytest.raises(ListingError, match=r"too many rows.*code 21"):
        list(listing.pages())


def test_orders_that_never_stand_still_are_an_error_and_no_endless_search() -> None:
    def one_goes_one_comes(ids: list[int]) -> None:
        ids.append(ids[-1] + 1)
        ids.pop(0)

    orders = Orders(list(range(1, 10)), [one_goes_one_comes] * 1000)
    with pytest.raises(ListingError, match="kept changing"):
        listed(orders)
