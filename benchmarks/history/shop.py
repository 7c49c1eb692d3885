"""A stack of its own for one benchmark: Airflow with the real scheduler, emulators, and the simulated shop."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
from google.cloud import bigquery

from local.demo.parts import Simulator, Warehouse
from local.stack import processes
from local.stack.airflow import Api, end_waiting_nights, unpause
from local.stack.launcher import Stack, running
from local.stack.part import MARK
from local.stack.settings import PROJECT, REPO, Settings
from tiny_operators.schemas import TABLES
from tiny_operators.stores import Store, load_stores

PER_MINUTE = 600
_PAGE = 100
# The simulator has a history of its own, of the last 31 days; benchmarks use dates before it.
_LAST_DAY_AGO = 40
_PATIENCE_S = 1800
_ENDED = frozenset({"success", "failed"})


@dataclass(frozen=True)
class Shop:
    """A running stack and how to talk to its parts.

    Attributes:
        settings: The stack's settings.
        stack: The stack.
        api: Airflow's REST API.
        simulator: The simulated Tiny.
        warehouse: Buckets and tables.
        store: The store.
    """

    settings: Settings
    stack: Stack
    api: Api
    simulator: Simulator
    warehouse: Warehouse
    store: Store

    def sell_days(self, days: int, per_day: int) -> tuple[date, date]:
        """Let the shop sell on past dates, so many orders on each; the first and the last of them."""
        last = date.today() - timedelta(days=_LAST_DAY_AGO)  # noqa: DTZ011 - far from midnight's edge
        first = last - timedelta(days=days - 1)
        for number in range(days):
            self.simulator.sell_on(first + timedelta(days=number), per_day)
        return first, last

    def backfill(self, dag_id: str, first: date, last: date, *, again: bool = False) -> float:
        """Fill a range by Airflow's own command, and wait until all its runs have ended.

        Args:
            dag_id: The DAG.
            first: First date.
            last: Last date, included.
            again: Make runs that succeeded before once more.

        Returns:
            Seconds.

        Raises:
            RuntimeError: When a run failed.
        """
        began, moment = time.monotonic(), datetime.now(UTC)
        command = (
            _backfill_2(dag_id, first, last, again=again)
            if self._is_2
            else _backfill_3(dag_id, first, last, again=again)
        )
        self.airflow(*command)
        wanted = (last - first).days + 1

        def ended() -> list[dict[str, Any]]:
            runs = [run for run in self.runs(dag_id) if run["run_type"] == "backfill" and run["end_date"]]
            return [
                run
                for run in runs
                if run["state"] in _ENDED and datetime.fromisoformat(run["end_date"]) > moment
            ]

        until(f"{wanted} runs of {dag_id}", lambda: len(ended()) >= wanted)
        if failed := [run["dag_run_id"] for run in ended() if run["state"] == "failed"]:
            raise RuntimeError(f"{len(failed)} runs of {dag_id} failed, such as {failed[0]}")
        return time.monotonic() - began

    def start_backfill(self, dag_id: str, first: date, last: date) -> Future[float]:
        """Begin what :meth:`backfill` does, and do not wait for it."""
        pool = ThreadPoolExecutor(1)
        filling = pool.submit(self.backfill, dag_id, first, last)
        pool.shutdown(wait=False)
        return filling

    @property
    def _is_2(self) -> bool:
        return self.settings.airflow == "2.11"

    def airflow(self, *arguments: str) -> None:
        """Run a command of Airflow as a person would.

        Raises:
            RuntimeError: When it fails; with the end of what it printed.
        """
        program = str(self.settings.airflow_venv / "bin" / "airflow")
        # On Airflow 2 the command runs a backfill's tasks itself: by its mark they are known as the stack's.
        env = {**self.stack.environ(), MARK: f"{self.stack.home}:airflow", "SPT_NOENV": "1"}
        done = subprocess.run(
            [program, *arguments], env=env, capture_output=True, text=True, check=False, timeout=_PATIENCE_S
        )
        said = done.stdout + done.stderr
        if done.returncode and "running backfill" in said:
            # Airflow 3 takes some seconds to see that a DAG's backfill before this one has ended.
            time.sleep(10)
            self.airflow(*arguments)
        elif done.returncode:
            raise RuntimeError(f"airflow {' '.join(arguments)} failed: {said[-3000:]}")

    def trigger(
        self, dag_id: str, conf: dict[str, Any], meanwhile: Callable[[], object] = bool
    ) -> dict[str, Any]:
        """Trigger a run as from the UI, and wait until it has ended; the run.

        Args:
            dag_id: The DAG.
            conf: What it is asked to do.
            meanwhile: Called again and again while one waits.
        """
        run_id = self.start(dag_id, conf)
        path = f"dags/{dag_id}/dagRuns/{run_id}"

        def ended() -> bool:
            meanwhile()
            return self.api.get(path)["state"] in _ENDED

        until(f"{dag_id} {run_id}", ended)
        return self.api.get(path)

    def start(self, dag_id: str, conf: dict[str, Any]) -> str:
        """Trigger a run and do not wait for it; its id."""
        return self.api.trigger(dag_id, conf)

    def runs(self, dag_id: str) -> list[dict[str, Any]]:
        """List the runs of a DAG."""
        found: list[dict[str, Any]] = self.api.get(f"dags/{dag_id}/dagRuns?limit=100").get("dag_runs", [])
        return found

    def tasks(self, dag_id: str, run_id: str = "~", query: str = "") -> list[dict[str, Any]]:
        """List the task instances of a run, by default of all runs of the DAG, in the order of their start."""
        path = f"dags/{dag_id}/dagRuns/{run_id}/taskInstances?limit=100{query}"
        found: list[dict[str, Any]] = self.api.get(path).get("task_instances", [])
        return sorted(found, key=lambda task: task["start_date"] or "~")

    def running_tasks(self, dag_id: str = "~") -> list[tuple[str, psutil.Process]]:
        """Find tasks that run, by default of all DAGs, each with its process, which is surely the stack's."""
        ours = {process.pid: process for process in processes.of_stack(self.stack.home)}
        return [
            (f"{task['task_id']} of {task['dag_run_id']}", ours[task["pid"]])
            for task in self.tasks(dag_id, query="&state=running")
            if task["pid"] in ours
        ]

    def unpause_quietly(self, dag_id: str) -> None:
        """Let a DAG run, wait until what the scheduler starts by itself is done, and count from zero."""
        unpause(self.api, dag_id)
        time.sleep(5)
        until(f"{dag_id} at rest", lambda: self._rests(dag_id))
        self.simulator.forget_calls()

    def _rests(self, dag_id: str) -> bool:
        end_waiting_nights(self.api, dag_id)
        return {run["state"] for run in self.runs(dag_id)} <= _ENDED

    def differences(self, first: date, last: date) -> list[str]:
        """Find where the tables differ from the truth about the orders of some dates."""
        return self.warehouse.differences(self.simulator.truth_of_dates(first, last))

    def rows(self) -> dict[str, list[dict[str, Any]]]:
        """Return all rows of all tables without the time when they were written, in an order that does not change."""
        return {
            table: sorted(
                (
                    {name: value for name, value in row.items() if name != "update_timestamp"}
                    for row in self.warehouse.rows(table)
                ),
                key=lambda row: (int(row.get("pedido_id", 0)), int(row["id"])),
            )
            for table in TABLES
        }

    def written(self) -> list[Any]:
        """Return when each row was written, sorted: it changes when any row does."""
        return sorted(row["update_timestamp"] for table in TABLES for row in self.warehouse.rows(table))

    def drop_tables(self) -> None:
        """Drop the three tables and have them made anew, empty, by the setup DAG."""
        client = bigquery.Client(project=PROJECT)
        for table in TABLES:
            client.delete_table(f"{PROJECT}.{self.store.dataset}.{table}")
        if self.trigger(f"{self.store.prefix}_setup", {})["state"] != "success":
            raise RuntimeError("the setup DAG failed")


