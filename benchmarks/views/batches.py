"""The statements of a batch, its merge and its check, as queries whose reading can be measured one by one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from types import SimpleNamespace
from typing import Any, Final

from tiny_operators.batches.row_files import BatchBounds

RUN: Final = "manual"
# What finds the partitions of a batch: variables of days, and a query for each of them in one statement.
_DECLARED: Final = re.compile(r"DECLARE (\w+) ARRAY<(\w+)>")
_FOUND: Final = re.compile(r"SET \(?([\w, ]+?)\)? = \((.*)\)", re.DOTALL)


def script_of(dag: Any, name: str, orders: Iterable[tuple[int, date]], counts: Mapping[str, int]) -> str:
    """Render a script as the task of a run does.

    Args:
        dag: The DAG.
        name: The script's file.
        orders: The orders of the batch, each with its day.
        counts: How many rows were made for each table.
    """
    bounds = BatchBounds()
    for pedido, day in orders:
        bounds.add(pedido, [day])
    said = {"return_value": dict(counts), "batch_bounds": bounds.to_xcom()}
    ti = SimpleNamespace(xcom_pull=lambda task_ids, key="return_value": said[key])  # noqa: ARG005 - Airflow's names
    text: str = dag.get_template_env().get_template(name).render(dag=dag, run_id=RUN, ti=ti, task_instance=ti)
    return text


def queries_of(script: str, days_of: Callable[[str], Iterable[object]]) -> Iterator[str]:
    """Yield each query and merge of a script, with the days that its variables have.

    Args:
        script: The script.
        days_of: Asks a query for days or for moments of days.
    """
    text = re.sub(r"--.*", "", script)
    kinds = dict(_DECLARED.findall(text))
    days: dict[str, str] = {}
    for statement in re.split(r";\s*(?:\n|$)", text):
        queries = [statement.strip()]
        if found := _FOUND.fullmatch(queries[0]):
            queries = [*_in_arrays(found[2])]
            for name, query in zip(found[1].split(", "), queries, strict=True):
                found_days = ", ".join(f"{kinds[name]} '{day}'" for day in days_of(query))
                days[name] = f"UNNEST(ARRAY<{kinds[name]}>[{found_days}])"
        elif _DECLARED.fullmatch(queries[0]):
            continue
        for query in filter(None, queries):
            yield re.sub(r"UNNEST\((\w+)\)", lambda found: days.get(found[1], found[0]), query)


def _in_arrays(text: str) -> Iterator[str]:
    """Yield the query of each ``ARRAY(…)`` of a text, in which no text has a parenthesis."""
    depth, first = 0, 0
    for place, letter in enumerate(text):
        if letter == "(":
            depth += 1
            first = place + 1 if depth == 1 else first
        elif letter == ")":
            depth -= 1
            if not depth:
                yield text[first:place].strip()
