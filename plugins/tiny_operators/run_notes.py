"""The note of a run: one line that says what the run did, where Airflow lists runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tiny_operators._compat import Context
from tiny_operators._compat_notes import note_run
from tiny_operators.schemas import TABLES

# The tasks whose counts tell what a run did.
_COUNTING: Final = ("fetch", "rows", "compare", "report", "put_back")
Counts = Mapping[str, Any]


def note_work(context: Context) -> None:
    """Note what the run has done so far; called by Airflow when a task succeeded."""
    ti: Any = context["ti"]
    counts = {task_id: ti.xcom_pull(task_ids=task_id) or {} for task_id in _COUNTING}
    note_run(context, story(counts, ti.xcom_pull(task_ids="fetch", key="progress") or {}))


def note_plan(context: Context) -> None:
    """Note what was planned, and that nothing was read; called by Airflow when the plan was skipped."""
    ti: Any = context["ti"]
    if found := ti.xcom_pull(task_ids=ti.task_id, key="plan"):
        note_run(context, plan_story(found))


def plan_story(plan: Counts) -> str:
    """Say in a line what was planned."""
    return (
        f"Planned: {plan['days']} days, {plan['listed']} orders in Tiny; to read: {plan['orders']} ({plan['new']} new, "
        f"{plan['changed']} changed, {plan['vanished']} vanished), {plan['calls']} calls, {plan['hours']} hours. "
        "Nothing was read"
    )


def story(counts: Mapping[str, Counts], progress: Counts) -> str:
    """Say in a line what a run did.

    Args:
        counts: What its tasks counted, by task; empty for one that did not run.
        progress: The last progress of ``fetch``.
    """
    parts = []
    if rows := counts.get("rows"):
        parts.append(
            f"{_counted(rows['orders'], 'order')}: {_counted(sum(rows[table] for table in TABLES), 'row')}, "
            f"{rows['rejects'] + rows['files_rejected']} rejected, {_counted(rows['notes'], 'note')}, "
            f"{rows['waiting']} waiting"
        )
    if fetch := counts.get("fetch"):
        parts.append(f"{_counted(fetch['calls'], 'call')}{_duration(progress)}")
    if compare := counts.get("compare"):
        parts.append(
            f"{_counted(compare['days'], 'day')} compared: {_counted(compare['differences'], 'order')} differed, "
            f"{compare['unrepaired']} still do"
        )
    if report := counts.get("report"):
        parts.append(", ".join(f"{name} {count}" for name, count in report.items()))
    if put_back := counts.get("put_back"):
        parts.append(
            f"put back: {_counted(put_back['files'], 'file')}, {_counted(put_back['orders'], 'order')}; "
            f"left: {put_back['left']}"
        )
    return "; ".join(parts) or "Nothing to do"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _duration(progress: Counts) -> str:
    pace = progress.get("calls_per_minute")
    return f" in {60 * progress['calls'] / pace:.0f} s" if pace else ""
