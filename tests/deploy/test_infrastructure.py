"""`make plan` and `make deploy`: by the real Terraform, with stand-ins for the providers' resources and for gcloud."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deploy.infrastructure import __main__ as command
from deploy.infrastructure import terraform as terraform_module
from deploy.infrastructure.terraform import FIRST
from tests.deploy.terraforming import FOLDER, PROJECT, REPO, needs_terraform, stand_ins

pytestmark = needs_terraform

TOKEN = "not-a-real-token-0123456789"
# What comes first, as stand-ins.
FIRST_STAND_INS = [f"terraform_data.{name.replace('.', '__')}" for name in FIRST]


@dataclass
class Place:
    """Where the commands run in a test.

    Attributes:
        folder: The Terraform files.
        state: What the stand-in of gcloud keeps.
    """

    folder: Path
    state: Path

    @property
    def gcloud(self) -> dict[str, Any]:
        empty = {"buckets": [], "values": {}, "asked": [], "fail": ""}
        found: dict[str, Any] = json.loads(self.state.read_text()) if self.state.exists() else empty
        return found

    def change(self, **changes: Any) -> None:
        self.state.write_text(json.dumps(self.gcloud | changes))

    @property
    def changed(self) -> list[str]:
        """What gcloud was asked to change."""
        asked = [" ".join(words[:3]) for words in self.gcloud["asked"]]
        return [words for words in asked if not words.startswith(("storage ls", "secrets versions list"))]

    @property
    def resources(self) -> set[str]:
        """What Terraform has created."""
        path = self.folder / "terraform.tfstate"
        return {r["name"] for r in json.loads(path.read_text())["resources"]} if path.exists() else set()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    stand_ins(tmp_path)
    folder = tmp_path / "deploy" / "terraform"
    shutil.copy(FOLDER / "backend.tf.example", folder)
    # The person's own backend, so that the state is a file here.
    (folder / "backend.tf").write_text('terraform {\n  backend "local" {}\n}\n')
    programs = tmp_path / "bin"
    programs.mkdir()
    stand_in = REPO / "tests" / "deploy" / "gcloud_stand_in.py"
    (programs / "gcloud").write_text(f'#!/bin/sh\nexec "{sys.executable}" "{stand_in}" "$@"\n')
    (programs / "gcloud").chmod(0o755)
    found = Place(folder, tmp_path / "gcloud.json")
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("GCLOUD_STAND_IN", str(found.state))
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", os.devnull)
    monkeypatch.setattr(terraform_module, "REPOSITORY", tmp_path)
    monkeypatch.setattr(command, "FIRST", FIRST_STAND_INS)
    return found


def run(place: Place, *words: str) -> int:
    return command.main([*words, "--project", PROJECT], place.folder)


def test_what_comes_first_is_in_the_files() -> None:
    text = "".join(path.read_text() for path in FOLDER.glob("*.tf"))
    for address in FIRST:
        kind, _, name = address.partition(".")
        assert f'resource "{kind}" "{name}"' in text


def test_a_plan_changes_nothing(place: Place, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(place, "plan") == 0
    said = capfd.readouterr().out
    assert "to add, 0 to change, 0 to destroy" in said
    assert f"Next: make deploy PROJECT={PROJECT}" in said
    assert place.changed == []
    assert place.resources == set()


def test_an_empty_project_is_planned_without_a_state(place: Place, capfd: pytest.CaptureFixture[str]) -> None:
    """Also where a plan of another project has left its backend behind."""
    shutil.copy(FOLDER / "backend.tf.example", place.folder / "backend.tf")
    assert run(place, "plan") == 0
    assert "the plan is that of an empty one" in capfd.readouterr().out
    assert not (place.folder / "backend.tf").exists()
    assert place.changed == []


def test_deploy_creates_all_and_a_second_time_nothing(
    place: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(place, "deploy", "--yes") == 0
    said = capfd.readouterr().out
    assert {"google_composer_environment__airflow", "google_secret_manager_secret__token"} <= place.resources
    (address,) = place.gcloud["values"]["tiny-webhook-secrets-z316"]
    assert len(address) == 48
    assert address not in said
    # Nobody was there to ask for the token.
    assert "airflow-connections-tiny_z316" not in place.gcloud["values"]
    assert "give airflow-connections-tiny_z316 a value" in said
    assert f"make release PROJECT={PROJECT}" in said
    before = place.gcloud["values"]
    assert run(place, "deploy", "--yes") == 0
    assert "No changes" in capfd.readouterr().out
    assert place.gcloud["values"] == before


def test_a_secret_has_its_value_before_what_needs_it(place: Place) -> None:
    """When gcloud cannot give the value, Terraform has made the secrets, and nothing that reads them."""
    place.change(fail="secrets versions add")
    assert run(place, "deploy", "--yes") == 1
    assert "google_secret_manager_secret__address" in place.resources
    assert "google_cloudfunctions2_function__receiver" not in place.resources
    place.change(fail="")
    assert run(place, "deploy", "--yes") == 0
    assert "google_cloudfunctions2_function__receiver" in place.resources


def test_the_token_is_asked_for_and_shown_nowhere(place: Place, tmp_path: Path) -> None:
    """In a terminal, as a person has one."""
    code = (
        "import sys; from pathlib import Path\n"
        "from deploy.infrastructure import __main__ as c, terraform as t\n"
        f"t.REPOSITORY = Path({str(tmp_path)!r}); c.FIRST = {FIRST_STAND_INS!r}\n"
        f"sys.exit(c.main(['deploy', '--project', {PROJECT!r}], Path({str(place.folder)!r})))"
    )
    master, slave = pty.openpty()
    env = {**os.environ, "PYTHONPATH": f"{REPO / 'plugins'}:{REPO}"}
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=slave, stdout=slave, stderr=slave, env=env, cwd=REPO, start_new_session=True
    )  # fmt: skip
    os.close(slave)
    said = answer(master, {"Do it? [y/N]": "y", "(not shown):": TOKEN})
    assert process.wait(timeout=120) == 0, said
    (value,) = place.gcloud["values"]["airflow-connections-tiny_z316"]
    assert json.loads(value)["password"] == TOKEN
    assert json.loads(value)["conn_type"] == "tiny"
    state = (place.folder / "terraform.tfstate").read_text()
    asked = json.dumps(place.gcloud["asked"])
    assert [where for where in (said, state, asked) if TOKEN in where] == []


def answer(terminal: int, answers: dict[str, str]) -> str:
    """Answer the questions that appear, until the program ends; all that it said."""
    said = ""
    left = dict(answers)
    while True:
        try:
            said += os.read(terminal, 65536).decode(errors="replace")
        except OSError:
            # The other end is closed.
            assert not left, said[-2000:]
            return said
        for question in [question for question in left if question in said]:
            os.write(terminal, f"{left.pop(question)}\n".encode())


def test_nothing_is_done_without_a_yes(place: Place, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(place, "deploy") == 1
    assert "--yes" in capfd.readouterr().err
    assert place.changed == []
    assert place.resources == set()


@pytest.mark.parametrize("program", ["gcloud", "terraform"])
def test_a_program_that_is_missing_is_named(
    place: Place,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    program: str,
) -> None:
    only = tmp_path / "only"
    only.mkdir()
    if program == "terraform":
        (only / "gcloud").symlink_to(tmp_path / "bin" / "gcloud")
    monkeypatch.setenv("PATH", str(only))
    assert run(place, "plan") == 1
    said = capfd.readouterr().err
    assert f"{program}" in said
    assert "https://" in said


@pytest.mark.parametrize("step", ["storage ls", "services enable", "secrets versions list"])
def test_what_gcloud_refuses_is_said(place: Place, capfd: pytest.CaptureFixture[str], step: str) -> None:
    place.change(fail=step)
    if step == "storage ls":
        # Who keeps the state elsewhere is not asked for its bucket.
        (place.folder / "backend.tf").unlink()
    assert run(place, "deploy", "--yes") == 1
    said = capfd.readouterr().err
    assert "permission denied" in said
    assert "gcloud auth login" in said
    assert "google_composer_environment__airflow" not in place.resources


def test_what_terraform_refuses_ends_the_command(place: Place, capfd: pytest.CaptureFixture[str]) -> None:
    with (place.folder / "main.tf").open("a") as file:
        file.write('resource "terraform_data" "wrong" {\n  input = local.no_such\n}\n')
    assert run(place, "deploy", "--yes") == 1
    assert "no_such" in capfd.readouterr().err
    assert place.changed == []


@pytest.mark.parametrize("project", ["", "My Project", "p;rm", "-x"])
def test_a_project_that_can_be_none_is_refused(
    place: Place, capfd: pytest.CaptureFixture[str], project: str
) -> None:
    assert command.main(["plan", f"--project={project}"], place.folder) == 2
    assert "PROJECT is" in capfd.readouterr().err
    assert place.gcloud["asked"] == []


@pytest.mark.stack
def test_the_state_is_kept_in_a_bucket(
    place: Place,
    emulators: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Terraform's own backend for Cloud Storage, on the local object store: the next person finds the state there."""
    from google.cloud.storage import Client

    (place.folder / "backend.tf").unlink()
    bucket = Client(project="z316-local").create_bucket(f"{PROJECT}-tiny-state")
    # Terraform's client reads by the older XML API, which the strict front does not know.
    alone = emulators["STORAGE_WITHOUT_FRONT"]
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", alone)
    monkeypatch.setenv("GOOGLE_BACKEND_STORAGE_CUSTOM_ENDPOINT", f"{alone}/storage/v1/")
    monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", "local")
    assert run(place, "deploy", "--yes") == 0
    assert ["storage", "buckets", "create", f"gs://{PROJECT}-tiny-state"] in [
        w[:4] for w in place.gcloud["asked"]
    ]
    # It holds every setting: viewers and editors of the project, whom Google lets into a new bucket, are kept out.
    policy = place.gcloud["policies"][f"gs://{PROJECT}-tiny-state"]
    assert {member for binding in policy["bindings"] for member in binding["members"]} == {
        f"projectOwner:{PROJECT}"
    }
    names = [blob.name for blob in bucket.client.list_blobs(bucket)]
    assert names == ["terraform/default.tfstate"]
    # Another clone knows nothing of the first one.
    for name in (".terraform", ".local", "backend.tf"):
        path = place.folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    shutil.rmtree(tmp_path / ".local")
    capfd.readouterr()
    assert run(place, "plan") == 0
    said = capfd.readouterr().out
    assert "No changes" in said
    assert "of an empty one" not in said
