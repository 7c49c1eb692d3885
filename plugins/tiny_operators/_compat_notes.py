"""The notes of runs: on 2.11 in Airflow's database, on 3, where tasks may not touch it, by Airflow's API."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection
from typing import Any, Final

from tiny_operators._compat import AIRFLOW_V_3_0_PLUS, Context
from tiny_operators.airflow_api import AirflowApi, AirflowApiError
from tiny_operators.events import log_event

log = logging.getLogger(__name__)

# The mark of our line in a run's note, and how long Airflow lets a note be.
_OUR_LINE: Final = "▸ "
_LONGEST_NOTE: Final = 1000
# The beginning of a line that says that a task failed.
_FAILED: Final = re.compile(rf"{_OUR_LINE}(\w+) failed\b")


def note_run(context: Context, text: str) -> None:
    """Show one line as the note of the task's run, in place of the line that a task left before.

    It stays when it says that a task failed which this one did not wait for: both run side by side, or that one comes
    later. Lines that a person wrote stay in any case. It never fails: what a run did is in its log, too.
    """
    _note(context, text, whatever_failed=False)


def was_skipped(context: Context) -> bool:
    """Return whether a task was skipped: Airflow 2.11 then calls what it calls after a success, too."""
    return getattr(context["ti"], "state", None) == "skipped"


def note_failure(context: Context, text: str) -> None:
    """Show one line as the note of the task's run, whatever a task left before."""
    _note(context, text, whatever_failed=True)


def _note(context: Context, text: str, *, whatever_failed: bool) -> None:
    """Write the note, unless it says that a task failed whose failure is not over."""
    ti: Any = context["ti"]
    try:
        passed = None if whatever_failed else _passed(context)
        if AIRFLOW_V_3_0_PLUS:
            api, path = AirflowApi.connect(), f"dags/{ti.dag_id}/dagRuns/{ti.run_id}"
            before = (api.get(path) or {}).get("note")
            if passed is None or not says_failed(before, passed):
                api.patch(path, {"note": with_line(before, text)})
        else:
            _note_in_database(ti, text, passed)
    except Exception as error:
        reason = str(error) if isinstance(error, AirflowApiError) else type(error).__name__
        log_event(log, "run_not_noted", reason=reason)


def _passed(context: Context) -> set[str]:
    """Return the tasks whose failure is over when this one ends well: itself, and those that it waits for."""
    task: Any = context["task"]
    return {task.task_id, *task.get_flat_relative_ids(upstream=True)}


def _note_in_database(ti: Any, text: str, passed: Collection[str] | None) -> None:
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        run = session.scalar(select(DagRun).where(DagRun.dag_id == ti.dag_id, DagRun.run_id == ti.run_id))
        if run is not None and (passed is None or not says_failed(run.note, passed)):
            run.note = with_line(run.note, text)


def says_failed(note: str | None, passed: Collection[str]) -> bool:
    """Return whether a note of ours says that a task failed, another one than those that have passed."""
    failed = [found[1] for line in (note or "").splitlines() if (found := _FAILED.match(line))]
    return not set(failed) <= set(passed)


def with_line(note: str | None, text: str) -> str:
    """Return a note with one line of ours: the newest."""
    kept = [line for line in (note or "").splitlines() if not line.startswith(_OUR_LINE)]
    return "\n".join([*kept, _OUR_LINE + " ".join(text.split())])[:_LONGEST_NOTE]
