"""The note of a run in Airflow's own database, as tasks that run side by side leave it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from tiny_operators._compat import AIRFLOW_V_3_0_PLUS
from tiny_operators._compat_notes import note_failure, note_run
from tiny_operators.run_notes import note_result, note_work, retention_story

pytestmark = pytest.mark.skipif(AIRFLOW_V_3_0_PLUS, reason="tasks of Airflow 3 may not touch its database")

DAG_ID = "z316_watch"


@pytest.fixture
def run_id(airflow_database: None) -> str:
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session

    found = f"manual__{uuid.uuid4()}"
    # Named so on 2.11 only, and types are checked against 3.
    when: dict[str, Any] = {"execution_date": datetime.now(UTC)}
    with create_session() as session:
        session.add(DagRun(DAG_ID, found, run_type="manual", **when))
    return found


def note_of(run_id: str) -> str | None:
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session

    with create_session() as session:
        note: str | None = session.query(DagRun).filter_by(dag_id=DAG_ID, run_id=run_id).one().note
        return note


def of(task_id: str, run_id: str, upstream: Iterable[str] = ()) -> Any:
    """The context of a task, which waits for some others."""
    before = set(upstream)
    return {
        "ti": SimpleNamespace(dag_id=DAG_ID, run_id=run_id, task_id=task_id),
        "task": SimpleNamespace(task_id=task_id, get_flat_relative_ids=lambda upstream: before),
    }


@pytest.mark.parametrize("others", [1, 3])
def test_a_task_that_ends_well_leaves_the_failure_of_another(run_id: str, others: int) -> None:
    note_failure(of("webhooks", run_id), "webhooks failed: none came.")
    for number in range(others):
        note_run(of(f"task_{number}", run_id), "Checked: 0 files wait")
    assert note_of(run_id) == "▸ webhooks failed: none came."
    note_run(of("webhooks", run_id), "Checked: all")
    assert note_of(run_id) == "▸ Checked: all"
    note_run(of("inbox", run_id), "Checked: more")
    assert note_of(run_id) == "▸ Checked: more"


@pytest.mark.parametrize("upstream", [["plan"], ["ready", "plan", "fetch"]])
def test_the_failure_of_a_task_before_is_over_when_a_later_one_ends_well(
    run_id: str, upstream: list[str]
) -> None:
    note_failure(of("plan", run_id), "plan failed: Tiny is down.")
    note_run(of("beside", run_id, ["ready"]), "2 days compared")
    assert note_of(run_id) == "▸ plan failed: Tiny is down."
    note_run(of("rows", run_id, upstream), "20 orders: 61 rows")
    assert note_of(run_id) == "▸ 20 orders: 61 rows"


def test_a_failure_is_the_note_whatever_was_there(run_id: str) -> None:
    note_run(of("inbox", run_id), "Checked: 0 files wait")
    note_failure(of("webhooks", run_id), "webhooks failed: none came.")
    note_failure(of("rejects", run_id), "rejects failed: many.")
    assert note_of(run_id) == "▸ rejects failed: many."


@pytest.mark.parametrize("note", [note_work, note_result(retention_story)])
def test_a_task_that_was_skipped_notes_nothing(run_id: str, note: Any) -> None:
    """Airflow 2.11 calls what it calls after a success after a skip, too."""
    note_run(of("plan", run_id), "Planned: 30 days")
    context = of("all_listed", run_id, ["plan"])
    context["ti"].state = "skipped"
    note(context)
    assert note_of(run_id) == "▸ Planned: 30 days"
