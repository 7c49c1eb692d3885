"""Everything that differs between Airflow 2.11 and 3.

The notes of runs are in ``_compat_notes``, what Airflow knows of runs in ``_compat_runs``, the web server's part in
``_compat_web``. The names come from ``apache-airflow-providers-common-compat`` (>= 1.13.1), which resolves to
``airflow.sdk`` on 3.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from airflow.plugins_manager import AirflowPlugin
from airflow.providers.common.compat.sdk import (
    DAG,
    AirflowException,
    AirflowFailException,
    AirflowNotFoundException,
    AirflowSensorTimeout,
    AirflowSkipException,
    Asset,
    BaseHook,
    BaseNotifier,
    BaseOperator,
    BaseOperatorLink,
    Connection,
    Context,
    Param,
    TaskGroup,
    Variable,
    XCom,
    conf,
    get_parsing_context,
)
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_0_PLUS

from tiny_operators.airflow_api import AIRFLOW_API_CONNECTION, AirflowApi, AirflowApiError
from tiny_operators.events import log_event

log = logging.getLogger(__name__)

_UNDER_WAY = ["running", "queued"]
# What says when a run was asked for, by its type; the first that there is.
_ASKED_AT = {"scheduled": ("start_date", "run_after", "queued_at"), "backfill": ("queued_at",)}


def wait_timed_out(error: AirflowException) -> bool:
    """Return whether a deferred sensor was ended because its time was over.

    Airflow 3 has an exception for it. On 2.11 the scheduler reports it by this message only
    (``SchedulerJobRunner.check_trigger_timeouts``), while a trigger that broke has another.
    """
    return isinstance(error, AirflowSensorTimeout) or str(error) == "Trigger/execution timeout"


def ensure_pool(name: str, slots: int, description: str) -> None:
    """Make sure that there is a pool with so many slots: nothing is written when it is as it should be.

    Args:
        name: Name of the pool.
        slots: How many tasks may run in it at once.
        description: What the pool is for; shown in the UI.

    Raises:
        AirflowFailException: On Airflow 3, when it is not so and Airflow's own API cannot be asked; the message has the
            command by which a person creates the pool.
    """
    if not AIRFLOW_V_3_0_PLUS:
        from airflow.models.pool import Pool

        found = Pool.get_pool(name)
        if found is None or found.slots != slots or found.include_deferred:
            Pool.create_or_update_pool(name, slots=slots, description=description, include_deferred=False)
        return
    try:
        api = AirflowApi.connect()
        there = api.get(f"pools/{name}")
        pool = {"name": name, "slots": slots, "description": description, "include_deferred": False}
        if there is None:
            api.post("pools", pool)
        elif there["slots"] != slots or there["include_deferred"]:
            api.patch(f"pools/{name}", pool)
    except AirflowApiError as error:
        raise AirflowFailException(
            f"Pool {name!r} can neither be found nor created: {error}. Or create it by hand: gcloud composer "
            f"environments run $ENVIRONMENT --location $LOCATION pools set -- {name} {slots} '{description}' (or: "
            f"airflowctl pools create --name {name} --slots {slots}; outside of Composer: airflow pools set {name} "
            f"{slots} '{description}'), then mark this task as success"
        ) from error


def missing_pools(names: Iterable[str]) -> list[str] | None:
    """Find which of some pools are missing; None when Airflow cannot be asked.

    A task whose pool is missing is never scheduled, and nothing reports it.
    """
    if not AIRFLOW_V_3_0_PLUS:
        from airflow.models.pool import Pool

        return [name for name in names if Pool.get_pool(name) is None]
    try:
        api = AirflowApi.connect()
        return [name for name in names if api.get(f"pools/{name}") is None]
    except AirflowApiError as error:
        log_event(log, "pools_not_checked", level=logging.WARNING, reason=str(error))
        return None


@dataclass(frozen=True)
class DagStatus:
    """The state of Airflow, as far as a DAG that must run without a break needs it.

    Attributes:
        paused: Whether the DAG is paused; None when Airflow does not know the DAG.
        runs: How many runs of it run or are queued.
        triggerer: State of the triggerer: ``healthy``, another word, or None when there never was one.
    """

    paused: bool | None
    runs: int
    triggerer: str | None


def dag_status(dag_id: str) -> DagStatus:
    """Ask for the state of Airflow.

    Raises:
        AirflowApiError: On Airflow 3, when Airflow's API cannot be asked.
    """
    if AIRFLOW_V_3_0_PLUS:
        api = AirflowApi.connect()
        dag = api.get(f"dags/{dag_id}")
        runs = api.get(f"dags/{dag_id}/dagRuns", state=_UNDER_WAY, limit=1) or {}
        health = api.get("monitor/health") or {}
        paused = None if dag is None else bool(dag["is_paused"])
        return DagStatus(paused, int(runs.get("total_entries", 0)), _triggerer(health))
    from airflow.api.common.airflow_health import get_airflow_health
    from airflow.models.dag import DagModel
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import func, select

    with create_session() as session:
        model = session.get(DagModel, dag_id)
        under_way = select(func.count()).where(DagRun.dag_id == dag_id, DagRun.state.in_(_UNDER_WAY))
        count = int(session.scalar(under_way) or 0)
        stopped = None if model is None else bool(model.is_paused)
    return DagStatus(stopped, count, _triggerer(get_airflow_health()))


def _triggerer(health: Mapping[str, Any]) -> str | None:
    status = (health.get("triggerer") or {}).get("status")
    return None if status is None else str(status)


def run_id_of(context: Context) -> str:
    """Return the id of the DAG run that a task belongs to."""
    run: Any = context["dag_run"]
    return str(run.run_id)


def data_interval(context: Context) -> tuple[datetime, datetime] | None:
    """Return start and end of the run's data interval; None for a run by hand that has none, as on Airflow 3."""
    start, end = context.get("data_interval_start"), context.get("data_interval_end")
    return (start, end) if start is not None and end is not None else None


