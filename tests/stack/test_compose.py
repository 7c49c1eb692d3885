"""The compose file starts the same parts, each pinned, on one network, and tells when each is well."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from local.stack.parts import build
from local.stack.settings import AIRFLOWS, Settings

REPO = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((REPO / "docker-compose.yaml").read_text())
SERVICES = COMPOSE["services"]
TESTS = SERVICES.pop("tests")
ONE_SHOT = {"airflow-init", "airflow-start"}
# Names of the services of Airflow 3 begin with it.
THREE = "airflow-3-"


def chosen(airflow: str) -> dict[str, str]:
    """The services that compose starts for a version: name of each by its name in the stack."""
    profile = f"airflow-{airflow}"
    found = [name for name, service in SERVICES.items() if profile in service.get("profiles", [profile])]
    return {
        name.replace(THREE, "airflow-" if name in {f"{THREE}init", f"{THREE}start"} else ""): name
        for name in found
    }


@pytest.mark.parametrize("airflow", AIRFLOWS)
def test_parts_are_those_of_the_stack(airflow: str, tmp_path: Path) -> None:
    settings = Settings.from_env({"AIRFLOW": airflow}, home=tmp_path)
    assert set(chosen(airflow)) - ONE_SHOT == {part.name for part in build(settings, tmp_path)}


def test_a_variable_chooses_the_version() -> None:
    """Docker Compose reads .env, where a variable of the shell counts first."""
    (line,) = [line for line in (REPO / ".env").read_text().splitlines() if not line.startswith("#")]
    for environment, profile in (({}, "airflow-2.11"), ({"AIRFLOW": "3"}, "airflow-3")):
        shell = subprocess.run(
            ["sh", "-c", f"{line}; echo $COMPOSE_PROFILES"],
            env={"PATH": os.environ["PATH"], **environment},
            capture_output=True,
            text=True,
            check=True,
        )
        assert shell.stdout.strip() == profile
        assert set(chosen(profile.removeprefix("airflow-"))) >= ONE_SHOT


@pytest.mark.parametrize("airflow", AIRFLOWS)
def test_no_service_needs_one_of_the_other_version(airflow: str) -> None:
    names = set(chosen(airflow).values())
    for name in names:
        assert set(SERVICES[name].get("depends_on", ())) <= names, name


def test_each_part_has_a_health_check_and_the_one_network() -> None:
    assert len(COMPOSE["networks"]) == 1
    one_shot = {name for airflow in AIRFLOWS for part, name in chosen(airflow).items() if part in ONE_SHOT}
    for name, service in SERVICES.items():
        assert service["networks"] == list(COMPOSE["networks"])
        assert name in one_shot or service["healthcheck"]["test"]


def test_bigquerys_emulator_starts_as_in_the_stack(tmp_path: Path) -> None:
    """With what the project adds to it: by itself it forgets new fields of records."""
    parts = {part.name: part for part in build(Settings.from_env({}, home=tmp_path), tmp_path)}
    _, flag, program, *options = parts["bigquery"].argv
    words = SERVICES["bigquery"]["command"].split()
    assert words[:3] == ["python", flag, str(Path(program).relative_to(REPO))]
    assert [word for word in words if word.startswith("--")] == [
        word for word in options if word.startswith("--")
    ]
    dockerfile = (REPO / "local" / "docker" / "python.Dockerfile").read_text()
    assert "\nCOPY local /app/local\n" in dockerfile
    assert "\nWORKDIR /app\n" in dockerfile


def test_ports_are_of_this_machine_only() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert len(published) == 12
    assert all(port.startswith("127.0.0.1:") for port in published)


@pytest.mark.parametrize("airflow", AIRFLOWS)
def test_airflow_is_the_official_image_in_the_locks_version_run_by_an_ordinary_user(airflow: str) -> None:
    dockerfile = (REPO / "local" / "docker" / "airflow.Dockerfile").read_text()
    defaults = dict(re.findall(r"^ARG (\w+)=(\S+)$", dockerfile, re.MULTILINE))
    for part, name in chosen(airflow).items():
        if part not in {"scheduler", "triggerer", "webserver", "api-server", "dag-processor", *ONE_SHOT}:
            continue
        service = SERVICES[name]
        given = {**defaults, **service["build"].get("args", {})}
        lock = (REPO / given["LOCK"]).read_text()
        assert given["LOCK"] == f"requirements/airflow-{airflow}.txt"
        assert f"\napache-airflow=={given['VERSION']} " in lock
        assert service["image"] == f"tiny-operators-airflow:{given['VERSION']}"
        assert not service["user"].startswith("0")
    assert "\nFROM apache/airflow:${VERSION}-python3.11\n" in dockerfile
    assert "\nUSER stack\n" in (REPO / "local" / "docker" / "python.Dockerfile").read_text()


def test_the_tests_run_only_when_they_are_asked_for_and_on_what_is_committed(tmp_path: Path) -> None:
    """Its own command, as a process, on a repository that has a Makefile and a file that is not committed."""
    assert TESTS["profiles"] == ["tests"]
    assert not any("tests" in service.get("depends_on", {}) for service in SERVICES.values())
    source, work = tmp_path / "src", tmp_path / "work"
    source.mkdir()
    (source / "Makefile").write_text("test:\n\t@echo AIRFLOW=$$AIRFLOW ARGS='$(ARGS)'; ls\n")
    git = ["git", "-C", str(source), "-c", "user.name=T", "-c", "user.email=t@example.com"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *words], check=True)
    (source / "not-committed").touch()
    shell, flag, script = TESTS["command"]
    script = script.replace("/src", str(source)).replace("/work", str(work))
    # Not the variables by which one make tells another, which then says that it enters its folder.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    environment["AIRFLOW"] = "3"
    done = subprocess.run([shell, flag, script], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ['AIRFLOW=3 ARGS=-m "not long"', "Makefile"]
