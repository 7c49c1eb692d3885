"""DAGs of several stores: each has all of them, and none names what belongs to another."""

from __future__ import annotations

import importlib
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.component.provision.stores import own
from tests.dag_files import DAG_FILES, dag_of
from tiny_operators._compat import AIRFLOW_V_3_0_PLUS
from tiny_operators.stores import Store, load_stores

PREFIXES = ("aa", "bb", "cc")


def another(prefix: str) -> Store:
    """A store that has nothing in common with others but its place and its hours."""
    cnpj = f"{PREFIXES.index(prefix) + 1}" * 14
    return replace(own(load_stores()[0], prefix), prefix=prefix, name=f"Loja {prefix}", cnpj=cnpj)


def everything_in(dag: Any) -> str:
    """All that a DAG and its tasks hold, as text: what is serialized, and the fields that are not."""
    module = importlib.import_module("airflow.serialization.serialized_objects")
    serialized = getattr(module, "DagSerialization" if AIRFLOW_V_3_0_PLUS else "SerializedDAG")
    fields = [repr(vars(task)) for task in dag.tasks]
    return "\n".join([json.dumps(serialized.to_dict(dag), default=str), *fields])


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
