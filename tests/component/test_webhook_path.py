"""The webhook path, operator by operator, against the object store, BigQuery and the simulator."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from local.demo.compare import table_differences, truth_rows
from local.demo.parts import Simulator, Warehouse, post_webhook
from tiny_operators import names
from tiny_operators._compat import AirflowException, AirflowSkipException
from tiny_operators.operators.archive import ArchiveWebhooksOperator
from tiny_operators.operators.fetch import FetchOrdersOperator
from tiny_operators.operators.plan_webhooks import PlanWebhooksOperator
from tiny_operators.operators.rows import MakeRowsOperator
from tiny_operators.raw.reader import RawReader
from tiny_operators.rows.orders import OrderRows
from tiny_operators.rows.schema import TABLES

pytestmark = pytest.mark.stack


def upload(warehouse: Warehouse, name: str, content: bytes | str) -> None:
    warehouse._storage().bucket(warehouse.webhook_bucket).blob(name).upload_from_string(content)


def post(emulators: dict[str, str], simulator: Simulator, count: int) -> list[int]:
    sales = simulator.sell(count)
    for sale in sales:
        post_webhook(emulators["WEBHOOK_URL"], sale.webhook)
    return [sale.pedido for sale in sales]


def plan(run: Any, **kwargs: Any) -> Any:
    return run.do(PlanWebhooksOperator(task_id="plan", store=run.store, **kwargs))


def fetch(run: Any, **kwargs: Any) -> Any:
    return run.do(FetchOrdersOperator(task_id="fetch", store=run.store, **kwargs))


def rows(run: Any, **kwargs: Any) -> Any:
    return run.do(MakeRowsOperator(task_id="rows", store=run.store, **kwargs))


def archive(run: Any) -> Any:
    return run.do(ArchiveWebhooksOperator(task_id="archive", store=run.store))


def made_rows(warehouse: Warehouse, run: Any, table: str) -> list[dict[str, Any]]:
    text = (
        warehouse
        ._storage()
        .bucket(warehouse.api_bucket)
        .blob(names.rows_object(table, run.key))
        .download_as_text()
    )
    return [json.loads(line) for line in text.splitlines()]


def test_each_call_is_made_once(
    emulators: dict[str, str], simulator: Simulator, run: Any, warehouse: Warehouse
) -> None:
    bucket = warehouse._storage().bucket(warehouse.api_bucket)
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
    order, seen = TinyHook.order, []

    def die_at_fourth(hook: TinyHook, pedido: int) -> Any:
        seen.append(pedido)
        if len(seen) == 4:
            raise KeyboardInterrupt
        return order(hook, pedido)

    monkeypatch.setattr(TinyHook, "order", die_at_fourth)
    with pytest.raises(KeyboardInterrupt):
        fetch(run)
    fetch(run)
    # The third order was read by the try that died, and is read again: the rest of its chunk was not there.
    assert simulator.calls()["pdv.pedido.obter"] == len(orders) + 1


def test_products_read_today_serve_the_next_run(
    emulators: dict[str, str], simulator: Simulator, run: Any, store: Any
) -> None:
    post(emulators, simulator, 8)
    plan(run)
    fetch(run)
    archive_all(run)
    simulator.forget_calls()
    again = type(run)(store)
    orders = post(emulators, simulator, 8)
    plan(again)
    fetch(again)
    sold = {pair["id"] for pair in simulator.truth(orders)["snapshots"]}
    assert simulator.calls()["produto.obter"] < len(sold)


def archive_all(run: Any) -> None:
    rows(run)
    archive(run)


def test_rows_equal_the_truth(
    emulators: dict[str, str], simulator: Simulator, run: Any, warehouse: Warehouse
) -> None:
    from google.cloud import bigquery

    from tiny_operators.rows.schema import schema_fields

    orders = post(emulators, simulator, 30)
    plan(run)
    fetch(run)
    counts = rows(run)
    truth = truth_rows(simulator.truth(orders))
    assert counts["orders"] == counts["pdv"] == counts["pesquisa"] == 30
    client = warehouse._bigquery()
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


def test_several_files_of_one_order_are_one_reading(
    emulators: dict[str, str], simulator: Simulator, run: Any, warehouse: Warehouse
) -> None:
    sale = simulator.sell(1)[0]
    for _ in range(4):
        post_webhook(emulators["WEBHOOK_URL"], sale.webhook)
    assert plan(run) == {"orders": 1, "files": 4, "rejected": 0, "ignored": 0}
    fetch(run)
    rows(run)
    assert simulator.calls()["pdv.pedido.obter"] == 1
    assert archive(run)["done"] == 4
    assert warehouse.waiting() == []


def test_any_file_name_will_do(
    emulators: dict[str, str], simulator: Simulator, run: Any, warehouse: Warehouse
) -> None:
    sale = simulator.sell(1)[0]
    upload(warehouse, "à mão/minha venda (1).txt", json.dumps(sale.webhook))
    plan(run)
    fetch(run)
    rows(run)
    archive(run)
    assert [row["id"] for row in made_rows(warehouse, run, "pdv")] == [sale.pedido]
    assert any(name.endswith("minha venda (1).txt") for name in warehouse.objects("webhook/"))


BAD_FILES = {
    "not-json.json": (b"\xff\xfe no JSON", "(file)"),
    "a-list.json": (b"[]", "(file)"),
    "no-tipo.json": (b'{"versao": "1.0.1", "cnpj": "11222333000181"}', "tipo"),
    "another-store.json": (
        b'{"versao": "1", "cnpj": "99999999000191", "tipo": "inclusao_pedido", "dados": {"id": 5}}',
        "cnpj",
    ),
    "no-id.json": (
        b'{"versao": "1", "cnpj": "11222333000181", "tipo": "inclusao_pedido", "dados": {"id": "x"}}',
        "dados.id",
    ),
}


def test_bad_files_are_set_aside_with_a_reason_and_the_rest_goes_on(
    emulators: dict[str, str], simulator: Simulator, run: Any, warehouse: Warehouse
) -> None:
    orders = post(emulators, simulator, 2)
    for name, (content, _) in BAD_FILES.items():
        upload(warehouse, f"vendas/{name}", content)
    assert plan(run) == {"orders": 2, "files": 2, "rejected": 5, "ignored": 0}
    fetch(run)
    assert rows(run)["rejected"] == 0
    assert archive(run) == {"done": 2, "rejected": 5, "ignored": 0, "waiting": 0}
    assert {row["id"] for row in made_rows(warehouse, run, "pdv")} == set(orders)
    assert warehouse.waiting() == []
    rejected = warehouse.objects("rejected/")
    for name, (content, field) in BAD_FILES.items():
        (place,) = [found for found in rejected if found.endswith(name)]
        bucket = warehouse._storage().bucket(warehouse.api_bucket)
        assert bucket.blob(place).download_as_bytes() == content
        reason = json.loads(bucket.blob(f"{place}.reason.json").download_as_text())
        assert reason["field"] == field
        assert reason["action"]
        assert reason["put_back"].endswith(f"gs://{warehouse.webhook_bucket}/vendas/{name}")
    told = made_rows(warehouse, run, "rejeitados")
    assert {(row["file"], row["field"]) for row in told} == {
        (f"vendas/{name}", field) for name, (_, field) in BAD_FILES.items()
    }
    assert {(row["step"], row["path"], row["run"], row["pedido"]) for row in told} == {
        ("plan", "webhook", run.key, None)
    }


def test_an_order_that_tiny_refuses_is_set_aside_with_its_file(
    emulators: dict[str, str], simulator: Simulator, run: Any, warehouse: Warehouse
) -> None:
    good, bad = post(emulators, simulator, 2)
    simulator.fault(service="pdv.pedido.obter", faults=["code_31"], key=str(bad))
    plan(run)
    fetch(run)
    (waiting,) = [name for name in warehouse.waiting() if f"-{bad}-" in name]
    counts = rows(run)
    assert (counts["planned"], counts["loaded"], counts["orders_rejected"], counts["rejected"]) == (
        2,
        1,
        1,
        1,
    )
    told = made_rows(warehouse, run, "rejeitados")
    assert rows(run) == counts
    assert [row["id"] for row in made_rows(warehouse, run, "rejeitados")] == [row["id"] for row in told]
    assert archive(run) == {"done": 1, "rejected": 1, "ignored": 0, "waiting": 0}
    assert [row["id"] for row in made_rows(warehouse, run, "pdv")] == [good]
    (row,) = told
    assert (row["pedido"], row["produto"], row["file"], row["step"]) == (bad, None, waiting, "fetch")
    (place,) = [name for name in warehouse.objects("rejected/") if name.endswith(f"{run.key}.ndjson")]
    text = warehouse._storage().bucket(warehouse.api_bucket).blob(place).download_as_text()
    assert [json.loads(line)["id"] for line in text.splitlines()] == [row["id"]], "and the same for people"


def test_a_run_without_rejects_leaves_no_file_of_reasons(
    emulators: dict[str, str], simulator: Simulator, run: Any, warehouse: Warehouse
) -> None:
    post(emulators, simulator, 1)
    plan(run)
    fetch(run)
    rows(run)
    assert made_rows(warehouse, run, "rejeitados") == []
    assert not [name for name in warehouse.objects("rejected/") if run.key in name]


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
    with pytest.raises(AirflowException, match=r"2 orders were planned, but 1 became something \(loaded 1,"):
        rows(run)
    assert names.rows_object("pdv", run.key) not in warehouse.objects("rows/")


def test_an_order_that_nobody_knows_any_more_is_no_failure(
    emulators: dict[str, str], simulator: Simulator, run: Any, warehouse: Warehouse
) -> None:
    (gone,) = post(emulators, simulator, 1)
    simulator.delete(gone)
    plan(run)
    fetch(run)
    assert simulator.calls() == {"pdv.pedido.obter": 1, "pedido.obter": 1}
    assert rows(run) | {"rejected": 0, "gone": 1} == rows(run)
    assert archive(run) == {"done": 1, "rejected": 0, "ignored": 0, "waiting": 0}


def test_events_that_nobody_needs_leave_the_inbox_without_a_call(
    emulators: dict[str, str], simulator: Simulator, run: Any, warehouse: Warehouse
) -> None:
    upload(
        warehouse,
        "nota.json",
        b'{"versao": "1", "cnpj": "11.222.333/0001-81", "tipo": "nota_fiscal", "dados": {}}',
    )
    assert plan(run) == {"orders": 0, "files": 0, "rejected": 0, "ignored": 1}
    fetch(run)
    rows(run)
    assert archive(run)["ignored"] == 1
    assert not simulator.calls()
    assert all(made_rows(warehouse, run, table) == [] for table in TABLES)


def test_a_burst_is_planned_in_batches_oldest_first(
    emulators: dict[str, str], simulator: Simulator, run: Any, warehouse: Warehouse
) -> None:
    sales = simulator.sell(6)
    for sale in sales:
        post_webhook(emulators["WEBHOOK_URL"], sale.webhook)
    assert plan(run, max_orders=4)["orders"] == 4
    content = (
        warehouse._storage().bucket(warehouse.api_bucket).blob(names.plan_object(run.key)).download_as_text()
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


def test_a_file_that_comes_again_while_its_order_is_read_stays(
    emulators: dict[str, str], simulator: Simulator, run: Any, warehouse: Warehouse
) -> None:
    sale = simulator.sell(1)[0]
    upload(warehouse, "venda.json", json.dumps(sale.webhook))
    plan(run)
    upload(warehouse, "venda.json", json.dumps({**sale.webhook, "tipo": "atualizacao_pedido"}))
    fetch(run)
    rows(run)
    archive(run)
    assert warehouse.waiting() == ["venda.json"]


def test_an_order_that_is_not_listed_yet_waits(
    emulators: dict[str, str],
    simulator: Simulator,
    run: Any,
    warehouse: Warehouse,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from tiny_operators.fetching import orders as fetching_orders

    monkeypatch.setattr(fetching_orders, "_LISTING_WAITS", (0.01,))
    settings = requests.get(f"{simulator.url}/_sim/settings", timeout=30).json()
    settings["quirks"]["search_delay_s"] = 3600
    requests.put(f"{simulator.url}/_sim/settings", json=settings, timeout=30).raise_for_status()
    post(emulators, simulator, 1)
    plan(run)
    fetch(run)
    counts = rows(run)
    assert (counts["pdv"], counts["waiting"], counts["rejected"]) == (0, 1, 0)
    assert archive(run)["waiting"] == 1
    assert len(warehouse.waiting()) == 1


@pytest.fixture
def everything_logged() -> Iterator[list[str]]:
    """Each message that any logger takes at DEBUG."""
    messages: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            messages.append(record.getMessage())

    root, handler = logging.getLogger(), Keep(logging.DEBUG)
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield messages
    root.setLevel(level)
    root.removeHandler(handler)


def test_no_personal_data_and_no_token_in_logs_names_or_xcom(
    emulators: dict[str, str],
    simulator: Simulator,
    run: Any,
    warehouse: Warehouse,
    everything_logged: list[str],
) -> None:
    orders = post(emulators, simulator, 25)
    said = [plan(run), fetch(run), rows(run), archive(run)]
    text = "\n".join(everything_logged) + json.dumps(said) + "\n".join(warehouse.objects(""))
    token = json.loads(emulators["AIRFLOW_CONN_TINY_Z316"])["password"]
    assert "event=chunk_fetched" in text
    assert token not in text
    for order in simulator.truth(orders)["pdv"]:
        contato = order["contato"]
        for name in ("nome", "cpfCnpj", "email", "celular", "fone"):
            value = contato[name]
            assert not value or value == "Consumidor Final" or value not in text, name


def test_raw_answers_are_kept_to_the_letter(
    emulators: dict[str, str], simulator: Simulator, run: Any, warehouse: Warehouse
) -> None:
    post(emulators, simulator, 1)
    plan(run)
    fetch(run)
    day = names.day_of(datetime.now(UTC), run.store.timezone)
    name = names.raw_orders_object(run.key, day, 1)
    line = json.loads(warehouse._storage().bucket(warehouse.api_bucket).blob(name).download_as_text())
    assert line["request"] == {"service": "pdv.pedido.obter", "id": str(line["pedido"])}
    assert line["answer"]["retorno"]["pedido"]["itens"]
    assert line["path"] == "webhook"
    assert set(line["produtos"].values()) <= set(warehouse.objects("raw/produto/"))
    assert line["pesquisa"] in warehouse.objects("raw/pesquisa/")
