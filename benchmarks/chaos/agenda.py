"""What happens when in a chaos run: pure, and the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

# Of the orders: how many change after they were sold, and how.
SHARES: Final = {"edit": 0.05, "cancel": 0.03, "invoice": 0.03, "delete": 0.01}
# Orders that Tiny does not answer about: for a while, and for good.
_SILENT_SHARE: Final = 0.03
_SILENT_FOREVER_SHARE: Final = 0.02
# Orders that get the number of another one; orders of the day before that are imported today; looks of Tiny's panel.
_REUSED: Final = 3
_IMPORTED: Final = 5
_PROBES: Final = 2
# Webhooks that come late, and so out of order with those of other orders and of the same one.
_LATE_SHARE: Final = 0.15
_LATE_S: Final = (5.0, 60.0)
# Orders whose webhook comes ten times.
_REPEATED: Final = 3
_REPEATS: Final = 10

_WAVES: Final = 20
# Seconds of sales for each order and for each kill: on a busy machine a killed task is back after half a minute.
_ORDER_S, _KILL_S, _LEAST_S = 0.3, 30.0, 60.0
# From an order's sale to its change.
_CHANGE_S: Final = (0.0, 90.0)
# How long another program uses the account up, and how often that happens.
_THROTTLE_S: Final = 25.0
_THROTTLES: Final = 3
# How often each worker dies, where there are several.
_WORKER_DEATHS: Final = 2

# Habits that Tiny takes on and drops, in parts of the time of sales. At first it searches dates by data_pedido.
_HABITS: Final[tuple[tuple[float, dict[str, Any]], ...]] = (
    (0.2, {"latin_1": True}),
    (0.4, {"latin_1": False}),
    (0.45, {"webhook_lost": 26 / 27}),
    (0.5, {"search_by_registration": True}),
    (0.6, {"webhook_lost": 0}),
)

What = Literal[
    "sell", "import", "change", "habit", "probe", "kill", "restart", "throttle", "trigger", "bad_file"
]


@dataclass(frozen=True)
class Event:
    """Something that happens.

    Attributes:
        at_s: When, in seconds from the start.
        what: What.
        count: Of sales and imports: how many.
        order: Of a change: which order, counted from the first that is sold.
        name: How an order changes, which part is restarted, which DAG is triggered, or a file's name.
        values: Of an edit: the fields, ``number_of`` for the number of another order; of a habit: the quirks.
        on: Of a throttle: whether it begins.
    """

    at_s: float
    what: What
    count: int = 0
    order: int = 0
    name: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    on: bool = False


BAD_FILES: Final = {
    "broken.json": b'{"versao": "1.0.1", "cnpj": "11.222.3',
    "other-store.json": b'{"versao": "1.0.1", "cnpj": "99.888.777/0001-66", "tipo": "inclusao_pedido", "dados": {}}',
    "no-order.json": b'{"versao": "1.0.1", "cnpj": "11.222.333/0001-81", "tipo": "inclusao_pedido", "dados": {}}',
}
"""Files that nobody can use: each must end in ``rejected/``, and nothing else."""


@dataclass(frozen=True)
class Agenda:
    """The events of a run, in the order of time.

    Attributes:
        events: The events.
        seconds: How long sales go on.
        silent: Orders, counted from the first, that Tiny does not answer about; whether for good.
    """

    events: tuple[Event, ...]
    seconds: float
    silent: dict[int, bool] = field(default_factory=dict)


def make_agenda(dice: random.Random, orders: int, kills: int, workers: Sequence[str] = ()) -> Agenda:
    """Invent events for so many orders and kills.

    Args:
        dice: Chance.
        orders: Orders that are sold.
        kills: Task processes that are killed.
        workers: Workers, which are killed in turn.
    """
    seconds = max(_LEAST_S, orders * _ORDER_S, kills * _KILL_S)
    waves = _waves(orders, seconds)
    sold_at = [wave.at_s for wave in waves for _ in range(wave.count)]
    # Each order is odd at most in one way, so that how it ends does not depend on what came first.
    lot = iter(dice.sample(range(orders), orders))
    events = [
        *waves,
        *_changes(dice, sold_at, lot),
        *_reused_numbers(dice, sold_at, lot),
        *(Event(share * seconds, "habit", values=quirks) for share, quirks in _HABITS),
        *(Event(dice.random() * seconds, "import", count=1) for _ in range(_IMPORTED)),
        *(Event(dice.random() * seconds, "probe") for _ in range(_PROBES)),
        *(Event(dice.uniform(0.03, 0.95) * seconds, "kill") for _ in range(kills)),
        *(
            Event(dice.uniform(0.3, 0.6) * seconds, "restart", name=part)
            for part in ("scheduler", "triggerer")
        ),
        *_throttles(dice, seconds),
        # Night run and replay read and write the same orders as the live path, at the same time.
        *(Event(share * seconds, "trigger", name=dag) for dag, share in (("daily", 0.4), ("replay", 0.7))),
        *(Event(dice.uniform(0.1, 0.9) * seconds, "bad_file", name=name) for name in BAD_FILES),
        *_deaths(dice, workers, seconds),
    ]
    silent = {
        next(lot): forever
        for forever, share in ((False, _SILENT_SHARE), (True, _SILENT_FOREVER_SHARE))
        for _ in range(max(1, round(share * orders)))
    }
    return Agenda(tuple(sorted(events, key=lambda event: event.at_s)), seconds, silent)


def _waves(orders: int, seconds: float) -> list[Event]:
    waves = min(_WAVES, orders)
    sizes = [orders // waves + (number < orders % waves) for number in range(waves)]
    return [Event(number * seconds / waves, "sell", count=size) for number, size in enumerate(sizes)]


def _changes(dice: random.Random, sold_at: Sequence[float], lot: Iterator[int]) -> Iterator[Event]:
    for how, share in SHARES.items():
        for _ in range(max(1, round(share * len(sold_at)))):
            order = next(lot)
            at_s = sold_at[order] + dice.uniform(*_CHANGE_S)
            yield Event(at_s, "change", order=order, name=how, values=_edit(dice) if how == "edit" else {})


def _reused_numbers(dice: random.Random, sold_at: Sequence[float], lot: Iterator[int]) -> Iterator[Event]:
    for _ in range(_REUSED):
        order, other = next(lot), next(lot)
        at_s = max(sold_at[order], sold_at[other]) + dice.uniform(*_CHANGE_S)
        yield Event(at_s, "change", order=order, name="edit", values={"number_of": other})


def _edit(dice: random.Random) -> dict[str, Any]:
    """Choose fields to edit; none sells one more of the first line."""
    return dice.choice([
        {},
        {"desconto": "7%"},
        {"frete": 12.5},
        {"id_vendedor": None},
        {"observacoes": "entregar na portaria"},
        {"situacao": "aprovado"},
        {"data": "yesterday"},
    ])


def _deaths(dice: random.Random, workers: Sequence[str], seconds: float) -> Iterator[Event]:
    turns = [*workers] * _WORKER_DEATHS
    for number, worker in enumerate(turns):
        yield Event((number + dice.uniform(0.2, 0.8)) / len(turns) * seconds, "restart", name=worker)


def _throttles(dice: random.Random, seconds: float) -> Iterator[Event]:
    for number in range(_THROTTLES):
        at_s = (number + dice.uniform(0.2, 0.8)) * seconds / _THROTTLES
        yield Event(at_s, "throttle", on=True)
        yield Event(at_s + min(_THROTTLE_S, seconds / _THROTTLES / 5), "throttle")


def deliveries(
    dice: random.Random, webhooks: Sequence[dict[str, Any]], *, repeated: bool
) -> Iterator[tuple[float, dict[str, Any]]]:
    """Say when each webhook of an order is posted, in seconds from now.

    Args:
        dice: Chance.
        webhooks: What Tiny posts, in its order.
        repeated: Whether the first comes ten times.
    """
    repeats = [webhooks[0]] * (_REPEATS - 1) if repeated else []
    for webhook in [*webhooks, *repeats]:
        yield dice.uniform(*_LATE_S) if dice.random() < _LATE_SHARE else 0.0, webhook


def repeated_orders(orders: int) -> set[int]:
    """Choose the orders, counted from the first, whose webhook comes ten times."""
    return {number * orders // _REPEATED for number in range(_REPEATED)}


def fault_rates(share: float) -> dict[str, float]:
    """Choose rates of the simulator's kinds of fault that add up to a share of all calls.

    The kinds after which one waits a minute are rare, as they are at Tiny. The simulator throws its dice for one kind
    after the other, so each rate is of the calls that those before it left.
    """
    weights = {
        "html_502": 20,
        "html_503": 15,
        "truncated": 15,
        "empty": 10,
        "reset": 15,
        "slow": 5,
        "code_35": 12,
        "html_401": 2,
        "html_403": 2,
        "code_11": 4,
        "code_6": 1.5,
        "code_99": 0.5,
    }
    rates, left = {}, 1.0
    for kind, weight in weights.items():
        part = share * weight / sum(weights.values())
        rates[kind] = part / left
        left -= part
    return rates
