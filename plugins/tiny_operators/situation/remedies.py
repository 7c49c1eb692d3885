"""What a person does about days that are not complete, and about what is set aside."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from tiny_operators.situation import formats
from tiny_operators.situation.facts import LOOKED_AT_DAYS, Situation, State, Stretch
from tiny_operators.situation.formats import counted

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
class Remedy:
    """What a person does about some days."""

    when: str
    said: str
    action: str
    link: str
    command: str


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


def before(situation: Situation, form: FormLink | None) -> Remedy | None:
    """Say what is known of the days before the first known one; None when that is as old as the page looks."""
    today = situation.seen_at.astimezone(ZoneInfo(situation.timezone)).date()
    first = today - timedelta(days=LOOKED_AT_DAYS - 1)
    last = (situation.since or today) - timedelta(days=1)
    if situation.since is not None and situation.since <= first:
        return None
    known = f"Antes de {formats.day(situation.since)}" if situation.since else "Até agora"
    found = _remedy(situation.prefix, Stretch(State.MISSING, first, last), form)
    return replace(found, said=f"{known} não há pedidos nem comparações.", action="Carregar o histórico")
