"""What the benchmark of the receiver runs: the two programs, and the object store that answers late."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
from google.cloud import storage

from local.stack.launcher import running
from local.stack.parts import gcs_root
from local.stack.settings import REPO, Settings, free_port
from tiny_operators.stores import load_stores

_DELAY_MS = 50
_START_S = 60
_SECRET = "bench-secret-0123456789"  # noqa: S105  (opens nothing but the receiver of this run)


@dataclass(frozen=True)
class Program:
    """A program that takes posts.

    Attributes:
        url: Where to post.
        start_s: Seconds from its start to its first answer.
        process: Its process.
    """

    url: str
    start_s: float
    process: psutil.Process

    def megabytes(self) -> float:
        """Memory of it and of its workers."""
        processes = [self.process, *self.process.children(recursive=True)]
        return sum(each.memory_info().rss for each in processes) / (1 << 20)


@dataclass(frozen=True)
class Stage:
    """All that runs.

    Attributes:
        bare: The bare app.
        receiver: The receiver.
        store_url: The object store that answers late.
        objects: The folder of the inbox's objects.
    """

    bare: Program
    receiver: Program
    store_url: str
    objects: Path

    def refuse(self, *, on: bool) -> None:
        """Let the object store refuse everything, or nothing."""
        _ask(f"{self.store_url}/_refuse/{'on' if on else 'off'}", method="POST")


@contextlib.contextmanager
def open_stage() -> Iterator[Stage]:
    """Start all, and stop it at the end of the block."""
    with _surroundings() as (store_url, objects):
        environment = {"STORAGE_EMULATOR_HOST": store_url, "THREADS": "32", "WEBHOOK_SECRETS": _SECRET}
        environment |= {"BARE_BUCKET": objects.name, "STORES_FILE": str(REPO / "include" / "stores.yaml")}
        with _bare(environment) as bare, _receiver(environment) as receiver:
            yield Stage(bare, receiver, store_url, objects)


@contextlib.contextmanager
def _surroundings() -> Iterator[tuple[str, Path]]:
    """Start the emulator with the inbox, behind a store that answers late; yield its address and the inbox's folder."""
    with TemporaryDirectory() as folder:
        settings = Settings.from_env({}, home=Path(folder), parts=frozenset({"gcs"}), free_ports=True)
        with running(settings, say=print):
            emulator, port = settings.url("GCS_EMULATOR_PORT"), free_port()
            bucket = load_stores()[0].webhook_bucket
            storage.Client(
                project="bench", client_options={"api_endpoint": emulator}, use_auth_w_custom_endpoint=False
            ).create_bucket(bucket)
            command = ["benchmarks.receiver.slow_store", "--port", str(port), "--target", emulator]
            with _program([*command, "--delay-ms", str(_DELAY_MS)], port, {}):
                yield f"http://127.0.0.1:{port}", gcs_root(settings) / bucket


@contextlib.contextmanager
def _bare(environment: Mapping[str, str]) -> Iterator[Program]:
    port = free_port()
    source = ["--source", str(Path(__file__).with_name("bare.py")), "--target", "receive"]
    with _program(
        ["functions_framework", *source, "--host", "127.0.0.1", "--port", str(port)], port, environment
    ) as program:
        yield program


@contextlib.contextmanager
def _receiver(environment: Mapping[str, str]) -> Iterator[Program]:
    port = free_port()
    with _program(["webhook", "--port", str(port)], port, environment) as program:
        yield Program(f"{program.url}/{_SECRET}", program.start_s, program.process)


@contextlib.contextmanager
def _program(module: list[str], port: int, environment: Mapping[str, str]) -> Iterator[Program]:
    """Run a module that listens on a port, from its first answer to the end of the block."""
    url, began = f"http://127.0.0.1:{port}", time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", *module],
        cwd=REPO,
        env={**os.environ, "PYTHONPATH": f"{REPO / 'plugins'}:{REPO}", **environment},
        stdout=subprocess.DEVNULL,
    )
    try:
        while not _answers(url):
            if process.poll() is not None or time.monotonic() - began > _START_S:
                raise RuntimeError(f"{module[0]} did not start")
            time.sleep(0.05)
        yield Program(url, time.monotonic() - began, psutil.Process(process.pid))
    finally:
        process.terminate()
        process.wait()


def _answers(url: str) -> bool:
    try:
        _ask(url)
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def _ask(url: str, method: str = "GET") -> None:
    with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=30) as answer:  # noqa: S310
        answer.read()
