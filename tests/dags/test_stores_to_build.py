"""A task's process builds the DAG that it needs, whatever the number of stores; the scheduler builds all of them.

All are built too when Airflow names a DAG that no store has.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from benchmarks.many_stores import code_for
from tests.dag_files import DAG_FILES

# In an order that is not that of their names; some begin with another one, and some end as a DAG does.
AWKWARD: Final = ("z316_b", "z316", "z316_b_c", "b", "z316_daily", "z316_put")
PREFIXES: Final = {
    "one": ("z316",),
    "three": ("z316_b", "z316", "b"),
    "hundred": (
        *(f"s{number:03}" for number in range(47)),
        *AWKWARD,
        *(f"t{number:03}" for number in range(47)),
    ),
}
KINDS: Final = tuple(file.stem.removeprefix("tiny_") for file in DAG_FILES)
LOOKED_AT: Final = "daily"
# DAGs that no store has.
UNKNOWN: Final = (
    "z316_nothing",
    "nobody_daily",
    "z316",
    "daily",
    "z316_daily_",
    "xz316_daily",
    "z316__daily",
)

# Reads files as a task's process does, in which Airflow names the DAG, or as the scheduler, in which it names none.
_READ: Final = """
import json, sys
from contextlib import nullcontext
try:
    from airflow.dag_processing.dagbag import DagBag
    from airflow.sdk.definitions._internal.dag_parsing_context import _airflow_parsing_context_manager
except ImportError:
    from airflow.models.dagbag import DagBag
    from airflow.utils.dag_parsing_context import _airflow_parsing_context_manager
for file, asked in json.loads(sys.argv[1]):
    with _airflow_parsing_context_manager(asked, "ready") if asked else nullcontext():
        bag = DagBag(dag_folder=file)
    assert not bag.import_errors, bag.import_errors
    print("built", json.dumps([file, asked, sorted(bag.dags)]), flush=True)
"""


def built(code: Path, asked: list[tuple[str, str | None]]) -> list[list[str]]:
    """The DAGs that a process built each time when it read the file of a kind for a DAG."""
    files = [(str(code / "dags" / f"tiny_{kind}.py"), dag_id) for kind, dag_id in asked]
    path = f"{code / 'plugins'}"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {path!r})\n{_READ}", json.dumps(files)],
        capture_output=True, text=True, timeout=600, check=False, cwd=code,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found = [
        json.loads(line.removeprefix("built "))
        for line in done.stdout.splitlines()
        if line.startswith("built ")
    ]
    assert [(file, dag_id) for file, dag_id, _ in found] == files
    return [ids for *_, ids in found]


@pytest.mark.parametrize("many", PREFIXES)
def test_a_task_builds_its_dag_alone_and_the_scheduler_builds_all(
    airflow_database: None, tmp_path: Path, many: str
) -> None:
    prefixes = PREFIXES[many]
    # Every store where the names are awkward, and the first and the last of a hundred.
    chosen = [prefix for prefix in prefixes if prefix in {*AWKWARD, prefixes[0], prefixes[-1]}]
    by_scheduler = KINDS if many == "three" else (LOOKED_AT,)
    asked: list[tuple[str, str | None]] = [(kind, None) for kind in by_scheduler]
    asked += [(LOOKED_AT, dag_id) for dag_id in UNKNOWN]
    of_tasks = [(LOOKED_AT, f"{prefix}_{LOOKED_AT}") for prefix in chosen]
    of_tasks += [(kind, f"z316_{kind}") for kind in KINDS]
    found = built(code_for(prefixes, tmp_path / "code"), [*asked, *of_tasks])
    assert found[: len(asked)] == [sorted(f"{prefix}_{kind}" for prefix in prefixes) for kind, _ in asked]
    assert found[len(asked) :] == [[dag_id] for _, dag_id in of_tasks]