def _backfill_2(dag_id: str, first: date, last: date, *, again: bool) -> list[str]:
    options = ["--reset-dagruns", "-y"] if again else []
    return ["dags", "backfill", "-s", first.isoformat(), "-e", last.isoformat(), *options, dag_id]


def _backfill_3(dag_id: str, first: date, last: date, *, again: bool) -> list[str]:
    dates = ["--from-date", first.isoformat(), "--to-date", last.isoformat(), "--max-active-runs", "4"]
    options = ["--reprocess-behavior", "completed", "--dag-run-conf", "{}"] if again else []
    return ["backfill", "create", "--dag-id", dag_id, *dates, *options]


@contextmanager
def open_shop(name: str, more_dags: Path | None = None, **environment: str) -> Iterator[Shop]:
    """Start a stack on free ports; stop it at the end.

    Args:
        name: Name of its folder below ``.local``.
        more_dags: Folder with DAGs that it runs beside the project's.
        **environment: Variables of the stack, such as ``TINY_PER_MINUTE``.
    """
    home = REPO / ".local" / name
    usual = {"TINY_PER_MINUTE": str(PER_MINUTE), "TINY_SHARE_PERCENT": "100"}
    if more_dags:
        usual["AIRFLOW__CORE__DAGS_FOLDER"] = str(_dags(home, more_dags))
    settings = Settings.from_env({**os.environ, **usual, **environment}, home=home, free_ports=True)
    store = load_stores()[0]
    with running(settings) as stack:
        os.environ.update(stack.env)
        api = Api(settings.airflow, settings.url("AIRFLOW_PORT"))
        simulator = Simulator(stack.env["TINY_SIMULATOR_URL"])
        warehouse = Warehouse(PROJECT, store.webhook_bucket, store.api_bucket, store.dataset)
        yield Shop(settings, stack, api, simulator, warehouse, store)


def _dags(home: Path, more: Path) -> Path:
    """Create a folder with the project's DAGs and others."""
    folder = home / "dags"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for source in (*(REPO / "dags").glob("*.py"), *more.glob("*.py")):
        (folder / source.name).symlink_to(source)
    return folder


def fewest_calls(truth: dict[str, Any], calls: list[dict[str, Any]]) -> int:
    """Count the calls that reading orders needs: one an order, a page for each 100 of a date, one a product.

    Args:
        truth: What is true of the orders.
        calls: The calls that were made: a product that was read earlier this day needs none, and is in none.
    """
    dates = Counter(row["data"] for row in truth["pdv"])
    products = {call["key"] for call in calls if call["service"] == "produto.obter"}
    return len(truth["pdv"]) + sum(-(-orders // _PAGE) for orders in dates.values()) + len(products)


def until(what: str, done: Callable[[], bool], patience_s: float = _PATIENCE_S, every_s: float = 0.5) -> None:
    """Wait for something, looking every so many seconds.

    Raises:
        TimeoutError: When it does not come.
    """
    end = time.monotonic() + patience_s
    while not done():
        if time.monotonic() > end:
            raise TimeoutError(f"not in {patience_s:.0f} s: {what}")
        time.sleep(every_s)
