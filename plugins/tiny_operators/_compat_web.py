"""What the web servers of Airflow 2.11 and 3 need to show a page.

With ``_compat``, ``_compat_notes`` and ``_compat_runs`` the only modules that know both. Only a web server calls what
is here: it may read Airflow's database, and its packages are loaded there. Nothing here asks Google, so no page ever
waits for another service.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote, urlencode

from tiny_operators._compat import AIRFLOW_V_3_0_PLUS
from tiny_operators.batches.run_request import FROM_DATE, TO_DATE, interval_dates

# Runs that are read at most: more than a page shows.
_MOST_RUNS: Final = 50
# Of the runs after one that failed, the newest: a backfill of a year has 366.
_MOST_LATER_RUNS: Final = 400

Answer = tuple[int, str]
"""A status of HTTP, and an HTML document."""
Respond = Callable[[Callable[[str], bool]], Answer]
"""Makes the page for a user, of whom it may ask whether they may see a DAG."""


def newest_xcoms(key: str) -> dict[str, Any]:
    """Return the newest XCom of a key from Airflow's database, by the DAG that left it."""
    from airflow.utils.session import create_session
    from sqlalchemy import func, select

    xcom = _xcom_model()
    newest = select(xcom.dag_id, func.max(xcom.timestamp).label("at")).where(xcom.key == key)
    found = newest.group_by(xcom.dag_id).subquery()
    wanted = (xcom.dag_id == found.c.dag_id, xcom.timestamp == found.c.at)
    with create_session() as session:
        rows = session.scalars(select(xcom).join(found, wanted[0] & wanted[1]).where(xcom.key == key))
        return {row.dag_id: _value(row) for row in rows}


def known_dags() -> dict[str, bool]:
    """Return whether each DAG that Airflow knows is paused, by its id."""
    from airflow.models.dag import DagModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        rows = session.execute(select(DagModel.dag_id, DagModel.is_paused))
        return {row.dag_id: row.is_paused for row in rows}


def runs_under_way(dag_ids: Iterable[str]) -> list[dict[str, Any]]:
    """Return the runs of some DAGs that run or are queued, those that run first.

    Returns:
        Of each: ``dag_id``, ``queued``, ``by_person``, ``first`` and ``last`` (dates; None when they are not known) and
        ``progress`` (the XCom of that name that its reading task left; None when there is none).
    """
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import select

    xcom = _xcom_model()
    under_way = (
        select(DagRun)
        .where(DagRun.dag_id.in_(list(dag_ids)), DagRun.state.in_(["running", "queued"]))
        .order_by(DagRun.state.desc(), DagRun.id)
    )
    with create_session() as session:
        runs = list(session.scalars(under_way))
        ids = [run.run_id for run in runs if run.state == "running"][:_MOST_RUNS]
        left = session.scalars(select(xcom).where(xcom.key == "progress", xcom.run_id.in_(ids)))
        progress = {(row.dag_id, row.run_id): _value(row) for row in left}
        return [
            {
                "dag_id": run.dag_id,
                "queued": run.state == "queued",
                "by_person": run.run_type == "manual",
                "progress": progress.get((run.dag_id, run.run_id)),
                **_dates(run),
            }
            for run in runs
        ]


def ended_runs(dag_ids: Sequence[str], since: datetime) -> list[dict[str, Any]]:
    """Return the runs of some DAGs that failed since a moment, and those that succeeded later, the newest end first.

    Without a failure, as nearly always, no other run is read: those of live sales are hundreds a day.

    Returns:
        Of each: ``dag_id``, ``failed``, ``ended_at``, ``link`` (address of its page, as :func:`form_link`), ``first``
        and ``last`` (dates; None when they are not known).
    """
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import select

    newest = select(DagRun).order_by(DagRun.end_date.desc())
    of_dags = newest.where(DagRun.dag_id.in_(dag_ids), DagRun.end_date >= since)
    with create_session() as session:
        runs: list[Any] = list(session.scalars(of_dags.where(DagRun.state == "failed").limit(_MOST_RUNS)))
        first = min((run.end_date for run in runs), default=None)
        for dag_id in dag_ids if first else ():
            later = newest.where(DagRun.dag_id == dag_id, DagRun.end_date >= first, DagRun.state == "success")
            runs += session.scalars(later.limit(_MOST_LATER_RUNS))
        return [
            {
                "dag_id": run.dag_id,
                "failed": run.state == "failed",
                "ended_at": run.end_date,
                "link": _run_link(run.dag_id, run.run_id),
                **_dates(run),
            }
            for run in sorted(runs, key=lambda run: run.end_date, reverse=True)
        ]


