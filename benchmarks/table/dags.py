"""The DAG files of one store, of ten and of a hundred: time, memory, and size in Airflow's database.

The scheduler reads the files again and again, and each task reads its own file once. ``python -m
benchmarks.table.dags --profile`` prints the profile of the scheduler's reading: benchmarks/profiles/parse.txt.
"""

from __future__ import annotations

import argparse
import cProfile
import importlib
import json
import os
import pstats
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks.many_stores import code_for
from benchmarks.table.rows import Row
from local.stack.settings import REPO

_STORES: Final = (1, 10, 100)
_TASKS_DAG: Final = "webhook"
_ROUNDS: Final = 3
# What the aim allows a store, all of its DAG files together.
_STORE_MS: Final = 20.0


@dataclass(frozen=True)
class Read:
    """What a fresh process took to read the files; all times are the processor's.

    Attributes:
        imported_s: Time to import Airflow and its provider for Google.
        imported_mb: Memory after that.
        first_s: Time of the first reading, which imports the package.
        again_s: Time of a later one.
        peak_mb: Most memory of the first reading.
        task_s: Time of a reading by a task of the last store, which needs one DAG.
        empty_s: Time of Airflow alone: DAGs with the same forms and as many tasks, which are empty.
        serialized: Bytes of the DAGs as Airflow stores them.
    """

    imported_s: float
    imported_mb: float
    first_s: float
    again_s: float
    peak_mb: float
    task_s: float
    empty_s: float
    serialized: int


def dags() -> Iterator[Row]:
    """Measure each number of stores in a process of its own."""
    found = {count: _in_a_process(count) for count in _STORES}
    few, some, many = (found[count] for count in _STORES)
    for count, read in found.items():
        stores = f"{count} store{'s' if count > 1 else ''}"
        yield Row(
            f"DAG files of {stores}: seconds to read them", read.first_s, read.imported_s,
            "importing Airflow and the provider",
        )  # fmt: skip
        yield Row(
            f"DAG files of {stores}: MB of memory", read.peak_mb, read.imported_mb,
            "after importing Airflow and the provider",
        )  # fmt: skip
    first = _each(few.again_s, some.again_s, 1, 10) * 1000
    later = _each(some.again_s, many.again_s, 10, 100) * 1000
    yield Row("a further store, of 1 to 10: ms to read its DAG files", first, _STORE_MS, "the aim", 1.0)
    yield Row("a further store, of 10 to 100: ms", later, first, "of 1 to 10", 1.3)
    yield Row("a store's DAG files: ms", later, few.empty_s * 1000, "Airflow alone: as many empty tasks")
    yield Row(
        "100 stores: bytes of their DAGs in Airflow's database", many.serialized, 100 * few.serialized,
        "100 times those of 1", 1.05,
    )  # fmt: skip
    yield Row("a task of 100 stores: seconds to read its DAG file", many.task_s, few.task_s, "of 1 store")


def _each(few: float, many: float, stores: int, more_stores: int) -> float:
    return (many - few) / (more_stores - stores)


def _in_a_process(stores: int, *words: str) -> Read:
    with TemporaryDirectory() as folder:
        code = _code(stores, folder)
        done = subprocess.run(
            [sys.executable, "-m", __spec__.name, "--code", str(code), *words],
            env=_environment(code, folder), cwd=REPO, capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"the DAG files of {stores} stores could not be read: {done.stderr[-3000:]}")
    return Read(**json.loads(done.stdout.splitlines()[-1]))


def _code(stores: int, folder: str) -> Path:
    return code_for([f"s{number:03}" for number in range(stores)], Path(folder) / "code")


