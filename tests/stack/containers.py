"""The containers of the compose file as ordinary processes, for machines without a Docker engine.

Taken from the files themselves are: order of start, commands, variables, volumes, health checks, and what an image has of
the repository. In the place of Docker's own are: programs of an image (the environment of the same lock), names and ports
(free ports of 127.0.0.1), folders (below a temporary one), and what the entry points of the images do. A container's user
and its restarts are not there.
"""

from __future__ import annotations

import re
import shlex
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from local.stack.settings import free_port
from tests.stack.images import Image, image_of, mount

_SYSTEM_PATH: Final = "/usr/local/bin:/usr/bin:/bin"
_SECONDS: Final = 600
_POSTGRES: Final = 5432
_WEB: Final = 8080


@dataclass
class Containers:
    """The containers of some services.

    Attributes:
        services: The services of the compose file, by name.
        folder: Where their files are.
        processes: What was started, by service.
    """

    services: dict[str, Any]
    folder: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _images: dict[str, Image] = field(default_factory=dict)
    _ports: dict[tuple[str, int], int] = field(default_factory=dict)
    _taken: set[int] = field(default_factory=set)

    def address(self, service: str, port: int) -> str:
        """Return the address on this machine that stands for a service's own."""
        if (service, port) not in self._ports:
            self._ports[service, port] = free_port(self._taken)
        return f"127.0.0.1:{self._ports[service, port]}"

    def start(self) -> None:
        """Start all, each after what it depends on."""
        waiting = list(self.services)
        while waiting:
            name = next(one for one in waiting if not set(_needs(self.services[one])) & set(waiting))
            waiting.remove(name)
            for other, condition in _needs(self.services[name]).items():
                if condition == "service_healthy":
                    self._until_healthy(other)
                if condition == "service_completed_successfully":
                    assert self.ended(other) == 0, self.log(other)
            self._start(name)

    def ended(self, name: str) -> int:
        """Wait until a container has ended; its exit code."""
        return self.processes[name].wait(_SECONDS)

    def stop(self) -> None:
        """Stop all, the last first."""
        for name, process in reversed(self.processes.items()):
            process.send_signal(self._images[name].stop_signal)
        for process in reversed(self.processes.values()):
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def log(self, name: str) -> str:
        """Return the end of what a container has said."""
        return (self.folder / f"{name}.log").read_text(errors="replace")[-4000:]

    def _start(self, name: str) -> None:
        service, root = self.services[name], self.folder / name
        image = self._images[name] = image_of(service, root)
        for volume in service.get("volumes", ()):
            mount(volume, root, self.folder / "volumes")
        image.unpack()
        env = self._environment(name)
        with (self.folder / f"{name}.log").open("ab") as log:
            place: dict[str, Any] = {
                "env": env,
                "cwd": image.workdir,
                "stdout": log,
                "stderr": log,
            } | image.user()
            for words in image.first(env):
                subprocess.run(words, check=True, **place)
            words = image.command([*service.get("entrypoint", ()), *self._command(name)], env)
            self.processes[name] = subprocess.Popen(words, **place)

    def _until_healthy(self, name: str) -> None:
        image, env = self._images[name], self._environment(name)
        kind, *words = (self._here(name, word) for word in self.services[name]["healthcheck"]["test"])
        command = ["sh", "-c", *words] if kind == "CMD-SHELL" else words
        end = time.monotonic() + _SECONDS
        while True:
            done = subprocess.run(
                command, env=env, cwd=image.workdir, capture_output=True, check=False, **image.user()
            )
            if done.returncode == 0:
                return
            assert self.processes[name].poll() is None, self.log(name)
            assert time.monotonic() < end, f"{name}: {done.stdout!r} {done.stderr!r} {self.log(name)}"
            time.sleep(0.5)

    def _command(self, name: str) -> list[str]:
        command = self.services[name].get("command", ())
        if isinstance(command, str):
            return shlex.split(self._here(name, command))
        return [self._here(name, word) for word in command]

    def _environment(self, name: str) -> dict[str, str]:
        given = self.services[name].get("environment", {})
        image = self._images[name]
        own = int(self.address(name, _POSTGRES if name.endswith("postgres") else _WEB).partition(":")[2])
        return {
            "HOSTNAME": socket.gethostname(),
            **image.variables(own),
            **{key: self._here(name, str(value)) for key, value in given.items()},
            "PATH": f"{image.programs}:{_SYSTEM_PATH}",
        }

    def _here(self, name: str, text: str) -> str:
        """Write this machine's folders and addresses for those of a container."""
        services = "|".join(sorted(self.services, key=len, reverse=True))
        text = self._images[name].here(text)

        def other(found: re.Match[str]) -> str:
            return found[1] + self.address(found[2], int(found[3]))

        def database(found: re.Match[str]) -> str:
            return f"@{self.address(found[1], _POSTGRES)}/"

        def parted(found: re.Match[str]) -> str:
            host, _, port = self.address(found[1], int(found[2])).partition(":")
            return f'"host": "{host}", "port": {port}'

        def listening(found: re.Match[str]) -> str:
            return found[1] + self.address(name, int(found[2])).partition(":")[2]

        text = re.sub(rf"(^|[/\s])({services}):(\d+)\b", other, text)
        text = re.sub(rf"@({services})/", database, text)
        text = re.sub(rf'"host": "({services})", "port": (\d+)', parted, text)
        own = r"(-port |--listen \w+:\w+:|://127\.0\.0\.1:|'127\.0\.0\.1', )(\d{4})\b"
        text = re.sub(own, listening, text)
        return text.replace("0.0.0.0", "127.0.0.1").replace("$$", "$")


@contextmanager
def running(services: dict[str, Any], folder: Path) -> Iterator[Containers]:
    """Run the containers of services, and stop them."""
    found = Containers(services, folder)
    try:
        found.start()
        yield found
    finally:
        found.stop()


def _needs(service: dict[str, Any]) -> dict[str, str]:
    needs = service.get("depends_on", {})
    if isinstance(needs, list):
        return dict.fromkeys(needs, "service_started")
    return {name: one["condition"] for name, one in needs.items()}