def _run_link(dag_id: str, run_id: str) -> str:
    name = quote(run_id, safe="")
    return (
        f"../dags/{dag_id}/runs/{name}" if AIRFLOW_V_3_0_PLUS else f"../dags/{dag_id}/grid?dag_run_id={name}"
    )


def form_link(dag_id: str) -> str:
    """Return the address of the form that triggers a DAG, as seen from a page one folder below the root.

    A person enters the dates. Airflow 2.11 would take them from the address, but keeps them as the defaults of the form
    for all who open it later. Airflow 3 has no address for the form: there it is the page of the DAG.
    """
    return f"../dags/{dag_id}" if AIRFLOW_V_3_0_PLUS else f"../dags/{dag_id}/trigger"


def flask_page(folder: str, page: str, respond: Respond) -> list[Any]:
    """Return the page for the web server of Airflow 2.11, below a folder; none on 3."""
    if AIRFLOW_V_3_0_PLUS:
        return []
    from airflow.auth.managers.models.resource_details import DagDetails
    from airflow.www.auth import has_access_view
    from airflow.www.extensions.init_auth_manager import get_auth_manager
    from flask import Blueprint, Response

    def may_see(dag_id: str) -> bool:
        return bool(get_auth_manager().is_authorized_dag(method="GET", details=DagDetails(id=dag_id)))

    def answer() -> Response:
        status, document = respond(may_see)
        return Response(document, status, mimetype="text/html")

    blueprint = Blueprint(f"{folder}_pages", __name__, url_prefix=f"/{folder}")
    blueprint.add_url_rule(f"/{page}", page, has_access_view()(answer))
    return [blueprint]


def fastapi_page(folder: str, page: str, respond: Respond) -> list[dict[str, Any]]:
    """Return the page for the API server of Airflow 3, below a folder; none on 2.11."""
    if not AIRFLOW_V_3_0_PLUS:
        return []
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.models.resource_details import DagDetails
    from airflow.api_fastapi.core_api.security import get_user
    from fastapi import Depends, FastAPI
    from fastapi.responses import HTMLResponse, RedirectResponse

    # Airflow asks nobody who reads a plugin's page: the page does it itself.
    app = FastAPI(title=folder, docs_url=None, redoc_url=None, openapi_url=None)

    # Not async: the server runs it in a thread, and answers others meanwhile.
    def answer(user: Any = Depends(get_user)) -> Any:  # noqa: B008 - FastAPI reads it
        def may_see(dag_id: str) -> bool:
            details = DagDetails(id=dag_id)
            return bool(get_auth_manager().is_authorized_dag(method="GET", user=user, details=details))

        status, document = respond(may_see)
        return HTMLResponse(document, status)

    async def ask_to_log_in(request: Any, _: Exception) -> RedirectResponse:
        return RedirectResponse(f"../api/v2/auth/login?{urlencode({'next': str(request.url)})}")

    app.add_exception_handler(HTTPStatus.UNAUTHORIZED, ask_to_log_in)
    app.add_api_route(f"/{page}", answer, response_model=None)
    return [{"app": app, "url_prefix": f"/{folder}", "name": f"{folder} pages"}]


def menu_items(folder: str, page: str, title: str) -> list[dict[str, str]]:
    """Return the entry of Airflow 2.11's menu *Browse*; none on 3."""
    return [] if AIRFLOW_V_3_0_PLUS else [{"name": title, "category": "Browse", "href": f"/{folder}/{page}"}]


def external_views(folder: str, page: str, title: str) -> list[dict[str, str]]:
    """Return the entry of Airflow 3's menu *Browse*; none on 2.11.

    Without ``url_route`` it opens as a page of its own: in a frame of the UI, links to forms would be blocked.
    """
    if not AIRFLOW_V_3_0_PLUS:
        return []
    return [{"name": title, "category": "browse", "destination": "nav", "href": f"{folder}/{page}"}]


def _xcom_model() -> Any:
    from airflow.models import xcom

    model: Any = xcom
    return model.XComModel if AIRFLOW_V_3_0_PLUS else model.XCom


def _value(row: Any) -> Any:
    # Airflow 2 deserializes a row when it is read.
    return _xcom_model().deserialize_value(row) if AIRFLOW_V_3_0_PLUS else row.value


def _dates(run: Any) -> dict[str, date | None]:
    """Read which dates a run works on: those that it was asked for, or else those of its interval.

    A run that is created at a moment has an interval of no length, which says nothing of its dates.
    """
    asked = run.conf if isinstance(run.conf, Mapping) else {}
    first, last = (_date(asked.get(name)) for name in (FROM_DATE, TO_DATE))
    start, end = run.data_interval_start, run.data_interval_end
    if first is None and last is None and run.run_type != "manual" and start is not None and start < end:
        first, last = interval_dates(start, end)
    return {"first": first or last, "last": last or first}


def _date(value: Any) -> date | None:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        return None
