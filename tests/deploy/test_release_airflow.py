"""After a release: what Airflow says of it, through a stand-in of gcloud that answers as Airflow's own commands do."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from deploy.console import CommandError
from deploy.release.airflow import Airflow
from tiny_operators import stores
from tiny_operators.stores import dag_tags, load_stores

VERSION = "0.1.0+0123456789"
PREFIXES = ["ab", "cd", "ef"]
# Answers at each look, by Airflow's command; the last one stays.
PROGRAM = """
import json, sys
from pathlib import Path
path = Path({path!r})
state = json.loads(path.read_text())
words = sys.argv[sys.argv.index("dags") + 1:]
command, key = words[0], " ".join(word for word in words if word != "--")
state["asked"].append(key)
answers = state["answers"].get(key) or state["answers"].get(command) or [[0, ""]]
code, text = answers.pop(0) if len(answers) > 1 else answers[0]
path.write_text(json.dumps(state))
print("[2026-11-26T05:57:06.354+0000] {{plugins.py:37}} INFO - setup plugin alembic")
print(text)
if code:
    print(text, file=sys.stderr)
sys.exit(code)
"""


@dataclass
class StandIn:
    """Answers for Airflow.

    Attributes:
        airflow: What asks it.
        path: What it answers, and what it was asked.
        slept: How long was waited.
    """

    airflow: Airflow
    path: Path
    slept: list[float] = field(default_factory=list)

    def answer(self, key: str, *answers: Any) -> None:
        state = json.loads(self.path.read_text())
        reported = [a if isinstance(a, tuple) else (0, json.dumps(a)) for a in answers]
        state["answers"][key] = reported
        self.path.write_text(json.dumps(state))

    def read(self, prefix: str, *versions: str | None) -> None:
        """Which release of a store's setup DAG Airflow knows at each look; None for no DAG."""
        unknown = (1, f"DAG: {prefix}_setup does not exist in 'dag' table")
        self.answer(
            f"details {prefix}_setup --output json",
            *(unknown if v is None else [{"dag_id": f"{prefix}_setup", "tags": tags(v)}] for v in versions),
        )

    @property
    def asked(self) -> list[str]:
        found: list[str] = json.loads(self.path.read_text())["asked"]
        return found


def tags(version: str) -> list[dict[str, str]]:
    return [{"name": "tiny"}, {"name": f"release {version}"}]


@pytest.fixture
def stand_in(tmp_path: Path) -> StandIn:
    state, program = tmp_path / "state.json", tmp_path / "gcloud"
    state.write_text(json.dumps({"answers": {"list-import-errors": [[0, "[]"]]}, "asked": []}))
    (tmp_path / "answers.py").write_text(PROGRAM.format(path=str(state)))
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{tmp_path}/answers.py" "$@"\n')
    program.chmod(0o755)
    slept: list[float] = []
    airflow = Airflow(str(program), "my-project", "tiny", "southamerica-east1", slept.append)
    return StandIn(airflow, state, slept)


def test_a_release_that_is_read_at_once_is_not_waited_for(stand_in: StandIn) -> None:
    stand_in.read("ab", VERSION)
    stand_in.airflow.wait_for(VERSION, ["ab"])
    assert stand_in.slept == []


@pytest.mark.parametrize("before", [None, "0.0.9", "0.1.0+9876543210", ""])
@pytest.mark.parametrize("last", range(3))
def test_it_waits_for_the_last_of_three_stores(stand_in: StandIn, before: str | None, last: int) -> None:
    for place, prefix in enumerate(PREFIXES):
        stand_in.read(prefix, *([before, before, VERSION] if place == last else [VERSION]))
    stand_in.airflow.wait_for(VERSION, PREFIXES)
    assert len(stand_in.slept) == 2


def error(name: str) -> dict[str, str]:
    return {"filepath": f"/home/airflow/gcs/dags/{name}", "error": f"SyntaxError in {name}\n"}


@pytest.mark.parametrize("count", [1, 3])
def test_files_that_cannot_be_read_are_named(stand_in: StandIn, count: int) -> None:
    names = [f"tiny_{name}.py" for name in ("webhook", "daily", "replay")[:count]]
    stand_in.read("ab", "0.0.9")
    # As Airflow does, which then ends as a command that failed.
    stand_in.answer("list-import-errors", [], (1, json.dumps([error("others.py"), *map(error, names)])))
    with pytest.raises(CommandError) as raised:
        stand_in.airflow.wait_for(VERSION, ["ab"])
    assert [name for name in names if f"SyntaxError in {name}" not in str(raised.value)] == []
    assert "others.py" not in str(raised.value)
    assert len(stand_in.slept) == 1


def test_what_is_wrong_with_others_dags_is_no_matter(stand_in: StandIn) -> None:
    stand_in.read("ab", VERSION)
    stand_in.answer("list-import-errors", (1, json.dumps([error("others.py"), error("team/tiny.py")])))
    stand_in.airflow.wait_for(VERSION, ["ab"])
    assert stand_in.slept == []


def test_what_does_not_come_ends_the_wait(stand_in: StandIn) -> None:
    for prefix in PREFIXES:
        stand_in.read(prefix, None if prefix == "cd" else VERSION)
    with pytest.raises(CommandError, match="has not read the release in ten minutes: of cd"):
        stand_in.airflow.wait_for(VERSION, PREFIXES)
    assert sum(stand_in.slept) == 600


@pytest.mark.parametrize("command", ["details", "list-import-errors"])
def test_what_gcloud_refuses_is_said(stand_in: StandIn, command: str) -> None:
    stand_in.read("ab", VERSION)
    stand_in.answer(
        "details ab_setup --output json" if command == "details" else command, (1, "permission denied")
    )
    with pytest.raises(CommandError, match="permission denied"):
        stand_in.airflow.wait_for(VERSION, ["ab"])
    assert stand_in.slept == []


def test_setup_is_triggered(stand_in: StandIn) -> None:
    stand_in.airflow.run_setup("ab")
    assert stand_in.asked == ["trigger ab_setup"]
    stand_in.answer("trigger", (1, "permission denied"))
    with pytest.raises(CommandError, match="permission denied"):
        stand_in.airflow.run_setup("ab")


def test_dags_have_the_release_as_a_tag(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (store,) = load_stores()
    assert dag_tags(store) == ["tiny", "z316"]
    (tmp_path / "stores.yaml").write_text("stores: []")
    (tmp_path / "version.txt").write_text(f"{VERSION}\n")
    monkeypatch.setattr(stores, "_INCLUDE_CANDIDATES", (tmp_path,))
    assert dag_tags(store) == ["tiny", "z316", f"release {VERSION}"]
