"""Some days of the shop's past, brought in by the daily DAG as a person would do it: triggered with dates."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date

from local.demo.parts import Simulator, Warehouse
from local.stack.airflow import Api, unpause
from local.stack.settings import Settings, StackError

_DAG = "z316_daily"
_PATIENCE_S = 300


def bring_in(
    settings: Settings, simulator: Simulator, warehouse: Warehouse, first: date, last: date
) -> Iterator[str]:
    """Load what the shop sold on some dates; what is wrong with the rows.

    Args:
        settings: The running stack's.
        simulator: The shop.
        warehouse: The tables.
        first: First date.
        last: Last date, included, before today.

    Raises:
        StackError: The DAG failed or took too long.
    """
    print(f"\n[demo] triggering {_DAG} for the sales of {first} to {last}", flush=True)
    began = time.monotonic()
    _trigger(settings, first, last)
    truth = simulator.truth_of_dates(first, last)
    print(f"[demo {time.monotonic() - began:5.1f} s] {_DAG}: success, {len(truth['pdv'])} orders", flush=True)
    yield from warehouse.differences(truth)


def _trigger(settings: Settings, first: date, last: date) -> None:
    """Run the daily DAG for the dates and wait for its end."""
    api = Api(settings.airflow, settings.url("AIRFLOW_PORT"))
    unpause(api, _DAG)
    run_id = api.trigger(_DAG, {"from_date": first.isoformat(), "to_date": last.isoformat()})
    end = time.monotonic() + _PATIENCE_S
    while (state := api.get(f"dags/{_DAG}/dagRuns/{run_id}")["state"]) != "success":
        if state == "failed" or time.monotonic() > end:
            raise StackError(f"{_DAG} is {state}; see its tasks' logs in {settings.airflow_home}/logs")
        time.sleep(0.5)
