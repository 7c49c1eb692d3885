"""What the statements of a run read of the tables does not grow with the history: promised in the README."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest

TABLES = ("pdv", "pesquisa", "produto")
# How a read of a table is bounded: by ids, by which the tables are clustered, or by the partitions that hold them.
BOUNDS = r"(?:IN UNNEST\((?:\w*ids|touched|orders|\w*dates)\))"


@pytest.fixture(scope="module")
def rendered(dags: Any) -> Any:
    def render(dag_id: str, name: str) -> str:
        template = dags[dag_id].get_template_env().get_template(name)
        ti = SimpleNamespace(xcom_pull=lambda **query: dict.fromkeys((*TABLES, "rejeitados"), 1))
        text: str = template.render(dag=dags[dag_id], run_id="manual", ti=ti, task_instance=ti)
        return re.sub(r"--.*", "", text)

    return render


def reads(statement: str, table: str) -> list[str]:
    """What stands after each read of a table, up to where its SELECT ends."""
    path = rf"`z316_tiny\.{table}`"
    return [
        statement[found.end() :]
        .split("\n  );", maxsplit=1)[0]
        .split("\n),", maxsplit=1)[0]
        .split("\n)\n", maxsplit=1)[0]
        for found in re.finditer(rf"(?:FROM|JOIN) {path}", statement)
    ]


@pytest.mark.parametrize("table", TABLES)
def test_a_merge_reads_the_partitions_of_its_batch(rendered: Any, table: str) -> None:
    text = rendered("z316_daily", "merge.sql")
    (merge,) = re.findall(rf"MERGE `z316_tiny\.{table}` AS target.*?WHEN", text, re.DOTALL)
    assert re.search(r"ON\s.*target\.\w+ IN UNNEST\(touched\)", merge, re.DOTALL)
    (lookup,) = reads(text, table)
    assert re.search(BOUNDS, lookup)
