"""The note of each task that may fail: it says what to do about that very task, in one line that people can read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.dag_files import DAG_FILES, dag_of
from tests.failures import lost, refused
from tiny_operators._compat import AirflowException, AirflowFailException
from tiny_operators.alerts import Failure
from tiny_operators.stores import load_stores
from tiny_operators.triage import IN_ERROR

STORE: Final = load_stores()[0]
# A line of a section Triage that is about failures, read in another way than the notes read it.
ABOUT: Final = re.compile(r"^\* ((?:\*\*\w+\*\*(?:,? or |, )?)+) failed( at once| after its tries)?: ")
CLASS_OF_AIRFLOW: Final = re.compile(r"\bAirflow\w*(Exception|Timeout|Error)\b")


ERRORS: Final[dict[str, Any]] = {
    "ours, for good": refused,
    "ours, after tries": lost,
    "of others": lambda: ValueError("Maria Exemplo"),
    "of Airflow": lambda: AirflowException("Maria Exemplo"),
    "of Airflow, for good": lambda: AirflowFailException("Maria Exemplo"),
    "a dead process": lambda: None,
}


def tasks() -> Iterator[Any]:
    for file in DAG_FILES:
        for task in dag_of(file, STORE).tasks:
            yield pytest.param(task, id=f"{task.dag_id}.{task.task_id}")


def failures_of(task: Any) -> list[tuple[str, str]]:
    """When the lines of the DAG's Triage say that the task failed, each with its line."""
    docs = task.dag.doc_md.partition("### Triage")[2]
    found = []
    for item in re.split(r"\n(?=\* )", docs.strip()):
        if head := ABOUT.match(item):
            names = re.findall(r"\w+", head[1].replace(" or ", " "))
            if task.task_id in names or ("load" in names and task.task_id.startswith("load_")):
                found.append(((head[2] or "").strip(), " ".join(item[head.end() :].split())))
    return found


@pytest.mark.parametrize("task", tasks())
@pytest.mark.parametrize("kind", ERRORS)
def test_the_note_of_a_failed_task(task: Any, kind: str) -> None:
    error = ERRORS[kind]()
    note = Failure.of(task.task_id, error, task.dag.doc_md).note()
    when = "at once" if kind == "ours, for good" else "after its tries"
    lines = [line for of, line in failures_of(task) if of in ("", when)]
    assert lines, "the DAG's Triage has no line about it"
    reported = kind.startswith("ours")
    in_error = [line for line in lines if line.startswith(IN_ERROR)]
    _, said, advice = note.partition(" failed. What to do: ")
    if reported and in_error:
        assert note == f"{task.task_id} failed: {error}."
    else:
        (line,) = (line for line in lines if line not in in_error)
        assert said
        assert advice.startswith(re.sub(r"\*\*|`", "", line).rstrip("."))
        assert IN_ERROR not in advice
    assert note.startswith(f"{task.task_id} failed")
    assert re.search(r"[^\s.,:;?!]\.$", note), "one full stop ends it"
    assert not re.search(r"[?!.]\.", note.replace("…", "")), "nowhere do two marks end a sentence"
    assert not CLASS_OF_AIRFLOW.search(note)
    assert "Maria" not in note


@pytest.mark.parametrize("file", DAG_FILES, ids=lambda file: file.stem)
def test_lines_about_failures_are_about_tasks_of_the_dag(file: Any) -> None:
    dag = dag_of(file, STORE)
    there = {task.task_id for task in dag.tasks} | {"load"}
    heads = [head for line in dag.doc_md.splitlines() if (head := ABOUT.match(line))]
    assert heads
    named = {name for head in heads for name in re.findall(r"\*\*(\w+)\*\*", head[1])}
    assert named <= there


@pytest.mark.parametrize("task", tasks())
def test_the_page_of_a_task_says_it_too(task: Any) -> None:
    assert all(line in task.doc_md for _, line in failures_of(task))
