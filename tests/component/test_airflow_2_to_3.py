"""The webhook DAG moves from Airflow 2 to 3 and back, on the same buckets and tables, wherever it was stopped."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from local.demo.parts import Sale
from local.stack.settings import REPO, venv
from tests.component.effects import effects
from tests.component.webhook_steps import upload
from tests.component.whole_runs import Sold, WholeRun
from tests.environment import AIRFLOW

pytestmark = pytest.mark.stack

PYTHON = venv("airflow-3") / "bin" / "python"
from_2_to_3 = pytest.mark.skipif(
    AIRFLOW == "3" or not PYTHON.exists(),
    reason="begins on 2.11, and needs the environment of Airflow 3 as well",
)


class StoppedError(BaseException):
    """The environment's DAG was paused: no further task starts."""


def run_until(run: WholeRun, last: str) -> None:
    """Run the tasks of a run up to one of them, included."""
    go_on = run._goes_on

    def pause(task: Any) -> bool:
        if last in run.tries:
            raise StoppedError
        return go_on(task)

    run._goes_on = pause  # type: ignore[method-assign]
    with effects() as counted, pytest.raises(StoppedError):
        run.go_on(counted)
    run._goes_on = go_on  # type: ignore[method-assign]


def run_on_airflow_3(home: Path) -> None:
    """A whole run on Airflow 3, in a process of its own."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW__", "PYTEST"))
    }
    environment |= {"AIRFLOW": "3", "AIRFLOW_HOME": str(home), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    done = subprocess.run(
        [str(PYTHON), "-m", "tests.component.one_run"],
        cwd=REPO,
        env=environment | {"PYTHONPATH": f"{REPO / 'plugins'}:{REPO}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["airflow"].startswith("3.")
    assert said["failures"] == []
    assert said["tasks"][-1] == "archive"


def put(sold: Sold, sales: list[Sale]) -> None:
    for sale in sales:
        upload(sold.warehouse, f"moved/{sale.pedido}.json", json.dumps(sale.webhook))
    sold.orders.extend(sale.pedido for sale in sales)


@from_2_to_3
@pytest.mark.parametrize("last", ["plan", "fetch", "rows", "merge"])
def test_nothing_is_lost_or_doubled_by_a_move_there_and_back(sold: Sold, last: str, tmp_path: Path) -> None:
    rejected = sold.warehouse.objects("rejected/")
    stopped = WholeRun(sold.dag)
    run_until(stopped, last)
    assert len(sold.warehouse.waiting()) == 3
    # Sales go on while it moves, and one that the stopped run knows changes.
    put(sold, sold.simulator.sell(2))
    webhook = sold.simulator.change(sold.orders[0], "edit")
    upload(sold.warehouse, "moved/changed.json", json.dumps(webhook))
    run_on_airflow_3(tmp_path)
    assert sold.wrong() == []
    # And back: the run that was stopped goes on with its old plan, whose files are gone.
    put(sold, sold.simulator.sell(1))
    stopped.finish()
    sold.run()
    assert sold.wrong() == []
    assert sold.warehouse.objects("rejected/") == rejected
