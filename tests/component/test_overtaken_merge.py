"""A merge whose process was killed goes on in BigQuery, beside the merge of the next run that has the same new orders."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from tests.component.batches import Merge, at, line, order, reject, snapshot
from tiny_operators.batches.row_files import FEW_DAYS
from tiny_operators.schemas import LOADED

pytestmark = pytest.mark.stack


@pytest.fixture
def merge(store: Any, dags: Any) -> Merge:
    from airflow.providers.google.cloud.hooks.bigquery import BigQueryHook

    hook = BigQueryHook(location=store.location, use_legacy_sql=False)
    for table in LOADED:
        hook.get_client().query_and_wait(f"DELETE FROM {store.dataset}.{table} WHERE TRUE")
    return Merge(store, hook, dags["z316_webhook"])


def batch_of(days: list[str | None]) -> dict[str, list[dict[str, Any]]]:
    """An order of each day, with its line, a product and a reject.

    They arrived in the evening of a day that none of them has; in UTC it is the next one.
    """
    arrived = "2026-09-20T22:30:00-03:00"
    return {
        "pdv": [order(number, at(13), data=day) for number, day in enumerate(days, 1)],
        "pesquisa": [line(number, at(13), data_pedido=day) for number, day in enumerate(days, 1)],
        "produto": [
            snapshot(number, 70, at(13), "5.00") | {"timestamp": arrived} for number, _ in enumerate(days, 1)
        ],
        "rejeitados": [reject(number) for number, _ in enumerate(days, 1)],
    }


@pytest.mark.parametrize("count", [1, 3, FEW_DAYS + 1])
@pytest.mark.parametrize("overtaken", [*LOADED, "all"])
def test_orders_that_another_merge_adds_after_the_lookup_are_not_doubled(
    merge: Merge, count: int, overtaken: str
) -> None:
    batch = batch_of([str(date(2026, 3, 14) + timedelta(days=number)) for number in range(count)])
    merge.load(**batch)
    tables = LOADED if overtaken == "all" else [overtaken]
    others = "".join(
        f"INSERT INTO `{merge.store.dataset}.{table}` SELECT * FROM `{merge.staging(table)}`;\n"
        for table in tables
    )

    def overtake(script: str) -> str:
        lookup, first, rest = script.partition("MERGE `")
        return f"{lookup}{others}{first}{rest}"

    merge.do("merge", overtake)
    for table in LOADED:
        assert len(merge.rows(table, "TRUE")) == count, table


def test_orders_without_a_day_are_not_doubled(merge: Merge) -> None:
    merge.load(**batch_of([None, "2026-03-14", None]))
    others = f"INSERT INTO `{merge.store.dataset}.pdv` SELECT * FROM `{merge.staging('pdv')}`;\n"
    merge.do("merge", lambda script: script.replace("MERGE `", f"{others}MERGE `", 1))
    assert len(merge.rows("pdv", "TRUE")) == 3
