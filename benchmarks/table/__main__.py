"""Measure the table: ``make bench`` (``AIRFLOW=3`` for Airflow 3). Ends with 1 when a promised ratio is missed.

It writes the table as Markdown and as JSON, with the machine, the versions, the date and the commit.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.alone import environment, set_up
from benchmarks.table.parts import PARTS, WITH_A_STACK
from benchmarks.table.rows import Row, end, markdown
from local.stack.launcher import running
from local.stack.settings import EMULATORS, REPO, Settings

_SETUP = "setup"


def main() -> int:
    """Measure, print and write; 0 when every promised ratio was reached."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.table", description=__doc__)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=[*PARTS], help="only these")
    parser.add_argument("--part", choices=(_SETUP, *PARTS), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.part:
        print(json.dumps(_in_this_process(arguments.part)))
        return 0
    settings = Settings.from_env(home=REPO / ".local" / "bench", parts=EMULATORS, free_ports=True)
    with running(settings) as stack:
        env = {**environment(stack), "DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA": "true"}
        logs = settings.home / "logs"
        _run(env, _SETUP, logs)
        rows: list[Row] = []
        for part in arguments.parts:
            began = time.monotonic()
            of_part = os.environ if part in WITH_A_STACK else env
            found = [Row(**row) for row in _run(of_part, part, logs)]
            print(f"[bench] {part}: measured in {time.monotonic() - began:.0f} s", flush=True)
            print(
                "\n".join(f"[bench] {row.what}: {row.value:g}, ratio {row.ratio:.2f}" for row in found),
                flush=True,
            )
            rows += found
    about = _about()
    reported = [{**asdict(row), "ratio": row.ratio, "missed": row.is_missed} for row in rows]
    text = "\n".join(markdown(rows, about))
    (settings.home / "table.md").write_text(text + "\n")
    (settings.home / "table.json").write_text(json.dumps({"about": about, "rows": reported}, indent=1))
    print(f"{text}\n\n[bench] written to {settings.home}/table.md and table.json")
    return end(rows)


def _about() -> dict[str, Any]:
    command = [shutil.which("git") or "git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(command, cwd=REPO, capture_output=True, text=True, check=False)
    return {
        "commit": commit.stdout.strip() or "unknown",
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "Python": platform.python_version(),
        "Airflow": version("apache-airflow"),
        "google-cloud-storage": version("google-cloud-storage"),
        "google-cloud-bigquery": version("google-cloud-bigquery"),
    }


def _run(env: Mapping[str, str], part: str, logs: Path) -> list[dict[str, Any]]:
    """Measure a part in a process of its own.

    Raises:
        RuntimeError: When it failed; with the end of its log.
    """
    log = logs / f"bench-{part}.log"
    with log.open("w") as errors:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.table", "--part", part],
            env=dict(env), cwd=REPO, stdout=subprocess.PIPE, stderr=errors, text=True, check=False,
        )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{part} failed: {log.read_text()[-3000:]}")
    # A stack says on the way how it starts and stops.
    last = next(line for line in reversed(done.stdout.splitlines()) if line.startswith("[{") or line == "[]")
    rows: list[dict[str, Any]] = json.loads(last)
    return rows


def _in_this_process(part: str) -> list[dict[str, Any]]:
    if part != _SETUP:
        return [asdict(row) for row in PARTS[part]()]
    from benchmarks.walk.__main__ import create_pools
    from tiny_operators.stores import load_stores

    store = load_stores()[0]
    set_up(store)
    create_pools(store)
    return []


if __name__ == "__main__":
    sys.exit(main())
