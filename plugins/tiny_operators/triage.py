"""What a DAG's documentation says about its tasks, in the section Triage.

It is a list in Markdown. A line about a failure begins with the tasks that it is about, and says when they failed where
that matters::

    * **load** or **merge** failed: read the BigQuery job's error.
    * **fetch** failed at once: its error says what to do.
    * **fetch** failed after its tries: clear the task when Tiny answers again.

*At once* is after an error of this package that no other try can mend; *after its tries* is after any other. Where the
error says what to do, nothing is repeated. Other lines are for people who read the documentation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

AT_ONCE: Final = "at once"
AFTER_TRIES: Final = "after its tries"
IN_ERROR: Final = "its error says what to do"

_ITEM: Final = re.compile(r"^\* (.+?)(?=\n\*|\n\n|\Z)", re.DOTALL | re.MULTILINE)
_NAME: Final = re.compile(r"\*\*(\w+)\*\*")
_FAILURE: Final = re.compile(
    r"(?P<tasks>\*\*\w+\*\*(?:(?:, | or |, or )\*\*\w+\*\*)*) failed"
    rf"(?: (?P<when>{AT_ONCE}|{AFTER_TRIES}))?: (?P<advice>.+)"
)


@dataclass(frozen=True)
class Line:
    """One line of a section Triage.

    Attributes:
        tasks: The tasks that it is about: those whose failure it is about, or else all that it names.
        text: All of it, in Markdown.
        advice: What to do when one of them has failed; empty when the line is about something else.
        when: How it failed; empty when that does not matter.
    """

    tasks: tuple[str, ...]
    text: str
    advice: str = ""
    when: str = ""

    def is_about(self, task_id: str) -> bool:
        """Return whether it is about a task, or about a group of tasks that share the beginning of their name."""
        return any(task_id == name or task_id.startswith(f"{name}_") for name in self.tasks)


def lines_about(docs: str, task_id: str) -> list[Line]:
    """Find what a DAG's documentation says about a task."""
    return [line for line in _lines(docs) if line.is_about(task_id)]


def advice(docs: str, task_id: str, *, at_once: bool, error_is_shown: bool) -> str:
    """Say what to do about a task that failed; empty when its error says so, or when nobody wrote it down.

    Args:
        docs: The DAG's documentation.
        task_id: The task.
        at_once: Whether no other try could help.
        error_is_shown: Whether people are told all of the error.
    """
    when = AT_ONCE if at_once else AFTER_TRIES
    fitting = [line for line in lines_about(docs, task_id) if line.advice and line.when in ("", when)]
    in_error = [line for line in fitting if line.advice.lower().startswith(IN_ERROR)]
    if in_error and error_is_shown:
        return ""
    found = [line.advice for line in fitting if line not in in_error]
    return " ".join(found).replace("**", "").replace("`", "")


@cache
def _lines(docs: str) -> list[Line]:
    """Read a section Triage.

    All tasks of all stores' DAGs ask for the same few texts when the DAG file is read.
    """
    _, _, triage = docs.partition("### Triage")
    return [_line(" ".join(item.split())) for item in _ITEM.findall(triage)]


def _line(text: str) -> Line:
    if failure := _FAILURE.match(text):
        names = tuple(_NAME.findall(failure["tasks"]))
        return Line(names, text, failure["advice"], failure["when"] or "")
    return Line(tuple(_NAME.findall(text)), text)
