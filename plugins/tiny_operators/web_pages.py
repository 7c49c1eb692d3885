"""The page that the package adds to Airflow's UI: it says what is in.

The web server reads only its own database: what ``z316_watch`` left there each hour, and which runs are under way now.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, Final
from zoneinfo import ZoneInfo

from tiny_operators._compat_web import Answer, ended_runs, form_link, known_dags, newest_xcoms, runs_under_way
from tiny_operators.batches.run_request import settled_at
from tiny_operators.events import log_event
from tiny_operators.situation.facts import SITUATION, OtherVersionError, Situation
from tiny_operators.situation.page import FailedRun, Run, UnderWay, render

log = logging.getLogger(__name__)

FOLDER: Final = "tiny"
PAGE: Final = "situacao"
TITLE: Final = "Está tudo dentro?"
# DAGs whose runs work on dates, by the end of their ids.
_OF_DATES: Final = ("daily", "reconcile", "compare", "plan", "replay")
_WATCH: Final = "_watch"
# Where a comparison found differences, a later run that repaired them has done what it asked for.
_ALSO_BY: Final = {"compare": "reconcile"}
# Those whose failed runs leave something to do; and for how long they are shown.
_SHOWN_WHEN_FAILED: Final = ("webhook", "daily", "reconcile", "compare", "replay")
_FAILED_FOR: Final = timedelta(days=3)


def situation_page(may_see: Callable[[str], bool]) -> Answer:
    """Return the page for a user: each store whose watch DAG they may see."""
    from sqlalchemy.exc import SQLAlchemyError

    now = datetime.now(UTC)
    try:
        left = {dag_id: value for dag_id, value in newest_xcoms(SITUATION).items() if may_see(dag_id)}
        stores, unread = _read(left)
        runs = runs_under_way(f"{store.prefix}_{kind}" for store in stores for kind in _OF_DATES)
        whose = [f"{store.prefix}_{kind}" for store in stores for kind in _SHOWN_WHEN_FAILED]
        ended = ended_runs(whose, now - _FAILED_FOR)
        known = {dag_id: paused for dag_id, paused in known_dags().items() if may_see(dag_id)}
    except SQLAlchemyError as error:
        log_event(log, "page_not_read", level=logging.ERROR, page=PAGE, error=type(error).__name__)
        problem = "O banco de dados do Airflow não respondeu. Tente de novo daqui a pouco."
        return HTTPStatus.SERVICE_UNAVAILABLE, render([], now, problem=problem)
    paused = {dag_id for dag_id, is_paused in known.items() if is_paused}
    shown = [(store, under_way(store, runs, ended, paused)) for store in stores]
    watches = [dag_id for dag_id in known if dag_id.endswith(_WATCH)]
    return HTTPStatus.OK, render(shown, now, form_link, _problem(stores, unread, watches))


def under_way(
    store: Situation,
    runs: Iterable[Mapping[str, Any]],
    ended: Iterable[Mapping[str, Any]] = (),
    paused: Collection[str] = (),
) -> UnderWay:
    """Choose the runs of one store.

    Args:
        store: The store.
        runs: The runs that are under way.
        ended: The runs that have ended, the newest first.
        paused: Ids of the DAGs that are paused.
    """
    of_store = [run for run in runs if _is_of(store, run)]
    return UnderWay(
        running=tuple(_run(run, store.timezone) for run in of_store if not run["queued"]),
        queued=tuple(run["dag_id"] for run in of_store if run["queued"]),
        failed=tuple(open_failures((run for run in ended if _is_of(store, run)), store.timezone)),
        paused=frozenset(paused),
    )


def open_failures(ended: Iterable[Mapping[str, Any]], timezone: str) -> Iterator[FailedRun]:
    """Yield the runs that failed, unless a later run has done their work, or none can.

    Of the live sales only the newest run counts: the next one takes what it left.

    Args:
        ended: The runs, the newest first.
        timezone: IANA name of the store's time zone.
    """
    succeeded: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for run in ended:
        prefix, _, kind = run["dag_id"].rpartition("_")
        # Whatever the day.
        known = {**run, "first": None, "last": None} if kind == "webhook" else run
        later = [*succeeded[run["dag_id"]], *succeeded[f"{prefix}_{_ALSO_BY.get(kind, kind)}"]]
        if not run["failed"]:
            succeeded[run["dag_id"]].append(known)
        elif not any(_covers(other, known) for other in later) and _is_possible(known, timezone):
            yield FailedRun(run["dag_id"], run["ended_at"], run["link"], known["first"], known["last"])
            if kind == "webhook":
                succeeded[run["dag_id"]].append(known)


def _is_possible(run: Mapping[str, Any], timezone: str) -> bool:
    """Return whether there is work to do: a person who asked for dates that cannot be was told so, and asks again."""
    if run["first"] is None:
        return True
    today = run["ended_at"].astimezone(ZoneInfo(timezone)).date()
    return bool(run["first"] <= run["last"] <= today)


def _covers(run: Mapping[str, Any], failed: Mapping[str, Any]) -> bool:
    """Return whether a run has all dates of another one; of one without dates nothing better is known."""
    if failed["first"] is None:
        return True
    return bool(run["first"] and run["first"] <= failed["first"] and failed["last"] <= run["last"])


def _is_of(store: Situation, run: Mapping[str, Any]) -> bool:
    return bool(run["dag_id"].rpartition("_")[0] == store.prefix)


def _run(run: Mapping[str, Any], timezone: str) -> Run:
    progress = run["progress"] or {}
    done_at = progress.get("done_at")
    # A person's run does not wait for the end of a day.
    waits = run["dag_id"].endswith("_daily") and not run["by_person"] and run["last"]
    return Run(
        dag_id=run["dag_id"],
        first=run["first"],
        last=run["last"],
        percent=progress.get("percent"),
        done_at=datetime.fromisoformat(done_at) if done_at else None,
        waits_until=settled_at(run["last"], timezone) if waits else None,
    )


def _read(left: Mapping[str, Any]) -> tuple[list[Situation], list[str]]:
    """Read what the watch DAGs left; also name those whose form this version does not know."""
    stores, unread = [], []
    for dag_id, value in sorted(left.items()):
        try:
            stores.append(Situation.from_json(value))
        except OtherVersionError:
            unread.append(dag_id)
    return stores, unread


def _problem(stores: list[Situation], unread: list[str], watches: list[str]) -> str:
    if unread:
        names = ", ".join(unread)
        return f"De outra versão, até a próxima execução (a cada hora): {names}."
    if not stores:
        return (
            f"Ainda não há nada para mostrar: a DAG {' ou '.join(watches) or _WATCH} deixa os números a cada hora. "
            "Ligue-a, ou veja a tarefa situation da sua última execução."
        )
    return ""
