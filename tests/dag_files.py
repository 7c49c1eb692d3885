"""The project's DAG files, and the DAGs that they make of any store."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from tiny_operators.stores import Store

REPO: Final = Path(__file__).resolve().parents[1]
DAG_FILES: Final = sorted((REPO / "dags").glob("*.py"))


@cache
def module_of(file: Path) -> ModuleType:
    """Import a DAG file beside what Airflow reads of it."""
    spec = importlib.util.spec_from_file_location(f"dag_file_{file.stem}", file)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def dag_of(file: Path, store: Store) -> Any:
    """The DAG that a file makes of a store."""
    return getattr(module_of(file), f"{file.stem.removeprefix('tiny_')}_dag")(store)
