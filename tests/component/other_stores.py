"""Stores beside the project's own, with DAGs of their own, in the same buckets and tables."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tiny_operators._compat import AIRFLOW_V_3_0_PLUS, ensure_pool
from tiny_operators.stores import Store

DAGS = Path(__file__).parents[2] / "dags"


def other_store(store: Store, prefix: str, **settings: Any) -> Store:
    """A store with its pools; its connection is the test's business."""
    found = replace(store, prefix=prefix, name="Loja", **settings)
    if not AIRFLOW_V_3_0_PLUS:
        for name, description in found.pools.items():
            ensure_pool(name, 1, description)
    return found


def dag_of(kind: str, store: Store) -> Any:
    """A DAG of a store, as its file makes it."""
    spec = importlib.util.spec_from_file_location(f"dag_of_{kind}", DAGS / f"tiny_{kind}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    make: Callable[[Store], Any] = getattr(module, f"{kind}_dag")
    return make(store)
