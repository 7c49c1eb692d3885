"""Settings of the local stack, from environment variables with defaults."""

from __future__ import annotations

import hashlib
import itertools
import os
import random
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
PROJECT = "z316-local"
# Where the object store says that its buckets are, as Cloud Storage writes it: where include/stores.yaml wants them.
LOCATION = "SOUTHAMERICA-EAST1"
AIRFLOWS = ("2.11", "3")

TINY_PER_MINUTE = 1200
"""Calls a minute that the local Tiny grants. A real account grants 30 to 120: nobody should wait for that at home."""

TINY_SHARE_PERCENT = 90
"""Part of them that the local connection may use."""

OWN = "LOCAL_STACK_OWN"
"""Variable of the env file with fingerprints of what it sets, so that a shell with it may `make up` again."""

EMULATORS = frozenset({"gcs", "bigquery", "front", "tiny", "receiver"})
ALL_PARTS = EMULATORS | {"postgres", "airflow"}

REPLACED_BY = {
    "AIRFLOW_CONN_TINY_Z316": "tiny",
    "STORAGE_EMULATOR_HOST": "gcs",
    "BIGQUERY_EMULATOR_HOST": "bigquery",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "postgres",
    "WEBHOOK_URL": "receiver",
}
"""Variables that, when the user sets them, stand in for a part, which then is not started."""

DEFAULT_PORTS = {
    "TINY_PORT": 18080,
    "WEBHOOK_PORT": 18081,
    "AIRFLOW_PORT": 18082,
    "GCS_PORT": 14443,
    "GCS_RECEIVER_PORT": 14444,
    "GCS_SETUP_PORT": 14445,
    "GCS_EMULATOR_PORT": 14449,
    "BIGQUERY_PORT": 19050,
    "BIGQUERY_SETUP_PORT": 19051,
    "BIGQUERY_READER_PORT": 19052,
    "BIGQUERY_EMULATOR_PORT": 19059,
    "BIGQUERY_GRPC_PORT": 19060,
}

FRONT_PORTS = {
    "GCS_PORT": ("storage", "airflow", "STORAGE_EMULATOR_HOST"),
    "GCS_RECEIVER_PORT": ("storage", "receiver", "STORAGE_AS_RECEIVER"),
    "GCS_SETUP_PORT": ("storage", "setup", "STORAGE_AS_SETUP"),
    "BIGQUERY_PORT": ("bigquery", "airflow", "BIGQUERY_EMULATOR_HOST"),
    "BIGQUERY_SETUP_PORT": ("bigquery", "setup", "BIGQUERY_AS_SETUP"),
    "BIGQUERY_READER_PORT": ("bigquery", "reader", "BIGQUERY_AS_READER"),
}
"""The strict front's ports: the service that is there, the account that calls there, the variable of its address."""

EMULATOR_PORTS = {
    "GCS_EMULATOR_PORT": ("storage", "STORAGE_WITHOUT_FRONT"),
    "BIGQUERY_EMULATOR_PORT": ("bigquery", "BIGQUERY_WITHOUT_FRONT"),
}
"""The ports of the emulators behind it: the service, and the variable of its address."""

SERVED_BY = {"storage": "gcs", "bigquery": "bigquery"}
"""The part that stands for each of Google's services."""

# Linux hands out ports from 32768 up to outgoing connections.
_FREE_PORTS = range(20000, 32768)
# A process takes its ports out of one block: more than a few stacks have together.
_BLOCK = 128
_guards: list[socket.socket] = []


class StackError(Exception):
    """The stack can't do what was asked; the message says why, and the way out."""


def fingerprint(name: str, value: str) -> str:
    """Return a short hash of a variable and its value, which reveals nothing of a secret value."""
    return hashlib.sha256(f"{name}={value}".encode()).hexdigest()[:12]


@cache
def own_ports() -> Iterator[int]:
    """Claim some ports for this process; yield them again and again.

    A port that is chosen is bound a moment later, and another process that starts a stack could choose it meanwhile. So
    a process that chooses ports holds the first one of its block, until it ends.

    Raises:
        StackError: When all blocks are held.
    """
    blocks = [*range(_FREE_PORTS.start, _FREE_PORTS.stop - _BLOCK, _BLOCK)]
    random.shuffle(blocks)
    for first in blocks:
        guard = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            guard.bind(("127.0.0.1", first))
        except OSError:
            guard.close()
            continue
        _guards.append(guard)
        return itertools.cycle(range(first + 1, first + _BLOCK))
    raise StackError(
        f"every block of {_BLOCK} ports between {_FREE_PORTS.start} and {_FREE_PORTS.stop} is held"
    )


def free_port(taken: set[int] | None = None) -> int:
    """Find a port of 127.0.0.1 that nobody listens on, and add it to `taken`, if given.

    Raises:
        StackError: None was found.
    """
    taken = set() if taken is None else taken
    for port in itertools.islice(own_ports(), _BLOCK):
        if port not in taken and port_is_free(port):
            taken.add(port)
            return port
    raise StackError("none of this process's ports is free")


