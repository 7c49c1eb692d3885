"""Several workers: what each has of its own, what they share, and that what they may only read is looked at."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest

from local.stack import exports, workers
from local.stack.part import Part
from local.stack.parts import build, environment
from local.stack.settings import Settings, StackError
from local.stack.starting import check

OWN = (
    "AIRFLOW_HOME",
    "AIRFLOW__CORE__DAGS_FOLDER",
    "AIRFLOW__CORE__PLUGINS_FOLDER",
    "AIRFLOW__LOGGING__BASE_LOG_FOLDER",
    "PYTHONPATH",
    "TMPDIR",
)


def settings(tmp_path: Path, count: int, airflow: str) -> Settings:
    environ = {"AIRFLOW": airflow, "CELERY_WORKERS": str(count), "PYTHONPATH": "plugins:.", "TMPDIR": "/var"}
    return Settings.from_env(environ, home=tmp_path / "home", free_ports=True)


def all_parts(found: Settings, tmp_path: Path) -> dict[str, Part]:
    return {part.name: part for part in build(found, tmp_path / "sockets")}


@pytest.mark.parametrize("airflow", ["2.11", "3"])
@pytest.mark.parametrize("count", [0, 1, 3])
def test_as_many_workers_as_asked_for_and_a_broker(tmp_path: Path, airflow: str, count: int) -> None:
    found = settings(tmp_path, count, airflow)
    parts = all_parts(found, tmp_path)
    assert workers.names(found) == [name for name in parts if name.startswith("worker-")]
    assert len(workers.names(found)) == count
    assert ("redis" in parts) == bool(count)
    variables = exports.build(found, tmp_path / "sockets")
    executor = "CeleryExecutor" if count else "LocalExecutor"
    assert variables["AIRFLOW__CORE__EXECUTOR"] == executor
    # Scheduler, web server and workers are of one environment.
    programs = {Path(part.argv[0]).parents[1].name for part in parts.values() if part.needs_database}
    assert programs == {f"celery-{airflow}" if count else f"airflow-{airflow}"}


@pytest.mark.parametrize("airflow", ["2.11", "3"])
def test_workers_share_no_folder(tmp_path: Path, airflow: str) -> None:
    found = settings(tmp_path, 3, airflow)
    variables = exports.build(found, tmp_path / "sockets")
    parts = all_parts(found, tmp_path)
    environments = {
        name: environment(part, found, variables, tmp_path / "tmp")
        for name, part in parts.items()
        if part.needs_database
    }
    for name in workers.names(found):
        folder = str(found.home / name)
        assert parts[name].folder == folder
        for variable in OWN:
            assert environments[name][variable].startswith(f"{folder}/"), variable
    for one, other in combinations(environments, 2):
        if other.startswith("worker-"):
            assert not {environments[one][name] for name in OWN} & {environments[other][name] for name in OWN}


@pytest.mark.parametrize("changed", [1, 3, 30])
def test_code_that_a_worker_changed_is_found(tmp_path: Path, changed: int) -> None:
    found = settings(tmp_path, 2, "2.11")
    workers.prepare(found)
    for name in workers.names(found):
        assert workers.changed_code(found, name) == []
    one, other = workers.names(found)
    files = [path for path in sorted(workers.code(found, one).rglob("*.*")) if path.is_file()]
    for path in files[:: len(files) // changed][:changed]:
        path.chmod(0o644)
        path.write_text("changed")
    assert len(workers.changed_code(found, one)) == changed
    (workers.code(found, one) / "dags" / "left_here.txt").write_text("state")
    files[0].unlink()
    assert "dags/left_here.txt" in workers.changed_code(found, one)
    assert workers.changed_code(found, other) == []
    # The next start begins with the code as it is.
    workers.prepare(found)
    assert workers.changed_code(found, one) == []


@pytest.mark.parametrize("count", ["-1", "10", "two"])
def test_a_number_that_cannot_be_is_refused(tmp_path: Path, count: str) -> None:
    with pytest.raises(StackError, match=r"CELERY_WORKERS is .*; it must be a whole number from 0 to 9"):
        Settings.from_env({"CELERY_WORKERS": count}, home=tmp_path)


def test_a_missing_redis_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = settings(tmp_path, 1, "2.11")
    monkeypatch.setattr(workers, "redis_programs", lambda _: tmp_path / "nowhere")
    with pytest.raises(StackError, match=r"redis: .*nowhere/redis-server is not installed"):
        check(found)
