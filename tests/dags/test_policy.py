"""What every DAG file must be."""

from __future__ import annotations

import ast
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy.release.__main__ import SCHEDULED
from tiny_operators.schemas import LOADED, schema_fields

REPO = Path(__file__).resolve().parents[2]
DAG_FILES = sorted((REPO / "dags").glob("*.py"))
WITH_TABLES = {"z316_daily", "z316_reconcile", "z316_replay", "z316_webhook"}
WITHOUT_TABLES = {
    f"z316_{name}"
    for name in ("compare", "forget", "orders", "plan", "put_back", "retention", "setup", "show", "watch")
}
EXPECTED = WITH_TABLES | WITHOUT_TABLES
# Their end depends on how much there is: a wait, and what reads or replays any number of orders.
ENDLESS = {
    ("z316_webhook", "wait"),
    ("z316_daily", "plan"),
    ("z316_daily", "fetch"),
    ("z316_compare", "plan"),
    ("z316_plan", "plan"),
    ("z316_reconcile", "plan"),
    ("z316_reconcile", "fetch"),
    ("z316_replay", "rows"),
}
GIVES_WAY = {(f"z316_{name}", task) for name in ("daily", "reconcile") for task in ("plan", "fetch")} | {
    ("z316_compare", "plan"),
    ("z316_plan", "plan"),
}
INTO_TABLES = sorted(WITH_TABLES)


def test_the_dags_are_these(dags: Any) -> None:
    assert set(dags) == EXPECTED


def test_each_dag_that_waits_for_a_person_is_named_where_people_start_them(dags: Any) -> None:
    """By the end of a release, and by the documents."""
    paused = {dag_id for dag_id, dag in dags.items() if dag.is_paused_upon_creation is not False}
    assert paused == {f"z316_{name}" for name in (*SCHEDULED, "replay")}
    loop = f"for DAG in {' '.join(f'z316_{name}' for name in SCHEDULED)}; do"
    for page, times in (("operations.md", 1), ("airflow-2-to-3.md", 2)):
        assert (REPO / "docs" / page).read_text().count(loop) == times


# The tasks that note what their run did, by DAG.
NOTING = {
    "compare": {"compare", "all_listed"},
    "daily": {"rows", "all_listed"},
    "forget": {"record_forgotten"},
    "orders": {"report"},
    # Its plan is skipped, and notes that: see the callback of skipped tasks.
    "plan": set(),
    "put_back": {"put_back"},
    "reconcile": {"rows", "compare", "all_listed"},
    "replay": {"rows"},
    "retention": {"blank"},
    "setup": {"setup"},
    "show": {"show"},
    "watch": {"airflow", "webhooks", "inbox", "rejects", "complete", "situation"},
    "webhook": {"archive"},
}


@pytest.mark.parametrize("dag_id", sorted(EXPECTED))
def test_dag_says_who_what_and_how_to_mend(dags: Any, dag_id: str) -> None:
    dag = dags[dag_id]
    assert dag.description
    assert "### Triage" in dag.doc_md
    assert dag.dag_display_name.startswith(f"{dag_id} · ")
    assert all("**When it fails:**" in task.doc_md for task in dag.tasks)
    assert {"tiny", "z316"} <= set(dag.tags)
    assert dag.catchup is False
    # Runs of history may overlap: while one reads, others make rows.
    assert dag.max_active_runs == (4 if dag_id in {"z316_daily", "z316_orders", "z316_replay"} else 1)


@pytest.mark.parametrize("dag_id", sorted(EXPECTED))
def test_tasks_have_owner_retries_and_an_end(dags: Any, dag_id: str) -> None:
    for task in dags[dag_id].tasks:
        assert task.owner == "tiny"
        assert task.retries >= 1, task.task_id
        assert task.retry_delay <= timedelta(minutes=10)
        endless = (dag_id, task.task_id) in ENDLESS
        assert bool(task.execution_timeout) is not endless, task.task_id


@pytest.mark.parametrize("dag_id", sorted(EXPECTED))
def test_a_task_that_failed_for_good_tells_people(dags: Any, dag_id: str) -> None:
    for task in dags[dag_id].tasks:
        assert task.on_failure_callback, task.task_id


@pytest.mark.parametrize("dag_id", sorted(EXPECTED))
def test_a_run_that_ends_well_says_what_it_did(dags: Any, dag_id: str) -> None:
    noting = {task.task_id for task in dags[dag_id].tasks if task.on_success_callback}
    assert noting == NOTING[dag_id.removeprefix("z316_")]
    if dag_id == "z316_watch":
        assert all(task.on_skipped_callback for task in dags[dag_id].tasks)


def test_tasks_that_call_tiny_are_in_the_pool_of_the_account(dags: Any) -> None:
    in_pool = {
        (dag_id, task.task_id)
        for dag_id in EXPECTED
        for task in dags[dag_id].tasks
        if task.pool == "tiny_z316"
    }
    assert in_pool == {("z316_webhook", "fetch"), ("z316_orders", "ask"), *GIVES_WAY}


