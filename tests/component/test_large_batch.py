"""A batch as a rebuild of many years makes it: merged and checked with nothing that grows with its orders."""

from __future__ import annotations

from typing import Any

import pytest

from tests.component.batches import Merge, at, line, order, reported_of, snapshot
from tiny_operators.schemas import TABLES

pytestmark = pytest.mark.stack

ORDERS, DAYS = 200_000, 3_000
_FIRST = 500_000_000
# Of each table: what differs from row to row.
_DIFFERS = {
    "pdv": ("id", "{id} AS id, {day} AS data"),
    "pesquisa": ("id", "CAST({id} AS STRING) AS id, {day} AS data_pedido"),
    "produto": ("pedido_id", "{id} AS pedido_id, TIMESTAMP({day}) AS timestamp"),
}


@pytest.fixture(scope="module")
def large(store: Any, dags: Any) -> Merge:
    """The staging tables of a run with this many orders, on this many days; nothing is merged yet."""
    from airflow.providers.google.cloud.hooks.bigquery import BigQueryHook

    hook = BigQueryHook(location=store.location, use_legacy_sql=False)
    batch = Merge(store, hook, dags["z316_replay"], many=True)
    own = {"uuid": "u", "source_id": "replay-0.1.0"}
    one = {
        "pdv": order(_FIRST, at(13), data="2016-01-01"),
        "pesquisa": line(_FIRST, at(13), data_pedido="2016-01-01"),
        "produto": snapshot(_FIRST, 80, at(13), "1.00") | {"timestamp": "2016-01-01T12:00:00+00:00"},
    }
    batch.load(**{table: [row | own] for table, row in one.items()})
    day = f"DATE_ADD(DATE '2016-01-01', INTERVAL MOD(n, {DAYS}) DAY)"
    for table, (_, columns) in _DIFFERS.items():
        replaced = columns.format(id=f"{_FIRST} + n", day=day)
        batch.client.query_and_wait(
            f"INSERT INTO `{batch.staging(table)}` SELECT * EXCEPT (n) REPLACE ({replaced}) FROM `{batch.staging(table)}` "
            f"CROSS JOIN UNNEST(GENERATE_ARRAY(1, {ORDERS - 1})) AS n"
        )
    ends = [{"id": _FIRST}, {"id": _FIRST + ORDERS - 1}]
    batch.said = reported_of({"pdv": ends}, many=True)
    batch.said["return_value"] = dict.fromkeys(TABLES, ORDERS) | {"rejeitados": 0}
    return batch


def standing(batch: Merge, table: str) -> tuple[int, int]:
    """How many rows of these orders stand in a table, and how many of them were there before the last merge."""
    key = _DIFFERS[table][0]
    (row,) = batch.client.query_and_wait(
        f"SELECT COUNT(*) AS n, COUNT(DISTINCT update_timestamp) AS merges FROM z316_tiny.{table} "
        f"WHERE SAFE_CAST({key} AS INT64) BETWEEN {_FIRST} AND {_FIRST + ORDERS}"
    )
    return row["n"], row["merges"]


def test_two_hundred_thousand_orders_are_merged_and_checked(large: Merge) -> None:
    counts = {"orders": ORDERS, "rejected": 0}
    for _ in ("merged", "merged again, which changes nothing"):
        large.do("merge")
        assert {table: standing(large, table) for table in TABLES} == dict.fromkeys(TABLES, (ORDERS, 1))
        large.do("check", **counts)


def test_what_its_variables_hold_is_far_below_what_they_may(large: Merge) -> None:
    """A variable may have a megabyte, and a day takes eight bytes."""
    (row,) = large.client.query_and_wait(f"SELECT COUNT(DISTINCT data) AS days FROM `{large.staging('pdv')}`")
    assert row["days"] == DAYS
    assert row["days"] * 8 < 1_000_000 < ORDERS * 8