def asked_at(context: Context) -> datetime:
    """Return when the run was asked for: the same at each try, and never in the future.

    That of a scheduled run is when it began: the moment that it was due may be weeks ago, when its DAG was paused.
    For a run of a backfill ``run_after`` is the end of its interval, however long ago that is.
    """
    run: Any = context["dag_run"]
    now = datetime.now(UTC)
    names = _ASKED_AT.get(run_type(context), ("run_after", "queued_at"))
    # Airflow 2 has no run_after; on 3, a task is not told queued_at.
    moments = (getattr(run, name, None) for name in names)
    return min(next(filter(None, moments), now), now)


def run_type(context: Context) -> str:
    """Return what created the run: ``scheduled``, ``backfill``, ``manual``, …."""
    run: Any = context["dag_run"]
    return str(getattr(run.run_type, "value", run.run_type))


def is_first_try(context: Context) -> bool:
    """Return whether this try starts anew: the first one of the run, or the first since a person cleared the task."""
    ti: Any = context["ti"]
    return bool(ti.try_number <= ti.max_tries - ti.task.retries + 1)


def let_scheduler_watch(context: Context) -> None:
    """Let the scheduler find the tasks of a backfill that died (Airflow 2; on 3 it runs backfills itself).

    ``airflow dags backfill`` loses sight of a task whose process was killed. The event of its executor names the try,
    and is dropped where the command began to wait for the task before that try was counted
    (``BackfillJobRunner._manage_executor_state``). The scheduler looks only at tasks that it has queued itself
    (``SchedulerJobRunner._find_zombies``). The task would look as if it ran for good, and keep its pool's slot. So each
    task that starts hands the DAG's running tasks over to a scheduler, which sends those that died into their retry.
    """
    run: Any = context["dag_run"]
    if AIRFLOW_V_3_0_PLUS or run.run_type != "backfill":
        return
    from airflow.jobs.job import Job
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from sqlalchemy import select, update

    with create_session() as session:
        scheduler = session.scalar(
            select(Job.id)
            .where(Job.job_type == "SchedulerJob", Job.state == "running")
            .order_by(Job.latest_heartbeat.desc())
            .limit(1)
        )
        backfills = select(Job.id).where(Job.job_type == "BackfillJob")
        if scheduler is not None:
            session.execute(
                update(TaskInstance)
                .where(TaskInstance.dag_id == run.dag_id, TaskInstance.state == "running")
                .where(TaskInstance.queued_by_job_id.in_(backfills))
                .values(queued_by_job_id=scheduler)
                .execution_options(synchronize_session=False)
            )


__all__ = [
    "AIRFLOW_API_CONNECTION",
    "AIRFLOW_V_3_0_PLUS",
    "DAG",
    "AirflowApiError",
    "AirflowException",
    "AirflowFailException",
    "AirflowNotFoundException",
    "AirflowPlugin",
    "AirflowSkipException",
    "Asset",
    "BaseHook",
    "BaseNotifier",
    "BaseOperator",
    "BaseOperatorLink",
    "Connection",
    "Context",
    "DagStatus",
    "Param",
    "TaskGroup",
    "Variable",
    "XCom",
    "asked_at",
    "conf",
    "dag_status",
    "data_interval",
    "ensure_pool",
    "get_parsing_context",
    "is_first_try",
    "let_scheduler_watch",
    "missing_pools",
    "run_id_of",
    "run_type",
    "wait_timed_out",
]
