"""A whole stack of its own: real scheduler, triggerer, web server, receiver, simulator and emulators."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local.demo.parts import Simulator, Warehouse
from local.stack.airflow import Api
from local.stack.launcher import running
from local.stack.settings import ALL_PARTS, PROJECT, Settings, users_environment
from tiny_operators.stores import load_stores

PATIENCE_S = 240
HOME = Path(os.environ["AIRFLOW_HOME"]).parent


@dataclass(frozen=True)
class Live:
    """The running stack and what tests ask of it."""

    home: Path
    env: dict[str, str]
    api: Api
    warehouse: Warehouse
    simulator: Simulator

    def runs(self) -> list[dict[str, Any]]:
        """The webhook DAG's runs that worked: those that ended."""
        found: list[dict[str, Any]] = self.api.get("dags/z316_webhook/dagRuns?limit=100")["dag_runs"]
        return [run for run in found if run["state"] in {"success", "failed"}]

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


@pytest.fixture(scope="session")
def live() -> Iterator[Live]:
    """One stack for all end-to-end tests."""
    # The user's own environment, without what this test session set for its in-process Airflow.
    kept = {name: value for name, value in users_environment(os.environ).items() if not _of_airflow(name)}
    settings = Settings.from_env(kept, home=HOME / "live", parts=ALL_PARTS, free_ports=True)
    store = load_stores()[0]
    with running(settings) as stack:
        before = dict(os.environ)
        os.environ.update(stack.env)
        yield Live(
            settings.home,
            dict(stack.env),
            Api(settings.airflow, settings.url("AIRFLOW_PORT")),
            Warehouse(PROJECT, store.webhook_bucket, store.api_bucket, store.dataset),
            Simulator(stack.env["TINY_SIMULATOR_URL"]),
        )
        os.environ.clear()
        os.environ.update(before)


def _of_airflow(name: str) -> bool:
    services = {"STORAGE_EMULATOR_HOST", "BIGQUERY_EMULATOR_HOST", "WEBHOOK_URL", "PYTHONPATH"}
    return name.startswith("AIRFLOW_") or name in services
