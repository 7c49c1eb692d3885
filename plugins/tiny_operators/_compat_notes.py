"""The notes of runs: on 2.11 in Airflow's database, on 3, where tasks may not touch it, by Airflow's API."""

from __future__ import annotations

import logging
import re
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


def note_run(context: Context, text: str, *, unless_failed: bool = False) -> None:
    """Show one line as the note of the task's run, in place of the line that a task left before.

    Lines that a person wrote stay. It never fails: what a run did is in its log, too.

    Args:
        context: The task's context.
        text: The line.
        unless_failed: Whether the line before stays when it says that another task has failed: for tasks that run
            side by side.
    """
    ti: Any = context["ti"]
    try:
        if AIRFLOW_V_3_0_PLUS:
            api, path = AirflowApi.connect(), f"dags/{ti.dag_id}/dagRuns/{ti.run_id}"
            before = (api.get(path) or {}).get("note")
            if not (unless_failed and says_failed(before, ti.task_id)):
                api.patch(path, {"note": with_line(before, text)})
        else:
            _note_in_database(ti, text, unless_failed=unless_failed)
    except Exception as error:
        reason = str(error) if isinstance(error, AirflowApiError) else type(error).__name__
        log_event(log, "run_not_noted", reason=reason)


def _note_in_database(ti: Any, text: str, *, unless_failed: bool) -> None:
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        run = session.scalar(select(DagRun).where(DagRun.dag_id == ti.dag_id, DagRun.run_id == ti.run_id))
        if run is not None and not (unless_failed and says_failed(run.note, ti.task_id)):
            run.note = with_line(run.note, text)


def says_failed(note: str | None, but: str) -> bool:
    """Return whether a note of ours says that a task failed, another one than this."""
    failed = [found[1] for line in (note or "").splitlines() if (found := _FAILED.match(line))]
    return bool(set(failed) - {but})


def with_line(note: str | None, text: str) -> str:
    """Return a note with one line of ours: the newest."""
    kept = [line for line in (note or "").splitlines() if not line.startswith(_OUR_LINE)]
    return "\n".join([*kept, _OUR_LINE + " ".join(text.split())])[:_LONGEST_NOTE]
