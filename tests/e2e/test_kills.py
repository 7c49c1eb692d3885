"""A live ``fetch`` whose process is killed goes on where it was, by the real scheduler."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest

from local.demo.parts import post_webhook
from local.stack import processes
from local.stack.airflow import WEBHOOK_DAG

pytestmark = pytest.mark.e2e

TASKS = f"dags/{WEBHOOK_DAG}/dagRuns/~/taskInstances?limit=100&state="


def reading(live: Any) -> list[tuple[str, int]]:
    """The run and process of each ``fetch`` that runs, and is surely of this stack."""
    ours = {process.pid for process in processes.of_stack(live.home)}
    tasks = live.api.get(f"{TASKS}running")["task_instances"]
    return [
        (task["dag_run_id"], task["pid"])
        for task in tasks
        if task["task_id"] == "fetch" and task["pid"] in ours
    ]


@pytest.mark.parametrize("kills", [1, 3])
def test_a_killed_fetch_is_tried_again_and_ends_its_run(live: Any, kills: int) -> None:
    live.until("idle", lambda: not live.warehouse.waiting())
    before = live.simulator.settings()
    live.simulator.set(latency_s=1)
    sales = live.simulator.sell(8)
    orders = {sale.pedido for sale in sales}
    for sale in sales:
        post_webhook(live.env["WEBHOOK_URL"], sale.webhook)
    killed: list[int] = []
    run_id = ""
    for _ in range(kills):
        live.until("a fetch", lambda: any(pid not in killed for _, pid in reading(live)))
        live.simulator.forget_calls()
        live.until("a call of it", lambda: bool(live.simulator.calls()["pdv.pedido.obter"]))
        run_id, pid = next(found for found in reading(live) if found[1] not in killed)
        os.kill(pid, signal.SIGKILL)
        killed.append(pid)
    live.simulator.set(**before)
    live.until("the sales", lambda: live.loaded([*orders]))
    assert live.warehouse.differences(live.simulator.truth([*orders]), [*orders]) == []
    done = live.api.get(f"dags/{WEBHOOK_DAG}/dagRuns/{run_id}/taskInstances/fetch")
    # The same run ended it: no try was the last one.
    assert (done["state"], done["try_number"]) == ("success", kills + 1)
