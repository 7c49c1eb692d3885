"""Finding and ending what a stack started, also when the process manager is gone and cannot."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import psutil

from local.stack.part import MARK

_PATIENCE_SECONDS = 10


def of_stack(home: Path) -> list[psutil.Process]:
    """Find all processes that carry the mark of the stack in a state folder, and its Postgres servers.

    Postgres writes its title over its environment and so loses the mark, but notes its process in its folder.
    """
    marked = [process for process in psutil.process_iter() if _mark(process).startswith(f"{home}:")]
    servers = [server for path in home.glob("postgres-*/postmaster.pid") if (server := _postgres(path))]
    return [process for process in {*marked, *servers} if process.pid != psutil.Process().pid]


def of_part(home: Path, part: str) -> list[psutil.Process]:
    """Find all processes of one part, with those that it has started."""
    return [process for process in psutil.process_iter() if _mark(process) == f"{home}:{part}"]


def end(home: Path) -> list[str]:
    """End what is left of a stack, first politely. Return the names of what had to be ended."""
    left = of_stack(home)
    names = sorted(_name(process) for process in left)
    for process in left:
        _signal(process, kill=False)
    stubborn = _wait(left)
    for process in stubborn:
        _signal(process, kill=True)
    _wait(stubborn)
    return names


def is_alive(process: psutil.Process) -> bool:
    """Return whether a process still runs; the first process of some containers never buries the dead."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _wait(ending: list[psutil.Process]) -> list[psutil.Process]:
    """Wait for processes to end. Return those that did not."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while (alive := [process for process in ending if is_alive(process)]) and time.monotonic() < deadline:
        time.sleep(0.1)
    return alive


def memory(home: Path) -> int:
    """Return the memory of all processes of a stack in bytes; pages that several share count once."""
    total = 0
    for process in of_stack(home):
        try:
            family = [process, *(process.children() if process.name() == "postgres" else [])]
            total += sum(
                getattr(member.memory_full_info(), "pss", member.memory_info().rss) for member in family
            )
        except psutil.Error:
            continue
    return total


def _mark(process: psutil.Process) -> str:
    try:
        return process.environ().get(MARK, "")
    except (psutil.Error, OSError):
        return ""


def _name(process: psutil.Process) -> str:
    try:
        return f"{process.name()} ({process.pid})"
    except psutil.Error:
        return str(process.pid)


def _postgres(pid_file: Path) -> psutil.Process | None:
    """Return the server that a data folder names, unless its number belongs to another process by now."""
    try:
        process = psutil.Process(int(pid_file.read_text().splitlines()[0]))
        same = process.name().startswith("postgres") and str(pid_file.parent) in process.cmdline()
    except (OSError, ValueError, IndexError, psutil.Error):
        return None
    return process if same else None


def _signal(process: psutil.Process, *, kill: bool) -> None:
    try:
        if kill:
            process.kill()
        elif process.name().startswith("postgres"):
            process.send_signal(signal.SIGINT)
        else:
            process.terminate()
    except psutil.Error:
        return
