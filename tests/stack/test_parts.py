"""What each part runs, and what the process manager is told."""

import configparser
from pathlib import Path

import pytest

from local.stack.part import MARK, Part
from local.stack.parts import build, environment
from local.stack.settings import Settings, StackError
from local.stack.starting import check, copy_code
from local.stack.state import State, make_short_dir
from local.stack.supervisor import Supervisor


def parts(tmp_path: Path, **environ: str) -> dict[str, Part]:
    return {
        part.name: part for part in build(Settings.from_env(environ, home=tmp_path), tmp_path / "sockets")
    }


def test_parts_of_each_airflow(tmp_path: Path) -> None:
    others = ["postgres", "gcs", "bigquery", "front", "tiny", "receiver"]
    assert [*parts(tmp_path)] == [*others, "scheduler", "triggerer", "webserver"]
    assert [*parts(tmp_path, AIRFLOW="3")] == [
        *others,
        "scheduler",
        "triggerer",
        "dag-processor",
        "api-server",
    ]


@pytest.mark.parametrize("version", ["2.11", "3"])
def test_what_is_airflows_starts_when_its_database_is_made(tmp_path: Path, version: str) -> None:
    """A scheduler that starts before ends at once, on a machine where making the database takes long."""
    found = parts(tmp_path, AIRFLOW=version)
    waiting = {name for name, part in found.items() if part.needs_database}
    assert waiting == set(found) - {"postgres", "gcs", "bigquery", "front", "tiny", "receiver"}


def test_everything_listens_on_this_machine_only(tmp_path: Path) -> None:
    for version in ("2.11", "3"):
        for part in parts(tmp_path, AIRFLOW=version).values():
            assert "0.0.0.0" not in part.argv
            if part.ports:
                assert "127.0.0.1" in part.argv, part.name
    assert "-h" in (postgres := parts(tmp_path)["postgres"].argv)
    assert not postgres[postgres.index("-h") + 1]


def test_bigquery_reads_the_object_stores_folder_and_not_its_address(tmp_path: Path) -> None:
    settings = Settings.from_env({}, home=tmp_path)
    part = parts(tmp_path)["bigquery"]
    env = environment(part, settings, {"STORAGE_EMULATOR_HOST": "http://127.0.0.1:14443"}, tmp_path)
    assert env["GCS_LOCAL_ROOT"] == str(tmp_path / "gcs")
    assert "STORAGE_EMULATOR_HOST" not in env
    assert env[MARK] == f"{tmp_path}:bigquery"


def test_each_account_calls_at_an_address_of_its_own(tmp_path: Path) -> None:
    found = parts(tmp_path)
    listens = [word for word in found["front"].argv if word.count(":") == 2 and "//" not in word]
    assert sorted(word.rsplit(":", 1)[0] for word in listens) == [
        "bigquery:airflow",
        "bigquery:reader",
        "bigquery:setup",
        "storage:airflow",
        "storage:receiver",
        "storage:setup",
    ]
    assert f"storage:receiver:{found['receiver'].env['STORAGE_EMULATOR_HOST'].rsplit(':')[-1]}" in listens


def test_foreign_object_store_needs_its_folder(tmp_path: Path) -> None:
    elsewhere = {"STORAGE_EMULATOR_HOST": "http://elsewhere"}
    with pytest.raises(StackError, match="set GCS_LOCAL_ROOT"):
        parts(tmp_path, **elsewhere)
    part = parts(tmp_path, **elsewhere, GCS_LOCAL_ROOT="/srv/gcs")["bigquery"]
    assert part.env["GCS_LOCAL_ROOT"] == "/srv/gcs"


def test_missing_environment_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.stack.parts.venv", lambda name: tmp_path / name)
    with pytest.raises(StackError, match=r"gcs: .* is not installed"):
        check(Settings.from_env({}, home=tmp_path, parts=frozenset({"gcs"}), free_ports=True))


def test_state_comes_back_as_it_was(tmp_path: Path) -> None:
    state = make_state(tmp_path)
    state.save()
    assert State.load(tmp_path) == state
    state.forget()
    assert State.load(tmp_path) is None
    assert not state.short_dir.exists()


def test_process_manager_reads_odd_paths_right(tmp_path: Path) -> None:
    home = tmp_path / ("100% of a long name " * 6)
    state = make_state(home)
    read = configparser.RawConfigParser(inline_comment_prefixes=(";",))
    read.read_string(Supervisor(state)._config())
    state.forget()
    socket = read["unix_http_server"]["file"]
    # A unix socket's path ends at 104 characters on macOS, at 108 on Linux.
    assert len(socket) < 100
    assert "100%% of" in read["program:gcs"]["command"]
    assert read["program:gcs"]["stdout_logfile"] % {} == f"{home}/logs/gcs.log"
    assert read["program:gcs"].getboolean("stopasgroup")


def make_state(home: Path) -> State:
    settings = Settings.from_env({}, home=home)
    short_dir = make_short_dir()
    found = tuple(build(settings, short_dir / "pg"))
    return State(home, "2.11", short_dir, found, {part.name: {"A": "1"} for part in found}, {"B": "2"}, {})


@pytest.mark.parametrize("version", ["2.11", "3"])
def test_all_parts_read_the_stores_file_that_is_named(tmp_path: Path, version: str) -> None:
    named = tmp_path / "other.yaml"
    settings = Settings.from_env({"AIRFLOW": version, "STORES_FILE": str(named)}, home=tmp_path)
    with pytest.raises(StackError, match=r"STORES_FILE is .*other\.yaml"):
        check(settings)
    named.write_text("stores: []")
    copy_code(settings)
    assert (settings.code / "include" / "stores.yaml").read_text() == "stores: []"
    found = parts(tmp_path, AIRFLOW=version, STORES_FILE=str(named))
    package = str(settings.code / "plugins")
    assert found["receiver"].env["STORES_FILE"] == str(named)
    assert found["front"].env["PYTHONPATH"].startswith(package + ":")
    airflow = [part for part in found.values() if part.needs_database]
    assert airflow
    assert {part.env["PYTHONPATH"] for part in airflow} == {package}
