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
from pkgutil import resolve_name
from typing import Any, Final

from tiny_operators._compat import AirflowFailException, BaseNotifier, Context, Variable
from tiny_operators._compat_notes import note_failure
from tiny_operators.events import Field, format_event, log_event
from tiny_operators.stores import Store
from tiny_operators.triage import advice
from tiny_operators.wording import sentence

log = logging.getLogger(__name__)

ALERTS_VARIABLE: Final = "tiny_alerts"

# Tasks whose counts show how far a run came.
_COUNTING: Final = ("plan", "fetch", "rows", "compare", "report", "put_back")
# What Airflow would treat as a template.
_TEMPLATE_MARK: Final = re.compile(r"\{(?=[{%#])")
_SEE_LOG: Final = "see the end of the task's log"


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
    """Build what Airflow calls when a task of the store has failed for good."""

    def alert_failure(context: Context) -> None:
        ti: Any = context["ti"]
        failure = Failure.of(ti.task_id, context.get("exception"), _docs(context))
        lines = [
            f"run: {ti.run_id}, try {ti.try_number}",
            f"error: {failure.error}",
            *_counts(ti),
            *([f"what to do: {failure.to_do}"] if failure.to_do else []),
        ]
        _notify(context, f"{store.prefix}: {ti.dag_id}.{ti.task_id} failed", lines)
        note_failure(context, failure.note())

    return alert_failure


@dataclass(frozen=True)
class Failure:
    """What people are told of a task that failed for good.

    Attributes:
        task_id: The task.
        error: What went wrong; no personal data.
        to_do: What to do, when the error does not say it.
    """

    task_id: str
    error: str
    to_do: str

    @classmethod
    def of(cls, task_id: str, error: object, docs: str) -> Failure:
        """Describe a failure.

        Args:
            task_id: The task.
            error: What Airflow knows of its error.
            docs: The documentation of its DAG: see :mod:`tiny_operators.triage`.
        """
        is_ours = isinstance(error, BaseException) and _is_ours(error)
        at_once = is_ours and isinstance(error, AirflowFailException)
        to_do = advice(docs, task_id, at_once=at_once, error_is_shown=is_ours)
        return cls(task_id, _described(error), to_do or ("" if is_ours else _SEE_LOG))

    def note(self) -> str:
        """Say it in a line, what to do first: Airflow 3 shows the beginning of it."""
        if not self.to_do:
            return sentence(f"{self.task_id} failed: {self.error}")
        return f"{self.task_id} failed. What to do: {sentence(self.to_do)} Error: {sentence(self.error)}"


def _docs(context: Context) -> str:
    dag: Any = context.get("dag")
    return getattr(dag, "doc_md", None) or ""


def _described(error: object) -> str:
    """Describe an error; quote only this package's own errors: others may quote what they were given."""
    if not isinstance(error, BaseException):
        return "the task's process ended, or was ended, from outside"
    kind = type(error).__name__
    if type(error).__module__.partition(".")[0] != "airflow":
        return f"{kind}: {error}" if _is_ours(error) else kind
    # The names of Airflow's own say only whether it tries again.
    if _is_ours(error):
        return str(error)
    return "the task took too long" if kind.endswith("Timeout") else "an error of Airflow"


def _is_ours(error: BaseException) -> bool:
    """Return whether an error was raised by this package."""
    frames = error.__traceback__
    while frames and frames.tb_next:
        frames = frames.tb_next
    return frames is not None and str(frames.tb_frame.f_globals.get("__name__", "")).startswith(
        __package__ or ""
    )


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
