"""The note of a run: one line that says what the run did, where Airflow lists runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from tiny_operators._compat import Context
from tiny_operators._compat_notes import note_run, was_skipped
from tiny_operators.schemas import TABLES
from tiny_operators.wording import counted, duration, some

# Key of the XCom in which a task says itself what it did.
NOTE: Final = "note"
# The tasks whose counts tell what a run did.
_COUNTING: Final = ("plan", "fetch", "rows", "compare", "put_back")
_WATCHING: Final = ("webhooks", "inbox", "complete", "situation")
Counts = Mapping[str, Any]


def note_work(context: Context) -> None:
    """Note what the run has done so far; called by Airflow when a task succeeded."""
    if was_skipped(context):
        return
    ti: Any = context["ti"]
    progress = ti.xcom_pull(task_ids="fetch", key="progress") or {}
    own = ti.xcom_pull(task_ids=ti.task_id, key=NOTE) or ""
    note_run(context, story(_counts(ti, _COUNTING), progress, own))


def note_plan(context: Context) -> None:
    """Note what was planned, and that nothing was read; called by Airflow when the plan was skipped."""
    ti: Any = context["ti"]
    if found := ti.xcom_pull(task_ids=ti.task_id, key="plan"):
        note_run(context, plan_story(found))


def note_watch(context: Context) -> None:
    """Note what was looked at; called by Airflow when a task succeeded or was skipped."""
    note_run(context, watch_story(_counts(context["ti"], _WATCHING)))


def note_kept(context: Context) -> None:
    """Note that old orders keep their customers; called by Airflow when blanking was skipped."""
    note_run(context, "Nothing was blanked: keep_personal_days of include/stores.yaml is 0")


def note_result(story_of: Callable[[Counts], str]) -> Callable[[Context], None]:
    """Build what Airflow calls when a task succeeded that is all that its run does: it notes what the task returned.

    Args:
        story_of: Says the task's result in a line; an empty one when it returned nothing.
    """

    def note(context: Context) -> None:
        ti: Any = context["ti"]
        if not was_skipped(context):
            note_run(context, story_of(ti.xcom_pull(task_ids=ti.task_id) or {}))

    return note


def _counts(ti: Any, task_ids: Sequence[str]) -> dict[str, Counts]:
    return {task_id: ti.xcom_pull(task_ids=task_id) or {} for task_id in task_ids}


def plan_story(plan: Counts) -> str:
    """Say in a line what was planned."""
    return (
        f"Planned: {counted(plan['days'], 'day')}{_range(plan)}, {counted(plan['listed'], 'order')} in Tiny; to read: "
        f"{plan['orders']} ({plan['new']} new, {plan['changed']} changed, {plan['vanished']} vanished), "
        f"{counted(plan['calls'], 'call')}, {duration(_planned_seconds(plan))}. Nothing was read"
    )


def _planned_seconds(plan: Counts) -> float:
    """Return how long the planned calls take; ``hours`` are rounded, and so is a pace that is almost none."""
    pace = plan["calls_per_minute"]
    return float(60 * plan["calls"] / pace if pace else 3600 * plan["hours"])


def story(counts: Mapping[str, Counts], progress: Counts, own: str = "") -> str:
    """Say in a line what a run did.

    Args:
        counts: What its tasks counted, by task; empty for one that did not run.
        progress: The last progress of ``fetch``.
        own: What the task says itself.
    """
    parts = [own] if own else []
    if rows := counts.get("rows"):
        parts.append(f"{counted(rows['orders'], 'order')}: {', '.join(_ends(rows))}")
    # What is no order is rejected before Tiny is asked for anything.
    parts += [f"{files} rejected" for files in some(counts.get("plan", {}).get("rejected", 0), "file")]
    if fetch := counts.get("fetch"):
        parts.append(f"{counted(fetch['calls'], 'call')}{_duration(progress)}")
    if compare := counts.get("compare"):
        parts.append(
            f"{counted(compare['days'], 'day')} compared{_range(compare)}: "
            f"{counted(compare['differences'], 'order')} differed, "
            f"{counted(compare['unrepaired'], 'still does', 'still do')}"
        )
    if put_back := counts.get("put_back"):
        parts.append(_put_back(put_back))
    return "; ".join(parts) or "Nothing to do"


def _put_back(counts: Counts) -> str:
    """Say what was put back, of which orders when they are few, and who reads it."""
    what = ", ".join([*some(counts["files"], "file"), *some(counts["orders"], "order")])
    if not what:
        return f"put back: nothing; left: {counts['left']}"
    named = counts["named"]
    of = f" ({'order' if len(named) == 1 else 'orders'} {', '.join(map(str, named))})" if named else ""
    them = "it" if counts["files"] + counts["orders"] == 1 else "them"
    return (
        f"put back: {what}{of}; left: {counts['left']}; {counts['read_by']} reads {them} next, "
        f"and its run tells what became of {them}"
    )


def _range(counts: Counts) -> str:
    """Return the first and the last date that were looked at; nothing when there was none."""
    dates = dict.fromkeys(filter(None, (counts.get("first"), counts.get("last"))))
    return f" ({' to '.join(dates)})" if dates else ""


def _ends(rows: Counts) -> Iterator[str]:
    """Yield what became of orders: what is rare only when there is any."""
    yield counted(sum(rows[table] for table in TABLES), "row")
    yield f"{rows['rejects']} rejected"
    # Not "notes": a person would look for the notes of runs.
    if rows["notes"]:
        yield f"{counted(rows['notes'], 'value')} not read"
    if rows["gone"]:
        yield f"{rows['gone']} unknown to Tiny"
    if rows["waiting"]:
        yield f"{rows['waiting']} waiting"


def watch_story(counts: Mapping[str, Counts]) -> str:
    """Say in a line what the watch saw.

    Args:
        counts: What its tasks counted, by task; empty for one that did not run, or has not ended.
    """
    parts = []
    if webhooks := counts.get("webhooks"):
        parts.append(f"no webhook for {counted(webhooks['quiet_minutes'], 'minute')}")
    if inbox := counts.get("inbox"):
        parts.append(counted(inbox["files"], "file waits", "files wait"))
    if complete := counts.get("complete"):
        parts.append(f"complete up to {complete['complete_to']}")
    if days := counts.get("situation"):
        parts.append(
            f"{counted(days['days'], 'day')}: {days['complete']} complete, {days['pending']} under way, "
            f"{days['loaded']} not compared, {counted(days['differs'], 'differs', 'differ')}, {days['missing']} missing"
        )
        parts.append(f"{counted(days['rejects'], 'reject')} still out")
    return f"Checked: {'; '.join(parts)}" if parts else "Checked"


def setup_story(created: Mapping[str, Sequence[str]]) -> str:
    """Say in a line what setup created.

    Args:
        created: Names of what was created or changed, by kind.
    """
    what = [counted(len(names), kind.removesuffix("s")) for kind, names in created.items() if names]
    return f"Created or changed: {', '.join(what)}" if what else "Nothing was missing"


def forget_story(counts: Counts) -> str:
    """Say in a line who was forgotten; the counts are of people, orders, and files and rows by kind of place."""
    if not counts:
        return "Nobody was left to forget"
    places = [
        f"{place} {count}" for place, count in sorted(counts.items()) if place not in ("people", "orders")
    ]
    who = (
        f"{counted(counts['people'], 'person', 'people')} with {counted(counts['orders'], 'order')} forgotten"
    )
    return f"{who}; files and rows blanked: {', '.join(places) or 'none'}"


def show_story(shown: Counts) -> str:
    """Say in a line how many people were shown; the result has where, which the note does not say."""
    return f"{counted(len(shown), 'person', 'people')} shown; the XCom of this task says where"


def retention_story(counts: Counts) -> str:
    """Say in a line how many rows had personal data of old orders, by table."""
    rows = [f"{table} {count}" for table, count in counts.items() if count]
    return (
        f"Personal data of old orders blanked, in rows: {', '.join(rows)}"
        if rows
        else "No old row had personal data"
    )


def _duration(progress: Counts) -> str:
    pace = progress.get("calls_per_minute")
    return f" in {60 * progress['calls'] / pace:.0f} s" if pace else ""