def port_is_free(port: int) -> bool:
    """Return whether a server could listen on the port of 127.0.0.1 now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a port whose last connections are still closing is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@dataclass(frozen=True)
class Settings:
    """What is started and where.

    Attributes:
        home: State folder: data, logs, the env file.
        airflow: Airflow's version, "2.11" or "3".
        ports: Ports of 127.0.0.1 by the name of their variable.
        parts: Names out of `ALL_PARTS` that are wanted.
        env: The user's environment, without what an env file of ours put there.
        token: The Tiny simulator's token, invented.
        seed: Seed of the simulator's shop: the same seed, the same orders.
        per_minute: Calls a minute that the simulator grants, and that the connection to it names.
        share: Part of them that the connection may use, above 0, at most 1.
        delays: Whether Google's services take as long as the real ones (local/strict_front/delays.toml).
        workers: Workers on CeleryExecutor; 0: the scheduler runs the tasks itself.
    """

    home: Path
    airflow: str = "2.11"
    ports: Mapping[str, int] = field(default_factory=lambda: dict(DEFAULT_PORTS))
    parts: frozenset[str] = ALL_PARTS
    env: Mapping[str, str] = field(default_factory=dict)
    token: str = "local-simulator-token"  # noqa: S105  (opens nothing but the simulator)
    seed: int = 316
    per_minute: int = TINY_PER_MINUTE
    share: float = TINY_SHARE_PERCENT / 100
    delays: bool = False
    workers: int = 0

    @classmethod
    def from_env(
        cls,
        environ: Mapping[str, str] | None = None,
        *,
        home: Path | None = None,
        parts: frozenset[str] = ALL_PARTS,
        free_ports: bool = False,
    ) -> Settings:
        """Read the settings.

        Args:
            environ: Variables to read; the process's own by default.
            home: State folder, instead of STACK_HOME.
            parts: Parts that are wanted.
            free_ports: Take ports that are free now, instead of the fixed ones.

        Raises:
            StackError: A variable has a value that can't be.
        """
        env = users_environment(os.environ if environ is None else environ)
        airflow = env.get("AIRFLOW", "2.11")
        if airflow not in AIRFLOWS:
            raise StackError(f"AIRFLOW is {airflow!r}; it can be {' or '.join(AIRFLOWS)}")
        if not parts <= ALL_PARTS:
            raise StackError(f"unknown parts {sorted(parts - ALL_PARTS)}; there are {sorted(ALL_PARTS)}")
        taken: set[int] = set()
        ports = {
            name: free_port(taken) if free_ports else _number(env, name, default, 1, 65535)
            for name, default in DEFAULT_PORTS.items()
        }
        return cls(
            home=(home or Path(env.get("STACK_HOME") or REPO / ".local")).expanduser().absolute(),
            airflow=airflow,
            ports=ports,
            parts=parts,
            env=env,
            token=env.get("TINY_TOKEN", cls.token),
            seed=_number(env, "TINY_SEED", cls.seed, 0, 2**31),
            per_minute=_number(env, "TINY_PER_MINUTE", TINY_PER_MINUTE, 1, 1_000_000),
            share=_number(env, "TINY_SHARE_PERCENT", TINY_SHARE_PERCENT, 1, 100) / 100,
            workers=_number(env, "CELERY_WORKERS", 0, 0, 9),
        )

    @property
    def replaced(self) -> dict[str, str]:
        """The parts that an address in the user's environment stands in for, with that variable's name."""
        return {part: name for name, part in REPLACED_BY.items() if self.env.get(name)}

    @property
    def started(self) -> frozenset[str]:
        """The parts that the stack itself starts: Postgres only with Airflow, the front with any emulator."""
        started = self.parts - set(self.replaced)
        # Nothing reaches an emulator but through the front.
        started = started | {"front"} if self.emulated(started) else started - {"front"}
        return started if "airflow" in started else started - {"postgres"}

    def emulated(self, started: frozenset[str] | None = None) -> list[str]:
        """List the services of Google that the stack itself replaces."""
        parts = self.started if started is None else started
        return [service for service, part in SERVED_BY.items() if part in parts]

    @property
    def airflow_home(self) -> Path:
        """Folder of Airflow's logs and generated files; one a version, as their databases differ too."""
        return self.home / f"airflow-{self.airflow}"

    @property
    def stores_file(self) -> Path | None:
        """The stores file that the user names instead of include/stores.yaml."""
        named = self.env.get("STORES_FILE")
        return Path(named).expanduser().absolute() if named else None

    @property
    def code(self) -> Path:
        """Folder with the dags/, plugins/ and include/ that the parts read: a copy when the stores are others."""
        return self.home / "code" if self.stores_file else REPO

    @property
    def airflow_venv(self) -> Path:
        """Environment of the chosen Airflow; for workers one with Celery."""
        return venv(f"{'celery' if self.workers else 'airflow'}-{self.airflow}")

    def url(self, port_name: str) -> str:
        """Return the base address of the part that listens on a port, without a slash at its end."""
        return f"http://127.0.0.1:{self.ports[port_name]}"


def venv(name: str) -> Path:
    """Return the folder of an environment; all state folders share them."""
    return REPO / ".local" / "venv" / name


def users_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Drop the variables that an env file of ours has set and that still have the value from there."""
    own = set(environ.get(OWN, "").split(":"))
    return {
        name: value for name, value in environ.items() if name != OWN and fingerprint(name, value) not in own
    }


def _number(env: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = env.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
        raise StackError(f"{name} is {text!r}; it must be a whole number from {low} to {high}")
    return int(text)
