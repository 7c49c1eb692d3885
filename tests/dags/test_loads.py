"""A load job is made for a table that has rows, and for no other; the jobs themselves: tests/component."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.google.cloud.transfers.gcs_to_bigquery import GCSToBigQueryOperator

from tiny_operators._compat import AirflowSkipException
from tiny_operators.operators.bigquery import LoadRowsOperator
from tiny_operators.schemas import LOADED
from tiny_operators.stores import load_stores
from tiny_operators.task_factories.into_tables import load_task


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tables whose load jobs have begun."""
    found: list[str] = []
    monkeypatch.setattr(
        GCSToBigQueryOperator,
        "execute",
        lambda task, context: found.append(task.task_id.removeprefix("load_")),
    )
    return found


def load(table: str, rows: Any) -> None:
    task = load_task(load_stores()[0], table, "rows", table)
    assert isinstance(task, LoadRowsOperator)
    task.rows = rows
    context: Any = {"ti": SimpleNamespace(xcom_push=lambda key, value: None)}
    task.pre_execute(context)
    task.execute(context)


@pytest.mark.parametrize("table", LOADED)
@pytest.mark.parametrize("rows", ["0", 0])
def test_a_table_of_no_rows_is_not_loaded(table: str, rows: Any, begun: list[str]) -> None:
    with pytest.raises(AirflowSkipException, match="no rows"):
        load(table, rows)
    assert begun == []


@pytest.mark.parametrize("table", LOADED)
@pytest.mark.parametrize("rows", ["1", "1000", "None", ""])
def test_a_table_of_rows_is_loaded(table: str, rows: str, begun: list[str]) -> None:
    """Also one of which nothing was said: an older version of the code began the run."""
    load(table, rows)
    assert begun == [table]
