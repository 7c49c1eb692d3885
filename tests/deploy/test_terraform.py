"""The Terraform files against the providers' bindings: each argument, block and reference, and the layout."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from deploy.terraform_check.layout import layout_problems
from tests.deploy.terraforming import FOLDER, REPO, checked, needs_terraform, terraform

FILES = sorted(FOLDER.glob("*.tf*"))


def name_of(path: Path) -> str:
    return path.name


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the files."""
    copy = tmp_path / "terraform"
    copy.mkdir()
    for path in FILES:
        shutil.copy(path, copy)
    return copy


def replace(path: Path, *pairs: tuple[str, str]) -> None:
    text = path.read_text()
    for old, new in pairs:
        assert text.count(old) >= 1, old
        text = text.replace(old, new, 1)
    path.write_text(text)


def test_nothing_is_wrong() -> None:
    done = checked("-m", "deploy.terraform_check")
    assert done.returncode == 0, done.stdout
    assert done.stdout.endswith(": 0 problems\n")


def test_every_broken_argument_block_and_reference_is_seen() -> None:
    done = checked(REPO / "tests" / "deploy" / "terraform_mutations.py", FOLDER)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["missed"] == []
    assert all(count > 200 for count in found["counts"].values()), found["counts"]


THREE = {
    "composer.tf": [("retention_days", "retention_day"), ("snapshot_location", "snapshots_location")],
    "secrets.tf": [("secret_id = google_secret_manager_secret.token", "secret_id = google_secret_manager_secret.tokens")],
}  # fmt: skip


def test_one_mistake_is_named(folder: Path) -> None:
    replace(folder / "receiver.tf", ("force_destroy  ", "force_destroys "))
    done = checked("-m", "deploy.terraform_check", folder)
    assert done.returncode == 1
    first, last = done.stdout.splitlines()
    assert first == "receiver.tf: resource google_storage_bucket sources: there is no argument force_destroys"
    assert last.endswith(": 1 problems")


def test_several_mistakes_are_each_named(folder: Path) -> None:
    for name, pairs in THREE.items():
        replace(folder / name, *pairs)
    replace(folder / "versions.tf", ('"6.50.0"', '"7.0.0"'))
    replace(folder / "budget.tf", ('  service  = "bigquery.googleapis.com"\n', ""))
    (folder / "more.tf").write_text(
        'locals {\n  unread = 1\n}\n\nresource "google_no_such" "one" {\n  name = "x"\n}\n'
    )
    lines = checked("-m", "deploy.terraform_check", folder).stdout.splitlines()
    config = "resource google_composer_environment airflow.config"
    assert set(lines[:-1]) >= {
        f"composer.tf: {config}.data_retention_config.airflow_metadata_retention_config: there is no argument retention_day",
        f"composer.tf: {config}.recovery_config.scheduled_snapshots_config: there is no argument snapshots_location",
        "secrets.tf: resource google_secret_manager_secret_iam_member token: there is no google_secret_manager_secret.tokens",
        "versions.tf: provider google is 7.0.0, the bindings are of 6.50.0",
        "more.tf: resource google_no_such one: the provider google has no resource google_no_such",
        "local.unread is not used",
    }


@pytest.mark.parametrize("text", ["resource {", 'resource "a" "b" {\n  c = \n}\n', "x = [1, 2\n"])
def test_what_is_no_terraform_is_named(folder: Path, text: str) -> None:
    (folder / "broken.tf").write_text(text)
    done = checked("-m", "deploy.terraform_check", folder)
    assert done.returncode == 1
    assert "broken.tf cannot be read" in done.stderr


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_the_layout_is_that_of_terraform(path: Path) -> None:
    assert list(layout_problems(path.read_text())) == []


@needs_terraform
def test_terraform_itself_would_change_no_layout(folder: Path) -> None:
    assert terraform(folder, "fmt", "-check", "-diff") == ""


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_line_that_is_moved_is_seen_wherever_it_is(path: Path) -> None:
    """Each line, in turn, with one blank too many: at its beginning, at its end, before and after its equals sign."""
    lines = path.read_text().splitlines()
    for number, line in enumerate(lines):
        if not line.strip():
            continue
        spoiled = {f" {line}", f"{line} "}
        if " = " in line.split('"')[0] and not line.strip().startswith(("#", "for", "}", ":")):
            spoiled |= {line.replace(" = ", "  = ", 1), line.replace(" = ", " =  ", 1)}
        for other in spoiled:
            text = "\n".join([*lines[:number], other, *lines[number + 1 :]]) + "\n"
            assert list(layout_problems(text)), f"{path.name}:{number + 1} {other!r}"


def test_no_secret_has_a_value_in_the_state() -> None:
    """What Terraform knows is in its state, for whoever may read that."""
    text = "".join(path.read_text() for path in FILES)
    assert "google_secret_manager_secret_version" not in text
    assert "secret_data" not in text


def test_each_exception_from_checkov_says_why() -> None:
    skips = [line for path in FILES for line in path.read_text().splitlines() if "checkov" in line]
    assert skips
    for line in skips:
        _, _, reason = line.partition("#checkov:skip=")[2].partition(":")
        assert len(reason.split()) > 2, line
