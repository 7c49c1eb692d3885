"""What Airflow knows of the runs of a DAG: its database on 2.11, its API on 3."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from tiny_operators._compat import AIRFLOW_V_3_0_PLUS
from tiny_operators.airflow_api import AirflowApi
from tiny_operators.batches.run_request import FROM_DATE, SLICE_DAYS, RequestError, read_request

_BY_AIRFLOW: Final = {"scheduled", "backfill"}
# As many as a page of the API has.
_MOST_RUNS: Final = 100


@dataclass(frozen=True)
class _Run:
    """A run that succeeded.

    Attributes:
        kind: Airflow's type of it.
        conf: What it was asked to do.
        interval_start: Start of its data interval; None for a run by hand that has none.
        began: When it began.
    """

    kind: str
    conf: Mapping[str, Any]
    interval_start: datetime | None
    began: datetime | None


def loaded_dates(dag_id: str, timezone: str) -> list[date]:
    """Return the dates for which a DAG of days has succeeded, by its newest hundred runs; the newest date first.

    They are those of nights and backfills, and those that a person named. A date that was not over when a person's run
    began does not count.

    Args:
        dag_id: The DAG.
        timezone: IANA name of the store's time zone.

    Raises:
        AirflowApiError: On Airflow 3, when Airflow's API cannot be asked.
    """
    return sorted({day for run in _succeeded(dag_id) for day in _dates(run, timezone)}, reverse=True)


def _dates(run: _Run, timezone: str) -> Iterable[date]:
    if not run.conf.get(FROM_DATE):
        # The interval of a day begins at midnight UTC, wherever the store is. A night waits for the end of its day.
        by_airflow = run.kind in _BY_AIRFLOW
        return [run.interval_start.astimezone(UTC).date()] if by_airflow and run.interval_start else ()
    if run.began is None:
        return ()
    try:
        dates = read_request(run.conf, None, run.began, timezone).dates[:SLICE_DAYS]
    except RequestError:
        return ()
    today = run.began.astimezone(ZoneInfo(timezone)).date()
    return [day for day in dates if day < today]


def _succeeded(dag_id: str) -> list[_Run]:
    if AIRFLOW_V_3_0_PLUS:
        found = AirflowApi.connect().get(
            f"dags/{dag_id}/dagRuns", state=["success"], order_by="-run_after", limit=_MOST_RUNS
        )
        return [
            _Run(
                run["run_type"],
                run.get("conf") or {},
                _moment(run.get("data_interval_start")),
                _moment(run.get("start_date")),
            )
            for run in (found or {}).get("dag_runs") or ()
        ]
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import select

    newest = (
        select(DagRun.run_type, DagRun.conf, DagRun.data_interval_start, DagRun.start_date)
        .where(DagRun.dag_id == dag_id, DagRun.state == "success")
        .order_by(DagRun.execution_date.desc())
        .limit(_MOST_RUNS)
    )
    with create_session() as session:
        return [_Run(kind, conf or {}, start, began) for kind, conf, start, began in session.execute(newest)]


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
