"""Releases into a real object store behind the strict front: one, three and many files, twice, interrupted, and back."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.release.__main__ import main
from deploy.release.checks import Check
from deploy.release.files import VERSION, release_files
from tests.component.proxy import Spoil, proxy
from tests.deploy.terraforming import REPO

pytestmark = pytest.mark.stack

PROJECT = "z316-local"
OTHERS = {"dags/others.py": b"mine", "dags/.airflowignore": b"mine/\n", "plugins/other_plugin.py": b"mine"}
GOOD, BAD = Check("good", ("true",)), Check("bad", ("sh", "-c", "echo style is wrong >&2; false"))
_number = itertools.count()


@pytest.fixture
def bucket(emulators: dict[str, str]) -> Any:
    """An environment's bucket, in which others have DAGs as well."""
    from google.cloud.storage import Client

    made = Client(project=PROJECT).create_bucket(f"environment-{os.getpid()}-{next(_number)}")
    for name, content in OTHERS.items():
        made.blob(name).upload_from_string(content)
    return made


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A copy of the code."""
    for folder in ("dags", "plugins", "include"):
        shutil.copytree(REPO / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Code of three files."""
    for name in ("dags/tiny_a.py", "plugins/tiny_operators/b.py", "include/c.sql"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path


def release(bucket: Any, repository: Path, *words: str, checks: tuple[Check, ...] = ()) -> int:
    return main(
        ["--project", PROJECT, "--bucket", bucket.name, "--no-wait", *(words or ("--yes",))],
        checks,
        repository,
    )


def contents(bucket: Any) -> dict[str, bytes]:
    return {
        blob.name: blob.download_as_bytes()
        for blob in bucket.client.list_blobs(bucket)
        if not blob.name.startswith("releases/")
    }


def expected(repository: Path) -> dict[str, bytes]:
    from tiny_operators import __version__

    files = release_files(repository, __version__)
    return OTHERS | files | {"dags/.airflowignore": b"mine/\ninclude/\n"}


def test_all_files_go_there_once(bucket: Any, repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert release(bucket, repository) == 0
    assert contents(bucket) == expected(repository)
    said = capsys.readouterr().out
    number = len(release_files(repository, "v"))
    assert f"{number} objects: {number - 1} new, 1 changed, 0 gone" in said
    assert "trigger -- z316_setup" in said
    generations = {blob.name: blob.generation for blob in bucket.client.list_blobs(bucket)}
    assert release(bucket, repository) == 0
    assert "nothing to do" in capsys.readouterr().out
    assert {blob.name: blob.generation for blob in bucket.client.list_blobs(bucket)} == generations


CHANGED = {1: ["include/c.sql"], 3: ["dags/tiny_a.py", "plugins/tiny_operators/b.py", "include/c.sql"]}


@pytest.mark.parametrize("number", [1, 3])
def test_only_what_changed_is_written(
    bucket: Any, small: Path, capsys: pytest.CaptureFixture[str], number: int
) -> None:
    assert release(bucket, small) == 0
    before = {blob.name: blob.generation for blob in bucket.client.list_blobs(bucket)}
    for name in CHANGED[number]:
        (small / name).write_text("changed")
    capsys.readouterr()
    assert release(bucket, small) == 0
    assert contents(bucket) == expected(small)
    after = {blob.name: blob.generation for blob in bucket.client.list_blobs(bucket)}
    written = {name for name in before if after[name] != before[name] and not name.startswith("releases/")}
    assert written == {name.replace("include/", "dags/include/") for name in CHANGED[number]}
    assert f"{number} objects: 0 new, {number} changed, 0 gone" in capsys.readouterr().out


def test_a_dry_run_shows_the_list_and_changes_nothing(
    bucket: Any, small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert release(bucket, small) == 0
    before = contents(bucket)
    (small / "dags" / "tiny_a.py").unlink()
    (small / "dags" / "tiny_new.py").write_text("new")
    (small / "include" / "c.sql").write_text("changed")
    capsys.readouterr()
    assert release(bucket, small, "--dry-run", checks=(BAD,)) == 0
    said = capsys.readouterr().out
    lines = [line.strip() for line in said.splitlines() if line.startswith("  ")]
    assert lines == ["~ dags/include/c.sql", "+ dags/tiny_new.py", "- dags/tiny_a.py"]
    assert "Nothing was changed." in said
    assert contents(bucket) == before


@pytest.mark.parametrize("checks", [(BAD,), (GOOD, BAD), (BAD, GOOD), (GOOD, GOOD, BAD)])
def test_a_check_that_fails_releases_nothing(
    bucket: Any, small: Path, capsys: pytest.CaptureFixture[str], checks: tuple[Check, ...]
) -> None:
    before = contents(bucket)
    assert release(bucket, small, checks=checks) == 1
    said = capsys.readouterr().err
    assert "style is wrong" in said
    assert "nothing was released" in said
    assert contents(bucket) == before


def test_nobody_is_there_to_ask(bucket: Any, small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = contents(bucket)
    assert main(["--project", PROJECT, "--bucket", bucket.name], (), small) == 1
    assert "--yes" in capsys.readouterr().err
    assert contents(bucket) == before


def test_the_release_before_comes_back_each_time(
    bucket: Any, small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Good, bad, back, better, back: always to what ran before, never to the bad one."""
    states = {}
    for name in ("good", "bad"):
        (small / "include" / "c.sql").write_text(name)
        (small / "dags" / f"tiny_of_{name}.py").write_text(name)
        assert release(bucket, small) == 0
        states[name] = contents(bucket)
    assert release(bucket, small, "--rollback", "--yes") == 0
    assert contents(bucket) == states["good"]
    assert "dags/tiny_of_bad.py" not in contents(bucket)
    (small / "include" / "c.sql").write_text("better")
    assert release(bucket, small) == 0
    assert release(bucket, small, "--rollback", "--yes") == 0
    assert contents(bucket) == states["good"]
    assert release(bucket, small, "--rollback", "--yes") == 1
    assert "no release before" in capsys.readouterr().err


def test_a_rollback_may_be_looked_at_first(
    bucket: Any, small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for text in ("one", "two"):
        (small / "include" / "c.sql").write_text(text)
        assert release(bucket, small) == 0
    before = contents(bucket)
    capsys.readouterr()
    assert release(bucket, small, "--rollback", "--dry-run") == 0
    assert "~ dags/include/c.sql" in capsys.readouterr().out
    assert contents(bucket) == before


def test_without_a_release_there_is_nothing_to_go_back_to(
    bucket: Any, small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert release(bucket, small, "--rollback", "--yes") == 1
    assert "no release before" in capsys.readouterr().err


@pytest.mark.parametrize("place", range(6))
def test_an_interrupted_release_is_finished_or_taken_back(
    bucket: Any, small: Path, emulators: dict[str, str], place: int
) -> None:
    """The connection breaks for good at each of the six writes of a release in turn."""
    (small / "include" / "c.sql").write_text("before")
    assert release(bucket, small) == 0
    before = contents(bucket)
    for number, name in enumerate(("dags/tiny_a.py", "plugins/tiny_operators/b.py", "include/c.sql")):
        (small / name).write_text(f"after {number}")
    (small / "dags" / "tiny_z.py").write_text("new")
    with proxy(emulators["STORAGE_EMULATOR_HOST"]) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("STORAGE_EMULATOR_HOST", server.url)
        writes = itertools.count()

        def broken(request: str, _: int) -> Spoil | None:
            return (
                403
                if request.startswith("POST") and "/upload/" in request and next(writes) >= place
                else None
            )

        server.rule = broken
        assert release(bucket, small) == 1
    if place % 2:
        assert release(bucket, small) == 0
        assert contents(bucket) == expected(small)
    # Also when nothing but the archive had been written.
    code = release(bucket, small, "--rollback", "--yes")
    if place < 2 and not place % 2:
        assert code == 1
        assert contents(bucket) == before
    else:
        assert code == 0
        assert contents(bucket) == before


def test_two_at_once_do_not_mix(bucket: Any, small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """While one is asked, another one releases: the first is refused, and the bucket has the second whole."""
    assert release(bucket, small) == 0
    (small / "include" / "c.sql").write_text("mine")

    class Meanwhile(tuple[Check, ...]):
        def __iter__(self) -> Iterator[Check]:
            (small / "include" / "c.sql").write_text("theirs")
            assert release(bucket, small) == 0
            (small / "include" / "c.sql").write_text("mine")
            return super().__iter__()

    assert release(bucket, small, checks=Meanwhile()) == 1
    assert "somebody else" in capsys.readouterr().err
    assert contents(bucket)["dags/include/c.sql"] == b"theirs"


def test_an_environment_that_is_not_there_is_named(
    emulators: dict[str, str], small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--project", PROJECT, "--bucket", "no-such-environment", "--yes"], (), small) == 1
    assert "gs://no-such-environment is not there" in capsys.readouterr().err


def test_the_version_is_the_last_thing_that_is_written(bucket: Any, small: Path) -> None:
    assert release(bucket, small) == 0
    blobs = {blob.name: blob.updated for blob in bucket.client.list_blobs(bucket)}
    assert blobs[VERSION] == max(blobs.values())
