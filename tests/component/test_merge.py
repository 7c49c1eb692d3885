"""The merge statement, as the DAG's own task renders it, run by the provider's hook on BigQuery's emulator; and what the
reference implementation of BigQuery's language makes of it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.component.batches import Merge, at, gone, line, order, snapshot
from tests.component.language_merge import LanguageMerge
from tiny_operators.schemas import LOADED, TABLES
from tiny_operators.stores import load_stores

pytestmark = pytest.mark.stack


@pytest.fixture(
    scope="module",
    params=[(engine, size) for engine in ("emulator", "googlesql") for size in ("few", "many")],
    ids="-".join,
)
def merge(request: pytest.FixtureRequest) -> Merge | LanguageMerge:
    """Merges batches of few orders, and of so many that their ids do not stand in the statements."""
    from airflow.providers.google.cloud.hooks.bigquery import BigQueryHook

    engine, size = request.param
    if engine == "googlesql":
        return LanguageMerge(request.getfixturevalue("language"), load_stores()[0], many=size == "many")
    store, dags = request.getfixturevalue("store"), request.getfixturevalue("dags")
    hook = BigQueryHook(location=store.location, use_legacy_sql=False)
    for table in LOADED:
        hook.get_client().query_and_wait(f"DELETE FROM {store.dataset}.{table} WHERE TRUE")
    return Merge(store, hook, dags["z316_webhook"], many=size == "many")


def test_a_newer_reading_replaces_an_older_one(merge: Merge | LanguageMerge) -> None:
    merge(pdv=[order(1, at(13))])
    merge(pdv=[order(1, at(14), situacao="Cancelado", totalVenda="12.34")])
    row = merge.row("pdv", id=1)
    assert (row["situacao"], row["totalVenda"]) == ("Cancelado", Decimal("12.34"))


def test_the_same_batch_again_changes_nothing(merge: Merge | LanguageMerge) -> None:
    batch = {"pdv": [order(3, at(13))], "produto": [snapshot(3, 70, at(13), "5.00")]}
    merge(**batch)
    before = merge.row("pdv", id=3), merge.row("produto", pedido_id=3)
    merge(**batch)
    assert (merge.row("pdv", id=3), merge.row("produto", pedido_id=3)) == before


def test_an_order_that_moves_to_another_day_stays_one_row(merge: Merge | LanguageMerge) -> None:
    merge(pdv=[order(6, at(13), data="2026-03-14")])
    merge(pdv=[order(6, at(14), data="2026-03-20")])
    assert str(merge.row("pdv", id=6)["data"]) == "2026-03-20"
    merge(pdv=[order(6, at(15), data=None)])
    merge(pdv=[order(6, at(16), data="2026-03-21")])
    assert str(merge.row("pdv", id=6)["data"]) == "2026-03-21"


def test_a_product_keeps_the_cost_of_the_sale(merge: Merge | LanguageMerge) -> None:
    merge(produto=[snapshot(7, 71, at(13), "5.00")])
    merge(produto=[snapshot(7, 71, at(14), "9.99"), snapshot(7, 72, at(14), "1.00")])
    assert merge.row("produto", pedido_id=7, id=71)["preco_custo"] == Decimal("5.00")
    assert merge.row("produto", pedido_id=7, id=72)["preco_custo"] == Decimal("1.00")


def test_stores_do_not_touch_each_other(merge: Merge | LanguageMerge) -> None:
    merge(pdv=[order(8, at(13)), order(8, at(14), store="other", situacao="Faturado")])
    assert merge.row("pdv", id=8, store="z316")["situacao"] == "Em aberto"
    assert merge.row("pdv", id=8, store="other")["situacao"] == "Faturado"


def test_an_empty_batch_changes_nothing(merge: Merge | LanguageMerge) -> None:
    merge(pdv=[order(9, at(13))])
    before = merge.row("pdv", id=9)
    merge()
    assert merge.row("pdv", id=9) == before


def test_a_reject_stands_once_as_it_was_first_told(merge: Merge | LanguageMerge) -> None:
    reported = {
        "store": "z316",
        "id": "told-once-1",
        "pedido": 880_000_009,
        "field": "pdv.data",
        "run": "z316_webhook_x",
    }
    merge(rejeitados=[{**reported, "rejected_at": at(13)}, {**reported, "rejected_at": at(13)}])
    merge(
        rejeitados=[
            {**reported, "rejected_at": at(15)},
            {**reported, "id": "told-once-2", "rejected_at": at(15)},
        ]
    )
    rows = {row["id"]: row for row in merge.rows("rejeitados", "pedido = 880000009")}
    assert {name: hour(row["rejected_at"]) for name, row in rows.items()} == {
        "told-once-1": 13,
        "told-once-2": 15,
    }
    assert len(merge.rows("rejeitados", "pedido = 880000009")) == len(rows)


# Readings of one order: F13 found it at 13 o'clock, G15 found it gone at 15, F14@10 is one of a sale that arrived at 10
# (else at 12); | stands between batches. Then what the row says: when its content was read, deleted_at, timestamp
# (hours); None where there is to be no row.
ORDERS: dict[str, tuple[int, int | None, int] | None] = {
    "F15 | F14@10": (15, None, 10),
    "F14@12 F13@11": (14, None, 11),
    "F13 | G15@11": (13, 15, 11),
    "F13 | G14 | F15": (15, None, 12),
    "F15 | G14": (15, None, 12),
    "F13 | G15 | F14@10": (14, 15, 10),
    "F14 | F13@10 G15": (14, 15, 10),
    "F13 | G15 | G14": (13, 15, 12),
    "F13 | G15 | F14 G14": (14, 15, 12),
    "G14 | G15": None,
    "G14 G15": None,
    # All readings in one batch, as when the tables are built again, in either order; and one by one.
    "F13 G14": (13, 14, 12),
    "G14 F13": (13, 14, 12),
    "F13 | G14": (13, 14, 12),
    "F13 G14 F15@11": (15, None, 11),
    "F15@11 G14 F13": (15, None, 11),
    "F13 | G14 | F15@11": (15, None, 11),
    "F13 F14 G15": (14, 15, 12),
    "G15 F14 F13": (14, 15, 12),
    "F13 | F14 | G15": (14, 15, 12),
    "F13 G14 F15 G16": (15, 16, 12),
    "G16 F15 G14 F13": (15, 16, 12),
    "F13 | G14 | F15 | G16": (15, 16, 12),
    # The same batch again changes nothing.
    "F13 | G14 | G14": (13, 14, 12),
    "F13 G14 | F13 G14": (13, 14, 12),
    "G13 F14 | G13 F14": (14, None, 12),
}
# Two readings of one product for one order, which come in either order, in one batch or in two: C13 at 13 o'clock, C13R15
# the same when newer costs were asked for at 15; a, b: by which path. Then what the row says: when its content was read,
# refreshed_at, timestamp, path.
_SNAPSHOTS: dict[tuple[str, str], tuple[int, int | None, int, str]] = {
    ("C13", "C14"): (13, None, 12, "a"),
    ("C13", "C15R16@10"): (15, 16, 10, "a"),
    ("C13R14", "C15R16"): (15, 16, 12, "a"),
    ("C13R14", "C12R16"): (12, 16, 12, "a"),
    ("C15R17", "C16R17"): (15, 17, 12, "a"),
    ("C13@11a", "C13@12b"): (13, None, 11, "a"),
    ("C13@12a", "C13@11b"): (13, None, 11, "a"),
}
PRODUCTS = {
    "C13 | C15R16 | C15R16": (15, 16, 12, "a"),
    "C13 | C15R16 | C12": (15, 16, 12, "a"),
    **{
        " ".join(order_given): row
        for (one, other), row in _SNAPSHOTS.items()
        for order_given in ((one, other), (other, one), (one, "|", other), (other, "|", one))
    },
}
# Cases whose last batch is no news.
NO_NEWS = [
    *((table, case) for table in ("pdv", "pesquisa") for case in ("F15 | G14", "F13 | G14 | G14")),
    *((table, "F13 G14 | F13 G14") for table in ("pdv", "pesquisa")),
    *(("produto", case) for case in ("C13 | C14", "C13 | C15R16 | C15R16", "C13 | C15R16 | C12")),
]
_READING = re.compile(r"([FGC])(\d+)(?:R(\d+))?(?:@(\d+))?([ab]?)")
_FIRST_ID = 100
History = list[dict[tuple[str, int], dict[str, Any]]]


def readings(text: str, number: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Table and row of each reading of one batch."""
    for kind, hour, refreshed, arrived, path in _READING.findall(text):
        fetched_at = at(int(hour))
        about = {"timestamp": at(int(arrived or 12)), "source_id": path or "a"}
        if kind == "C":
            about["refreshed_at"] = at(int(refreshed)) if refreshed else None
            yield "produto", {**snapshot(number, 80, fetched_at, hour), **about}
        elif kind == "G":
            yield "pdv", {**gone("pdv", number, fetched_at), **about}
            yield "pesquisa", {**gone("pesquisa", number, fetched_at), **about}
        else:
            yield "pdv", {**order(number, fetched_at, situacao=hour), **about}
            yield "pesquisa", {**line(number, fetched_at, situacao=hour), **about}


