"""The replay DAG as Airflow runs it: the tables come back from the bucket alone, also from the older layout."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
import requests

from local.demo.compare import table_differences, truth_rows
from local.demo.parts import Simulator, Warehouse, post_webhook
from tests.tiny_operators.helpers import envelope, sample_text
from tests.tiny_operators.orders import PEDIDO
from tiny_operators import names
from tiny_operators._compat import AirflowFailException
from tiny_operators.hooks.tiny import TinyHook
from tiny_operators.operators.replay import ReplayRowsOperator
from tiny_operators.provision import create_missing
from tiny_operators.rows.orders import product_ids
from tiny_operators.rows.schema import TABLES
from tiny_operators.tiny.answers import one_line

pytestmark = pytest.mark.stack

ZONE = ZoneInfo("America/Sao_Paulo")
TODAY = datetime.now(ZONE).date()
UUID = "0b5f2f1e-8a43-4a7e-9d0c-5d1b6c1c9f10"
_days = iter(range(5000, 6000, 2))


@pytest.fixture
def day() -> date:
    """A date that no other test uses; nor is the one after it used."""
    return TODAY - timedelta(days=next(_days))


def run_dag(dags: Any, name: str, **conf: Any) -> dict[str, str]:
    """Run a DAG; the state of each task, and of the run."""
    run = dags[f"z316_{name}"].test(datetime.now(UTC), run_conf=conf)
    states = {task.task_id: task.state for task in run.get_task_instances()} | {"run": run.state}
    return {task: str(getattr(state, "value", state)) for task, state in states.items()}


def replay(dags: Any, first: date, last: date | None = None) -> dict[str, str]:
    return run_dag(dags, "replay", from_date=first.isoformat(), to_date=last.isoformat() if last else None)


Tables = dict[str, dict[tuple[Any, ...], dict[str, Any]]]


def tables(warehouse: Warehouse, pedidos: set[int], *without: str) -> Tables:
    """The rows of some orders by their keys, without some columns."""
    found: Tables = {}
    for table in TABLES:
        found[table] = {}
        for row in warehouse.rows(table):
            pedido = int(row.get("pedido_id") or row["id"])
            if pedido in pedidos:
                key = (pedido, int(row["id"]))
                assert key not in found[table], "a row stands twice"
                found[table][key] = {name: value for name, value in row.items() if name not in without}
    return found


def upload(warehouse: Warehouse, name: str, content: bytes | str) -> None:
    warehouse._storage().bucket(warehouse.api_bucket).blob(name).upload_from_string(content)


def download(warehouse: Warehouse, name: str) -> list[dict[str, Any]]:
    text = warehouse._storage().bucket(warehouse.api_bucket).blob(name).download_as_text()
    return [json.loads(line) for line in text.splitlines()]


def make_rows(run: Any, first: date, last: date | None = None) -> dict[str, int]:
    """Run the operator alone; its counts."""
    context = {
        **run.context(),
        "dag_run": SimpleNamespace(run_id=run.run_id, conf={}),
        "params": {"from_date": first.isoformat(), "to_date": last.isoformat() if last else None},
    }
    counts: dict[str, int] = ReplayRowsOperator(task_id="rows", store=run.store).execute(context)  # type: ignore[arg-type, unused-ignore]
    return counts


def rejects(warehouse: Warehouse, run: Any, first: date) -> list[dict[str, Any]]:
    return download(warehouse, names.rejects_object(run.key, first.isoformat()))


@dataclass(frozen=True)
class History:
    """Orders that were loaded by the live path and by the daily DAG.

    Attributes:
        pedidos: Their ids.
        past: Date of those that came by the daily DAG; the others arrived today.
    """

    pedidos: set[int]
    past: date


@pytest.fixture(scope="module")
def history(dags: Any, store: Any, emulators: dict[str, str]) -> History:
    """Orders as life makes them: edited, cancelled, gone, known to the back office only, with costs asked for again."""
    simulator, past = Simulator(emulators["TINY_SIMULATOR_URL"]), TODAY - timedelta(days=next(_days))
    sales = {sale.pedido: sale for sale in simulator.sell(6)}
    _plain, edited, cancelled, gone, office, loaded_twice = sales
    simulator.fault(service="pdv.pedido.obter", faults=["code_32"], key=str(office), times=100)
    for sale in sales.values():
        post_webhook(emulators["WEBHOOK_URL"], sale.webhook)
    assert run_dag(dags, "webhook")["run"] == "success"
    post_webhook(emulators["WEBHOOK_URL"], simulator.change(edited, "edit"))
    post_webhook(emulators["WEBHOOK_URL"], simulator.change(cancelled, "cancel"))
    post_webhook(emulators["WEBHOOK_URL"], sales[loaded_twice].webhook)
    simulator.delete(gone)
    post_webhook(emulators["WEBHOOK_URL"], sales[gone].webhook)
    assert run_dag(dags, "webhook")["run"] == "success"
    simulator.no_faults()
    older = {sale.pedido for sale in simulator.sell_on(past, 3)}
    assert run_dag(dags, "daily", from_date=past.isoformat())["run"] == "success"
    assert run_dag(dags, "daily", from_date=past.isoformat(), refresh_costs=True)["run"] == "success"
    return History({*sales, *older}, past)


def test_dropped_tables_come_back_row_for_row_without_a_call(
    dags: Any, store: Any, simulator: Simulator, warehouse: Warehouse, history: History
) -> None:
    before = tables(warehouse, history.pedidos, "update_timestamp")
    assert len(before["pdv"]) == len(before["pesquisa"]) == len(history.pedidos)
    assert [row for row in before["pdv"].values() if row["deleted_at"]], "an order that is gone is among them"
    assert [row for row in before["produto"].values() if row["refreshed_at"]], (
        "and costs that were asked for again"
    )
    client = warehouse._bigquery()
    for table in TABLES:
        client.delete_table(f"{store.dataset}.{table}")
    create_missing(store, warehouse._storage(), client)
    for first in (TODAY, history.past):
        assert set(replay(dags, first).values()) == {"success"}
    assert tables(warehouse, history.pedidos, "update_timestamp") == before
    assert not simulator.calls()


def test_replaying_what_is_there_changes_nothing(
    dags: Any, simulator: Simulator, warehouse: Warehouse, history: History
) -> None:
    before = tables(warehouse, history.pedidos)
    for first in (TODAY, history.past):
        assert replay(dags, first)["run"] == "success"
    assert tables(warehouse, history.pedidos) == before
    assert not simulator.calls()


def older_folder(hook: TinyHook, pedido: int, arrived: datetime) -> dict[str, str]:
    """Objects of the older layout about an order: what Tiny answers now, by name."""
    order = hook.order(pedido)
    answers = {"pdv": order, "pesquisa": hook.search_page({"numero": str(order.retorno["pedido"]["numero"])})}
    answers |= {
        f"produto-{produto}": hook.product(produto) for produto in product_ids(order.retorno["pedido"])
    }
    stamp = f"{arrived:%Y%m%dT%H%M%S}"
    folder = f"{stamp}-{pedido}-{UUID}/"
    return {
        f"{folder}z316-tiny-api-{pedido}-{what}-{stamp}-{UUID}.json": answer.text
        for what, answer in answers.items()
    }


def test_the_older_layout_makes_the_rows_that_a_reading_makes(
    dags: Any, emulators: dict[str, str], simulator: Simulator, warehouse: Warehouse, day: date
) -> None:
    sales, hook = simulator.sell(4), TinyHook("tiny_z316")
    pedidos = {sale.pedido for sale in sales}
    arrivals = [datetime(day.year, day.month, day.day, hour, 59, 59) for hour in (0, 12, 23, 23)]  # noqa: DTZ001
    for sale, arrived in zip(sales, arrivals, strict=True):
        for name, text in older_folder(hook, sale.pedido, arrived).items():
            upload(warehouse, name, text)
    simulator.forget_calls()
    assert set(replay(dags, day).values()) == {"success"}
    assert not simulator.calls()
    found = tables(warehouse, pedidos)
    for table, truth in truth_rows(simulator.truth(sorted(pedidos))).items():
        assert list(table_differences(table, truth, list(found[table].values()))) == []
        assert {row["source_id"] for row in found[table].values()} == {"webhook-older"}
    expected = {
        sale.pedido: arrived.replace(tzinfo=ZONE) for sale, arrived in zip(sales, arrivals, strict=True)
    }
    assert {key[0]: row["timestamp"] for key, row in found["pdv"].items()} == expected

    for sale in sales:
        post_webhook(emulators["WEBHOOK_URL"], sale.webhook)
    assert run_dag(dags, "webhook")["run"] == "success"
    of_reading = ("source_id", "fetched_at", "update_timestamp")
    read = tables(warehouse, pedidos)
    assert {row["source_id"].split("-")[1] for row in read["pdv"].values()} != {"older"}
    for table in TABLES:
        assert _without(read[table], *of_reading) == _without(found[table], *of_reading)


def _without(
    rows: dict[tuple[Any, ...], dict[str, Any]], *columns: str
) -> dict[tuple[Any, ...], dict[str, Any]]:
    return {
        key: {name: value for name, value in row.items() if name not in columns} for key, row in rows.items()
    }


def test_of_several_older_folders_of_one_order_the_newest_counts(
    dags: Any, simulator: Simulator, warehouse: Warehouse, day: date
) -> None:
    (sale,), hook = simulator.sell(1), TinyHook("tiny_z316")
    midday = datetime(day.year, day.month, day.day, 12)  # noqa: DTZ001 - the names have no zone
    folders = [older_folder(hook, sale.pedido, midday)]
    simulator.change(sale.pedido, "cancel")
    folders.append(older_folder(hook, sale.pedido, midday + timedelta(days=1)))
    for name, text in (folders[0] | folders[1]).items():
        upload(warehouse, name, text)
    for first, last in ((day + timedelta(days=1), None), (day, None), (day, day + timedelta(days=1))):
        assert replay(dags, first, last)["run"] == "success"
        (row,) = tables(warehouse, {sale.pedido})["pdv"].values()
        assert row["situacao"] == "Cancelado"
    assert row["timestamp"] == midday.replace(tzinfo=ZONE)


def test_bad_older_files_are_rejects_and_the_rest_is_made(
    simulator: Simulator, warehouse: Warehouse, run: Any, day: date
) -> None:
    hook = TinyHook("tiny_z316")
    midday = datetime(day.year, day.month, day.day, 12)  # noqa: DTZ001 - the names have no zone
    good, no_pdv, no_page, no_json, no_answer, bad_product = (sale.pedido for sale in simulator.sell(6))
    bad = {
        "pdv": (no_json, "{ana@example.com"),
        "pesquisa": (no_answer, "[]"),
        "produto": (bad_product, "{}"),
    }
    for pedido in (good, no_pdv, no_page, no_json, no_answer, bad_product):
        objects = older_folder(hook, pedido, midday)
        left_out = {no_pdv: "-pdv-", no_page: "-pesquisa-"}.get(pedido, "(nothing)")
        replaced = {f"-{kind}-": text for kind, (one, text) in bad.items() if one == pedido}
        for name, text in objects.items():
            if left_out not in name:
                upload(warehouse, name, next((new for kind, new in replaced.items() if kind in name), text))
    upload(warehouse, f"{midday:%Y%m%dT%H%M%S}-folder of somebody/x.json", "{}")
    counts = make_rows(run, day)
    products = len([name for name in older_folder(hook, bad_product, midday) if "-produto-" in name])
    assert (counts["orders"], counts["pdv"], counts["rejected"]) == (7, 2, 5 + products)
    assert {row["id"] for row in download(warehouse, names.rows_object("pdv", run.key))} == {
        good,
        bad_product,
    }
    found = rejects(warehouse, run, day)
    assert {(reject["pedido"], reject["field"]) for reject in found} == {
        (no_pdv, "pdv"),
        (no_page, "pesquisa"),
        (no_json, "pdv"),
        (no_answer, "pesquisa"),
        (bad_product, "produto"),
        (0, "(folder)"),
    }
    assert "ana@" not in json.dumps(found)
    assert all(f"gs://{warehouse.api_bucket}/{midday:%Y%m%dT}" in reject["action"] for reject in found)


def test_damaged_raw_lines_are_rejects_and_the_rest_is_made(
    warehouse: Warehouse, run: Any, day: date
) -> None:
    page, cut = (f"raw/pesquisa/dt={day}/{name}.ndjson" for name in ("page", "cut"))
    answer = one_line(sample_text("pdv_pedido_obter.json"))
    upload(warehouse, page, envelope("pesquisa").line(one_line(sample_text("pedidos_pesquisa.json"))))
    upload(warehouse, cut, '{"store": "z316", "ana@')
    products = {"7": f"{names.raw_product_prefix(day.isoformat())}7.ndjson"}
    lines = [
        envelope("pdv", pedido=PEDIDO, pesquisa=page).line(answer),
        '{"ana@example.com"\n',
        envelope("pdv", pedido=2, pesquisa=cut).line(answer.replace(str(PEDIDO), "2")),
        envelope("pdv", pedido=3, pesquisa=page, produtos=products).line(answer.replace(str(PEDIDO), "3")),
    ]
    upload(warehouse, names.raw_orders_object("key", day.isoformat(), 1), "".join(lines))
    counts = make_rows(run, day)
    assert (counts["orders"], counts["pdv"], counts["rejected"]) == (4, 1, 3)
    found = rejects(warehouse, run, day)
    assert [(reject["pedido"], reject["found"]) for reject in found] == [
        (0, "something else"),
        (2, "something else"),
        (3, "nothing"),
    ]
    assert cut in found[1]["action"]
    assert products["7"] in found[2]["action"]
    assert "ana@" not in json.dumps(found)


def test_orders_that_wait_for_the_search_make_no_rows(warehouse: Warehouse, run: Any, day: date) -> None:
    line = envelope("pdv", pedido=PEDIDO).line(one_line(sample_text("pdv_pedido_obter.json")))
    upload(warehouse, names.raw_orders_object("key", day.isoformat(), 1), line)
    counts = make_rows(run, day)
    assert (counts["orders"], counts["waiting"], counts["pdv"], counts["rejected"]) == (1, 1, 0, 0)


def test_only_the_prefixes_of_the_dates_are_listed(
    warehouse: Warehouse, run: Any, day: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    after = day + timedelta(days=1)
    outside = f"{names.older_layout_prefix((day + timedelta(days=2)).isoformat())}bad"
    inside = [f"{names.older_layout_prefix(date.isoformat())}bad" for date in (day, after)]
    for name in (*inside, outside):
        upload(warehouse, name, "{}")
    listed: list[str] = []
    send = requests.Session.send

    def note(session: requests.Session, request: requests.PreparedRequest, **kwargs: Any) -> Any:
        url = urlsplit(str(request.url))
        if request.method == "GET" and url.path.endswith("/o"):
            listed.extend(parse_qs(url.query).get("prefix", ["(whole bucket)"]))
        return send(session, request, **kwargs)

    monkeypatch.setattr(requests.Session, "send", note)
    assert make_rows(run, day, after)["rejected"] == len(inside)
    assert listed == [
        prefix
        for date in (day, after)
        for prefix in (
            names.raw_orders_prefix(date.isoformat()),
            names.older_layout_prefix(date.isoformat()),
        )
    ]


def test_progress_says_how_many_dates_are_left(warehouse: Warehouse, run: Any, day: date) -> None:
    upload(warehouse, f"{names.older_layout_prefix(day.isoformat())}bad", "{}")
    context = {
        **run.context(),
        "dag_run": SimpleNamespace(run_id=run.run_id, conf={}),
        "params": {"from_date": (day - timedelta(days=1)).isoformat(), "to_date": day.isoformat()},
    }
    ReplayRowsOperator(task_id="rows", store=run.store).execute(context)  # type: ignore[arg-type, unused-ignore]
    progress = context["ti"].pushed["progress"]
    assert progress["seconds"] >= 0
    assert progress | {"seconds": 0} == {
        "date": day.isoformat(),
        "objects": 1,
        "orders": 1,
        "seconds": 0,
        "dates_left": 0,
    }


def test_dates_without_raw_answers_are_a_success_that_ends_there(
    dags: Any, simulator: Simulator, day: date
) -> None:
    states = replay(dags, day, day + timedelta(days=1))
    assert states.pop("run") == "success"
    assert set(states.values()) == {"skipped"}


def test_a_range_that_cannot_be_is_refused(run: Any, day: date) -> None:
    with pytest.raises(AirflowFailException, match="before from_date"):
        make_rows(run, day, day - timedelta(days=1))
