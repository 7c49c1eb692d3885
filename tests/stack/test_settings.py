"""Settings: defaults, wrong values, and whose value of a variable wins."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from local.stack import exports
from local.stack.settings import ALL_PARTS, DEFAULT_PORTS, EMULATORS, REPO, Settings, StackError

REPLACEMENTS = {
    "AIRFLOW_CONN_TINY_Z316": "tiny",
    "STORAGE_EMULATOR_HOST": "gcs",
    "BIGQUERY_EMULATOR_HOST": "bigquery",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "postgres",
    "WEBHOOK_URL": "receiver",
}


def test_defaults() -> None:
    settings = Settings.from_env({})
    assert settings.airflow == "2.11"
    assert settings.home == REPO / ".local"
    assert settings.ports == DEFAULT_PORTS
    assert settings.started == ALL_PARTS
    # Ports from 32768 on may be taken by outgoing connections at any time.
    assert max(DEFAULT_PORTS.values()) < 32768


@pytest.mark.parametrize("name", sorted(DEFAULT_PORTS))
def test_each_port_is_a_setting(name: str) -> None:
    assert Settings.from_env({name: "12345"}).ports == DEFAULT_PORTS | {name: 12345}


@pytest.mark.parametrize("name", DEFAULT_PORTS)
def test_each_port_is_told_with_its_default(name: str) -> None:
    pages = (REPO / "docs" / "local-stack.md", REPO / "local" / "strict_front" / "README.md")
    lines = [line for page in pages for line in page.read_text(encoding="utf-8").splitlines()]
    assert any(f"`{name}`" in line and str(DEFAULT_PORTS[name]) in line for line in lines)


@pytest.mark.parametrize("value", ["0", "65536", "-1", "eighty", "1e3", "²"])
def test_port_that_cannot_be_is_named(value: str) -> None:
    with pytest.raises(StackError, match=r"GCS_PORT is .*1 to 65535"):
        Settings.from_env({"GCS_PORT": value})


def test_unknown_airflow_is_refused() -> None:
    with pytest.raises(StackError, match=r"AIRFLOW is '2\.10'; it can be 2\.11 or 3"):
        Settings.from_env({"AIRFLOW": "2.10"})


def test_free_ports_differ_and_stay_low(tmp_path: Path) -> None:
    ports = Settings.from_env({}, home=tmp_path, free_ports=True).ports
    assert len(set(ports.values())) == len(ports)
    assert all(20000 <= port < 32768 for port in ports.values())


@pytest.mark.parametrize("processes", [2, 3, 12])
def test_processes_that_start_together_choose_other_ports(processes: int) -> None:
    """None of them binds what it chose before all have chosen."""
    choosing = (
        "from local.stack.settings import free_port; print({free_port(set()) for _ in range(100)}); input()"
    )
    command, pipe = [sys.executable, "-c", choosing], subprocess.PIPE
    started = [
        subprocess.Popen(command, cwd=REPO, stdin=pipe, stdout=pipe, text=True) for _ in range(processes)
    ]
    try:
        chosen = [ast.literal_eval(process.stdout.readline()) for process in started if process.stdout]
    finally:
        for process in started:
            process.communicate("\n")
    assert len(set[int]().union(*chosen)) == 100 * processes


@pytest.mark.parametrize(("variable", "part"), REPLACEMENTS.items())
def test_users_address_replaces_a_part(variable: str, part: str) -> None:
    settings = Settings.from_env({variable: "http://elsewhere"})
    assert settings.replaced == {part: variable}
    assert settings.started == ALL_PARTS - {part}


@pytest.mark.parametrize("variable", REPLACEMENTS)
def test_empty_address_replaces_nothing(variable: str) -> None:
    assert Settings.from_env({variable: ""}).started == ALL_PARTS


def test_postgres_comes_only_with_airflow() -> None:
    assert Settings.from_env({}, parts=frozenset({"tiny", "postgres"})).started == {"tiny"}


@pytest.mark.parametrize("part", ["gcs", "bigquery"])
def test_no_emulator_comes_without_the_front(part: str) -> None:
    assert Settings.from_env({}, parts=frozenset({part})).started == {part, "front"}


def test_the_front_comes_with_no_emulator_that_is_the_users() -> None:
    both = {"STORAGE_EMULATOR_HOST": "http://elsewhere", "BIGQUERY_EMULATOR_HOST": "http://elsewhere"}
    assert "front" not in Settings.from_env(both).started


def sourced(settings: Settings, airflow: str = "2.11") -> dict[str, str]:
    """The environment of a shell that has sourced the env file of a stack."""
    found = exports.build(settings, settings.home / "sockets")
    return {**settings.env, **exports.marked(found, settings), "AIRFLOW": airflow}


def test_shell_that_sourced_the_env_file_can_start_the_stack_again(tmp_path: Path) -> None:
    first = Settings.from_env({"HOME": "/home/maria"}, home=tmp_path)
    second = Settings.from_env(sourced(first, "3"), home=tmp_path)
    assert second.started == ALL_PARTS
    assert second.airflow == "3"
    assert second.env == {"HOME": "/home/maria", "AIRFLOW": "3"}


def test_users_address_stays_the_users_through_the_env_file(tmp_path: Path) -> None:
    first = Settings.from_env({"STORAGE_EMULATOR_HOST": "http://elsewhere"}, home=tmp_path)
    second = Settings.from_env(sourced(first), home=tmp_path)
    assert second.started == ALL_PARTS - {"gcs"}


def test_variable_changed_after_sourcing_is_the_users(tmp_path: Path) -> None:
    shell = sourced(Settings.from_env({}, home=tmp_path))
    shell["WEBHOOK_URL"] = "http://elsewhere"
    assert Settings.from_env(shell, home=tmp_path).started == ALL_PARTS - {"receiver"}


def test_emulators_are_parts() -> None:
    assert EMULATORS < ALL_PARTS
    with pytest.raises(StackError, match="unknown parts"):
        Settings.from_env({}, parts=frozenset({"mysql"}))
