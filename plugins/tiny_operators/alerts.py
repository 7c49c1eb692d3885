"""Alerts to people, through any notifier that the environment has.

Alerts are set in one place, the Airflow variable ``tiny_alerts``. Without it they are off. Its value is a JSON
object::

    {"notifier": "airflow.providers.smtp.notifications.smtp.SmtpNotifier",
     "arguments": {"to": "ops@example.com", "subject": "{title}", "html_content": "<pre>{message}</pre>"}}

``{title}`` and ``{message}`` are replaced by what there is to say, wherever they are in the arguments. A notifier is a
class as in https://airflow.apache.org/docs/apache-airflow/stable/howto/notifications.html.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pkgutil import resolve_name
from typing import Any, Final

from tiny_operators._compat import BaseNotifier, Context, Variable
from tiny_operators._compat_notes import note_run
from tiny_operators.events import Field, format_event, log_event
from tiny_operators.stores import Store

log = logging.getLogger(__name__)

ALERTS_VARIABLE: Final = "tiny_alerts"

# Tasks whose counts show how far a run came.
_COUNTING: Final = ("plan", "fetch", "rows", "compare", "report", "put_back")
# What Airflow would treat as a template.
_TEMPLATE_MARK: Final = re.compile(r"\{(?=[{%#])")
_SEE_LOG: Final = "read the end of the task's log; the DAG's documentation has a section Triage"


class AlertsError(ValueError):
    """The variable is wrong; the message names the field and what is expected."""


@dataclass(frozen=True)
class Alerts:
    """The people to alert, and how.

    Attributes:
        notifier: The notifier's class.
        arguments: The notifier's arguments; ``{title}`` and ``{message}`` in its texts are filled in.
    """

    notifier: type[BaseNotifier]
    arguments: Mapping[str, Any]


def read_alerts(text: str | None) -> Alerts | None:
    """Read and check the setting; None when alerts are off.

    Args:
        text: Value of the variable ``tiny_alerts``; None or empty when there is none.

    Raises:
        AlertsError: When it is not as described above, or its class cannot be imported.
    """
    if not text or not text.strip():
        return None
    try:
        content = json.loads(text)
    except ValueError as error:
        raise AlertsError(f"variable {ALERTS_VARIABLE} must be a JSON object; it is no JSON") from error
    if not isinstance(content, dict) or not set(content) <= {"notifier", "arguments"}:
        raise AlertsError(f"variable {ALERTS_VARIABLE} must be a JSON object with 'notifier' and 'arguments'")
    path, arguments = content.get("notifier"), content.get("arguments", {})
    if not isinstance(path, str) or not isinstance(arguments, dict):
        raise AlertsError(
            f"variable {ALERTS_VARIABLE}: 'notifier' must be the text of a class, 'arguments' an object"
        )
    try:
        notifier = resolve_name(path)
    except (ImportError, AttributeError, ValueError) as error:
        raise AlertsError(f"variable {ALERTS_VARIABLE}: notifier {path!r} cannot be imported") from error
    if not (isinstance(notifier, type) and issubclass(notifier, BaseNotifier)):
        raise AlertsError(f"variable {ALERTS_VARIABLE}: {path!r} is not a notifier of Airflow")
    return Alerts(notifier, arguments)


def configured_alerts() -> Alerts | None:
    """Read the environment's setting; None when alerts are off.

    Raises:
        AlertsError: As :func:`read_alerts`.
    """
    return read_alerts(Variable.get(ALERTS_VARIABLE, None))


def alert(context: Context, message: str, **fields: Field) -> None:
    """Alert people, if alerts are on. Never fails: what cannot be sent is in the log.

    Args:
        context: The task's context.
        message: One sentence: what is wrong.
        **fields: Named values, as in a log event; no personal data.
    """
    _notify(context, message, [format_event("alert", fields)] if fields else [])


def failure_callback(store: Store) -> Callable[[Context], None]:
    """Build what Airflow calls when a task of the store has failed for good.

    Args:
        store: The store.
    """

    def alert_failure(context: Context) -> None:
        ti: Any = context["ti"]
        error, to_do = _error(context.get("exception")), what_to_do(_docs(context), ti.task_id)
        lines = [
            f"run: {ti.run_id}, try {ti.try_number}",
            f"error: {error}",
            *_counts(ti),
            f"what to do: {to_do}",
        ]
        _notify(context, f"{store.prefix}: {ti.dag_id}.{ti.task_id} failed", lines)
        note_run(context, f"{ti.task_id} failed: {error}. What to do: {to_do}")

    return alert_failure


def what_to_do(docs: str, task_id: str) -> str:
    """Find what a DAG's documentation says about a task, in its section Triage.

    Args:
        docs: The documentation, in Markdown: items of a list that begin with the tasks they are about, in bold.
        task_id: The task.
    """
    found = [text for tasks, text in _triage(docs) if any(_is_about(name, task_id) for name in tasks)]
    return " ".join(found).replace("**", "").replace("`", "") or _SEE_LOG


@cache
def _triage(docs: str) -> list[tuple[list[str], str]]:
    """Read the items of a DAG's section Triage: the tasks that each is about, and its text.

    All tasks of all stores' DAGs ask for the same few texts when the DAG file is read.
    """
    _, _, triage = docs.partition("### Triage")
    items = re.findall(r"^\* (.+?)(?=\n\*|\n\n|\Z)", triage, re.DOTALL | re.MULTILINE)
    return [(re.findall(r"\*\*(\w+)\*\*", item), " ".join(item.split())) for item in items]


def _is_about(name: str, task_id: str) -> bool:
    return task_id == name or task_id.startswith(f"{name}_")


def _docs(context: Context) -> str:
    dag: Any = context.get("dag")
    return getattr(dag, "doc_md", None) or ""


def _error(error: object) -> str:
    """Name the kind of an error; quote only this package's own errors: others may quote what they were given."""
    if not isinstance(error, BaseException):
        return "the task's process ended, or was ended, from outside"
    frames = error.__traceback__
    while frames and frames.tb_next:
        frames = frames.tb_next
    ours = frames is not None and str(frames.tb_frame.f_globals.get("__name__", "")).startswith(
        __package__ or ""
    )
    return f"{type(error).__name__}: {error}" if ours else type(error).__name__


