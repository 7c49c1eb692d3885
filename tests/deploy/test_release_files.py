"""Which files a release has, what of them changes in a bucket, and in which order."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.release.checks import version_of_commit
from deploy.release.files import (
    VERSION,
    archive_name,
    changes,
    md5,
    merged,
    ours,
    pack,
    release_files,
    unpack,
    version_of,
)
from tests.deploy.terraforming import REPO

FILES = {
    "dags/.airflowignore": b"include/\n",
    "plugins/.airflowignore": b"tiny_operators/\n",
    "plugins/tiny_operators/a.py": b"a",
    "plugins/tiny_operators/b/c.py": b"c",
    "plugins/tiny_plugin.py": b"p",
    "dags/include/stores.yaml": b"s",
    "dags/include/sql/merge.sql": b"m",
    "dags/tiny_one.py": b"1",
    "dags/tiny_two.py": b"2",
    VERSION: b"v",
}
ORDER = [
    "dags/.airflowignore",
    "plugins/.airflowignore",
    "plugins/tiny_operators/a.py",
    "plugins/tiny_operators/b/c.py",
    "plugins/tiny_plugin.py",
    "dags/include/sql/merge.sql",
    "dags/include/stores.yaml",
    "dags/tiny_one.py",
    "dags/tiny_two.py",
    VERSION,
]


def sums(files: dict[str, bytes]) -> dict[str, str]:
    return {name: md5(content) for name, content in files.items()}


def test_a_release_has_all_that_git_has_and_no_more() -> None:
    found = release_files(REPO, "v")
    assert {"dags/include/stores.yaml", "plugins/tiny_operators/stores.py", "dags/tiny_webhook.py"} <= set(
        found
    )
    assert found[VERSION] == b"v\n"
    assert found["dags/.airflowignore"] == b"include/\n"
    assert found["plugins/.airflowignore"] == (REPO / "plugins" / ".airflowignore").read_bytes()
    assert not [name for name in found if "__pycache__" in name or name.endswith(".pyc")]
    assert all(name.startswith(("dags/", "plugins/")) for name in found)
    assert [name for name in found if not ours(name)] == ["dags/.airflowignore", "plugins/.airflowignore"]


def test_into_an_empty_bucket_all_is_written_what_others_need_first() -> None:
    todo = changes(FILES, {})
    assert list(todo.written) == ORDER
    assert todo.new == set(FILES)
    assert todo.deleted == ()


def test_nothing_changed_is_nothing_to_do() -> None:
    assert not changes(FILES, sums(FILES))


@pytest.mark.parametrize("number", [1, 3])
def test_only_what_changed_is_written_wherever_it_is(number: int) -> None:
    for names in itertools.combinations(ORDER, number):
        there = sums(FILES) | dict.fromkeys(names, "another")
        todo = changes(FILES, there)
        assert list(todo.written) == list(names)
        assert not todo.new
        assert not todo.deleted


@pytest.mark.parametrize("number", [1, 3])
def test_what_a_release_no_longer_has_is_deleted_wherever_it_is(number: int) -> None:
    gone = [name for name in ORDER if ours(name)]
    for names in itertools.combinations(gone, number):
        files = {name: content for name, content in FILES.items() if name not in names}
        todo = changes(files, sums(FILES))
        assert not todo.written
        assert set(todo.deleted) == set(names)
        # First the DAGs, so that none imports what is gone.
        kinds = [name.startswith("dags/tiny_") for name in todo.deleted if name != VERSION]
        assert kinds == sorted(kinds, reverse=True)


@pytest.mark.parametrize(
    "name",
    [
        "dags/others.py",
        "dags/tiny.py",
        "dags/folder/tiny_one.py.txt",
        "dags/including/x.sql",
        "plugins/other_plugin.py",
        "plugins/tiny_operators_of_others/x.py",
        "plugins/other/tiny_plugin.py",
        "dags/airflow_monitoring.py",
        "data/x",
        "logs/x",
    ],
)
def test_what_others_have_in_the_environment_stays(name: str) -> None:
    assert not ours(name)
    assert not changes(FILES, sums(FILES) | {name: "x"})


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        (None, b"include/\n"),
        (b"", b"include/\n"),
        (b"include/\n", b"include/\n"),
        (b"mine/", b"mine/\ninclude/\n"),
        (b"mine/\n\nours/\n", b"mine/\n\nours/\ninclude/\n"),
        (b"include/\nmine/", b"include/\nmine/"),
    ],
)
def test_a_file_that_others_need_as_well_keeps_their_lines(there: bytes | None, expected: bytes) -> None:
    assert merged("dags/.airflowignore", b"include/\n", there) == expected
    assert merged("dags/tiny_one.py", b"new", there) == b"new"


def test_an_archive_gives_the_files_back_and_is_the_same_for_the_same() -> None:
    assert unpack(pack(FILES)) == FILES
    assert pack(FILES) == pack(dict(reversed(FILES.items())))


def test_archives_sort_by_time_and_say_their_version() -> None:
    names = [
        archive_name("0.1.0+abc-1", datetime(2026, month, 2, 3, 4, 5, tzinfo=UTC)) for month in (1, 11, 12)
    ]
    assert names == sorted(names)
    assert {version_of(name) for name in names} == {"0.1.0+abc-1"}


def test_a_folder_without_git_has_the_version_of_the_package(tmp_path: Path) -> None:
    assert version_of_commit(tmp_path, "1.2.3") == "1.2.3"
