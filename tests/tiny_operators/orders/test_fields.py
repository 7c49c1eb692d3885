"""Which fields Tiny's answers have, and what changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiny_operators.orders.field_counts import (
    FieldCounts,
    FieldNews,
    KnownField,
    from_json,
    learn,
    to_json,
)
from tiny_operators.orders.json_values import path_name
from tiny_operators.orders.typed_records import unknown_fields
from tiny_operators.schemas import TABLES, Column, tiny_columns

Known = dict[str, KnownField]


def batch(records: Iterable[dict[str, Any]], unknown: Iterable[str] = ()) -> FieldCounts:
    counts = FieldCounts(unknown=set(unknown))
    for record in records:
        counts.add("pdv", record)
    return counts


def after(*batches: FieldCounts) -> tuple[Known, FieldNews]:
    known: Known = {}
    news = FieldNews()
    for counts in batches:
        known, news = learn(from_json(to_json(known)), counts, "2026-11-23")
    return known, news


def test_paths_and_kinds_of_a_record() -> None:
    record = {
        "id": 1,
        "nome": "x",
        "obs": " ",
        "cest": None,
        "itens": [{"item": {"valor": "5,00"}}, {"valor": 5.5, "ativo": True}],
        "kit": {"id": 2, "b": []},
    }
    counts = FieldCounts()
    counts.add("pdv", record)
    assert counts.kinds == {
        ("pdv.id", "number"),
        ("pdv.nome", "text"),
        ("pdv.itens", "list"),
        ("pdv.itens.valor", "text"),
        ("pdv.itens.valor", "number"),
        ("pdv.itens.ativo", "boolean"),
        ("pdv.kit", "object"),
        ("pdv.kit.id", "number"),
    }
    without_kind = {"pdv.obs", "pdv.cest", "pdv.kit.b"}
    assert counts.seen == dict.fromkeys({path for path, _ in counts.kinds} | without_kind, 1)


def test_at_first_only_what_no_column_holds_is_news() -> None:
    _, news = after(batch([{"id": 1, "novo": "x"}], unknown=["pdv.novo"]))
    assert news == FieldNews(new=("pdv.novo",))


def test_a_field_is_news_once() -> None:
    first, second = batch([{"id": 1}]), batch([{"id": 1, "novo": {"a": 1}}])
    assert after(first, second)[1] == FieldNews(new=("pdv.novo", "pdv.novo.a"))
    assert after(first, second, second)[1] == FieldNews()


def test_another_kind_of_value_is_news_once_and_nothing_is_no_kind() -> None:
    text, number, nothing = batch([{"valor": "5,00"}]), batch([{"valor": 5}]), batch([{"valor": ""}])
    assert after(text, nothing)[1] == FieldNews()
    assert after(text, number)[1] == FieldNews(kinds=("pdv.valor:number",))
    assert after(text, number, text, number)[1] == FieldNews()
    assert after(nothing, text)[1] == FieldNews()


def test_a_field_of_every_record_is_missed_soon_and_reported_once() -> None:
    full, bare = batch([{"id": n, "valor": "1"} for n in range(40)]), batch([{"id": n} for n in range(20)])
    assert after(full, bare)[1] == FieldNews(missed=("pdv.valor",))
    assert after(full, bare, bare)[1] == FieldNews()
    assert after(full, bare, full, bare)[1] == FieldNews(missed=("pdv.valor",))


def test_a_field_of_few_records_may_stay_away_longer() -> None:
    rare = batch([{"id": n, "kit": "x"} if n % 10 == 0 else {"id": n} for n in range(400)])
    bare = batch([{"id": n} for n in range(100)])
    assert after(rare, bare)[1] == FieldNews()
    assert after(rare, bare, bare)[1] == FieldNews(missed=("pdv.kit",))


def test_answers_of_another_kind_miss_nothing() -> None:
    products = FieldCounts()
    for n in range(100):
        products.add("produto", {"id": n})
    assert after(batch([{"id": n, "valor": "1"} for n in range(40)]), products)[1] == FieldNews(
        new=("produto.id",)
    )


ODD_NAMES = [
    "maria@example.com",
    "529.982.247-25",
    "Maria da Silva",
    "52998224725",
    "ação",
    "",
    "x" * 62,
    "a.b",
]


@pytest.mark.parametrize("many", [1, 3, 8])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_name_that_may_be_a_value_is_in_no_path(many: int, place: int) -> None:
    for n in range(len(ODD_NAMES)):
        odd = dict.fromkeys((ODD_NAMES[n:] + ODD_NAMES[:n])[:many], "1")
        names = [("um", 1), ("dois", 2)]
        record = {"id": 1, "novo": {**dict(names[:place]), **odd, **dict(names[place:])}, **odd}
        known, news = after(batch([{"id": 1}]), batch([record]))
        assert set(known) == {"pdv.id", "pdv.*", "pdv.novo", "pdv.novo.*", "pdv.novo.um", "pdv.novo.dois"}
        assert set(news.new) == set(known) - {"pdv.id"}
        assert set(unknown_fields(record, tiny_columns("pdv"))) == {"novo", "*"}


def test_what_was_remembered_of_such_a_name_is_forgotten() -> None:
    stored = to_json({f"pdv.{name}": KnownField("2026-11-23") for name in [*ODD_NAMES[:-1], "id", "*"]})
    assert set(from_json(stored)) == {"pdv.id", "pdv.*"}


def test_every_column_has_a_name_that_is_shown() -> None:
    def names(columns: Iterable[Column]) -> Iterator[str]:
        for column in columns:
            yield column.name
            yield from names(column.fields)

    for table in TABLES:
        assert all(path_name(name) == name for name in names(tiny_columns(table)))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=20,
)


@given(st.lists(st.dictionaries(st.text(max_size=5), JSON, max_size=4), max_size=5))
def test_any_record_can_be_counted(records: list[dict[str, Any]]) -> None:
    counts = batch(records)
    known, _ = after(counts)
    assert after(counts, counts)[1] == FieldNews()
    assert set(known) == set(counts.seen)
