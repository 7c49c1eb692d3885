"""Which webhook files leave the inbox, where they go, and what is said of those that cannot be used."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from local.demo.parts import Simulator, Warehouse, post_webhook
from tests import envelopes
from tests.component.webhook_steps import (
    archive,
    batch,
    fetch,
    forget_pauses,
    made_rows,
    plan,
    post,
    rejected_files,
    rows,
    upload,
)
from tiny_operators._compat import AirflowFailException, AirflowSkipException
from tiny_operators.operators.put_back import PutBackOperator
from tiny_operators.schemas import TABLES

pytestmark = pytest.mark.stack


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
    batch(run)
    assert [row["id"] for row in made_rows(warehouse, run, "pdv")] == [sale.pedido]
    assert any(name.endswith("minha venda (1).txt") for name in warehouse.objects("webhook/"))


BAD_FILES = {
    "not-json.json": (b"\xff\xfe no JSON", "(file)"),
    "packed.json.gz": (gzip.compress(b'{"tipo": "inclusao_pedido"}', mtime=0)[:-9], "(file)"),
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
    assert plan(run) == {"orders": 2, "files": 2, "rejected": 6, "ignored": 0}
    fetch(run)
    assert rows(run)["rejects"] == 0
    with pytest.raises(AirflowFailException, match=r"6 of 8 files cannot be used"):
        archive(run)
    assert {row["id"] for row in made_rows(warehouse, run, "pdv")} == set(orders)
    assert warehouse.waiting() == []
    rejected = warehouse.objects("rejected/")
    for name, (content, field) in BAD_FILES.items():
        (place,) = [found for found in rejected if found.endswith(name)]
        bucket = warehouse.storage_client().bucket(warehouse.api_bucket)
        assert bucket.blob(place).download_as_bytes() == content
        reason = json.loads(bucket.blob(f"{place}.reason.json").download_as_text())
        assert reason["field"] == field
        assert reason["action"]
        assert reason["put_back"].endswith(f"gs://{warehouse.webhook_bucket}/vendas/{name}")
    reported = rejected_files(warehouse, run)
    assert {(row["file"], row["field"]) for row in reported} == {
        (f"vendas/{name}", field) for name, (_, field) in BAD_FILES.items()
    }
    assert {(row["step"], row["path"], row["run"], row["pedido"]) for row in reported} == {
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
    assert [counts[name] for name in ("planned", "loaded", "rejected", "rejects")] == [2, 1, 1, 1]
    reported = made_rows(warehouse, run, "rejeitados")
    assert rows(run) == counts
    assert [row["id"] for row in made_rows(warehouse, run, "rejeitados")] == [row["id"] for row in reported]
    assert archive(run) == {"done": 1, "rejected": 1, "ignored": 0, "waiting": 0}
    assert [row["id"] for row in made_rows(warehouse, run, "pdv")] == [good]
    (row,) = reported
    assert (row["pedido"], row["produto"], row["file"], row["step"]) == (bad, None, waiting, "fetch")
    (place,) = [name for name in warehouse.objects("rejected/") if name.endswith(f"{run.key}.ndjson")]
    text = warehouse.storage_client().bucket(warehouse.api_bucket).blob(place).download_as_text()
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


def test_events_that_nobody_needs_leave_the_inbox_without_a_call(
    emulators: dict[str, str], simulator: Simulator, run: Any, warehouse: Warehouse
) -> None:
    upload(
        warehouse,
        "nota.json",
        b'{"versao": "1", "cnpj": "11.222.333/0001-81", "tipo": "nota_fiscal", "dados": {}}',
    )
    assert plan(run) == {"orders": 0, "files": 0, "rejected": 0, "ignored": 1}
    with pytest.raises(AirflowSkipException, match="no order"):
        fetch(run)
    assert archive(run)["ignored"] == 1
    assert not simulator.calls()
    assert all(made_rows(warehouse, run, table) == [] for table in TABLES)


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


def test_what_the_receiver_takes_in_any_form_becomes_rows(
    emulators: dict[str, str], simulator: Simulator, run: Any, warehouse: Warehouse
) -> None:
    simulator.set(quirks={"webhook_envelopes": 1})
    sales = simulator.sell(30)
    sent = simulator.send(emulators["WEBHOOK_URL"], [sale.webhook for sale in sales])
    assert all(delivery["delivered"] for delivery in sent)
    assert batch(run)["done"] == 30
    assert {row["id"] for row in made_rows(warehouse, run, "pdv")} == {sale.pedido for sale in sales}
    assert warehouse.waiting() == []


@pytest.mark.parametrize("store_as", [{}, {"content_encoding": "gzip"}], ids=["plain", "said to be packed"])
def test_files_that_people_upload_may_say_anything_of_themselves(
    simulator: Simulator, run: Any, warehouse: Warehouse, store_as: dict[str, str]
) -> None:
    """As `gcloud storage cp -Z` does, rightly, and a wrong header does not."""
    sales = simulator.sell(4)
    texts = [json.dumps(sale.webhook) for sale in sales]
    contents = [
        gzip.compress(texts[0].encode(), mtime=0),
        texts[1].encode(),
        texts[2].encode("utf-16"),
        texts[3].encode("cp1252"),
    ]
    for number, content in enumerate(contents):
        blob = warehouse.storage_client().bucket(warehouse.webhook_bucket).blob(f"{number}.txt")
        blob.content_encoding = store_as.get("content_encoding")
        blob.upload_from_string(content, content_type="text/plain; charset=utf-8")
    assert batch(run)["done"] == 4
    assert {row["id"] for row in made_rows(warehouse, run, "pdv")} == {sale.pedido for sale in sales}


@pytest.fixture
def many_in_one(simulator: Simulator, warehouse: Warehouse) -> Callable[..., list[int]]:
    """Uploads one file about several new orders; their ids."""

    def upload_all(count: int, *, bad_lines: int = 0) -> list[int]:
        sales = simulator.sell(count)
        lines = [json.dumps(sale.webhook) for sale in sales]
        lines[1:1] = ['{"broken'] * bad_lines
        upload(warehouse, "all.ndjson", "\n".join(lines))
        return [sale.pedido for sale in sales]

    return upload_all


@pytest.mark.parametrize("refused", [[0], [1], [0, 1, 2]])
def test_a_file_with_rejected_orders_can_be_put_back_whole(
    simulator: Simulator,
    run: Any,
    warehouse: Warehouse,
    many_in_one: Callable[..., list[int]],
    refused: list[int],
) -> None:
    orders = many_in_one(3)
    for place in refused:
        simulator.fault(service="pdv.pedido.obter", faults=["code_31"], key=str(orders[place]))
    assert batch(run) == {"done": 0, "rejected": 1, "ignored": 0, "waiting": 0}
    loaded = {row["id"] for row in made_rows(warehouse, run, "pdv")}
    assert loaded == set(orders) - {orders[place] for place in refused}
    reported = made_rows(warehouse, run, "rejeitados")
    assert {(row["pedido"], row["file"]) for row in reported} == {
        (pedido, "all.ndjson") for pedido in set(orders) - loaded
    }
    # A file goes back by each order that was rejected.
    conf = {"order": str(orders[refused[-1]])}
    context = run.context()
    context["dag_run"].conf = conf
    context["params"] = conf
    assert PutBackOperator(task_id="put_back", store=run.store).execute(context)["files"] == 1
    assert warehouse.waiting() == ["all.ndjson"]
    simulator.no_faults()


def test_a_file_waits_for_its_last_order(
    simulator: Simulator, run: Any, warehouse: Warehouse, many_in_one: Callable[..., list[int]]
) -> None:
    simulator.set(quirks={"search_delay_s": 3600})
    many_in_one(3, bad_lines=1)
    counts = batch(run)
    assert counts == {"done": 0, "rejected": 0, "ignored": 0, "waiting": 1}
    assert warehouse.waiting() == ["all.ndjson"]


def reasons(warehouse: Warehouse) -> set[str]:
    return {name for name in warehouse.objects("rejected/") if name.endswith(".reason.json")}


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("silent", [[0], [1], [3], [0, 1, 3]])
def test_what_is_done_of_a_file_that_waits_is_done_once(
    simulator: Simulator,
    run: Any,
    warehouse: Warehouse,
    many_in_one: Callable[..., list[int]],
    silent: list[int],
) -> None:
    """Of four orders some are silent, one cannot be read, and a line is broken."""
    before, orders = reasons(warehouse), many_in_one(4, bad_lines=1)
    for place in silent:
        simulator.fault(service="pdv.pedido.obter", faults=["code_35"], key=str(orders[place]), times=None)
    simulator.fault(service="pdv.pedido.obter", faults=["code_31"], key=str(orders[2]), times=None)
    assert batch(run)["waiting"] == 1
    done = {order for place, order in enumerate(orders) if place not in {*silent, 2}}
    assert {row["id"] for row in made_rows(warehouse, run, "pdv")} == done
    assert [row["pedido"] for row in made_rows(warehouse, run, "rejeitados")] == [orders[2]]
    assert [row["file"] for row in rejected_files(warehouse, run)] == ["all.ndjson"]
    waiting = {orders[place] for place in silent}
    for hours in (2, 3):
        forget_pauses(warehouse, run)
        simulator.forget_calls()
        again = type(run)(run.store)
        assert batch(again)["waiting"] == 1, hours
        assert set(simulator.keys("pdv.pedido.obter")) == waiting
        assert made_rows(warehouse, again, "rejeitados") == made_rows(warehouse, again, "pdv") == []
        assert rejected_files(warehouse, again) == []
    simulator.no_faults()
    forget_pauses(warehouse, run)
    last = type(run)(run.store)
    assert batch(last)["rejected"] == 1
    assert {row["id"] for row in made_rows(warehouse, last, "pdv")} == waiting
    (reason,) = reasons(warehouse) - before
    reported = json.loads(
        warehouse.storage_client().bucket(warehouse.api_bucket).blob(reason).download_as_text()
    )
    assert {reported["pedido"], *(more["pedido"] for more in reported["more"])} == {None, orders[2]}


def test_events_that_nobody_needs_are_known_in_any_form(
    simulator: Simulator, run: Any, warehouse: Warehouse
) -> None:
    rng = Random(1)
    for number in range(10):
        made = envelopes.envelope(rng, [envelopes.event(rng, number + 1, "estoque")])
        upload(warehouse, f"{number}.bin", made.content)
    assert plan(run) == {"orders": 0, "files": 0, "rejected": 0, "ignored": 10}
    assert not simulator.calls()