@pytest.mark.parametrize("dag_id", INTO_TABLES)
def test_merges_come_one_at_a_time(dags: Any, dag_id: str) -> None:
    merges = {"merge", "record"} if dag_id == "z316_reconcile" else {"merge"}
    assert {task.task_id for task in dags[dag_id].tasks if task.pool == "merge_z316"} == merges


def test_live_sales_go_before_history_and_history_before_a_replay(dags: Any) -> None:
    weights = {dag_id: {task.priority_weight for task in dags[dag_id].tasks} for dag_id in INTO_TABLES}
    (live,), (daily,), (weekly,), (replay,) = (
        weights[f"z316_{name}"] for name in ("webhook", "daily", "reconcile", "replay")
    )
    assert live > daily == weekly > replay
    for dag_id in INTO_TABLES:
        for task in dags[dag_id].tasks:
            assert (
                "absolute"
                in str(getattr(task.weight_rule, "name", task.weight_rule)).lower()
                + repr(task.weight_rule).lower()
            ), "else tasks with many after them count more"
    gives_way = {
        (dag_id, task.task_id)
        for dag_id in EXPECTED
        for task in dags[dag_id].tasks
        if getattr(task, "gives_way", False)
    }
    assert gives_way == GIVES_WAY


@pytest.mark.parametrize("dag_id", INTO_TABLES)
def test_every_path_ends_in_the_same_steps(dags: Any, dag_id: str) -> None:
    dag = dags[dag_id]
    loads = {f"load_{table}" for table in LOADED}
    assert dag.get_task("rows").downstream_task_ids - {"archive"} == loads
    assert dag.get_task("merge").upstream_task_ids == loads
    assert dag.get_task("check").upstream_task_ids == {"merge"}
    assert dag.get_task("check").downstream_task_ids == set()


@pytest.mark.parametrize("path", DAG_FILES, ids=lambda path: path.name)
def test_airflow_sees_that_the_file_has_a_dag(path: Path) -> None:
    """Airflow reads no file in which these two words do not stand (``dag_discovery_safe_mode``)."""
    text = path.read_text(encoding="utf-8").lower()
    assert "airflow" in text
    assert "dag" in text


@pytest.mark.parametrize("dag_id", INTO_TABLES)
def test_loads_say_their_schema_and_may_be_repeated(dags: Any, dag_id: str) -> None:
    for table in LOADED:
        load = dags[dag_id].get_task(f"load_{table}")
        assert load.schema_fields == schema_fields(table)
        assert load.autodetect is False
        assert load.write_disposition == "WRITE_TRUNCATE"
        assert load.source_format == "NEWLINE_DELIMITED_JSON"


def test_files_leave_the_inbox_last(dags: Any) -> None:
    dag = dags["z316_webhook"]
    assert {task.task_id for task in dag.tasks if not task.downstream_list} == {"archive", "check"}
    # Of a batch of which nothing was made, the merge is skipped; without an order, all after the plan.
    assert dag.get_task("archive").upstream_task_ids == {"plan", "rows", "merge"}


@pytest.mark.parametrize("path", DAG_FILES, ids=lambda path: path.name)
def test_dag_files_import_nothing_from_each_other(path: Path) -> None:
    modules = {
        node.module or ""
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
    }
    assert not {
        name for name in modules if name.split(".")[0] in {"dags", *(other.stem for other in DAG_FILES)}
    }


# Airflow is imported once; each file then in a process of its own, in which a socket, or a session of the metadata
# database, is an error.
_IMPORT_EACH = """
import os, runpy, socket, sys, traceback
import airflow
from airflow.providers.google.cloud.transfers.gcs_to_bigquery import GCSToBigQueryOperator
from airflow.providers.google.cloud.operators.bigquery import BigQueryInsertJobOperator
from airflow import settings

def refuse(*args, **kwargs):
    raise AssertionError("an import must not do this")

socket.socket.connect = refuse
socket.getaddrinfo = refuse
settings.Session = refuse
for path in sys.argv[1:]:
    if os.fork():
        os.wait()
        continue
    try:
        found = [name for name in runpy.run_path(path) if name.startswith("z316_")]
        print(f"imported {path}" if found else f"no DAG in {path}", flush=True)
    except BaseException:
        print(path, traceback.format_exc(), flush=True)
    os._exit(0)
"""


@pytest.fixture(scope="module")
def imports(airflow_database: None) -> str:
    """What came of importing each DAG file."""
    words = [sys.executable, "-c", _IMPORT_EACH, *map(str, DAG_FILES)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=600, check=True)
    return done.stdout


@pytest.mark.parametrize("path", DAG_FILES, ids=lambda path: path.name)
def test_import_needs_neither_network_nor_database(path: Path, imports: str) -> None:
    assert f"imported {path}\n" in imports, imports
