"""A whole stack of its own: real scheduler, triggerer, web server, receiver, simulator and emulators."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.demo.parts import Simulator, Warehouse
from local.stack.airflow import Api
from local.stack.launcher import running
from local.stack.settings import ALL_PARTS, PROJECT, Settings
from tiny_operators.stores import load_stores

PATIENCE_S = 240
HOME = Path(os.environ["AIRFLOW_HOME"]).parent


@dataclass(frozen=True)
class Live:
    """The running stack and what tests ask of it."""

    home: Path
    env: dict[str, str]
    warehouse: Warehouse
    simulator: Simulator
    api: Api
    airflow: Path
    ui: str

    def run(self, *arguments: str) -> str:
        """Run a command of Airflow as a person would; what it printed."""
        program = str(self.airflow / "bin" / "airflow")
        done = subprocess.run(
            [program, *arguments], env={**os.environ, **self.env}, capture_output=True, text=True, check=False
        )
        said = done.stdout + done.stderr
        assert done.returncode == 0, said[-3000:]
        return said

    def batches(self) -> int:
        """How many runs have planned something."""
        return sum(name.endswith("/plan.json") for name in self.warehouse.objects("runs/"))

    def until(self, what: str, done: Callable[[], bool]) -> None:
        """Wait for something; fail with its name when it does not come."""
        end = time.monotonic() + PATIENCE_S
        while not done():
            assert time.monotonic() < end, (
                f"not in {PATIENCE_S} s: {what}; waiting: {self.warehouse.waiting()}"
            )
            time.sleep(1)

    def loaded(self, orders: list[int]) -> bool:
        """Whether all these orders have rows and nothing waits."""
        return {row["id"] for row in self.warehouse.rows("pdv")} >= set(
            orders
        ) and not self.warehouse.waiting()


@pytest.fixture(scope="package")
def live(clean_environment: dict[str, str]) -> Iterator[Live]:
    """One stack for all tests here; it starts with nothing of theirs."""
    # Everything is logged, so that a test can read that nothing about persons is.
    environment = {
        **clean_environment,
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "DEBUG",
        # No file changes meanwhile: read again each half minute, they take a quarter of the machine.
        "AIRFLOW__SCHEDULER__MIN_FILE_PROCESS_INTERVAL": "3600",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "3600",
    }
    settings = Settings.from_env(environment, home=HOME / "live", parts=ALL_PARTS, free_ports=True)
    store = load_stores()[0]
    with running(settings) as stack:
        before = dict(os.environ)
        os.environ.update(stack.env)
        yield Live(
            settings.home,
            dict(stack.env),
            Warehouse(PROJECT, store.webhook_bucket, store.api_bucket, store.dataset),
            Simulator(stack.env["TINY_SIMULATOR_URL"]),
            Api(settings.airflow, settings.url("AIRFLOW_PORT")),
            settings.airflow_venv,
            settings.url("AIRFLOW_PORT"),
        )
        os.environ.clear()
        os.environ.update(before)
