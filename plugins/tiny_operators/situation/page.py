"""The page "Está tudo dentro?": facts in, one HTML document out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from tiny_operators.situation import formats
from tiny_operators.situation.facts import Situation, State
from tiny_operators.situation.formats import counted
from tiny_operators.situation.remedies import STATES, FormLink, before, remedies

TEMPLATES: Final = Path(__file__).parent
"""Folder of the page's template and styles; ``base.css`` is also that of the shop's report."""

# It is written each hour.
_STALE_AFTER: Final = timedelta(hours=2, minutes=15)
# More than a person does by hand is only counted.
_MOST_STRETCHES: Final = 30
_MOST_RUNS: Final = 10

_ALL_READ: Final = 100

# What to do about a run that failed, by the end of its DAG's id; and of the others.
_WHEN_FAILED: Final = {
    "_webhook": "A nota da execução diz por quê. Não limpe nada: a próxima execução lê o que esta deixou na fila.",
    "_compare": "A nota da execução diz o que fazer. O aviso sai quando uma comparação destas datas, ou o conserto "
    "delas, termina bem.",
}
_CLEAR: Final = (
    "A nota da execução diz o que fazer. Se ela não diz outra coisa, limpe a tarefa que falhou, e ela continua de onde "
    "estava."
)

# How each state is shown: its mark and its name.
_SHOWN: Final = {
    State.MISSING: ("!", "falta"),
    State.DIFFERS: ("≠", "difere da Tiny"),
    State.LOADED: ("?", "carregado, não comparado"),
    State.COMPLETE: ("✓", "completo"),
    State.PENDING: ("…", "ainda em curso"),
}


@dataclass(frozen=True)
class Run:
    """A run that is under way.

    Attributes:
        dag_id: Its DAG.
        first: First date that it works on; None when that is not known.
        last: Last date.
        percent: How much of its reading is done; None before it reads.
        done_at: When the reading will be done.
        waits_until: When its last day is over, and late changes have come; None for a run that does not wait for that.
    """

    dag_id: str
    first: date | None = None
    last: date | None = None
    percent: int | None = None
    done_at: datetime | None = None
    waits_until: datetime | None = None


@dataclass(frozen=True)
class FailedRun:
    """A run that failed, and whose work no later run has done.

    Attributes:
        dag_id: Its DAG.
        ended_at: When it failed.
        link: Address of its page.
        first: First date that it works on; None when that is not known.
        last: Last date.
    """

    dag_id: str
    ended_at: datetime
    link: str
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True)
class UnderWay:
    """The runs of a store that load or compare dates.

    Attributes:
        running: Those that run.
        queued: Ids of the DAGs of those that wait for their turn.
        failed: Those that failed in the last days, also of live sales, the newest first.
        paused: Ids of the DAGs that are paused: their runs do not begin.
    """

    running: tuple[Run, ...] = ()
    queued: tuple[str, ...] = ()
    failed: tuple[FailedRun, ...] = ()
    paused: frozenset[str] = frozenset()


def render(
    stores: Sequence[tuple[Situation, UnderWay | None]],
    now: datetime,
    form: FormLink | None = None,
    problem: str = "",
) -> str:
    """Create the page: one document that needs no other file, no network and no script.

    Args:
        stores: The stores, each with its runs; None when they are not known.
        now: The present.
        form: Makes links to forms; None where Airflow's UI is not beside the page.
        problem: Why there is less to see than there should be.
    """
    # The web server has it loaded; the scheduler, which imports this module, need not.
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template("page.html.j2").render(
        stores=[_store(situation, runs, now, form) for situation, runs in stores],
        problem=problem,
        beside_airflow=form is not None,
        legend=[(state, mark, name) for state, (mark, name) in _SHOWN.items()],
    )


def verdict(situation: Situation) -> tuple[State, str]:
    """Answer the question in a sentence, with the worst state of a day."""
    if situation.since is None:
        return State.MISSING, "Nada foi carregado ainda."
    rejects = sum(day.out(situation.pending_from) for day in situation.days)
    parts = [
        (State.MISSING, situation.count(State.MISSING), *STATES[State.MISSING]),
        (State.DIFFERS, situation.count(State.DIFFERS), *STATES[State.DIFFERS]),
        (State.DIFFERS, rejects, "rejeitado ainda fora", "rejeitados ainda fora"),
        (
            State.LOADED,
            situation.count(State.LOADED),
            "dia ainda não foi comparado com a Tiny",
            "dias ainda não foram comparados com a Tiny",
        ),
    ]
    found = [(state, counted(number, one, many)) for state, number, one, many in parts if number]
    if not situation.count(State.COMPLETE):
        nothing = f"antes de {formats.day(situation.since)} nada foi carregado nem comparado"
        found.insert(0, (State.MISSING, nothing))
    if found:
        text = "; ".join(text for _, text in found)
        return found[0][0], f"{text[0].upper()}{text[1:]}."
    yesterday = situation.pending_from - timedelta(days=1)
    return State.COMPLETE, f"Tudo está dentro até {formats.day(yesterday)}."


def _store(
    situation: Situation, runs: UnderWay | None, now: datetime, form: FormLink | None
) -> dict[str, Any]:
    zone = ZoneInfo(situation.timezone)
    state, text = verdict(situation)
    needed = remedies(situation, form)
    passed = now - situation.seen_at
    return {
        "name": situation.name,
        "prefix": situation.prefix,
        "state": state,
        "verdict": text,
        "seen": f"{formats.moment(situation.seen_at, zone)} ({formats.age(passed)})",
        "stale": passed > _STALE_AFTER,
        "figures": list(_figures(situation, zone, now)),
        "runs": None if runs is None else [_run(run, zone, now) for run in runs.running[:_MOST_RUNS]],
        "more_runs": _more_runs(runs),
        "failed": [_failed(run, zone) for run in runs.failed[:_MOST_RUNS]] if runs else [],
        "paused": runs.paused if runs else (),
        "remedies": needed[:_MOST_STRETCHES],
        "more_remedies": len(needed) - len(needed[:_MOST_STRETCHES]),
        "before": before(situation, form),
        "months": list(_months(situation.states()))[::-1],
        "rows": [_row(day, day.state(situation.pending_from), zone) for day in reversed(situation.days)],
    }


def _figures(situation: Situation, zone: ZoneInfo, now: datetime) -> Iterator[tuple[str, str, str]]:
    """Yield name, value and age of what shows whether sales still come."""
    for name, value in (
        ("Último webhook", situation.last_webhook),
        ("Última carga", situation.last_load),
    ):
        yield name, formats.moment(value, zone), formats.age(now - value) if value else ""
    files = counted(situation.waiting, "arquivo", "arquivos")
    oldest = situation.oldest_waiting
    # Not its age: by now it may have been read.
    yield "Na fila", files, f"o mais antigo chegou em {formats.moment(oldest, zone)}" if oldest else ""
    rejects, notes = (sum(getattr(day, name) for day in situation.days) for name in ("rejects", "notes"))
    looked = counted(len(situation.days), "dia", "dias")
    yield "Rejeitados", formats.number(rejects), f"em {looked}, ainda fora"
    yield "Valores vazios", formats.number(notes), f"em {looked}; não puderam ser lidos, o pedido entrou"


def _failed(run: FailedRun, zone: ZoneInfo) -> dict[str, str]:
    ended = formats.moment(run.ended_at, zone)
    said = next((text for kind, text in _WHEN_FAILED.items() if run.dag_id.endswith(kind)), _CLEAR)
    return {"dag": run.dag_id, "dates": _dates(run), "ended": ended, "link": run.link, "said": said}


def _dates(run: FailedRun | Run) -> str:
    """Name the dates of a run; without a form's dates a comparison takes the last weeks."""
    if run.first and run.last:
        return formats.days(run.first, run.last)
    return "últimas semanas" if run.dag_id.endswith(("_compare", "_reconcile")) else ""


