"""The page of scale says what the command prints, and the command counts what the DAGs have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from benchmarks import arithmetic

REPO = Path(__file__).resolve().parents[2]


def test_the_page_has_the_commands_table() -> None:
    assert f"\n{arithmetic.table()}\n" in (REPO / "docs" / "scale.md").read_text()


def test_tasks_are_those_of_the_dags(dags: Any) -> None:
    assert {dag: len(dags[dag].tasks) for dag in arithmetic.TASKS} == arithmetic.TASKS


def test_runs_are_kept_as_deployed() -> None:
    settings = yaml.safe_load((REPO / "deploy" / "settings.yaml").read_text())
    assert settings["keep_days"]["airflow_runs"] == arithmetic.KEPT_DAYS


def test_a_wall_is_where_the_use_reaches_the_limit() -> None:
    for use in arithmetic.uses():
        if use.wall is not None:
            assert use.limit is not None
            assert use.of_store * use.wall <= use.limit < use.of_store * (use.wall + 1)
