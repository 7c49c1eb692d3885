"""How a table grows to have the columns of its schema file, at every depth, and what BigQuery cannot change."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tiny_operators.schemas import LAYOUTS, schema_fields
from tiny_operators.warehouse.schema_update import Field, SchemaUpdate, compare


def column(name: str, kind: str = "STRING", mode: str = "NULLABLE", *fields: Field) -> Field:
    made: Field = {"name": name, "type": kind, "mode": mode}
    return {**made, "fields": list(fields)} if fields else made


def record(name: str, *fields: Field, mode: str = "REPEATED") -> Field:
    return column(name, "RECORD", mode, *fields)


def paths(fields: list[Field], record: str = "") -> Iterator[tuple[str, list[Field], int]]:
    """Each column at each depth: its path, the list that it is in, and its place there."""
    for place, found in enumerate(fields):
        path = f"{record}{found['name']}"
        yield path, fields, place
        yield from paths(found.get("fields", []), f"{path}.")


def without(fields: list[Field], *missing: str) -> list[Field]:
    kept = copy.deepcopy(fields)
    for path in missing:
        siblings, place = next((inner, place) for found, inner, place in paths(kept) if found == path)
        del siblings[place]
    return kept


def changed(fields: list[Field], path: str, **values: Any) -> list[Field]:
    other = copy.deepcopy(fields)
    siblings, place = next((inner, place) for found, inner, place in paths(other) if found == path)
    siblings[place] = {**siblings[place], **values}
    return other


def all_paths(table: str) -> list[str]:
    return [path for path, _, _ in paths(schema_fields(table))]


EACH = [(table, path) for table in LAYOUTS for path in all_paths(table)]
LAST = [
    (table, path)
    for table in LAYOUTS
    for path, siblings, place in paths(schema_fields(table))
    if "." in path and place == len(siblings) - 1
]


@pytest.mark.parametrize("table", LAYOUTS)
def test_a_table_as_its_file_says_needs_nothing(table: str) -> None:
    update = compare(schema_fields(table), schema_fields(table))
    assert update == SchemaUpdate(fields=schema_fields(table))
    assert not update.changes


@pytest.mark.parametrize(("table", "path"), [(table, path) for table, path in EACH if "." not in path])
def test_a_column_that_is_missing_is_added_at_the_end(table: str, path: str) -> None:
    wanted = schema_fields(table)
    update = compare(without(wanted, path), wanted)
    assert (update.added, update.problems) == ([path], [])
    assert update.fields[-1]["name"] == path
    assert update.fields[-1]["mode"] != "REQUIRED", "BigQuery adds no REQUIRED column"
    assert compare(update.fields, wanted).problems == []
    assert not compare(update.fields, wanted).changes


@pytest.mark.parametrize(("table", "path"), LAST)
def test_the_last_field_of_a_record_is_added_in_it(table: str, path: str) -> None:
    wanted = schema_fields(table)
    update = compare(without(wanted, path), wanted)
    assert (update.added, update.problems) == ([path], [])
    assert update.fields == wanted


@pytest.mark.parametrize(("table", "path"), [both for both in EACH if "." in both[1] and both not in LAST])
def test_a_field_that_would_come_to_the_wrong_place_is_not_added(table: str, path: str) -> None:
    """A record's fields are matched by their order, and one that was added cannot be taken away again."""
    wanted = schema_fields(table)
    update = compare(without(wanted, path), wanted)
    assert (update.added, update.fields) == ([], without(wanted, path))
    (problem,) = update.problems
    assert problem.startswith(f"{path}: missing")
    assert "move it to the end of its record" in problem


def test_many_are_added_at_every_depth_at_once() -> None:
    wanted = [
        column("id", "INTEGER", "REQUIRED"),
        record("itens", column("a"), record("sub", column("x"), column("y", "NUMERIC")), column("b")),
        column("novo", "DATE"),
        record("contato", column("nome", mode="REQUIRED"), mode="NULLABLE"),
    ]
    there = [column("id", "INTEGER", "REQUIRED"), record("itens", column("a"), record("sub", column("x")))]
    update = compare(there, wanted)
    assert update.added == ["itens.sub.y", "itens.b", "novo", "contato"]
    assert update.weaker == ["contato.nome"]
    assert update.problems == []
    assert update.fields[:3] == wanted[:3]
    assert update.fields[3] == record("contato", column("nome"), mode="NULLABLE")


