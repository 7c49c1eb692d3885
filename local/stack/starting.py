"""The steps of a start, in their order."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from local.stack import airflow, exports, health, postgres, workers
from local.stack.part import Part
from local.stack.parts import build, environment, gcs_root
from local.stack.settings import REPO, Settings, StackError, port_is_free
from local.stack.state import State, last_lines, log_file, make_short_dir
from local.stack.supervisor import Supervisor

# On a busy machine Airflow takes minutes; a part that ends is seen at once.
# Less than the time of a test: what is wrong with the part is said then.
_HEALTHY_SECONDS = 600
_SETUP_SECONDS = 600
Say = Callable[[str], None]


def check(settings: Settings) -> None:
    """Check for anything that would stop the start.

    Raises:
        StackError: An environment or the stores file is missing, or a port is taken.
    """
    if settings.stores_file and not settings.stores_file.is_file():
        raise StackError(f"STORES_FILE is {settings.stores_file}, where no file is")
    for part in build(settings, settings.home):
        if not Path(part.argv[0]).exists():
            raise StackError(f"{part.name}: {part.argv[0]} is not installed; `make up` installs it")
        for name in part.ports:
            port = settings.ports[name]
            if not port_is_free(port):
                raise StackError(
                    f"{part.name}: port {port} is in use by another program. Stop that, or choose another "
                    f"port: {name}={_next_free(port, settings)} make up"
                )


def prepare(settings: Settings, say: Say) -> State:
    """Create folders and files, and remember what is about to run.

    Raises:
        StackError: Postgres could not make its folder.
    """
    for folder in (
        settings.home / "run",
        settings.home / "logs",
        gcs_root(settings),
        settings.home / "bigquery",
    ):
        folder.mkdir(parents=True, exist_ok=True)
    copy_code(settings)
    workers.prepare(settings)
    exports.write_files(settings)
    short_dir = make_short_dir()
    socket_dir, tmp = short_dir / "pg", short_dir / "tmp"
    tmp.mkdir(mode=0o700)
    exported = exports.build(settings, socket_dir)
    parts = tuple(build(settings, socket_dir))
    replaced = {part: name for part, name in settings.replaced.items() if part in settings.parts}
    state = State(
        home=settings.home,
        airflow=settings.airflow,
        short_dir=short_dir,
        parts=parts,
        environments={part.name: environment(part, settings, exported, tmp) for part in parts},
        exports=exported,
        replaced=replaced,
    )
    state.save()
    for part, name in replaced.items():
        say(f"{part}: not started, as {name} is set")
    if "postgres" in settings.started:
        postgres.prepare(settings, socket_dir, say)
    return state


def start(settings: Settings, state: State, say: Say) -> None:
    """Start all parts and wait until they are healthy.

    Raises:
        StackError: One died or took too long; its last log lines are in the message.
    """
    supervisor = Supervisor(state)
    supervisor.launch()
    first = [part for part in state.parts if not part.needs_database]
    say(f"starting {', '.join(part.name for part in first)}")
    for part in first:
        supervisor.start(part.name)
    if "airflow" in settings.started:
        _wait(supervisor, state, [part for part in first if part.name == "postgres"], say)
        _start_airflow(settings, state, supervisor, say)
    _wait(supervisor, state, [part for part in state.parts if part.name != "postgres"], say)


def let_dags_run(settings: Settings, say: Say) -> None:
    """Wait for the setup DAG, then let the webhook DAG run.

    Raises:
        StackError: Setup failed or a DAG is missing.
    """
    api = airflow.Api(settings.airflow, settings.url("AIRFLOW_PORT"))
    airflow.wait_for_setup(api, settings.airflow_home / "logs", _SETUP_SECONDS, say)
    say(f"{airflow.SETUP_DAG}: success")
    airflow.unpause(api, airflow.WEBHOOK_DAG)
    say(f"{airflow.WEBHOOK_DAG}: waits for webhooks")


def copy_code(settings: Settings) -> None:
    """Copy the code beside the stores file that the user names: the package reads the stores of its own folder."""
    if settings.stores_file is None:
        return
    workers.copy_code(REPO, settings.code)
    shutil.copyfile(settings.stores_file, settings.code / "include" / "stores.yaml")


def _start_airflow(settings: Settings, state: State, supervisor: Supervisor, say: Say) -> None:
    say(f"Airflow {settings.airflow}: making its database")
    airflow.migrate(settings, state)
    parts = [part.name for part in state.parts if part.needs_database]
    say(f"starting {', '.join(parts)}")
    made = settings.airflow_home / "login-made"
    needs_login = settings.airflow == "2.11" and not made.exists()
    for name in parts:
        if name == "webserver" and needs_login:
            # Both make the same roles when they start, and would get in each other's way.
            airflow.make_login(settings, state)
            made.touch()
        supervisor.start(name)


def _wait(supervisor: Supervisor, state: State, parts: Iterable[Part], say: Say) -> None:
    """Wait until parts are healthy.

    Raises:
        StackError: One died or took too long; its last log lines are in the message.
    """
    # Airflow's page tells of its other parts: when there is no page, the web server is to be named.
    waiting = sorted(parts, key=lambda part: part.health.kind == "airflow")
    deadline = time.monotonic() + _HEALTHY_SECONDS
    while waiting:
        known = supervisor.processes()
        for part in list(waiting):
            end = f"its last lines:\n{last_lines(log_file(state.home, part.name), 20)}"
            process = known.get(part.name)
            if not process or not process["pid"]:
                status = process["exitstatus"] if process else "unknown"
                raise StackError(f"{part.name} ended with status {status}; {end}")
            trouble = health.problem(part.health)
            if not trouble:
                say(f"{part.name}: healthy")
                waiting.remove(part)
            elif time.monotonic() > deadline:
                raise StackError(f"{part.name} is not healthy after {_HEALTHY_SECONDS} s: {trouble}; {end}")
        if waiting:
            time.sleep(0.2)


def _next_free(port: int, settings: Settings) -> int:
    others = set(settings.ports.values())
    return next(
        number for number in range(port + 100, 65536) if number not in others and port_is_free(number)
    )
