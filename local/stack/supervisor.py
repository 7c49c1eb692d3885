"""The process manager: supervisord, asked over its unix socket."""

from __future__ import annotations

import http.client
import os
import shlex
import socket
import subprocess
import time
import xmlrpc.client
from typing import Any, cast

import psutil

from local.stack.parts import launcher_python
from local.stack.processes import is_alive
from local.stack.settings import REPO, StackError, venv
from local.stack.state import State, log_file

_STOP_SECONDS = 5
"""Longest wait for a part to end by itself: a task that runs then may die, as any task may at any time."""
_POSTGRES_STOP_SECONDS = 30
_PROGRAM = """
[program:{name}]
command={command}
directory={directory}
autostart=false
; A part that dies shall be seen, not hidden by a restart.
autorestart=false
startsecs=0
stopsignal={signal}
stopwaitsecs={seconds}
stopasgroup={group}
killasgroup=true
redirect_stderr=true
stdout_logfile={log}
stdout_logfile_maxbytes=20MB
stdout_logfile_backups=1
"""


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=30)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class _UnixTransport(xmlrpc.client.Transport):
    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: object) -> _UnixConnection:
        return _UnixConnection(self._path)


class Supervisor:
    """The process manager of one stack."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._folder = state.home / "run"
        self._socket = state.short_dir / "supervisor.sock"
        proxy = xmlrpc.client.ServerProxy(
            "http://localhost/RPC2", transport=_UnixTransport(str(self._socket))
        )
        self._rpc: Any = proxy.supervisor

    def launch(self) -> None:
        """Start the process manager in the background, with no part running yet.

        Raises:
            StackError: It did not start; its own words are in the message.
        """
        config = self._folder / "supervisord.conf"
        config.write_text(self._config())
        command = [str(venv("tools") / "bin" / "supervisord"), "-c", str(config)]
        # Its folder must outlive the caller's; its output is in its log.
        done = subprocess.run(command, cwd=REPO, capture_output=True, text=True, check=False)
        deadline = time.monotonic() + 10
        while not self.is_running():
            if done.returncode or time.monotonic() > deadline:
                raise StackError(f"the process manager did not start:\n{done.stdout}{done.stderr}")
            time.sleep(0.05)

    def is_running(self) -> bool:
        """Return whether the process manager answers."""
        try:
            return bool(self._rpc.getPID())
        except (OSError, http.client.HTTPException):
            return False

    def start(self, name: str) -> None:
        """Start a part and do not wait for it."""
        self._rpc.startProcess(name, False)  # noqa: FBT003  (XML-RPC knows no names of arguments)

    def processes(self) -> dict[str, dict[str, Any]]:
        """Return what supervisord knows of each part: statename, pid, exitstatus; nothing when it is gone."""
        try:
            found = cast("list[dict[str, Any]]", self._rpc.getAllProcessInfo())
        except (OSError, http.client.HTTPException):
            return {}
        return {str(process["name"]): process for process in found}

    def stop(self) -> None:
        """Stop all parts, Postgres last, then the process manager; return when it is gone."""
        try:
            manager = psutil.Process(int(self._rpc.getPID()))
            clients = [name for name in self._running() if name != "postgres"]
            for name in clients:
                self._rpc.stopProcess(name, False)  # noqa: FBT003
            deadline = time.monotonic() + 2 * _STOP_SECONDS
            while set(clients) & set(self._running()) and time.monotonic() < deadline:
                time.sleep(0.1)
            self._rpc.shutdown()
        except (OSError, http.client.HTTPException):
            return
        deadline = time.monotonic() + 2 * _POSTGRES_STOP_SECONDS
        while is_alive(manager) and time.monotonic() < deadline:
            time.sleep(0.1)

    def _running(self) -> list[str]:
        return [name for name, process in self.processes().items() if process["pid"]]

    def _config(self) -> str:
        root = "user=root\n" if os.geteuid() == 0 else ""
        head = (
            f"[unix_http_server]\nfile={_literal(self._socket)}\nchmod=0600\n\n"
            f"[supervisord]\nlogfile={_literal(log_file(self._state.home, 'supervisord'))}\n"
            f"pidfile={_literal(self._folder / 'supervisord.pid')}\n"
            f"childlogdir={_literal(self._folder)}\n{root}\n"
            "[rpcinterface:supervisor]\n"
            "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n"
        )
        return head + "".join(self._program(part.name) for part in self._state.parts)

    def _program(self, name: str) -> str:
        command = [launcher_python(), "-m", "local.stack.child", str(self._state.home), name]
        postgres = name == "postgres"
        return _PROGRAM.format(
            name=name,
            command=_literal(shlex.join(command)),
            directory=_literal(REPO),
            # INT is Postgres's fast shutdown; TERM waits for its clients. It ends its children by itself.
            signal="INT" if postgres else "TERM",
            group="false" if postgres else "true",
            seconds=_POSTGRES_STOP_SECONDS if postgres else _STOP_SECONDS,
            log=_literal(log_file(self._state.home, name)),
        )


def _literal(value: object) -> str:
    """Escape what supervisord would expand."""
    return str(value).replace("%", "%%")
