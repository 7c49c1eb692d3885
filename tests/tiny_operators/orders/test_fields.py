"""Which fields Tiny's answers have, and what changes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

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
