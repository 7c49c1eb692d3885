"""Orders, products and searches that Tiny never answers: they keep nobody out, wherever and however many they are."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest

from local.demo.parts import Simulator, Warehouse
from tests.component.webhook_steps import (
    api,
    archive,
    earlier,
    fetch,
    forget_pauses,
    made_rows,
    plan,
    rows,
    upload,
    waiting_files,
)
from tests.component.whole_runs import WholeRun
from tiny_operators.lake import names
from tiny_operators.tiny.api import TinyUnavailableError

pytestmark = [pytest.mark.stack, pytest.mark.usefixtures("impatient")]

ORDERS = 30
COUNTS = (1, 3, 10)
# Where the first bad one of several neighbours stands; a chunk has 20.
STARTS = (0, 19, 29)


@dataclass
class Batch:
    """Orders whose webhooks wait.

    Attributes:
        simulator: The simulated Tiny.
        orders: Ids, in the plan's order.
        numbers: Their numbers.
        products: Products of each.
    """

    simulator: Simulator
    orders: list[int]
    numbers: dict[int, str]
    products: dict[int, set[int]]
    webhooks: dict[int, Any]

    def post(self, warehouse: Warehouse, *, dates: bool = True) -> None:
        """Let the files wait; without dates each order is searched by its number."""
        for place, pedido in enumerate(self.orders):
            body = json.loads(json.dumps(self.webhooks[pedido]))
            if not dates:
                del body["dados"]["data"]
            upload(warehouse, f"{place:03d}.json", json.dumps(body))

    def spoil(self, kind: str, bad: list[int], fault: str = "code_35") -> None:
        """Let Tiny be silent about orders, about a product of each, or about the search for each."""
        match kind:
            case "order":
                service, keys = "pdv.pedido.obter", {str(pedido) for pedido in bad}
            case "search":
                service, keys = "pedidos.pesquisa", {self.numbers[pedido] for pedido in bad}
            case _:
                service, keys = "produto.obter", {str(min(self.products[pedido])) for pedido in bad}
        for key in keys:
            self.simulator.fault(service=service, faults=[fault], key=key, times=None)

    def silent(self, kind: str, bad: list[int]) -> set[tuple[int, int]]:
        """The products that are silent, with each order that has one."""
        spoiled = {min(self.products[pedido]) for pedido in bad} if kind == "product" else set()
        return {(pedido, produto) for pedido in self.orders for produto in self.products[pedido] & spoiled}


@pytest.fixture
def batch(simulator: Simulator, warehouse: Warehouse, run: Any) -> Batch:
    """Small orders, each with a product."""
    simulator.set(limits={"per_minute": 100_000, "concurrency": 1000})
    warehouse.forget_products_read_today()
    sales = {sale.pedido: sale.webhook for sale in simulator.sell(3 * ORDERS)}
    truth = simulator.truth([*sales])
    products: dict[int, set[int]] = {pedido: set() for pedido in sales}
    for pair in truth["snapshots"]:
        products[pair["pedido_id"]].add(pair["id"])
    small = sorted((pedido for pedido in sales if products[pedido]), key=lambda pedido: len(products[pedido]))
    numbers = {row["id"]: str(row["numero"]) for row in truth["pdv"]}
    return Batch(simulator, sorted(small[:ORDERS]), numbers, products, sales)


def neighbours(batch: Batch, count: int, start: int) -> list[int]:
    """So many orders in a row, from a place on, or the last ones."""
    start = min(start, ORDERS - count)
    return batch.orders[start : start + count]


def first_run(run: Any) -> tuple[Any, dict[str, int]]:
    again = type(run)(run.store)
    plan(again)
    fetch(again)
    return again, rows(again)


def ids(warehouse: Warehouse, run: Any, table: str) -> set[int]:
    return {int(row["id"]) for row in made_rows(warehouse, run, table)}


def assert_only_these_are_missing(
    kind: str, bad: list[int], batch: Batch, run: Any, warehouse: Warehouse, *, fault: str = "code_35"
) -> None:
    """See that silent ones cost the first run nothing but themselves."""
    batch.spoil(kind, bad, fault)
    done, counts = first_run(run)
    good = set(batch.orders) if kind == "product" else set(batch.orders) - set(bad)
    assert ids(warehouse, done, "pdv") == ids(warehouse, done, "pesquisa") == good, bad
    waiting = {"order": "waiting", "search": "waiting", "product": "rejects"}[kind]
    silent = batch.silent(kind, bad)
    assert counts[waiting] == (len(silent) if kind == "product" else len(bad)), bad
    found = {(row["pedido_id"], row["id"]) for row in made_rows(warehouse, done, "produto")}
    sold = {(pedido, produto) for pedido in good for produto in batch.products[pedido]}
    assert found == sold - silent, bad
    batch.simulator.no_faults()
    if kind == "product":
        # The next place has its own first run: nobody has read these products or asked for them in vain.
        warehouse.forget_products_read_today()
        api(warehouse, run).delete(names.silent_products_object(run.store.prefix))


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("kind", ["order", "search", "product"])
def test_every_good_order_is_loaded_by_the_first_run(
    kind: str, count: int, batch: Batch, run: Any, warehouse: Warehouse
) -> None:
    batch.post(warehouse, dates=kind != "search")
    for start in STARTS:
        assert_only_these_are_missing(kind, neighbours(batch, count, start), batch, run, warehouse)


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("kind", ["order", "search", "product"])
def test_a_request_that_tiny_refuses_keeps_no_other_out(
    kind: str, count: int, batch: Batch, run: Any, warehouse: Warehouse
) -> None:
    """Code 4, while it answers all others: of the whole connection only an account that is refused is fatal."""
    batch.post(warehouse, dates=kind != "search")
    for start in STARTS:
        assert_only_these_are_missing(
            kind, neighbours(batch, count, start), batch, run, warehouse, fault="code_4"
        )


def test_a_silent_search_by_date_keeps_no_order_out(batch: Batch, run: Any, warehouse: Warehouse) -> None:
    """Its orders are searched by their numbers."""
    batch.post(warehouse)
    first_page = "1"
    batch.simulator.fault(service="pedidos.pesquisa", faults=["code_35"], key=first_page, times=None)
    done, counts = first_run(run)
    assert ids(warehouse, done, "pdv") == ids(warehouse, done, "pesquisa") == set(batch.orders)
    assert (counts["waiting"], counts["rejects"]) == (0, 0)


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("kind", ["order", "search", "product"])
def test_silent_ones_at_each_place(
    kind: str, count: int, batch: Batch, run: Any, warehouse: Warehouse
) -> None:
    """Every single one; of several neighbours at every other place, or every fifth."""
    batch.post(warehouse, dates=kind != "search")
    for start in range(0, ORDERS - count + 1, (count + 1) // 2):
        assert_only_these_are_missing(kind, neighbours(batch, count, start), batch, run, warehouse)


def test_a_mixture_of_all_kinds_in_the_tables(
    batch: Batch, run: Any, warehouse: Warehouse, dags: Any
) -> None:
    """The whole run, then Tiny answers again and the next one brings the rest."""
    batch.post(warehouse, dates=False)
    orders, searches, products = batch.orders[::6], batch.orders[1::6], batch.orders[2::6]
    batch.spoil("order", orders)
    batch.spoil("search", searches)
    batch.spoil("product", products)
    whole = WholeRun(dags["z316_webhook"])
    whole.finish()
    good = set(batch.orders) - {*orders, *searches}
    assert {row["id"] for row in warehouse.rows_of("pdv", batch.orders)} == good
    assert len(warehouse.waiting()) == len(orders) + len(searches)
    assert not whole.failures
    batch.simulator.no_faults()
    forget_pauses(warehouse, run)
    WholeRun(dags["z316_webhook"]).finish()
    assert {row["id"] for row in warehouse.rows_of("pdv", batch.orders)} == set(batch.orders)
    assert not warehouse.waiting()
    assert waiting_files(warehouse, run) is None


@pytest.mark.parametrize("count", COUNTS)
def test_a_silent_product_is_asked_once_for_all_orders_that_have_it(
    count: int, batch: Batch, run: Any, warehouse: Warehouse
) -> None:
    batch.post(warehouse)
    sold = Counter(produto for pedido in batch.orders for produto in batch.products[pedido])
    silent = [produto for produto, _ in sold.most_common(count)]
    for produto in silent:
        batch.simulator.fault(service="produto.obter", faults=["html_502"], key=str(produto), times=None)
    batch.simulator.forget_calls()
    first_run(run)
    asked = Counter(batch.simulator.keys("produto.obter"))
    assert {asked[produto] for produto in silent} == {6}, "the tries of one call, and one more"


def shift_silence(warehouse: Warehouse, run: Any, hours: int) -> None:
    """Let each silent product have been asked for some hours earlier."""
    objects, target = api(warehouse, run), names.silent_products_object(run.store.prefix)
    found = objects.read_json(target)
    for tried in found["silent"].values():
        tried["last_at"] = earlier(tried["last_at"], hours)
    objects.write_json(target, found)


@pytest.mark.parametrize("count", COUNTS)
def test_a_silent_product_is_remembered_and_asked_for_after_a_pause(
    count: int, batch: Batch, run: Any, warehouse: Warehouse
) -> None:
    batch.post(warehouse)
    sold = Counter(produto for pedido in batch.orders for produto in batch.products[pedido])
    silent = {produto for produto, _ in sold.most_common(count)}
    for produto in silent:
        batch.simulator.fault(service="produto.obter", faults=["code_35"], key=str(produto), times=None)
    without = {(pedido, produto) for pedido in batch.orders for produto in batch.products[pedido] & silent}
    memory = names.silent_products_object(run.store.prefix)
    # Of the first run all tries and one more, of a later one that asks one and one more.
    for times, asked in ((1, 6), (2, 2), (3, 2), (3, 0), (3, 0)):
        batch.simulator.forget_calls()
        done, counts = first_run(run)
        assert (counts["loaded"], counts["rejects"]) == (ORDERS, len(without))
        calls = Counter(batch.simulator.keys("produto.obter"))
        assert {calls[produto] for produto in silent} == {asked}
        known = api(warehouse, run).read_json(memory)["silent"]
        assert {int(produto): tried["times"] for produto, tried in known.items()} == dict.fromkeys(
            silent, times
        )
        reported = {row["produto"]: row["found"] for row in made_rows(warehouse, done, "rejeitados")}
        for produto, tried in known.items():
            since = tried["since"]["no_answer"][:16]
            assert reported[int(produto)] == f"none since {since}, while Tiny answered other calls"
        # However slow the machine is, the pause is not over.
        shift_silence(warehouse, run, -1)
    batch.simulator.no_faults()
    shift_silence(warehouse, run, 24)
    _, counts = first_run(run)
    assert (counts["loaded"], counts["rejects"]) == (ORDERS, 0)
    assert api(warehouse, run).read_json(memory) == {"silent": {}}


def test_a_silent_product_that_a_person_puts_back_is_asked_for_at_once(
    batch: Batch, run: Any, warehouse: Warehouse, dags: Any
) -> None:
    """It has been silent for three runs, so that there is a pause; then it answers."""
    batch.post(warehouse)
    (silent,) = {min(batch.products[batch.orders[0]])}
    batch.simulator.fault(service="produto.obter", faults=["code_35"], key=str(silent), times=None)
    first_run(run)
    first_run(run)
    WholeRun(dags["z316_webhook"]).finish()
    shift_silence(warehouse, run, -1)
    batch.simulator.no_faults()
    order = batch.orders[0]
    WholeRun(dags["z316_put_back"], {"field": "produto", "order": str(order)}).finish()
    assert len(warehouse.waiting()) == 1
    WholeRun(dags["z316_webhook"]).finish()
    assert (order, silent) in {(row["pedido_id"], row["id"]) for row in warehouse.rows_of("produto", [order])}
    assert not warehouse.waiting()


def test_a_silent_order_waits_its_day_from_the_first_asking_and_is_then_set_aside(
    batch: Batch, run: Any, warehouse: Warehouse
) -> None:
    """Its file says that the sale came half a year ago: it was put back, or came late."""
    old = batch.orders[0]
    name = f"z316-tiny-webhook-vendas-{old}-20260102T120000-a.json"
    upload(warehouse, name, json.dumps(batch.webhooks[old]))
    batch.spoil("order", [old])
    for hours, waits in ((0, True), (23, True), (2, False)):
        if hours:
            forget_pauses(warehouse, run, hours)
        again, counts = first_run(run)
        assert (counts["waiting"], counts["rejected"]) == (int(waits), int(not waits))
        archive(again)
    (reason,) = [name for name in warehouse.objects("rejected/") if f"-{old}-" in name and "reason" in name]
    found = api(warehouse, run).read_json(reason)["found"]
    assert "in 3 runs" in found
    assert waiting_files(warehouse, run) is None


def test_an_order_that_waits_is_left_alone_until_its_pause_is_over(
    batch: Batch, run: Any, warehouse: Warehouse
) -> None:
    from tiny_operators._compat import AirflowSkipException

    batch.orders = batch.orders[:3]
    batch.post(warehouse)
    batch.spoil("order", batch.orders)
    done, _ = first_run(run)
    assert archive(done)["waiting"] == 3
    batch.simulator.forget_calls()
    with pytest.raises(AirflowSkipException, match="is due"):
        first_run(run)
    (new,) = batch.simulator.sell(1)
    upload(warehouse, "new.json", json.dumps(new.webhook))
    done, counts = first_run(run)
    assert (counts["orders"], counts["loaded"]) == (1, 1)
    assert set(batch.simulator.keys("pdv.pedido.obter")) == {new.pedido}


@pytest.mark.parametrize(
    ("fault", "answered"),
    [("html_502", 0), ("html_403", 0), ("html_401", 3), ("reset", 1), ("code_35", 25), ("code_99", 19)],
)
def test_a_tiny_that_is_down_ends_the_run_after_few_calls_and_loses_nothing(
    fault: str, answered: int, batch: Batch, run: Any, warehouse: Warehouse
) -> None:
    batch.post(warehouse)
    again = type(run)(run.store)
    plan(again)
    for service in ("pdv.pedido.obter", "pedidos.pesquisa", "produto.obter", "info"):
        if service == "pdv.pedido.obter":
            for pedido in batch.orders[answered:]:
                batch.simulator.fault(service=service, faults=[fault], key=str(pedido), times=None)
        else:
            batch.simulator.fault(service=service, faults=[fault], times=None)
    batch.simulator.forget_calls()
    with pytest.raises(TinyUnavailableError, match="refused by the edge" if "40" in fault else ""):
        fetch(again)
    failed = [call for call in batch.simulator.call_log() if call["fault"]]
    assert len(failed) <= 7 + 3 + 3
    batch.simulator.no_faults()
    fetch(again)
    assert rows(again)["loaded"] == ORDERS
    assert len(warehouse.waiting()) == ORDERS


def test_a_number_that_another_order_has_too_mixes_nothing_up(
    batch: Batch, run: Any, warehouse: Warehouse
) -> None:
    """A number given again: three orders that wait and one from long ago have the same one."""
    batch.post(warehouse, dates=False)
    (other,) = batch.simulator.sell(1)
    for pedido in (*batch.orders[:3], other.pedido):
        batch.simulator.edit(pedido, numero=77)
    done, counts = first_run(run)
    assert counts["loaded"] == ORDERS
    truth = {int(row["id"]): row for row in batch.simulator.truth(batch.orders)["pesquisa"]}
    for row in made_rows(warehouse, done, "pesquisa"):
        assert (row["numero"], row["nome"]) == (
            truth[int(row["id"])]["numero"],
            truth[int(row["id"])]["nome"],
        )
    assert ids(warehouse, done, "pesquisa") == set(batch.orders)