def _environment(code: Path, folder: str) -> dict[str, str]:
    """Return the variables of a process that reads other files than the project's, and has no database."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW_")}
    home = {"AIRFLOW_HOME": folder, "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    return {**kept, **home, "PYTHONPATH": f"{code / 'plugins'}:{REPO}"}


def _read(code: Path) -> Read:
    """Read the files of a folder in this process."""
    bag_of, naming, serialized = _airflow()
    imported_s, imported_mb = time.process_time(), _peak_mb()
    bag, first_s = _timed(lambda: bag_of(code / "dags"))
    peak_mb = _peak_mb()
    again_s = min(_timed(lambda: bag_of(code / "dags"))[1] for _ in range(_ROUNDS))
    last = max(bag.dags)
    with naming(f"{last.split('_')[0]}_{_TASKS_DAG}", "plan"):
        task_s = min(
            _timed(lambda: bag_of(code / "dags" / f"tiny_{_TASKS_DAG}.py"))[1] for _ in range(_ROUNDS)
        )
    first_store = [dag for name, dag in bag.dags.items() if name.startswith("s000_")]
    empty_s = min(_timed(lambda: [_empty(dag) for dag in first_store])[1] for _ in range(_ROUNDS))
    size = sum(len(json.dumps(serialized(dag), default=str).encode()) for dag in bag.dags.values())
    return Read(imported_s, imported_mb, first_s, again_s, peak_mb, task_s, empty_s, size)


_Naming = Callable[[str, str], AbstractContextManager[None]]


def _airflow() -> tuple[Callable[[Path], Any], _Naming, Callable[[Any], Any]]:
    """Import Airflow: what reads a folder, what names the DAG of a task, what Airflow stores of a DAG."""
    importlib.import_module("airflow.providers.google.cloud.transfers.gcs_to_bigquery")
    importlib.import_module("airflow.providers.google.cloud.operators.bigquery")
    serializing: Any = importlib.import_module("airflow.serialization.serialized_objects")
    try:
        bags: Any = importlib.import_module("airflow.dag_processing.dagbag")
        context: Any = importlib.import_module("airflow.sdk.definitions._internal.dag_parsing_context")
        serialized = serializing.DagSerialization
    except ImportError:
        bags = importlib.import_module("airflow.models.dagbag")
        context = importlib.import_module("airflow.utils.dag_parsing_context")
        serialized = serializing.SerializedDAG

    def bag_of(path: Path) -> Any:
        bag = bags.DagBag(dag_folder=str(path))
        if bag.import_errors or not bag.dags:
            raise RuntimeError(f"no DAGs in {path}: {bag.import_errors}")
        return bag

    return bag_of, context._airflow_parsing_context_manager, serialized.to_dict


def _empty(dag: Any) -> Any:
    """Build a DAG with the same form and as many tasks, none of which does anything."""
    from tiny_operators._compat import DAG, BaseOperator

    own = {name: dag.params.get_param(name) for name in dag.params}
    with DAG(dag.dag_id, schedule=None, default_args=dag.default_args, params=own) as empty:
        for task in dag.tasks:
            BaseOperator(task_id=task.task_id)
    return empty


def _timed(do: Callable[[], Any]) -> tuple[Any, float]:
    began = time.process_time()
    found = do()
    return found, time.process_time() - began


def _peak_mb() -> float:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def _print_profile(code: Path) -> None:
    bag_of, *_ = _airflow()
    bag_of(code / "dags")
    with cProfile.Profile() as profile:
        bag_of(code / "dags")
    pstats.Stats(profile).strip_dirs().sort_stats("tottime").print_stats(25)


def main() -> None:
    """Print what this process took, as the part of the table asks it; or the profile of ten stores."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.table.dags", description=__doc__)
    parser.add_argument("--code", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--profile", action="store_true", help="print the profile of ten stores' files")
    given = parser.parse_args()
    if given.code and given.profile:
        _print_profile(given.code)
    elif given.code:
        print(json.dumps(asdict(_read(given.code))))
    else:
        with TemporaryDirectory() as folder:
            code = _code(10, folder)
            subprocess.run(
                [sys.executable, "-m", __spec__.name, "--code", str(code), "--profile"],
                env=_environment(code, folder), cwd=REPO, check=True,
            )  # fmt: skip


if __name__ == "__main__":
    main()