RETYPED: list[tuple[str, Callable[[Field], dict[str, Any]]]] = [
    ("retyped", lambda found: {"type": "BYTES" if found["type"] != "BYTES" else "STRING"}),
    ("a list or no list", lambda found: {"mode": "NULLABLE" if found["mode"] == "REPEATED" else "REPEATED"}),
]


@pytest.mark.parametrize("how", [how for _, how in RETYPED], ids=[name for name, _ in RETYPED])
@pytest.mark.parametrize(("table", "path"), EACH)
def test_what_cannot_be_changed_is_told_with_both_kinds(
    table: str, path: str, how: Callable[[Field], dict[str, Any]]
) -> None:
    wanted = schema_fields(table)
    siblings, place = next((inner, place) for found, inner, place in paths(wanted) if found == path)
    there = changed(wanted, path, **how(siblings[place]))
    update = compare(there, wanted)
    assert (update.added, update.fields) == ([], there)
    (problem,) = update.problems
    assert re.match(rf"{re.escape(path)}: is \w+ \w+, the schema file says \w+ \w+; BigQuery cannot", problem)
    assert siblings[place]["type"] in problem


def test_each_of_many_is_told_and_what_can_be_added_is_added() -> None:
    wanted = [column("a"), column("b", "NUMERIC"), record("r", column("x", "DATE")), column("new")]
    there = [column("a", "INTEGER"), column("b", "STRING"), record("r", column("x"))]
    update = compare(there, wanted)
    assert [problem.partition(":")[0] for problem in update.problems] == ["a", "b", "r.x"]
    assert update.added == ["new"]


@pytest.mark.parametrize(("table", "path"), EACH)
def test_a_column_that_need_not_be_required_any_more_is_relaxed(table: str, path: str) -> None:
    wanted = schema_fields(table)
    siblings, place = next((inner, place) for found, inner, place in paths(wanted) if found == path)
    if siblings[place]["mode"] == "REPEATED":
        return
    wanted = changed(wanted, path, mode="NULLABLE")
    update = compare(changed(wanted, path, mode="REQUIRED"), wanted)
    assert (update.relaxed, update.problems, update.fields) == ([path], [], wanted)


def test_a_column_that_is_required_now_stays_nullable_and_is_told() -> None:
    update = compare([column("a")], [column("a", mode="REQUIRED")])
    assert (update.weaker, update.changes, update.problems) == (["a"], False, [])


def test_a_column_that_the_file_has_no_more_stays_unless_it_stops_the_loads() -> None:
    assert compare([column("a"), column("old")], [column("a")]).problems == []
    (required,) = compare([column("a"), column("old", mode="REQUIRED")], [column("a")]).problems
    assert "old: is STRING REQUIRED" in required
    assert "DROP NOT NULL" in required
    (field,) = compare([record("r", column("a"), column("old"))], [record("r", column("a"))]).problems
    assert field.startswith("r.old: is STRING NULLABLE")


def test_fields_of_a_record_in_another_order_are_told() -> None:
    (problem,) = compare(
        [record("r", column("a"), column("b"))], [record("r", column("b"), column("a"))]
    ).problems
    assert "r: its fields are a, b, the schema file has b, a" in problem


def test_bigquerys_other_names_of_types_and_modes_are_the_same() -> None:
    there: list[Field] = [
        {"name": "Id", "type": "INT64"},
        {"name": "ok", "type": "BOOL", "mode": ""},
        {"name": "r", "type": "STRUCT", "mode": "REPEATED", "fields": [{"name": "x", "type": "FLOAT64"}]},
    ]
    wanted = [column("id", "INTEGER"), column("ok", "BOOLEAN"), record("r", column("x", "FLOAT"))]
    update = compare(there, wanted)
    assert (update.changes, update.problems, update.fields) == (False, [], there)


def test_what_people_added_to_a_column_is_kept() -> None:
    tagged = {**column("a"), "policyTags": {"names": ["t"]}, "description": "by hand"}
    assert compare([tagged], [column("a"), column("b")]).fields[0] == tagged
