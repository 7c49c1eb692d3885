"""A load job is made for a table that has rows, and for no other."""

from __future__ import annotations

from typing import Any

import pytest

from tiny_operators._compat import AirflowSkipException
from tiny_operators.operators.load import LoadRowsOperator
from tiny_operators.schemas import LOADED
from tiny_operators.stores import load_stores
from tiny_operators.task_factories.jobs import load_task


@pytest.mark.parametrize("table", LOADED)
@pytest.mark.parametrize("rows", ["0", 0])
def test_a_table_of_no_rows_is_not_loaded(table: str, rows: Any) -> None:
    """Nothing is asked of anybody: here there is neither a connection nor a run."""
    task = load_task(load_stores()[0], table, "rows", table)
    assert isinstance(task, LoadRowsOperator)
    task.rows = rows
    with pytest.raises(AirflowSkipException, match="no rows"):
        task.execute({})


@pytest.mark.parametrize("table", LOADED)
@pytest.mark.parametrize("rows", ["1", "1000", "None", ""])
def test_a_table_of_rows_is_loaded(table: str, rows: str) -> None:
    """As far as its job, which is named after the run."""
    task = load_task(load_stores()[0], table, "rows", table)
    assert isinstance(task, LoadRowsOperator)
    task.rows = rows
    with pytest.raises(KeyError):
        task.execute({})