def _run(run: Run, zone: ZoneInfo, now: datetime) -> dict[str, str]:
    return {"dag": run.dag_id, "dates": _dates(run), "progress": _progress(run, zone, now)}


def _progress(run: Run, zone: ZoneInfo, now: datetime) -> str:
    if run.percent is None:
        return _before_reading(run, zone, now)
    if run.percent >= _ALL_READ:
        return "tudo lido; grava nas tabelas"
    end = f", termina em {formats.moment(run.done_at, zone)}" if run.done_at else ""
    return f"{run.percent}% lido{end}"


def _before_reading(run: Run, zone: ZoneInfo, now: datetime) -> str:
    if run.waits_until and now < run.waits_until:
        return f"espera o fim do dia e as últimas mudanças, até {formats.moment(run.waits_until, zone)}"
    return "ainda não lê: planeja, ou espera a vez"


def _more_runs(runs: UnderWay | None) -> str:
    if runs is None:
        return ""
    more = max(0, len(runs.running) - _MOST_RUNS)
    parts = [
        f"mais {counted(more, 'execução', 'execuções')} em andamento" if more else "",
        f"{counted(len(runs.queued), 'execução', 'execuções')} na fila" if runs.queued else "",
        *(f"{dag_id} está pausada, e não começa" for dag_id in sorted(set(runs.queued) & runs.paused)),
    ]
    return "; ".join(part for part in parts if part)


def _months(states: Iterable[tuple[date, State]]) -> Iterator[dict[str, Any]]:
    """Yield each month, the oldest first, as weeks of seven days from Monday on; None for a day of another month."""
    for (year, month), days in groupby(states, key=lambda each: (each[0].year, each[0].month)):
        listed = list(days)
        cells: list[dict[str, Any] | None] = [None] * listed[0][0].weekday()
        for day, state in listed:
            mark, name = _SHOWN[state]
            cells.append({
                "number": day.day,
                "state": state,
                "mark": mark,
                "name": f"{formats.day(day)}: {name}",
            })
        cells += [None] * (-len(cells) % 7)
        yield {
            "name": f"{month:02d}/{year}",
            "weeks": [cells[start : start + 7] for start in range(0, len(cells), 7)],
        }


def _row(day: Any, state: State, zone: ZoneInfo) -> dict[str, Any]:
    mark, name = _SHOWN[state]
    return {
        "day": formats.day(day.day),
        "state": state,
        "mark": mark,
        "name": name,
        "figures": [formats.number(value) for value in (day.in_tiny, day.orders, day.rejects, day.notes)],
        "compared": formats.moment(day.compared_at, zone),
    }
