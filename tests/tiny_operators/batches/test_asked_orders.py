"""Which orders a person asks for, and what the form refuses."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tiny_operators._compat import Param
from tiny_operators.batches.asked_orders import MOST_ORDERS, AskedOrders, read_asked
from tiny_operators.batches.run_request import RequestError
from tiny_operators.params import daily_form, orders_form


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"orders": ["910024741"]}, AskedOrders((910024741,), ())),
        ({"orders": [910024741, " 7 ", "7", ""]}, AskedOrders((910024741, 7), ())),
        ({"orders": None, "numbers": ["1042"]}, AskedOrders((), (1042,))),
        ({"orders": ["5"], "numbers": [6]}, AskedOrders((5,), (6,))),
    ],
)
def test_ids_and_numbers_are_read(params: dict[str, Any], expected: AskedOrders) -> None:
    assert read_asked(params) == expected


@pytest.mark.parametrize("name", ["orders", "numbers"])
@pytest.mark.parametrize("bad", ["-1", "12a", "1.5", "١٢", "12,", "12, a", "João", True, None, [], {}])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_what_is_no_id_is_refused_by_its_place_and_kind_at_every_place(
    name: str, bad: object, place: int
) -> None:
    entries: list[object] = ["11", "12"]
    entries.insert(place, bad)
    with pytest.raises(RequestError, match=f"^{name}: entry {place + 1} must be digits only") as refused:
        read_asked({name: entries})
    assert not (isinstance(bad, str) and len(bad) > 2 and bad in str(refused.value)), (
        "the value itself is not told"
    )


@pytest.mark.parametrize("name", ["orders", "numbers"])
@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ("9" * 19, "is too long: 19 digits, 18 at most"),
        ("9" * 20, "is too long: 20 digits, 18 at most"),
        (10**20, "is too long: 21 digits, 18 at most"),
        ("910023661, 910023641", "has 2 numbers: write one a line, in JSON one an entry"),
        ("910023661;910023641", "has 2 numbers: write one a line, in JSON one an entry"),
        ("910023661 910023641\t1,", "has 3 numbers: write one a line, in JSON one an entry"),
        ("0", "must be above 0"),
        (0, "must be above 0"),
    ],
)
def test_digits_that_are_refused_are_not_called_something_else(
    name: str, place: int, bad: object, says: str
) -> None:
    entries: list[object] = ["11", "12"]
    entries.insert(place, bad)
    with pytest.raises(RequestError, match=f"^{name}: entry {place + 1} {says}") as refused:
        read_asked({name: entries})
    assert "digits only" not in str(refused.value)
    assert not re.search(r"\d{10}|9100236", str(refused.value)), "the value itself is not told"


def test_as_many_digits_as_may_be_are_taken() -> None:
    assert read_asked({"orders": ["9" * 18]}).orders == (10**18 - 1,)


@pytest.mark.parametrize(("name", "example"), [("orders", "910024741"), ("numbers", "1042")])
@pytest.mark.parametrize("given", ["x", ["x"]])
def test_a_refusal_shows_what_the_field_takes(name: str, example: str, given: object) -> None:
    with pytest.raises(RequestError, match="such as") as refused:
        read_asked({name: given})
    assert re.findall(r"\d{2,}", str(refused.value)) == [example]
    assert read_asked({name: [example]})


@pytest.mark.parametrize(
    "params", [{}, {"orders": []}, {"orders": None, "numbers": None}, {"orders": [" ", ""]}]
)
def test_nothing_is_refused(params: dict[str, Any]) -> None:
    with pytest.raises(RequestError, match="name at least one order"):
        read_asked(params)


@pytest.mark.parametrize(("orders", "numbers"), [(MOST_ORDERS + 1, 0), (MOST_ORDERS, 1), (1, MOST_ORDERS)])
def test_too_many_are_refused(orders: int, numbers: int) -> None:
    with pytest.raises(RequestError, match=f"{MOST_ORDERS} at most"):
        read_asked({"orders": list(range(1, orders + 1)), "numbers": list(range(1, numbers + 1))})
    assert len(read_asked({"orders": list(range(1, MOST_ORDERS + 1))}).orders) == MOST_ORDERS


@pytest.mark.parametrize("given", ["910024741", {"id": 1}, 7])
def test_what_is_no_list_is_refused(given: object) -> None:
    with pytest.raises(RequestError, match="must be a list"):
        read_asked({"orders": given})


def test_the_form_takes_what_the_first_task_takes() -> None:
    form: dict[str, Param] = orders_form()
    assert form["orders"].resolve(["1", 2]) == ["1", 2]
    with pytest.raises(Exception, match="array"):
        form["orders"].resolve("1")


@pytest.mark.parametrize(
    "day", ["2026-13-45", "2026-00-10", "2026-1-1", "31/01/2026", "yesterday", "2026-01-32", " "]
)
def test_a_broken_date_is_refused_in_the_form_and_is_never_another_one(day: str) -> None:
    form: dict[str, Param] = daily_form()
    with pytest.raises(Exception, match="does not match"):
        form["from_date"].resolve(day)


@pytest.mark.parametrize("day", [None, "", "2026-01-31", "2026-12-01"])
def test_a_date_or_none_is_taken(day: str | None) -> None:
    form: dict[str, Param] = daily_form()
    assert form["to_date"].resolve(day) == day
