"""The statements of a batch, its merge and its check, as queries whose reading can be measured one by one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from types import SimpleNamespace
from typing import Any, Final

from tiny_operators.batches.row_files import OrderIds

RUN: Final = "manual"
# A lookup of the partitions of a batch: its variable, the type of the days, and the query.
_LOOKUP: Final = re.compile(r"DECLARE (\w+) ARRAY<(\w+)> DEFAULT ARRAY\(\s*(.*?)\s*\)", re.DOTALL)


def script_of(dag: Any, name: str, pedidos: Iterable[int], counts: Mapping[str, int]) -> str:
    """Render a script as the task of a run does.

    Args:
        dag: The DAG.
        name: The script's file.
        pedidos: The orders of the batch.
        counts: How many rows were made for each table.
    """
    ids = OrderIds()
    for pedido in pedidos:
        ids.add(pedido)
    said = {"return_value": dict(counts), "orders": ids.to_xcom()}
    ti = SimpleNamespace(xcom_pull=lambda task_ids, key="return_value": said[key])  # noqa: ARG005 - Airflow's names
    text: str = dag.get_template_env().get_template(name).render(dag=dag, run_id=RUN, ti=ti, task_instance=ti)
    return text


def queries_of(script: str, days_of: Callable[[str], Iterable[date]]) -> Iterator[str]:
    """Yield each query and merge of a script, with the days that its variables have.

    Args:
        script: The script.
        days_of: Asks a query for days or for moments of days.
    """
    text, variables = re.sub(r"--.*", "", script), dict[str, str]()
    for statement in re.split(r";\s*(?:\n|$)", text):
        query = re.sub(r"^\s*(?:(?:BEGIN|END)\s)*\s*", "", statement).strip()
        if found := _LOOKUP.fullmatch(query):
            name, kind, query = found.groups()
            variables[name] = ", ".join(f"{kind} '{day}'" for day in days_of(query))
        for name, days in variables.items():
            query = query.replace(f"UNNEST({name})", f"UNNEST([{days}])")
        if query and query != "END":
            yield query
