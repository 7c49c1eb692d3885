"""What a person does about days that are not complete, and about what is set aside.

Days are joined where one remedy helps them all: a person gets few entries, not one a day.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from tiny_operators.situation import formats
from tiny_operators.situation.facts import LOOKED_AT_DAYS, Situation, State
from tiny_operators.situation.formats import counted
from tiny_operators.situation.rejected import MOST_SHOWN, Rejected

# Shops close for some days in a row; of more days without orders, more likely none was ever loaded.
_CLOSED_DAYS: Final = 3
# Up to so many complete days in between are taken along: each costs its search page once more, and nothing else. So a
# shop that is closed on Sundays gets one entry, not one a week.
_BRIDGED_DAYS: Final = 6
_NOT_COMPLETE: Final = frozenset({State.MISSING, State.DIFFERS, State.LOADED})
# The end of the id of the DAG that helps, and the words of its link.
_LOAD: Final = ("daily", "Carregar")
_REPAIR: Final = ("reconcile", "Comparar e consertar")
_COMPARE: Final = ("compare", "Comparar")
# So many orders have a command of their own; for the others a person changes the id.
_MOST_COMMANDS: Final = 5
# The states, the worst first, each with one and many of its days.
STATES: Final = {
    State.MISSING: ("dia sem pedidos", "dias sem pedidos"),
    State.DIFFERS: ("dia difere da Tiny", "dias diferem da Tiny"),
    State.LOADED: ("dia com pedidos, nunca comparado", "dias com pedidos, nunca comparados"),
}
# What is said when all days are in one state; of days without orders when they are many, and when they are few.
_ALL_MISSING: Final = "Sem pedidos: não foi carregado, ou a loja não vendeu e ninguém comparou."
_FEW_MISSING: Final = (
    "Sem pedidos: a loja não vendeu, ou não foi carregado. A comparação diz qual, e carrega o que falta."
)
_ALL_DIFFER: Final = "Na última comparação faltavam pedidos, ou diferiam entre a Tiny e o BigQuery."
_REJECTS_FIRST: Final = "Um pedido rejeitado difere até ser devolvido: trate dele primeiro."
_ALL_LOADED: Final = "Com pedidos, mas nunca comparado com a Tiny."
_ORDERS: Final = "Corrija a causa (um campo do pedido: na Tiny), depois devolva."
_FILES: Final = (
    "Sem pedido que se possa ler: não há o que corrigir na Tiny. Abra a pasta; a razão está ao lado do arquivo. "
    "Devolva quando o programa souber lê-lo, ou deixe: quando o dia está completo, nada falta por causa dele, "
    "e ele sai desta página depois de sete dias."
)

FormLink = Callable[[str], str]
"""Address of the form that triggers a DAG."""


@dataclass(frozen=True)
class Span:
    """Days from the first to the last one that is not complete.

    Attributes:
        days: Those that are not complete, each with its state, the oldest first; at least one.
    """

    days: tuple[tuple[date, State], ...]

    @property
    def first(self) -> date:
        """The first day."""
        return self.days[0][0]

    @property
    def last(self) -> date:
        """The last day."""
        return self.days[-1][0]

    @property
    def length(self) -> int:
        """How many days, those that are complete included."""
        return (self.last - self.first).days + 1

    @property
    def states(self) -> frozenset[State]:
        """The states of its days that are not complete."""
        return frozenset(state for _, state in self.days)

    @property
    def most_missing(self) -> int:
        """How many days in a row have no orders, at most."""
        return max(
            (len(list(days)) for state, days in groupby(self._each_day()) if state is State.MISSING),
            default=0,
        )

    def count(self, state: State) -> int:
        """Return how many days are in a state."""
        return sum(each is state for _, each in self.days)

    def _each_day(self) -> Iterable[State | None]:
        known = dict(self.days)
        return (known.get(self.first + timedelta(days=number)) for number in range(self.length))


@dataclass(frozen=True)
class RejectsOfDay:
    """What was set aside on a day: its folder, and the orders or files."""

    day: str
    folder: str
    rejected: tuple[Rejected, ...]


@dataclass(frozen=True)
class Remedy:
    """What a person does about some days.

    Attributes:
        when: Which days, or how many rejects.
        said: What is wrong, and what helps.
        action: The words of the link.
        dag_id: The DAG that helps.
        link: Address of its form; empty where there is none.
        command: The same as a command; for rejects a line for each of the newest.
        days: The newest rejects, by day.
        more: How many rejects are not among them.
    """

    when: str
    said: str
    action: str
    dag_id: str
    link: str
    command: str
    days: tuple[RejectsOfDay, ...] = ()
    more: int = 0


def remedies(situation: Situation, form: FormLink | None) -> list[Remedy]:
    """Say what to do about each span of days that is not complete: the worst state first, the newest days first.

    Rejects come before all: they are orders that are known to be missing.
    """
    found = spans(situation.states())
    of_days = [
        _remedy(situation, span, form)
        for state in STATES
        for span in found
        if next(each for each in STATES if each in span.states) is state
    ]
    return [*_of_rejects(situation, form), *of_days]


def spans(states: Iterable[tuple[date, State]]) -> list[Span]:
    """Join the days that are not complete, the newest span first.

    Args:
        states: Each day with its state, the oldest first.
    """
    found: list[list[tuple[date, State]]] = []
    for day, state in states:
        if state not in _NOT_COMPLETE:
            continue
        if not found or (day - found[-1][-1][0]).days > _BRIDGED_DAYS + 1:
            found.append([])
        found[-1].append((day, state))
    return [Span(tuple(days)) for days in reversed(found)]


def _of_rejects(situation: Situation, form: FormLink | None) -> Iterator[Remedy]:
    """Yield what to do about orders that were set aside, and about files, when there are any."""
    for is_file, one, many, said in (
        (False, "pedido rejeitado", "pedidos rejeitados", _ORDERS),
        (True, "arquivo rejeitado", "arquivos rejeitados", _FILES),
    ):
        counts = {day.day: day.files if is_file else day.rejects - day.files for day in situation.days}
        of_day = {day: count for day, count in counts.items() if count > 0}
        if of_day:
            first, last, count = min(of_day), max(of_day), sum(of_day.values())
            listed = [each for each in situation.rejected if (each.pedido is None) is is_file][:MOST_SHOWN]
            dag_id = f"{situation.prefix}_put_back"
            yield Remedy(
                when=counted(count, one, many),
                said=f"De {formats.days(first, last)}. {said}",
                action="Devolver",
                dag_id=dag_id,
                link=form(dag_id) if form else "",
                command="\n".join(_put_back(situation.prefix, listed)),
                days=tuple(_by_day(listed)),
                more=count - len(listed),
            )


def _put_back(prefix: str, rejected: Sequence[Rejected]) -> Iterator[str]:
    """Yield a command for each of the first orders, or for all files of a day and a field: none takes others along."""
    asked = dict.fromkeys(
        (each.day, each.day, "field", each.field)
        if each.pedido is None
        # Its file may have waited over midnight: it is in the folder of the day on which it came.
        else (each.day - timedelta(days=1), each.day, "order", str(each.pedido))
        for each in rejected
    )
    for first, last, name, value in [*asked][:_MOST_COMMANDS]:
        dates = {"from_date": first.isoformat(), "to_date": last.isoformat()}
        yield _command(f"{prefix}_put_back", {**dates, name: value} if value else dates)


def _by_day(rejected: Sequence[Rejected]) -> Iterator[RejectsOfDay]:
    for day, found in groupby(rejected, key=lambda each: each.day):
        of_day = tuple(found)
        yield RejectsOfDay(formats.day(day), of_day[0].folder, of_day)


def _remedy(situation: Situation, span: Span, form: FormLink | None) -> Remedy:
    kind, action = _helps(span)
    incomplete = f", {formats.number(len(span.days))} incompletos" if len(span.days) < span.length else ""
    days = f" ({counted(span.length, 'dia', 'dias')}{incomplete})" if span.length > 1 else ""
    when = formats.days(span.first, span.last) + days
    orders_out = any(day.rejects > day.files for day in situation.days)
    hint = f" {_REJECTS_FIRST}" if State.DIFFERS in span.states and orders_out else ""
    dag_id, said = f"{situation.prefix}_{kind}", _said(span) + hint
    return _act(dag_id, span.first, span.last, form, when=when, said=said, action=action)


def _helps(span: Span) -> tuple[str, str]:
    """Choose what helps all days of a span: whatever compares and repairs helps those, too, that only lack that."""
    if span.states == {State.LOADED}:
        return _COMPARE
    # After a load, a day that differed still does, until it is compared again.
    return _LOAD if span.most_missing > _CLOSED_DAYS and State.DIFFERS not in span.states else _REPAIR


def _said(span: Span) -> str:
    if span.states == {State.MISSING}:
        return _ALL_MISSING if _helps(span) == _LOAD else _FEW_MISSING
    if span.states == {State.DIFFERS}:
        return _ALL_DIFFER
    if span.states == {State.LOADED}:
        return _ALL_LOADED
    parts = [
        counted(number, one, many) for state, (one, many) in STATES.items() if (number := span.count(state))
    ]
    end = "A carga lê da Tiny" if _helps(span) == _LOAD else "A comparação diz, e carrega,"
    return f"{'; '.join(parts)}. {end} o que falta."


def _act(
    dag_id: str, first: date, last: date, form: FormLink | None, *, when: str, said: str, action: str
) -> Remedy:
    """Build a remedy: a DAG for a range of dates, by its form and as a command."""
    command = _command(dag_id, {"from_date": first.isoformat(), "to_date": last.isoformat()})
    return Remedy(when, said, action, dag_id, link=form(dag_id) if form else "", command=command)


def _command(dag_id: str, conf: Mapping[str, str]) -> str:
    return f"airflow dags trigger {dag_id} --conf {shlex.quote(json.dumps(conf, ensure_ascii=False))}"


def before(situation: Situation, form: FormLink | None) -> Remedy | None:
    """Say what is known of the days before the first known one; None when that is as old as the page looks."""
    today = situation.seen_at.astimezone(ZoneInfo(situation.timezone)).date()
    first = today - timedelta(days=LOOKED_AT_DAYS - 1)
    last = (situation.since or today) - timedelta(days=1)
    if situation.since is not None and situation.since <= first:
        return None
    known = f"Antes de {formats.day(situation.since)}" if situation.since else "Até agora"
    said = f"{known} não há pedidos nem comparações."
    kind, _ = _LOAD if (last - first).days >= _CLOSED_DAYS else _REPAIR
    dag_id = f"{situation.prefix}_{kind}"
    return _act(dag_id, first, last, form, when="", said=said, action="Carregar o histórico")
