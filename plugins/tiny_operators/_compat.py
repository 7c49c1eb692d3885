"""Everything that differs between Airflow 2.11 and 3; no other module knows which one runs.

The names come from ``apache-airflow-providers-common-compat`` (>= 1.13.1), which resolves to ``airflow.sdk`` on 3.
"""

from __future__ import annotations

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
    BaseHook,
    BaseNotifier,
    BaseOperator,
    BaseOperatorLink,
    Connection,
    Context,
    Param,
    Variable,
    XCom,
    conf,
)
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_0_PLUS

AIRFLOW_API_CONNECTION = "airflow_api"


def wait_timed_out(error: AirflowException) -> bool:
    """Whether a deferred sensor was ended because its time was over.

    Airflow 3 has an exception for it; on 2.11 the scheduler tells it by this message only
    (``SchedulerJobRunner.check_trigger_timeouts``), while a trigger that broke has another.
    """
    return isinstance(error, AirflowSensorTimeout) or str(error) == "Trigger/execution timeout"


def ensure_pool(name: str, slots: int, description: str) -> None:
    """Create the pool, or set its slots.

    Args:
        name: Name of the pool.
        slots: How many tasks may run in it at once.
        description: What the pool is for; shown in the UI.

    Raises:
        AirflowFailException: On Airflow 3, when the connection that leads to Airflow's own API is missing or refused.
    """
    if AIRFLOW_V_3_0_PLUS:
        _ensure_pool_by_api(name, slots, description)
        return
    from airflow.models.pool import Pool

    Pool.create_or_update_pool(name, slots=slots, description=description, include_deferred=False)


def _ensure_pool_by_api(name: str, slots: int, description: str) -> None:
    # Tasks of Airflow 3 may not touch the metadata database: its REST API is the way (docs: "Public interface").
    import requests

    by_hand = f"or create the pool by hand: airflow pools set {name} {slots} '{description}'"
    try:
        conn = BaseHook.get_connection(AIRFLOW_API_CONNECTION)
    except AirflowNotFoundException as error:
        raise AirflowFailException(
            f"Pool {name!r} cannot be made: set the connection {AIRFLOW_API_CONNECTION!r} "
            f"(host = address of Airflow's API server, login, password), {by_hand}"
        ) from error
    host = str(conn.host).rstrip("/")
    base = (host if "://" in host else f"{conn.schema or 'http'}://{host}") + (
        f":{conn.port}" if conn.port else ""
    )
    try:
        token = requests.post(
            f"{base}/auth/token", json={"username": conn.login, "password": conn.password}, timeout=30
        )
        token.raise_for_status()
        headers = {"Authorization": f"Bearer {token.json()['access_token']}"}
        pool = {"name": name, "slots": slots, "description": description, "include_deferred": False}
        answer = requests.post(f"{base}/api/v2/pools", json=pool, headers=headers, timeout=30)
        if answer.status_code == requests.codes.conflict:
            answer = requests.patch(f"{base}/api/v2/pools/{name}", json=pool, headers=headers, timeout=30)
        answer.raise_for_status()
    except requests.RequestException as error:
        raise AirflowException(
            f"Pool {name!r} cannot be made through connection {AIRFLOW_API_CONNECTION!r} "
            f"({type(error).__name__}); check its host, login and password, {by_hand}"
        ) from error


def run_id_of(context: Context) -> str:
    """The id of the DAG run that a task belongs to."""
    run: Any = context["dag_run"]
    return str(run.run_id)


def data_interval(context: Context) -> tuple[datetime, datetime] | None:
    """Start and end of the run's data interval; None for a run by hand that has none, as on Airflow 3."""
    start, end = context.get("data_interval_start"), context.get("data_interval_end")
    return (start, end) if start is not None and end is not None else None


def asked_at(context: Context) -> datetime:
    """When the run was asked for: the same at each try, and never in the future."""
    run: Any = context["dag_run"]
    now = datetime.now(UTC)
    return min(getattr(run, "run_after", None) or run.queued_at or now, now)


def run_type(context: Context) -> str:
    """Who made the run: ``scheduled``, ``backfill``, ``manual``, …."""
    run: Any = context["dag_run"]
    return str(getattr(run.run_type, "value", run.run_type))


def is_first_try(context: Context) -> bool:
    """Whether this try begins anew: the first one of the run, or the first since a person cleared the task."""
    ti: Any = context["ti"]
    return bool(ti.try_number <= ti.max_tries - ti.task.retries + 1)


def let_scheduler_watch(context: Context) -> None:
    """Let the scheduler find the tasks of a backfill that died (Airflow 2; on 3 it runs backfills itself).

    ``airflow dags backfill`` loses sight of a task whose process was killed: the event of its executor names the try,
    and is dropped where the command began to wait for the task before that try was counted
    (``BackfillJobRunner._manage_executor_state``). The scheduler looks only at tasks that it has queued itself
    (``SchedulerJobRunner._find_zombies``). The task would stand as running for good, and hold its pool's slot. So each
    task that begins hands the DAG's running tasks over to a scheduler, which sends those that died into their retry.
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
    "AirflowException",
    "AirflowFailException",
    "AirflowNotFoundException",
    "AirflowPlugin",
    "AirflowSkipException",
    "BaseHook",
    "BaseNotifier",
    "BaseOperator",
    "BaseOperatorLink",
    "Connection",
    "Context",
    "Param",
    "Variable",
    "XCom",
    "asked_at",
    "conf",
    "data_interval",
    "ensure_pool",
    "is_first_try",
    "let_scheduler_watch",
    "run_id_of",
    "run_type",
    "wait_timed_out",
]
