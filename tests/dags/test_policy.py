"""What every DAG file must be."""

from __future__ import annotations

import ast
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

REPO = Path(__file__).resolve().parents[2]
DAG_FILES = sorted((REPO / "dags").glob("*.py"))
EXPECTED = {"z316_setup", "z316_webhook"}


def test_the_dags_are_these(dags: Any) -> None:
    assert set(dags) == EXPECTED


@pytest.mark.parametrize("dag_id", sorted(EXPECTED))
def test_dag_says_who_what_and_how_to_mend(dags: Any, dag_id: str) -> None:
    dag = dags[dag_id]
    assert dag.description
    assert "### Triage" in dag.doc_md
    assert {"tiny", "z316"} <= set(dag.tags)
    assert dag.catchup is False
    assert dag.max_active_runs == 1


@pytest.mark.parametrize("dag_id", sorted(EXPECTED))
def test_tasks_have_owner_retries_and_an_end(dags: Any, dag_id: str) -> None:
    for task in dags[dag_id].tasks:
        assert task.owner == "tiny"
        assert task.retries >= 1, task.task_id
        assert task.retry_delay <= timedelta(minutes=10)
        # A deferred wait ends by its own timeout.
        assert task.execution_timeout or task.deferrable, task.task_id


def test_the_only_task_that_calls_tiny_is_in_the_pool_of_the_account(dags: Any) -> None:
    pools = {task.task_id: task.pool for task in dags["z316_webhook"].tasks}
    assert {name for name, pool in pools.items() if pool == "tiny_z316"} == {"fetch"}


def test_loads_say_their_schema_and_may_be_repeated(dags: Any) -> None:
    from tiny_operators.rows.schema import schema_fields

    for table in ("pdv", "pesquisa", "produto"):
        load = dags["z316_webhook"].get_task(f"load_{table}")
        assert load.schema_fields == schema_fields(table)
        assert load.autodetect is False
        assert load.write_disposition == "WRITE_TRUNCATE"
        assert load.source_format == "NEWLINE_DELIMITED_JSON"


def test_files_leave_the_inbox_last(dags: Any) -> None:
    dag = dags["z316_webhook"]
    assert [task.task_id for task in dag.tasks if not task.downstream_list] == ["archive"]
    assert dag.get_task("archive").upstream_task_ids == {"merge"}


@pytest.mark.parametrize("path", DAG_FILES, ids=lambda path: path.name)
def test_dag_files_import_nothing_from_each_other(path: Path) -> None:
    modules = {
        node.module or ""
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
    }
    assert not {name for name in modules if name.split(".")[0] in {"dags", "tiny_setup", "tiny_webhook"}}


@pytest.mark.parametrize("path", DAG_FILES, ids=lambda path: path.name)
def test_import_needs_neither_network_nor_database(path: Path, airflow_database: None) -> None:
    """The file is imported in a process in which a socket, or a session of the metadata database, is an error."""
    program = f"""
import runpy, socket
import airflow
from airflow.providers.google.cloud.transfers.gcs_to_bigquery import GCSToBigQueryOperator
from airflow.providers.google.cloud.operators.bigquery import BigQueryInsertJobOperator
from airflow import settings

def refuse(*args, **kwargs):
    raise AssertionError("an import must not do this")

socket.socket.connect = refuse
socket.getaddrinfo = refuse
settings.Session = refuse
found = [name for name, value in runpy.run_path({str(path)!r}).items() if name.startswith("z316_")]
assert found, "no DAG"
print("imported", found)
"""
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False
    )
    assert "imported" in result.stdout, result.stderr[-2000:]
