"""A second store, as the page about several stores adds it, with a Tiny of its own."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import yaml

from local.stack.health import fetch
from local.stack.settings import free_port, venv
from tiny_operators.stores import Store

REPO: Final = Path(__file__).resolve().parents[1]
PAGE: Final = (REPO / "docs" / "several-stores.md").read_text(encoding="utf-8")
PER_MINUTE: Final = 1200
TOKEN: Final = "simulator-token"
_START_S: Final = 120


def entry() -> dict[str, Any]:
    """The entry of the stores file that the page shows."""
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    found: dict[str, Any] = yaml.safe_load(example)["stores"][1]
    return found


def second_store() -> Store:
    return Store(**entry())


def connection(url: str) -> str:
    """Airflow's connection to the second simulator."""
    extra = {"requests_per_minute": PER_MINUTE, "share": 0.9}
    return json.dumps({"conn_type": "tiny", "host": f"{url}/api2/", "password": TOKEN, "extra": extra})


@contextmanager
def second_tiny() -> Iterator[str]:
    """Run a second simulator, whose shop and token are others; its address."""
    port = free_port()
    words = ["--port", str(port), "--seed", "2", "--token", TOKEN, "--limit", str(PER_MINUTE), "--quiet"]
    command = [str(venv("tools") / "bin" / "python"), "-m", "local.tiny_simulator", *words]
    url, end = f"http://127.0.0.1:{port}", time.monotonic() + _START_S
    process = subprocess.Popen(command, cwd=REPO)
    try:
        while fetch(f"{url}/_sim/health")[0] != 200:
            assert process.poll() is None, "the simulator ended"
            assert time.monotonic() < end, "the simulator does not answer"
            time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait()
