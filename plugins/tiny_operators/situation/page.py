"""The page "Está tudo dentro?": facts in, one HTML document out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from tiny_operators.situation import formats
from tiny_operators.situation.facts import LOOKED_AT_DAYS, Situation, State, Stretch
from tiny_operators.situation.formats import counted

TEMPLATES: Final = Path(__file__).parent
"""Folder of the page's template and styles; ``base.css`` is also that of the shop's report."""

# It is written each hour.
_STALE_AFTER: Final = timedelta(hours=2, minutes=15)
# More stretches than a person fills by hand are only counted.
_MOST_STRETCHES: Final = 30
_MOST_RUNS: Final = 10

# How each state is shown: its mark and its name.
_SHOWN: Final = {
    State.MISSING: ("!", "falta"),
    State.DIFFERS: ("≠", "difere da Tiny"),
    State.LOADED: ("?", "carregado, não comparado"),
    State.COMPLETE: ("✓", "completo"),
    State.PENDING: ("…", "ainda em curso"),
}
# Shops close for some days in a row; of more days without orders, more likely none was ever loaded.
_CLOSED_DAYS: Final = 3
_CLOSED_OR_MISSING: Final = (
    "Sem pedidos: a loja não vendeu, ou não foi carregado. A comparação diz qual, e carrega o que falta.",
    "reconcile",
    "Comparar e consertar",
)
# What is said of days in a state, the end of the id of the DAG that helps, and the words of the link; the worst first.
_REMEDIES: Final = {
    State.MISSING: (
        "Sem pedidos: não foi carregado, ou a loja não vendeu e ninguém comparou.",
        "daily",
        "Carregar",
    ),
    State.DIFFERS: (
        "Na última comparação faltavam pedidos, ou diferiam entre a Tiny e o BigQuery.",
        "reconcile",
        "Comparar e consertar",
    ),
    State.LOADED: ("Com pedidos, mas nunca comparado com a Tiny.", "compare", "Comparar"),
}

FormLink = Callable[[str], str]
"""Address of the form that triggers a DAG."""


@dataclass(frozen=True)
class Run:
    """A run that is under way.

    Attributes:
        dag_id: Its DAG.
        first: First date that it works on; None when that is not known.
        last: Last date.
        percent: How much of its reading is done; None before it reads.
        done_at: When the reading will be done.
    """

    dag_id: str
    first: date | None = None
    last: date | None = None
    percent: int | None = None
    done_at: datetime | None = None


@dataclass(frozen=True)
class UnderWay:
    """The runs of a store that load or compare dates.

    Attributes:
        running: Those that run.
        queued: How many wait for their turn.
    """

    running: tuple[Run, ...] = ()
    queued: int = 0


@dataclass(frozen=True)
class Remedy:
    """What a person does about some days."""

    when: str
    said: str
    action: str
    link: str
    command: str


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
    rejects = sum(day.rejects for day in situation.days)
    parts = [
        (State.MISSING, situation.count(State.MISSING), "dia sem pedidos", "dias sem pedidos"),
        (State.DIFFERS, situation.count(State.DIFFERS), "dia difere da Tiny", "dias diferem da Tiny"),
        (State.DIFFERS, rejects, "rejeitado ainda fora", "rejeitados ainda fora"),
        (
            State.LOADED,
            situation.count(State.LOADED),
            "dia ainda não foi comparado com a Tiny",
            "dias ainda não foram comparados com a Tiny",
        ),
    ]
    found = [(state, counted(number, one, many)) for state, number, one, many in parts if number]
    if found:
        return found[0][0], "; ".join(text for _, text in found) + "."
    if not situation.count(State.COMPLETE):
        return State.MISSING, f"Antes de {formats.day(situation.since)} nada foi carregado nem comparado."
    yesterday = situation.pending_from - timedelta(days=1)
    return State.COMPLETE, f"Tudo está dentro até {formats.day(yesterday)}."


def remedies(situation: Situation, form: FormLink | None) -> list[Remedy]:
    """Say what to do about each stretch of days that is not complete: the worst state first, the newest days first.

    Rejects come before all: they are orders that are known to be missing.
    """
    of_days = [
        _remedy(situation.prefix, stretch, form)
        for state in _REMEDIES
        for stretch in situation.stretches(state)
    ]
    return [*_of_rejects(situation, form), *of_days]


def _of_rejects(situation: Situation, form: FormLink | None) -> Iterator[Remedy]:
    """Yield what to do about what was set aside, when there is any."""
    if days := situation.days_with_rejects():
        first, last = days[0].day, days[-1].day
        yield _act(
            f"{situation.prefix}_put_back",
            first,
            last,
            form,
            when=counted(sum(day.rejects for day in days), "rejeitado", "rejeitados"),
            said=f"De {formats.days(first, last)}. A tabela rejeitados diz por quê; conserte na Tiny, depois devolva.",
            action="Devolver",
        )


def _remedy(prefix: str, stretch: Stretch, form: FormLink | None) -> Remedy:
    short = stretch.state is State.MISSING and stretch.length <= _CLOSED_DAYS
    said, kind, action = _CLOSED_OR_MISSING if short else _REMEDIES[stretch.state]
    days = f" ({counted(stretch.length, 'dia', 'dias')})" if stretch.length > 1 else ""
    when = formats.days(stretch.first, stretch.last) + days
    return _act(f"{prefix}_{kind}", stretch.first, stretch.last, form, when=when, said=said, action=action)


def _act(
    dag_id: str, first: date, last: date, form: FormLink | None, *, when: str, said: str, action: str
) -> Remedy:
    """Build a remedy: a DAG for a range of dates, by its form and as a command."""
    dates = json.dumps({"from_date": first.isoformat(), "to_date": last.isoformat()})
    command = f"airflow dags trigger {dag_id} --conf '{dates}'"
    return Remedy(when, said, action, link=form(dag_id) if form else "", command=command)


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
        "runs": None if runs is None else [_run(run, zone) for run in runs.running[:_MOST_RUNS]],
        "more_runs": _more_runs(runs),
        "remedies": needed[:_MOST_STRETCHES],
        "more_remedies": len(needed) - len(needed[:_MOST_STRETCHES]),
        "before": _before(situation, form),
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
    yield "Na fila", files, f"o mais antigo chegou {formats.age(now - oldest)}" if oldest else ""
    rejects, notes = (sum(getattr(day, name) for day in situation.days) for name in ("rejects", "notes"))
    looked = counted(len(situation.days), "dia", "dias")
    yield "Rejeitados", formats.number(rejects), f"em {looked}, ainda fora"
    yield "Notas", formats.number(notes), f"em {looked}, valores que não puderam ser lidos"


def _run(run: Run, zone: ZoneInfo) -> dict[str, str]:
    dates = formats.days(run.first, run.last) if run.first and run.last else ""
    progress = "ainda não lê" if run.percent is None else f"{run.percent}% lido"
    end = f", termina em {formats.moment(run.done_at, zone)}" if run.done_at else ""
    return {"dag": run.dag_id, "dates": dates, "progress": progress + end}


def _more_runs(runs: UnderWay | None) -> str:
    if runs is None:
        return ""
    more = max(0, len(runs.running) - _MOST_RUNS)
    parts = [
        f"mais {counted(more, 'execução', 'execuções')} em andamento" if more else "",
        f"{counted(runs.queued, 'execução', 'execuções')} na fila" if runs.queued else "",
    ]
    return "; ".join(part for part in parts if part)


def _before(situation: Situation, form: FormLink | None) -> Remedy | None:
    """Say what is known of the days before the first known one; None when that is as old as the page looks."""
    today = situation.seen_at.astimezone(ZoneInfo(situation.timezone)).date()
    first = today - timedelta(days=LOOKED_AT_DAYS - 1)
    last = (situation.since or today) - timedelta(days=1)
    if situation.since is not None and situation.since <= first:
        return None
    before = f"Antes de {formats.day(situation.since)}" if situation.since else "Até agora"
    found = _remedy(situation.prefix, Stretch(State.MISSING, first, last), form)
    return replace(found, said=f"{before} não há pedidos nem comparações.", action="Carregar o histórico")


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
