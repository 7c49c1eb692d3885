"""Containers in every shape, alone and mixed, give the same records; what is no record is told."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tiny_operators.helpers import VALUES
from tiny_operators.tiny.containers import is_nothing, parts, records

KNOWN = frozenset({"id", "nome", "itens"})
A, B, C = {"id": 1}, {"nome": "b", "x": 2}, {"id": 3, "nome": "c"}

SHAPES: list[Any] = [
    [A, B, C],
    {"0": A, "1": B, "2": C},
    {"0": A, "4": B, "7": C},
    {"item": [A, B, C]},
    [{"item": A}, {"item": B}, {"item": C}],
    [{"item": A}, B, {"item": {"item": C}}],
    {"lista": {"item": [A, B, C]}},
    {"lista": {"0": {"item": A}, "1": [B, C]}},
    [[A, B], [[C]]],
    [A, None, "", B, {}, [], {"item": ""}, " ", C],
    {"0": A, "1": "", "2": B, "3": None, "4": C},
    {"a": [A], "b": {"item": B}, "c": C},
]


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_gives_the_same_records(shape: Any) -> None:
    assert (records(shape, KNOWN).found, records(shape, KNOWN).unread) == ([A, B, C], [])


@pytest.mark.parametrize("shape", [A, [A], {"item": A}, {"item": [A]}, {"0": A}, [{"item": [[A]]}]])
def test_one_record_in_every_shape(shape: Any) -> None:
    assert records(shape, KNOWN).found == [A]


@pytest.mark.parametrize(
    "nothing", [None, "", " ", "\u00a0", [], {}, [[]], [""], [{}], {"item": ""}, {"0": [{}]}]
)
def test_nothing_in_every_shape(nothing: Any) -> None:
    assert (records(nothing, KNOWN).found, records(nothing, KNOWN).unread) == ([], [])


@pytest.mark.parametrize("strange", ["texto", 5, True, {"x": 1}, {"x": "y", "z": ""}])
@pytest.mark.parametrize("place", range(3))
def test_what_is_no_record_is_told_and_the_others_are_found(strange: Any, place: int) -> None:
    shapes: list[list[Any]] = [[A, B], [A, B], [A, B]]
    shapes[place].insert(place, strange)
    for shape in (shapes[place], {str(n): item for n, item in enumerate(shapes[place])}):
        found = records(shape, KNOWN)
        assert (found.found, found.unread) == ([A, B], [strange])


def test_records_are_found_beside_what_is_none() -> None:
    for total in ("2", 2, False):
        for container in ({"pedido": [A, B], "total": total}, {"total": total, "0": A, "1": {"item": B}}):
            assert (records(container, KNOWN).found, records(container, KNOWN).unread) == ([A, B], [])
    found = records({"pedido": [{"x": 1}], "total": 1}, KNOWN)
    assert (found.found, found.unread) == ([], [{"x": 1}, 1])


def test_a_known_name_around_records_is_a_wrapper_and_around_anything_else_a_field() -> None:
    assert records({"itens": [A, B]}, KNOWN).found == [A, B]
    assert records({"itens": [{"x": 1}]}, KNOWN).found == [{"itens": [{"x": 1}]}]
    assert records({"itens": [A], "nome": "n"}, KNOWN).found == [{"itens": [A], "nome": "n"}]


RECORDS: list[dict[str, Any]] = [{"id": n, "nome": "n", "itens": [{"x": n}], "y": "z"} for n in range(10)]
BESIDE: list[dict[str, Any]] = [
    {"id": 2},
    {"nome": "x"},
    {"nome": "x", "total": "2"},
    {"id": "", "nome": "x"},
]


@pytest.mark.parametrize("beside", BESIDE)
@pytest.mark.parametrize("count", [1, 3, 10])
def test_values_beside_the_records_make_no_record_of_their_container(
    beside: dict[str, Any], count: int
) -> None:
    wanted = RECORDS[:count]
    containers: list[dict[str, Any]] = [
        {"item": wanted},
        {"lista": {"item": wanted}},
        {"item": [{"item": record} for record in wanted]},
        {str(n): record for n, record in enumerate(wanted)},
        {str(n): {"item": record} for n, record in enumerate(wanted)},
        {"a": wanted[:1], "b": {"item": wanted[1:]}},
    ]
    for container in containers:
        for place in range(len(container) + 1):
            fields = list(container.items())
            fields[place:place] = beside.items()
            for shape in (dict(fields), [dict(fields)], {"pedido": dict(fields)}):
                assert (records(shape, KNOWN).found, records(shape, KNOWN).unread) == (wanted, []), shape


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("strange", ["texto", 5, {"x": 1}])
def test_what_is_no_record_is_told_also_in_a_container_with_values_beside(strange: Any, place: int) -> None:
    inside: list[Any] = RECORDS[:2]
    inside[place:place] = [strange]
    found = records({"item": inside, "id": 2}, KNOWN)
    assert (found.found, found.unread) == (RECORDS[:2], [strange])


@pytest.mark.parametrize(
    "new", [{"id": 7}, [{"id": 7, "nome": "n"}], {"0": {"nome": "n"}}, {"item": [{"id": 7}] * 10}]
)
def test_a_new_field_that_holds_objects_makes_no_container_of_a_record(new: Any) -> None:
    for place in range(len(RECORDS[0]) + 1):
        fields = list(RECORDS[0].items())
        fields.insert(place, ("novo", new))
        assert records([dict(fields), A], KNOWN).found == [dict(fields), A]


@pytest.mark.parametrize("doubtful", [{"item": [A, A], "nome": "x"}, {"nome": "x", "0": A, "1": A}])
def test_a_container_that_may_also_be_a_record_is_told(doubtful: Any) -> None:
    assert (records(doubtful, KNOWN).found, records(doubtful, KNOWN).unread) == ([A, A], ["x"])


@pytest.mark.parametrize("levels", [1, 3, 90])
def test_a_known_name_may_be_around_records_any_number_of_times(levels: int) -> None:
    """In a time that grows with the levels: the test would not end if it doubled with each."""
    value: Any = [A, B]
    for _ in range(levels):
        value = {"itens": value}
    assert records(value, KNOWN).found == [A, B]


def test_objects_beside_the_records_are_told() -> None:
    found = records({"item": RECORDS, "itens": [{"x": 1}]}, KNOWN)
    assert (found.found, found.unread) == (RECORDS, [[{"x": 1}]])


@given(VALUES)
def test_nothing_is_lost_of_any_value(value: Any) -> None:
    """Each text and number stands in a record, in what was not read, or beside the records of a container."""
    found = records(value, KNOWN)
    kept, all_of_it = Counter(leaves([*found.found, *found.unread])), Counter(leaves(value))
    assert kept <= all_of_it
    assert all_of_it - kept <= Counter(beside_others(value))
    assert all(not KNOWN.isdisjoint(record) for record in found.found)
    assert all(isinstance(part, dict) for part in parts(value))


def beside_others(value: Any) -> list[str]:
    """The texts and numbers in objects that have a name that is no number, and objects or lists."""
    if not isinstance(value, dict | list):
        return []
    inside = list(value.values()) if isinstance(value, dict) else value
    found = [text for inner in inside for text in beside_others(inner)]
    nested = [isinstance(inner, dict | list) for inner in inside]
    if isinstance(value, dict) and not all(name.isdecimal() for name in value) and any(nested):
        found += leaves([inner for inner, is_nested in zip(inside, nested, strict=True) if not is_nested])
    return found


def leaves(value: Any) -> list[str]:
    if isinstance(value, dict | list):
        inside = value.values() if isinstance(value, dict) else value
        return [leaf for inner in inside for leaf in leaves(inner)]
    return [] if is_nothing(value) else [str(value)]


@given(st.lists(st.sampled_from([A, B, C]), max_size=4), st.data())
def test_any_mixture_of_shapes_gives_the_same_records(wanted: list[Any], data: st.DataObject) -> None:
    assert records(data.draw(shapes_of(wanted)), KNOWN).found == wanted


@st.composite
def shapes_of(draw: st.DrawFn, wanted: list[Any], depth: int = 0) -> Any:
    """Any container of these records."""
    if len(wanted) == 1 and (depth > 2 or draw(st.booleans())):
        return wanted[0]
    if not wanted and draw(st.booleans()):
        return draw(st.sampled_from(["", None, [], {}]))
    cuts = (
        sorted(draw(st.lists(st.integers(0, len(wanted)), max_size=2)))
        if depth < 3
        else range(1, len(wanted))
    )
    pieces = [wanted[a:b] for a, b in zip([0, *cuts], [*cuts, len(wanted)], strict=True)]
    inside = [draw(shapes_of(piece, depth + 1)) for piece in pieces if piece or depth < 3]
    match draw(st.sampled_from(["list", "numbered", "named"])):
        case "list":
            return inside
        case "numbered":
            return {str(2 * n): item for n, item in enumerate(inside)}
        case _:
            return {"item": inside}
