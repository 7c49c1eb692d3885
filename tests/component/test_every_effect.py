"""Killed right after each single effect on the object store or BigQuery, and gone on with: equal tables for every stop.

A stop costs seconds. So an ordinary run of the tests takes some effects of different kinds, the same ones each time;
``make chaos ARGS=--effects`` takes all of them (``EVERY_EFFECT=all`` for pytest).
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from local.demo.parts import Sale, Simulator, Warehouse
from tests.component.effects import DeadError, effects
from tests.component.scenes import Scene, differences
from tests.component.whole_runs import WholeRun
from tests.dates import ZONE, free_day
from tiny_operators.batches import order_reader as fetching_orders

pytestmark = pytest.mark.stack

NOW = datetime.now(ZONE)
PAST = free_day()
NIGHT = PAST + timedelta(days=1)
COFFEE, WINE = 730000001, 730000002

MakeRun = Callable[[], WholeRun]
Say = Callable[[str], None]
ALL = os.environ.get("EVERY_EFFECT") == "all"


@pytest.fixture
def say(capfd: pytest.CaptureFixture[str]) -> Say:
    """Tells at once how far it is, which takes minutes when all effects are wanted."""

    def write(text: str) -> None:
        with capfd.disabled():
            print(text, flush=True)  # noqa: T201 - a person waits for it

    return write if ALL else lambda text: None


@pytest.fixture
def live(
    simulator: Simulator, warehouse: Warehouse, run: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Scene]:
    """Two orders that share a product, one that Tiny refuses, one that is gone, one not listed yet, three odd files."""
    monkeypatch.setattr(fetching_orders, "_LISTING_WAITS", (0.01,))
    sales, (unlisted,) = simulator.sell(4), simulator.sell_on(PAST, 1)
    shared, other, refused, gone = (sale.pedido for sale in sales)
    simulator.edit(
        shared, itens=[{"id_produto": COFFEE, "quantidade": 2}, {"id_produto": WINE, "quantidade": 1}]
    )
    simulator.edit(other, itens=[{"id_produto": COFFEE, "quantidade": 1}])
    simulator.delete(gone)
    simulator.fault(service="pdv.pedido.obter", faults=["code_31"], key=str(refused), times=None)
    number = str(unlisted.webhook["dados"]["numero"])
    simulator.fault(service="pedidos.pesquisa", faults=["code_20"], key=number, times=None)
    # A name that lies in the future is not believed: so it always arrived a moment ago, and waits for its listing.
    files = {name_of(unlisted, NOW + timedelta(days=1)): json.dumps(unlisted.webhook)}
    files |= {name_of(sale, NOW): json.dumps(sale.webhook) for sale in sales}
    files |= {
        "by-hand/again.json": json.dumps(sales[0].webhook),
        "by-hand/invoice.json": json.dumps({**sales[0].webhook, "tipo": "nota_fiscal"}),
        "by-hand/bad.json": "no JSON",
    }
    warehouse.forget_products_read_today()
    yield from remembered(Scene(warehouse, [sale.pedido for sale in [*sales, unlisted]], files), simulator)


@pytest.fixture
def odd(simulator: Simulator, warehouse: Warehouse, run: Any) -> Iterator[Scene]:
    """Four files that are no order; a known event is in one of them."""
    (sale,) = simulator.sell(1)
    files = {f"by-hand/{uuid.uuid4()}.json": "no JSON" for _ in range(3)}
    files["by-hand/invoice.json"] = json.dumps({**sale.webhook, "tipo": "nota_fiscal"})
    yield from remembered(Scene(warehouse, [sale.pedido], files), simulator)


@pytest.fixture
def past(simulator: Simulator, warehouse: Warehouse, run: Any, dags: Any) -> Iterator[Scene]:
    """A date with two new orders, one that changed since it was read, and one that is deleted."""
    changed, deleted = (sale.pedido for sale in simulator.sell_on(NIGHT, 2))
    finish(night(dags))
    simulator.edit(changed, desconto="3,00")
    simulator.delete(deleted)
    new = [sale.pedido for sale in simulator.sell_on(NIGHT, 2)]
    for pedido in new:
        simulator.edit(pedido, itens=[{"id_produto": COFFEE, "quantidade": 1}])
    warehouse.forget_products_read_today()
    yield from remembered(Scene(warehouse, [changed, deleted, *new]), simulator)


def remembered(scene: Scene, simulator: Simulator) -> Iterator[Scene]:
    scene.remember()
    yield scene
    simulator.no_faults()
    scene.inbox = {}
    scene.restore()


def name_of(sale: Sale, arrived: datetime) -> str:
    """As the receiver names it: the arrival is the same in each run."""
    return f"vendas/z316-tiny-webhook-vendas-{sale.pedido}-{arrived:%Y%m%dT%H%M%S}-6f0d.json"


def night(dags: Any) -> WholeRun:
    return WholeRun(dags["z316_daily"], {"from_date": NIGHT.isoformat(), "to_date": NIGHT.isoformat()})


def finish(run: WholeRun) -> None:
    with effects() as counted:
        run.go_on(counted)


def undisturbed(scene: Scene, run: WholeRun, most: int) -> tuple[dict[str, list[str]], dict[int, str]]:
    """How a run ends that nobody stops, and after which of its effects to stop the others."""
    scene.restore()
    with effects() as counted:
        run.go_on(counted)
    assert not run.failures
    numbers = list(range(1, len(counted.done) + 1))
    if not ALL:
        kinds = sorted(counted.kinds().values())
        numbers = [kinds[place * (len(kinds) - 1) // (most - 1)] for place in range(most)]
    return scene.end(), {number: counted.done[number - 1] for number in numbers}


def wrong_after(
    scene: Scene,
    wanted: dict[str, list[str]],
    stops: dict[int, str],
    make: MakeRun,
    say: Say,
    *,
    again: bool,
) -> dict[str, list[str]]:
    """Where the end differs, by the effect after which the process died.

    Args:
        scene: The orders.
        wanted: The undisturbed end.
        stops: Effects, by their number.
        make: Makes a run.
        say: Told of each stop.
        again: Whether Airflow tries the task again; otherwise the run is given up and the next one takes over.
    """
    wrong = {}
    for number, what in stops.items():
        scene.restore()
        run = make()
        with effects(number) as counted, pytest.raises(DeadError):
            run.go_on(counted)
        finish(run if again else make())
        found = differences(wanted, scene.end())
        say(f"stop {number} of {len(stops)}: {'DIFFERS' if found else 'equal'}: after {what}")
        if found:
            wrong[f"effect {number}, {what}"] = found
    return wrong


def test_a_webhook_run_that_dies_after_any_effect_ends_the_same(live: Scene, dags: Any, say: Say) -> None:
    def make() -> WholeRun:
        return WholeRun(dags["z316_webhook"])

    wanted, stops = undisturbed(live, make(), most=6)
    assert [len(wanted[place]) for place in ("pdv", "pesquisa", "produto", "inbox")] == [2, 2, 3, 1]
    assert len(wanted["rejeitados"]) == 2
    assert wrong_after(live, wanted, stops, make, say, again=True) == {}


def test_the_next_webhook_run_takes_over_from_one_that_was_given_up(live: Scene, dags: Any, say: Say) -> None:
    def make() -> WholeRun:
        return WholeRun(dags["z316_webhook"])

    wanted, stops = undisturbed(live, make(), most=3)
    # Both runs may tell of what they set aside.
    del wanted["rejeitados"]
    assert wrong_after(live, wanted, stops, make, say, again=False) == {}


@pytest.mark.parametrize("again", [True, False])
def test_files_without_an_order_are_told_once_whatever_dies(
    odd: Scene, dags: Any, say: Say, *, again: bool
) -> None:
    def make() -> WholeRun:
        return WholeRun(dags["z316_webhook"])

    wanted, stops = undisturbed(odd, make(), most=4)
    assert len(wanted["rejeitados"]) == 3
    assert wanted["inbox"] == []
    assert wrong_after(odd, wanted, stops, make, say, again=again) == {}


def test_a_night_run_that_dies_after_any_effect_ends_the_same(past: Scene, dags: Any, say: Say) -> None:
    wanted, stops = undisturbed(past, night(dags), most=4)
    assert [len(wanted[place]) for place in ("pdv", "pesquisa")] == [4, 4]
    assert wrong_after(past, wanted, stops, lambda: night(dags), say, again=True) == {}
