"""How long from the receiver's 200 to the row, against an empty twin of the webhook DAG on the same stack.

``make bench-latency`` (``AIRFLOW=3`` for Airflow 3): both are measured in turn on an idle stack; the ratio of the
medians is the figure, since the machine's own speed is in both.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from local.demo.parts import Simulator, Warehouse, post_webhook
from local.stack.airflow import Api
from local.stack.launcher import running
from local.stack.settings import PROJECT, REPO, Settings
from tiny_operators.stores import load_stores

_PATIENCE_S = 180
_HERE = Path(__file__).resolve().parent


def main() -> int:
    """Measure and print; 0 when the ratio is at most 2."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.latency", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured (default 5)")
    parser.add_argument("--timeline", action="store_true", help="show when each task of a sale's run worked")
    arguments = parser.parse_args()
    home = REPO / ".local" / "bench-latency"
    settings = Settings.from_env(
        {**os.environ, "AIRFLOW__CORE__DAGS_FOLDER": str(_dags(home))}, home=home, free_ports=True
    )
    store = load_stores()[0]
    with running(settings) as stack:
        os.environ.update(stack.env)
        api = Api(settings.airflow, settings.url("AIRFLOW_PORT"))
        simulator = Simulator(stack.env["TINY_SIMULATOR_URL"])
        warehouse = Warehouse(PROJECT, store.webhook_bucket, store.api_bucket, store.dataset)
        sales, empties = [], []
        for number in range(arguments.rounds + 1):
            sale, empty = _sale(simulator, warehouse, api, stack.env["WEBHOOK_URL"]), _empty(api)
            print(f"[latency] round {number}: sale {sale:.1f} s, empty DAG {empty:.1f} s", flush=True)
            if arguments.timeline:
                _print_timeline(api, time.time() - sale - empty)
            # The first round warms up: connections, caches, the first parse.
            if number:
                sales.append(sale)
                empties.append(empty)
    ratio = statistics.median(sales) / statistics.median(empties)
    print(
        f"[latency] Airflow {settings.airflow}: from 200 to row {statistics.median(sales):.1f} s median "
        f"({min(sales):.1f} to {max(sales):.1f}), empty DAG {statistics.median(empties):.1f} s median "
        f"({min(empties):.1f} to {max(empties):.1f}), ratio {ratio:.2f}"
    )
    return 0 if ratio <= 2 else 1  # noqa: PLR2004 - the figure that was asked for


def _dags(home: Path) -> Path:
    """Create a folder with the project's DAGs and the empty one."""
    folder = home / "dags"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for source in (*(REPO / "dags").glob("*.py"), *(_HERE / "dags").glob("*.py")):
        (folder / source.name).symlink_to(source)
    return folder


def _sale(simulator: Simulator, warehouse: Warehouse, api: Api, url: str) -> float:
    _until("an idle webhook DAG", lambda: _webhook_waits(api))
    sale = simulator.sell(1)[0]
    posted = post_webhook(url, sale.webhook)
    written: list[float] = []

    def there() -> bool:
        written.extend(
            row["update_timestamp"].timestamp() for row in warehouse.rows("pdv") if row["id"] == sale.pedido
        )
        return bool(written)

    _until("the row", there)
    return written[0] - posted


def _webhook_waits(api: Api) -> bool:
    runs = api.get("dags/z316_webhook/dagRuns?limit=100").get("dag_runs", [])
    active = [run for run in runs if run["state"] == "running"]
    if len(active) != 1:
        return False
    tasks = api.get(f"dags/z316_webhook/dagRuns/{active[0]['dag_run_id']}/taskInstances")["task_instances"]
    return {task["state"] for task in tasks if task["task_id"] == "wait"} == {"deferred"}


def _print_timeline(api: Api, since: float) -> None:
    runs = api.get("dags/z316_webhook/dagRuns?limit=100")["dag_runs"]
    run = max((run for run in runs if run["state"] == "success"), key=lambda run: run["start_date"])
    tasks = api.get(f"dags/z316_webhook/dagRuns/{run['dag_run_id']}/taskInstances")["task_instances"]
    for task in sorted(tasks, key=lambda task: task["end_date"]):
        began, ended = (datetime.fromisoformat(task[name]).timestamp() for name in ("start_date", "end_date"))
        print(
            f"[latency]   {task['task_id']:<14} from {began - since:6.1f} to {ended - since:6.1f} s",
            flush=True,
        )


def _empty(api: Api) -> float:
    _until("an idle webhook DAG", lambda: _webhook_waits(api))
    run_id = f"bench__{uuid.uuid4()}"
    began = time.time()
    moment = datetime.now(UTC).isoformat()
    api.post("dags/empty_twin/dagRuns", {"dag_run_id": run_id, "logical_date": moment})
    path = f"dags/empty_twin/dagRuns/{run_id}/taskInstances"
    ends: list[float] = []

    def done() -> bool:
        tasks = api.get(path)["task_instances"]
        finished = [task["end_date"] for task in tasks if task["state"] == "success"]
        if tasks and len(finished) == len(tasks):
            ends.extend(datetime.fromisoformat(end).timestamp() for end in finished)
        return bool(ends)

    _until("the empty DAG", done)
    return max(ends) - began


def _until(what: str, done: Callable[[], bool]) -> None:
    end = time.monotonic() + _PATIENCE_S
    while not done():
        if time.monotonic() > end:
            raise TimeoutError(f"not in {_PATIENCE_S} s: {what}")
        time.sleep(0.5)


if __name__ == "__main__":
    sys.exit(main())
