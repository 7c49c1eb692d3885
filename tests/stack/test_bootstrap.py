"""The installer: which interpreter it takes, and when it leaves an environment alone."""

import sys
from pathlib import Path

import pytest

from local import bootstrap

VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_shim_that_does_not_run_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "shims" / "python9.9", "echo 'version not active' >&2; exit 127")
    real = program(tmp_path / "versions" / "9.9.1" / "bin" / "python9.9", "echo 9.9")
    monkeypatch.setenv("PATH", str(tmp_path / "shims"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert bootstrap.find_python("9.9") == real
    assert bootstrap.find_python("9.8") is None


def test_interpreter_of_this_program_is_good_when_it_fits() -> None:
    assert bootstrap.find_python(VERSION) == Path(sys.executable)


def test_missing_interpreter_tells_the_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    uv = program(tmp_path / "uv", "exit 2")
    with pytest.raises(bootstrap.BootstrapError, match=r"Python 9\.9 is needed.*Install python9\.9"):
        bootstrap.python_for("9.9", uv)


def test_environment_is_current_only_with_the_stamp_of_its_lock(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text("a==1")
    stamp = bootstrap.digest(lock, "3.11")
    assert not bootstrap.is_current(tmp_path, stamp)
    program(tmp_path / "bin" / "python", "")
    (tmp_path / bootstrap.STAMP).write_text(stamp)
    assert bootstrap.is_current(tmp_path, stamp)
    lock.write_text("a==2")
    assert not bootstrap.is_current(tmp_path, bootstrap.digest(lock, "3.11"))
    assert bootstrap.digest(lock, "3.11") != bootstrap.digest(lock, "3.13")


def test_unknown_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert bootstrap.main(["airflow-1"]) == 2
    assert "airflow-2.11" in capsys.readouterr().out


def test_each_environment_has_its_lock() -> None:
    for version, lock in bootstrap.LOCKS.values():
        assert version in {"3.11", "3.13"}
        assert lock.is_file()
