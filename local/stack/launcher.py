"""Starting and stopping the stack: what programs and tests call."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local.stack import exports, health, processes, starting
from local.stack.settings import Settings, StackError
from local.stack.state import State
from local.stack.supervisor import Supervisor

_BEGAN = time.monotonic()
Say = Callable[[str], None]


def announce(text: str) -> None:
    """Print one line of progress at once, with the seconds since this program started."""
    print(f"[stack {time.monotonic() - _BEGAN:5.1f} s] {text}", flush=True)


@dataclass(frozen=True)
class Stack:
    """A stack that is up.

    Attributes:
        home: State folder.
        airflow: Airflow's version.
        env: The variables that make other programs find it, as in the env file.
        addresses: Where each part is, by its name: scheduler and others that do not listen have "-".
    """

    home: Path
    airflow: str
    env: Mapping[str, str]
    addresses: Mapping[str, str]

    @classmethod
    def of(cls, state: State) -> Stack:
        """Describe a started stack."""
        addresses = {part.name: part.address for part in state.parts}
        return cls(state.home, state.airflow, dict(state.exports), addresses)

    def environ(self) -> dict[str, str]:
        """Return this process's environment with the stack's variables, for programs that use the stack."""
        return {**os.environ, **self.env}


def up(settings: Settings, *, fresh: bool = False, dags: bool = True, say: Say = announce) -> Stack:
    """Start the stack and wait until every part is healthy; leave it alone when it is up already.

    Args:
        settings: What to start and where.
        fresh: Begin with no data.
        dags: Wait for the setup DAG and let the webhook DAG run, where Airflow is a part.
        say: Takes lines of progress.

    Returns:
        The stack.

    Raises:
        StackError: Something is missing or did not become healthy; nothing is left running then.
    """
    with _alone(settings.home):
        state = State.load(settings.home)
        if state and Supervisor(state).is_running():
            _check_running(state, settings, fresh=fresh)
            say("up already, and healthy")
            return Stack.of(state)
        starting.check(settings)
        _stop(settings.home, say)
        if fresh:
            wipe(settings.home)
        return _start(settings, dags=dags, say=say)


def down(home: Path, say: Say = announce) -> None:
    """Stop what was started in a state folder, even after a crash of launcher or process manager."""
    with _alone(home):
        say("down" if _stop(home, say) else "nothing was running")


@contextmanager
def running(
    settings: Settings, *, fresh: bool = True, dags: bool = True, say: Say = announce
) -> Iterator[Stack]:
    """Start a stack for the time of a `with` block; it is stopped also when Ctrl-C or SIGTERM ends the program."""
    with tidied_at_sigterm():
        stack = up(settings, fresh=fresh, dags=dags, say=say)
        try:
            yield stack
        finally:
            down(settings.home, say=say)


@contextmanager
def tidied_at_sigterm() -> Iterator[None]:
    """Let SIGTERM end a `with` block as Ctrl-C does: with a KeyboardInterrupt, so that what it began is stopped."""
    if threading.current_thread() is not threading.main_thread():
        # Only the main thread may set handlers.
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before or signal.SIG_DFL)


def env_file(home: Path) -> Path:
    """Return the path of the file that shells source."""
    return home / "env"


def wipe(home: Path) -> None:
    """Remove all data and logs of a stack that is down; environments and keys stay."""
    folders = [
        *home.glob("postgres-*"),
        *home.glob("airflow-*"),
        *home.glob("worker-*"),
        home / "gcs",
        home / "bigquery",
        home / "front",
        home / "logs",
    ]
    for folder in folders:
        if folder.exists():
            shutil.rmtree(folder)


def problems(state: State) -> dict[str, str]:
    """Ask every part. Return what is wrong with each that is not well."""
    known = Supervisor(state).processes()
    found = {}
    for part in state.parts:
        process = known.get(part.name)
        if not process or not process["pid"]:
            found[part.name] = "it ended; see its log" if process else "the process manager is gone"
        elif trouble := health.problem(part.health):
            found[part.name] = trouble
    return found


def _start(settings: Settings, *, dags: bool, say: Say) -> Stack:
    try:
        state = starting.prepare(settings, say)
        starting.start(settings, state, say)
        if dags and "airflow" in settings.started:
            starting.let_dags_run(settings, say)
    except BaseException as error:
        # Whatever it was, also the user's Ctrl-C: nothing is left running.
        if not isinstance(error, StackError):
            say("the start was interrupted; stopping")
        _stop(settings.home, say)
        raise
    path = env_file(settings.home)
    exported = exports.marked(state.exports, settings)
    exports.write_private(path, exports.render(exported, settings.airflow_venv / "bin"))
    shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    say(f"up; use it in a shell with: . {shown}")
    return Stack.of(state)


def _stop(home: Path, say: Say) -> bool:
    """Stop what runs. Return whether anything did."""
    state = State.load(home)
    if state:
        Supervisor(state).stop()
    if left := processes.end(home):
        say(f"ended what the process manager had left: {', '.join(left)}")
    if state:
        state.forget()
    env_file(home).unlink(missing_ok=True)
    return bool(state or left)


def _check_running(state: State, settings: Settings, *, fresh: bool) -> None:
    """Check whether the stack that is up is the one that is asked for.

    Raises:
        StackError: It is not, or a part of it is not well.
    """
    if state.airflow != settings.airflow:
        raise StackError(f"a stack with Airflow {state.airflow} is up; stop it first: make down")
    if fresh:
        raise StackError("a stack is up, and starting clean would remove its data; stop it first: make down")
    if trouble := problems(state):
        reported = "; ".join(f"{name}: {text}" for name, text in trouble.items())
        raise StackError(
            f"the stack is up, but not well ({reported}). See make logs, or start again: make down up"
        )


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Keep a second start or stop of the same stack away while one is at work.

    Raises:
        StackError: One is.
    """
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StackError(f"another start or stop of the stack in {home} is at work") from error
        yield
