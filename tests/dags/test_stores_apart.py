"""DAGs of several stores: each has all of them, and none names what belongs to another."""

from __future__ import annotations

import importlib.util
import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tiny_operators._compat import AIRFLOW_V_3_0_PLUS
from tiny_operators.stores import Store, load_stores

REPO = Path(__file__).resolve().parents[2]
DAG_FILES = sorted((REPO / "dags").glob("*.py"))
PREFIXES = ("aa", "bb", "cc")


def another(prefix: str) -> Store:
    """A store that has nothing in common with others but its place and its hours."""
    return replace(
        load_stores()[0],
        prefix=prefix,
        name=f"Loja {prefix}",
        cnpj=f"{PREFIXES.index(prefix) + 1}" * 14,
        webhook_bucket=f"{prefix}-in",
        api_bucket=f"{prefix}-api",
        dataset=f"{prefix}_tiny",
        staging_dataset=f"{prefix}_staging",
        report_dataset="",
        personal_dataset="",
        keys_dataset="",
    )


@cache
def module_of(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"stores_apart_{file.stem}", file)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def dag_of(file: Path, store: Store) -> Any:
    return getattr(module_of(file), f"{file.stem.removeprefix('tiny_')}_dag")(store)


def everything_in(dag: Any) -> str:
    """All that a DAG and its tasks hold, as text: what is serialized, and the fields that are not."""
    if AIRFLOW_V_3_0_PLUS:
        from airflow.serialization.serialized_objects import DagSerialization as Serialized
    else:
        from airflow.serialization.serialized_objects import SerializedDAG as Serialized
    fields = [repr(vars(task)) for task in dag.tasks]
    return "\n".join([json.dumps(Serialized.to_dict(dag), default=str), *fields])


def named_of_others(dag: Any, prefix: str) -> set[str]:
    """Buckets, datasets, pools and connections of other stores; triage notes may speak of DAGs of the first one."""
    others = "|".join({*PREFIXES, "z316"} - {prefix})
    pattern = rf"\b(?:{others})[_-](?:in|api|tiny|staging)\w*|\b(?:tiny|merge)_(?:{others})\b"
    return set(re.findall(pattern, everything_in(dag)))


@pytest.mark.parametrize("file", DAG_FILES, ids=lambda file: file.stem)
@pytest.mark.parametrize("prefix", PREFIXES)
def test_no_dag_names_what_belongs_to_another_store(file: Path, prefix: str) -> None:
    assert named_of_others(dag_of(file, another(prefix)), prefix) == set()


@pytest.mark.parametrize("file", DAG_FILES, ids=lambda file: file.stem)
@pytest.mark.parametrize("field", ["webhook_bucket", "api_bucket", "dataset", "staging_dataset"])
def test_what_belongs_to_another_store_would_be_seen(file: Path, field: str) -> None:
    taken = getattr(another("bb"), field)
    assert taken in named_of_others(dag_of(file, replace(another("aa"), **{field: taken})), "aa")


def test_each_store_gets_every_dag() -> None:
    ids = {dag_of(file, another(prefix)).dag_id for file in DAG_FILES for prefix in PREFIXES}
    assert len(ids) == len(DAG_FILES) * len(PREFIXES)
    assert {name.split("_")[0] for name in ids} == set(PREFIXES)
