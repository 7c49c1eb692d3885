"""A replay, beside reading the same objects with 32 at once and loading them untyped."""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import date
from typing import TYPE_CHECKING, Final

from benchmarks.alone import context_of
from benchmarks.front import TIMES, Front
from benchmarks.table.rows import Row
from benchmarks.table.typing import Lines, made
from tiny_operators.lake import names
from tiny_operators.lake.objects import Objects
from tiny_operators.lake.threads import map_in_threads

if TYPE_CHECKING:
    from tiny_operators.stores import Store

_ORDERS: Final = 1_000
# Five years of a store.
_HISTORY: Final = 176_000
_HOURS: Final = 1.0
_UUID: Final = "0b5f2f1e-8a43-4a7e-9d0c-5d1b6c1c9f10"


def replay() -> Iterator[Row]:
    """Measure both layouts: each order was sold live, and so has objects of its own."""
    from airflow.providers.google.cloud.hooks.gcs import GCSHook

    from tiny_operators.stores import load_stores

    store = load_stores()[0]
    front = Front(os.environ["STORAGE_EMULATOR_HOST"])
    objects = Objects(GCSHook().get_conn(), store.api_bucket)
    orders = made(_ORDERS)
    layouts: dict[str, tuple[date, Callable[[Lines, date], dict[str, str]]]] = {
        "today's layout": (date(2020, 3, 1), _todays),
        "the older layout": (date(2020, 3, 2), _older),
    }
    for layout, (day, layer) in layouts.items():
        texts = {name: text for lines in orders for name, text in layer(lines, day).items()}
        list(map_in_threads(lambda one: objects.create(*one), texts.items()))
        for delayed, times in TIMES.items():
            with front.delays(delayed):
                plain = _timed(lambda: list(map_in_threads(lambda name: _loaded(objects, name), texts)))  # noqa: B023
                ours = _timed(lambda: _replayed(store, day))  # noqa: B023
            yield Row(
                f"replay {times}, {layout}: orders a second", _ORDERS / ours, _ORDERS / plain,
                "the same objects, 32 at once, loaded untyped", 0.5 if delayed else None, at_least=True,
            )  # fmt: skip
        hours = ours / _ORDERS * _HISTORY / 3600
        what = f"replay {times}, {layout}: hours for {_HISTORY:,} orders"
        yield Row(what, hours, _HOURS, "five years in an hour", 1.0)


def _loaded(objects: Objects, name: str) -> int:
    return sum(bool(json.loads(line)) for line in (objects.read(name) or b"").splitlines())


def _replayed(store: Store, day: date) -> None:
    from tiny_operators.operators.replay import ReplayRowsOperator

    operator = ReplayRowsOperator(task_id="rows", store=store)
    dates = {"from_date": day.isoformat(), "to_date": day.isoformat()}
    counts = operator.execute(context_of(f"manual__{uuid.uuid4()}", dates, operator.retries))
    if (counts["orders"], counts["rejeitados"]) != (_ORDERS, 0):
        raise RuntimeError(f"the replay made {counts}")


def _timed(do: Callable[[], object]) -> float:
    began = time.monotonic()
    do()
    return time.monotonic() - began


def _todays(lines: Lines, day: date) -> dict[str, str]:
    """Name the objects of an order that was sold live: its own, its page of the search, and the day's products."""
    found = {names.raw_orders_object(f"bench_{lines.pedido}", day.isoformat(), 1): lines.order}
    found[lines.page_object] = lines.page
    return found | {lines.product_objects[produto]: text for produto, text in lines.products.items()}


def _older(lines: Lines, day: date) -> dict[str, str]:
    """Name the objects of an order in the older layout: a folder with a file for each answer."""
    answers = {"pdv": lines.order, "pesquisa": lines.page}
    answers |= {f"produto-{produto}": text for produto, text in lines.products.items()}
    moment = f"{day:%Y%m%d}T120000"
    folder = f"{moment}-{lines.pedido}-{_UUID}/"
    return {
        f"{folder}z316-tiny-api-{lines.pedido}-{what}-{moment}-{_UUID}.json": _answer(text)
        for what, text in answers.items()
    }


def _answer(line: str) -> str:
    """Return the answer in a raw line, to the letter: it is the last field."""
    return line.rstrip().partition('"answer":')[2][:-1]