@pytest.fixture(scope="module")
def history(merge: Merge | LanguageMerge) -> History:
    """Rows by table and order after each round of merges: in a round, each case above merges its next batch."""
    rounds: History = []
    cases = [case.split("|") for case in (*ORDERS, *PRODUCTS)]
    for batches in itertools.zip_longest(*cases, fillvalue=""):
        rows: dict[str, list[dict[str, Any]]] = {table: [] for table in TABLES}
        for number, batch in enumerate(batches, start=_FIRST_ID):
            for table, row in readings(batch, number):
                rows[table].append(row)
        merge(**rows)
        rounds.append({
            (table, int(row[key])): row
            for table, key in (("pdv", "id"), ("pesquisa", "id"), ("produto", "pedido_id"))
            for row in merge.rows(table, "TRUE")
        })
    return rounds


def after_each_batch(history: History, table: str, case: str) -> list[Any]:
    """Rows of a case after each of its batches."""
    number = _FIRST_ID + [*ORDERS, *PRODUCTS].index(case)
    return [rows.get((table, number)) for rows in history[: case.count("|") + 1]]


def hour(value: datetime | None) -> int | None:
    return value.hour if value else None


@pytest.mark.parametrize("table", ["pdv", "pesquisa"])
@pytest.mark.parametrize("case", ORDERS)
def test_readings_of_an_order_make_the_same_row_however_they_come(
    history: History, table: str, case: str
) -> None:
    row = after_each_batch(history, table, case)[-1]
    hours = [hour(row[name]) for name in ("fetched_at", "deleted_at", "timestamp")] if row else []
    assert (row and tuple(hours)) == ORDERS[case]
    assert row is None or int(row["situacao"]) == hours[0], "the content is that of the reading"


@pytest.mark.parametrize("table", ["pdv", "pesquisa"])
def test_a_deletion_changes_nothing_of_what_was_known(history: History, table: str) -> None:
    before, after = after_each_batch(history, table, "F13 | G15@11")
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"deleted_at", "timestamp", "update_timestamp"}


@pytest.mark.parametrize("case", PRODUCTS)
def test_readings_of_a_product_make_the_same_row_however_they_come(history: History, case: str) -> None:
    row = after_each_batch(history, "produto", case)[-1]
    hours = [hour(row[name]) for name in ("fetched_at", "refreshed_at", "timestamp")]
    assert (*hours, row["source_id"]) == PRODUCTS[case]
    assert int(row["preco_custo"]) == hours[0]


@pytest.mark.parametrize(("table", "case"), NO_NEWS)
def test_a_batch_that_is_no_news_changes_nothing(history: History, table: str, case: str) -> None:
    *_, before, after = after_each_batch(history, table, case)
    assert before == after
