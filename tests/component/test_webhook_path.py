"""The webhook path, operator by operator, against the object store, BigQuery and the simulator."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import pytest

from local.demo.compare import table_differences, truth_rows
from local.demo.parts import Simulator, Warehouse, post_webhook
from tests.component.webhook_steps import archive, batch, fetch, made_rows, plan, post, rows, upload
from tests.component.whole_runs import WholeRun
from tiny_operators._compat import AirflowException, AirflowSkipException
from tiny_operators.batches import order_reader as fetching_orders
from tiny_operators.batches.order_reader import OrderReader
from tiny_operators.lake import names
from tiny_operators.lake.objects import Objects
from tiny_operators.lake.raw_reader import RawReader
from tiny_operators.orders.rows import OrderRows
from tiny_operators.schemas import TABLES

pytestmark = pytest.mark.stack


def test_each_call_is_made_once(
    emulators: dict[str, str], simulator: Simulator, run: Any, warehouse: Warehouse
) -> None:
    bucket = warehouse.storage_client().bucket(warehouse.api_bucket)
    for name in warehouse.objects("raw/produto/"):
        bucket.blob(name).delete()
    orders = post(emulators, simulator, 20)
    assert plan(run)["orders"] == 20
    fetch(run)
    sold = {pair["id"] for pair in simulator.truth(orders)["snapshots"]}
    assert simulator.calls() == {"pdv.pedido.obter": 20, "pedidos.pesquisa": 1, "produto.obter": len(sold)}


def test_a_later_try_reads_nothing_again(emulators: dict[str, str], simulator: Simulator, run: Any) -> None:
    post(emulators, simulator, 5)
    plan(run, chunk_orders=2)
    fetch(run)
    simulator.forget_calls()
    assert fetch(run) == {"orders": 5, "chunks": 3, "calls": 0}
    assert not simulator.calls()


def test_a_fetch_that_dies_loses_one_chunk(
    emulators: dict[str, str], simulator: Simulator, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tiny_operators.hooks.tiny import TinyHook

    orders = post(emulators, simulator, 6)
    plan(run, chunk_orders=2)
    order, seen = TinyHook.pdv_pedido_obter, []

    def die_at_fourth(hook: TinyHook, pedido: int) -> Any:
        seen.append(pedido)
        if len(seen) == 4:
            raise KeyboardInterrupt
        return order(hook, pedido)

    monkeypatch.setattr(TinyHook, "pdv_pedido_obter", die_at_fourth)
    with pytest.raises(KeyboardInterrupt):
        fetch(run)
    fetch(run)
    # The third order was read by the try that died, and is read again: the rest of its chunk was not there.
    assert simulator.calls()["pdv.pedido.obter"] == len(orders) + 1


def test_products_read_today_serve_the_next_run(
    emulators: dict[str, str], simulator: Simulator, run: Any, store: Any
) -> None:
    post(emulators, simulator, 8)
    batch(run)
    simulator.forget_calls()
    again = type(run)(store)
    orders = post(emulators, simulator, 8)
    plan(again)
    fetch(again)
    sold = {pair["id"] for pair in simulator.truth(orders)["snapshots"]}
    assert simulator.calls()["produto.obter"] < len(sold)


def test_rows_equal_the_truth(
    emulators: dict[str, str], simulator: Simulator, run: Any, warehouse: Warehouse
) -> None:
    from google.cloud import bigquery

    from tiny_operators.schemas import schema_fields

    orders = post(emulators, simulator, 30)
    plan(run)
    fetch(run)
    counts = rows(run)
    truth = truth_rows(simulator.truth(orders))
    assert counts["orders"] == counts["pdv"] == counts["pesquisa"] == 30
    client = warehouse.bigquery_client()
    for table in TABLES:
        staging = names.staging_table(run.store.staging_dataset, table, run.key)
        config = bigquery.LoadJobConfig(
            schema=[bigquery.SchemaField.from_api_repr(field) for field in schema_fields(table)],
            source_format="NEWLINE_DELIMITED_JSON",
        )
        uri = f"gs://{run.store.api_bucket}/{names.rows_object(table, run.key)}"
        client.load_table_from_uri(uri, staging, job_config=config).result()
        found = [dict(row) for row in client.query_and_wait(f"SELECT * FROM `{staging}`")]
        assert list(table_differences(table, truth[table], found)) == []


def test_a_planned_order_of_which_nothing_came_fails_the_run_and_loads_nothing(
    emulators: dict[str, str],
    simulator: Simulator,
    run: Any,
    warehouse: Warehouse,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, forgotten = post(emulators, simulator, 2)
    plan(run)
    fetch(run)
    make = RawReader.order_rows

    def forget(reader: RawReader, line: Any) -> OrderRows:
        return OrderRows(forgotten) if line.envelope.pedido == forgotten else make(reader, line)

    monkeypatch.setattr(RawReader, "order_rows", forget)
    with pytest.raises(AirflowException, match=r"2 orders were planned, but 1 came to an end \(loaded 1,"):
        rows(run)
    assert names.rows_object("pdv", run.key) not in warehouse.objects("rows/")


def test_an_order_that_nobody_knows_any_more_is_no_failure(
    simulator: Simulator, run: Any, warehouse: Warehouse
) -> None:
    """Its webhook came long ago: it is not one that cannot be read yet."""
    (sale,) = simulator.sell(1)
    gone = sale.pedido
    upload(warehouse, f"z316-tiny-webhook-vendas-{gone}-20260102T120000-a.json", json.dumps(sale.webhook))
    simulator.delete(gone)
    plan(run)
    fetch(run)
    assert simulator.calls() == {"pdv.pedido.obter": 1, "pedido.obter": 1}
    assert rows(run) | {"rejects": 0, "gone": 1} == rows(run)
    outcome = Objects(warehouse.storage_client(), warehouse.api_bucket).read_json(
        names.outcome_object(run.key)
    )
    assert outcome == {str(gone): {"state": "gone"}}
    assert archive(run) == {"done": 1, "rejected": 0, "ignored": 0, "waiting": 0}


@pytest.fixture
def looks(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits of a task that looks again for orders; before the third look all can be read."""
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            simulator.set(quirks={"webhook_early_s": 0})
            simulator.no_faults()

    monkeypatch.setattr("tiny_operators.operators.fetch.OrderReader", partial(OrderReader, sleep=sleep))
    return slept


