"""What Airflow knows of the runs of a DAG: its database on 2.11, its API on 3."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, Final

from tiny_operators._compat import AIRFLOW_V_3_0_PLUS
from tiny_operators.airflow_api import AirflowApi

_BY_AIRFLOW: Final = ["scheduled", "backfill"]
# As many as a page of the API has.
_MOST_RUNS: Final = 100


def loaded_dates(dag_id: str) -> list[date]:
    """Return the dates whose nights or backfills succeeded, of a DAG whose interval is a day: the newest hundred runs.

    A run with a configuration does not count: it may have been asked for other dates, or only for a plan.

    Raises:
        AirflowApiError: On Airflow 3, when Airflow's API cannot be asked.
    """
    # The interval of a day begins at midnight UTC, wherever the store is.
    return [start.astimezone(UTC).date() for start, conf in _succeeded(dag_id) if start and not conf]


def _succeeded(dag_id: str) -> list[tuple[datetime | None, Any]]:
    """Return start of the interval and configuration of the newest runs that Airflow itself made and that succeeded."""
    if AIRFLOW_V_3_0_PLUS:
        found = AirflowApi.connect().get(
            f"dags/{dag_id}/dagRuns",
            state=["success"],
            run_type=_BY_AIRFLOW,
            order_by="-run_after",
            limit=_MOST_RUNS,
        )
        starts = [
            (run.get("data_interval_start"), run.get("conf")) for run in (found or {}).get("dag_runs") or ()
        ]
        return [(datetime.fromisoformat(start) if start else None, conf) for start, conf in starts]
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import select

    newest = (
        select(DagRun.data_interval_start, DagRun.conf)
        .where(DagRun.dag_id == dag_id, DagRun.state == "success", DagRun.run_type.in_(_BY_AIRFLOW))
        .order_by(DagRun.data_interval_start.desc())
        .limit(_MOST_RUNS)
    )
    with create_session() as session:
        return [(start, conf) for start, conf in session.execute(newest)]