def _counts(ti: Any) -> list[str]:
    """Collect what the run's tasks counted before."""
    lines = []
    for task_id in _COUNTING:
        counts: Any = None
        # A callback for a task whose process was killed runs where XComs may be out of reach.
        with suppress(Exception):
            counts = ti.xcom_pull(task_ids=task_id)
        if isinstance(counts, Mapping):
            numbers = {name: value for name, value in counts.items() if isinstance(value, int | float)}
            lines.append(f"{task_id}: " + ", ".join(f"{name} {value}" for name, value in numbers.items()))
    return lines


def _notify(context: Context, title: str, lines: list[str]) -> None:
    try:
        alerts = configured_alerts()
        if alerts is None:
            return
        title = _TEMPLATE_MARK.sub("{ ", title)
        message = _TEMPLATE_MARK.sub("{ ", "\n".join([title, *lines]))
        alerts.notifier(**_filled(alerts.arguments, {"{title}": title, "{message}": message}))(context)
        log_event(log, "alert_sent", title=title)
    except Exception as error:
        # The notifier does not work: that must not change what becomes of the task.
        text = str(error) if isinstance(error, AlertsError) else type(error).__name__
        log_event(log, "alert_failed", level=logging.ERROR, title=title, error=text)


def _filled(value: Any, texts: Mapping[str, str]) -> Any:
    """Fill in the placeholders of arguments, at any depth."""
    match value:
        case str():
            for placeholder, text in texts.items():
                value = value.replace(placeholder, text)
            return value
        case Mapping():
            return {name: _filled(item, texts) for name, item in value.items()}
        case list():
            return [_filled(item, texts) for item in value]
        case _:
            return value