@pytest.mark.parametrize("early", [[0], [4], [1, 2, 3], [0, 1, 2, 3, 4]])
def test_a_webhook_that_comes_before_its_order_can_be_read(
    early: list[int], looks: list[float], simulator: Simulator, run: Any, warehouse: Warehouse
) -> None:
    """Wherever it stands in the batch."""
    sales = sorted(simulator.sell(5), key=lambda sale: sale.pedido)
    for place, sale in enumerate(sales):
        upload(warehouse, f"{place}.json", json.dumps(sale.webhook))
    if len(early) == len(sales):
        simulator.set(quirks={"webhook_early_s": 3600})
    else:
        for place in early:
            for service in ("pdv.pedido.obter", "pedido.obter"):
                key = str(sales[place].pedido)
                simulator.fault(service=service, faults=["code_32"], key=key, times=None)
    plan(run)
    fetch(run)
    assert len(looks) == 3
    assert rows(run)["loaded"] == 5
    assert {row["id"] for row in made_rows(warehouse, run, "pdv")} == {sale.pedido for sale in sales}
    assert archive(run)["done"] == 5


@pytest.mark.usefixtures("run")
def test_an_order_that_cannot_be_read_for_longer_comes_with_the_night(
    simulator: Simulator, warehouse: Warehouse, dags: Any, monkeypatch: Any, day: date
) -> None:
    """Until then nobody knows it: it is taken for gone, and no row of it is there."""
    monkeypatch.setattr(fetching_orders, "_LISTING_WAITS", (0.0, 0.0))
    # Of a day of its own, which has no other orders for the night to read.
    (sale,) = simulator.sell_on(day, 1)
    upload(warehouse, "early.json", json.dumps(sale.webhook))
    simulator.set(quirks={"webhook_early_s": 3600})
    WholeRun(dags["z316_webhook"]).finish()
    assert simulator.calls() == {"pdv.pedido.obter": 3, "pedido.obter": 3}
    assert warehouse.rows_of("pdv", [sale.pedido]) == []
    assert not warehouse.waiting()
    simulator.set(quirks={"webhook_early_s": 0})
    dates = {"from_date": day.isoformat(), "to_date": day.isoformat()}
    WholeRun(dags["z316_daily"], dates).finish()
    assert warehouse.differences(simulator.truth([sale.pedido])) == []


def test_a_burst_is_planned_in_batches_oldest_first(
    emulators: dict[str, str], simulator: Simulator, run: Any, warehouse: Warehouse
) -> None:
    sales = simulator.sell(6)
    for sale in sales:
        post_webhook(emulators["WEBHOOK_URL"], sale.webhook)
    assert plan(run, max_orders=4)["orders"] == 4
    content = (
        warehouse
        .storage_client()
        .bucket(warehouse.api_bucket)
        .blob(names.plan_object(run.key))
        .download_as_text()
    )
    assert [order["pedido"] for order in json.loads(content)["orders"]] == [sale.pedido for sale in sales[:4]]


def test_a_plan_is_made_once(
    emulators: dict[str, str], simulator: Simulator, run: Any, warehouse: Warehouse
) -> None:
    post(emulators, simulator, 2)
    first = plan(run)
    post(emulators, simulator, 3)
    assert plan(run) == first


def test_nothing_to_do_is_skipped(run: Any) -> None:
    with pytest.raises(AirflowSkipException):
        plan(run)


def test_an_order_that_is_not_listed_yet_waits(
    emulators: dict[str, str],
    simulator: Simulator,
    run: Any,
    warehouse: Warehouse,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fetching_orders, "_LISTING_WAITS", (0.01,))
    simulator.set(quirks={"search_delay_s": 3600})
    post(emulators, simulator, 1)
    plan(run)
    fetch(run)
    counts = rows(run)
    assert (counts["pdv"], counts["waiting"], counts["rejects"]) == (0, 1, 0)
    assert archive(run)["waiting"] == 1
    assert len(warehouse.waiting()) == 1


def test_raw_answers_are_kept_to_the_letter(
    emulators: dict[str, str], simulator: Simulator, run: Any, warehouse: Warehouse
) -> None:
    post(emulators, simulator, 1)
    plan(run)
    fetch(run)
    day = names.day_of(datetime.now(UTC), run.store.timezone)
    name = names.raw_orders_object(run.key, day, 1)
    line = json.loads(warehouse.storage_client().bucket(warehouse.api_bucket).blob(name).download_as_text())
    assert line["request"] == {"service": "pdv.pedido.obter", "id": str(line["pedido"])}
    assert line["answer"]["retorno"]["pedido"]["itens"]
    assert line["path"] == "webhook"
    assert set(line["produtos"].values()) <= set(warehouse.objects("raw/produto/"))
    assert line["pesquisa"] in warehouse.objects("raw/pesquisa/")
