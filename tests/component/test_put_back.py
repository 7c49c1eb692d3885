"""Putting rejects back: into the inbox, whatever is asked for and wherever a try dies."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from google.api_core.exceptions import PreconditionFailed

from local.demo.parts import Simulator, Warehouse, post_webhook
from tests.component.proxy import proxy
from tests.component.webhook_steps import batch
from tests.dates import ZONE
from tiny_operators._compat import AirflowFailException
from tiny_operators.batches.row_files import RowFiles
from tiny_operators.lake import names
from tiny_operators.lake.objects import Objects
from tiny_operators.operators.put_back import PutBackOperator
from tiny_operators.orders.outcomes import Origin, Reject
from tiny_operators.orders.rows import OrderRows

pytestmark = pytest.mark.stack


@pytest.fixture
def api(warehouse: Warehouse) -> Objects:
    return Objects(warehouse.storage_client(), warehouse.api_bucket)


@pytest.fixture
def inbox(warehouse: Warehouse) -> Iterator[Objects]:
    found = Objects(warehouse.storage_client(), warehouse.webhook_bucket)
    yield found
    for name in warehouse.waiting():
        found.delete(name)


def put_back(run: Any, **params: Any) -> dict[str, Any]:
    """Put back; return the counts."""
    found = result(run, **params)
    assert (found.pop("read_by"), type(found.pop("named"))) == ("z316_webhook", list)
    return found


def result(run: Any, **params: Any) -> dict[str, Any]:
    context = run.context()
    context["params"] = {"from_date": None, "to_date": None, "field": None, "order": None, **params}
    context["dag_run"].conf = params
    found: dict[str, Any] = PutBackOperator(task_id="put_back", store=run.store).execute(context)
    return found


def rejected_file(api: Objects, day: date, name: str, generation: int = 1, **reason: Any) -> str:
    """A webhook file as archive rejects it."""
    target = names.rejected_object(name, generation, day.isoformat())
    api.write_json(names.reason_object(target), {"file": name, "pedido": None, "field": "cnpj", **reason})
    api.create(target, f"content {generation} of {name}")
    return target


def rejected_orders(api: Objects, day: date, path: str, *orders: tuple[int, Reject, str | None]) -> str:
    """What a run of a path rejects."""
    key = names.run_key(f"z316_{path}", str(orders))
    with RowFiles(api, Origin("z316", key, path, day.isoformat())) as files:
        for pedido, reject, file in orders:
            files.add(OrderRows(pedido, rejects=[reject]), file)
    return names.rejects_object(key, day.isoformat())


def why(field: str, produto: int | None = None) -> Reject:
    return Reject("rows", field, "a number", "text of 3 characters", "look", produto)


def test_files_go_back_under_their_own_names_and_their_reasons_away(
    run: Any, warehouse: Warehouse, api: Objects, inbox: Objects, day: date
) -> None:
    rejected_file(api, day, "vendas/à mão (1).json")
    rejected_file(api, day + timedelta(days=1), "b.json", pedido=7)
    other = rejected_file(api, day + timedelta(days=2), "c.json")
    dates = {"from_date": day.isoformat(), "to_date": (day + timedelta(days=1)).isoformat()}
    assert put_back(run, **dates) == {"files": 2, "orders": 0, "left": 0}
    assert sorted(warehouse.waiting()) == ["b.json", "vendas/à mão (1).json"]
    assert inbox.read("b.json") == b"content 1 of b.json"
    assert warehouse.objects(names.rejected_prefix(day.isoformat())) == []
    assert api.exists(other)


def test_only_what_is_asked_for_goes_back(
    run: Any, warehouse: Warehouse, api: Objects, inbox: Objects, day: date
) -> None:
    rejected_file(api, day, "a.json", field="pdv.frete", pedido=1)
    rejected_file(api, day, "b.json", field="pdv.frete", pedido=2)
    rejected_file(api, day, "c.json", field="pdv.frete.x", pedido=1)
    rejected_orders(api, day, "daily", (1, why("pdv.frete"), None), (3, why("pdv.data"), None))
    asked = {"from_date": day.isoformat(), "field": "pdv.frete", "order": "1"}
    assert put_back(run, **asked) == {"files": 1, "orders": 1, "left": 3}
    assert sorted(warehouse.waiting()) == ["a.json", names.put_back_event(run.key, 1)]


@pytest.mark.usefixtures("inbox")
@pytest.mark.parametrize(("files", "orders"), [(1, 0), (0, 1), (3, 2), (8, 2), (9, 2), (20, 20)])
def test_the_orders_are_named_when_they_are_few(
    run: Any, api: Objects, day: date, files: int, orders: int
) -> None:
    for number in range(files):
        rejected_file(api, day, f"{number}.json", pedido=100 + number)
    rejected_file(api, day, "no-order.json", pedido=None)
    if orders:
        rejected_orders(api, day, "daily", *((200 + n, why("pdv.frete"), None) for n in range(orders)))
    every = [*range(100, 100 + files), *range(200, 200 + orders)]
    found = result(run, from_date=day.isoformat())
    assert (found["files"], found["orders"]) == (files + 1, orders)
    assert found["named"] == (every if len(every) <= 10 else [])


def test_all_orders_of_a_file_are_named(run: Any, api: Objects, inbox: Objects, day: date) -> None:
    more = [{"pedido": 8, "field": "pdv.frete"}, {"pedido": None, "field": "(line)"}]
    rejected_file(api, day, "many.json", pedido=7, more=more)
    assert result(run, from_date=day.isoformat())["named"] == [7, 8]


def test_orders_without_a_file_get_an_event_once(
    run: Any, warehouse: Warehouse, api: Objects, inbox: Objects, day: date
) -> None:
    daily = rejected_orders(
        api,
        day,
        "daily",
        (11, why("pdv.frete"), None),
        (12, why("produto.preco", 70), None),
        (12, why("produto.preco", 71), None),
        (0, why("(raw line)"), None),
    )
    live = rejected_orders(
        api, day, "webhook", (13, why("pdv.frete"), "x.json"), (14, why("produto.id", 7), "y.json")
    )
    assert put_back(run, from_date=day.isoformat()) == {"files": 0, "orders": 3, "left": 1}
    assert sorted(warehouse.waiting()) == [names.put_back_event(run.key, pedido) for pedido in (11, 12, 14)]
    event = inbox.read_json(names.put_back_event(run.key, 11))
    assert event == {
        "versao": "1.0.1",
        "cnpj": run.store.cnpj,
        "tipo": "atualizacao_pedido",
        "dados": {"id": "11"},
    }
    assert [json.loads(line)["pedido"] for line in api.lines_if_any(daily)] == [None]
    assert [json.loads(line)["pedido"] for line in api.lines_if_any(live)] == [13]
    again = type(run)(run.store)
    assert put_back(again, from_date=day.isoformat()) == {"files": 0, "orders": 0, "left": 1}


def test_a_waiting_file_of_the_same_name_stays(
    run: Any, warehouse: Warehouse, api: Objects, inbox: Objects, day: date
) -> None:
    inbox.create("venda.json", "another one")
    for generation in (1, 2):
        rejected_file(api, day, "venda.json", generation)
    assert put_back(run, from_date=day.isoformat())["files"] == 2
    contents = {name: inbox.read(name) for name in warehouse.waiting()}
    assert contents == {
        "venda.json": b"another one",
        "1-venda.json": b"content 1 of venda.json",
        "2-venda.json": b"content 2 of venda.json",
    }


def test_a_file_that_comes_while_its_namesake_is_put_back_stays(
    run: Any, warehouse: Warehouse, api: Objects, inbox: Objects, day: date
) -> None:
    rejected_file(api, day, "venda.json")

    def comes(request: str, number: int) -> int | None:
        """Cloud Storage's answer to a copy that must be new and is not; the emulator copies in any case."""
        if "ifGenerationMatch=0" not in request or "venda.json" not in request:
            return None
        inbox.create("venda.json", "another one")
        return 412

    with proxy(os.environ["STORAGE_EMULATOR_HOST"]) as storage, pytest.MonkeyPatch.context() as patch:
        storage.rule = comes
        patch.setenv("STORAGE_EMULATOR_HOST", storage.url)
        with pytest.raises(PreconditionFailed):
            put_back(run, from_date=day.isoformat())
    assert put_back(run, from_date=day.isoformat())["files"] == 1
    contents = {name: inbox.read(name) for name in warehouse.waiting()}
    assert contents == {"venda.json": b"another one", "1-venda.json": b"content 1 of venda.json"}


EFFECTS = ("create_json", "delete", "move", "writing", "create", "write_json")


def test_wherever_a_try_dies_the_next_one_puts_everything_back(
    run: Any, warehouse: Warehouse, api: Objects, inbox: Objects, day: date
) -> None:
    """A try dies before its first effect, the next one before its second, and so on until one reaches the end."""
    for name in ("a.json", "b.json"):
        rejected_file(api, day, name)
    rejected_orders(api, day, "daily", (21, why("pdv.frete"), None), (0, why("(raw line)"), None))
    rejected_orders(api, day, "reconcile", (22, why("pdv.frete"), None))
    wanted = {b"content 1 of a.json", b"content 1 of b.json"}
    wanted |= {inbox_event(run, pedido) for pedido in (21, 22)}
    seen: set[bytes] = set()
    died = 0
    while died < 50:
        left = [died]

        def dying(effect: Any, left: list[int] = left) -> Any:
            def do(*arguments: Any, **named: Any) -> Any:
                if not left[0]:
                    raise KeyboardInterrupt
                left[0] -= 1
                return effect(*arguments, **named)

            return do

        with pytest.MonkeyPatch.context() as patch:
            for name in EFFECTS:
                patch.setattr(Objects, name, dying(getattr(Objects, name)))
            try:
                counts = put_back(run, from_date=day.isoformat())
                break
            except KeyboardInterrupt:
                died += 1
        # What stands in the inbox may be taken up at any time.
        for name in warehouse.waiting():
            seen.add(inbox.read(name) or b"")
            inbox.delete(name)
    assert died > 5
    assert counts == {"files": 2, "orders": 2, "left": 1}
    seen |= {inbox.read(name) or b"" for name in warehouse.waiting()}
    assert {json_text(content) for content in seen} == {json_text(content) for content in wanted}
    left_over = warehouse.objects(names.rejected_prefix(day.isoformat()))
    assert [json.loads(line)["pedido"] for name in left_over for line in api.lines_if_any(name)] == [None]


def inbox_event(run: Any, pedido: int) -> bytes:
    event = {
        "versao": "1.0.1",
        "cnpj": run.store.cnpj,
        "tipo": "atualizacao_pedido",
        "dados": {"id": str(pedido)},
    }
    return json.dumps(event).encode()


def json_text(content: bytes) -> str:
    """A content, in which the spaces of JSON do not matter."""
    return "".join(content.decode().split())


def test_an_order_that_was_rejected_is_loaded_after_it_was_put_back(
    emulators: dict[str, str], simulator: Simulator, run: Any, warehouse: Warehouse, inbox: Objects
) -> None:
    (sale,) = simulator.sell(1)
    post_webhook(emulators["WEBHOOK_URL"], sale.webhook)
    (waiting,) = warehouse.waiting()
    simulator.fault(service="pdv.pedido.obter", faults=["code_31"], key=str(sale.pedido))
    assert batch(run) == {"done": 0, "rejected": 1, "ignored": 0, "waiting": 0}
    simulator.no_faults()
    counts = put_back(type(run)(run.store), order=sale.pedido, field="pedido")
    assert (counts["files"], counts["orders"]) == (1, 0)
    assert warehouse.waiting() == [waiting]
    assert batch(type(run)(run.store)) == {"done": 1, "rejected": 0, "ignored": 0, "waiting": 0}


@pytest.mark.parametrize(
    "named", [{"order": "4242"}, {"field": "pdv.nothing"}, {"order": "7", "field": "produto"}]
)
def test_a_name_that_no_reject_has_is_a_failure_and_touches_nothing(
    run: Any, api: Objects, inbox: Objects, day: date, named: dict[str, str]
) -> None:
    target = rejected_file(api, day, "a.json", pedido=7)
    with pytest.raises(AirflowFailException, match="No reject of"):
        put_back(run, from_date=day.isoformat(), **named)
    assert (list(inbox.list()), api.exists(target)) == ([], True)


def test_what_cannot_be_is_refused(run: Any, warehouse: Warehouse) -> None:
    for params in ({"from_date": "yesterday"}, {"order": "-1"}, {"orders": "1"}):
        with pytest.raises(AirflowFailException):
            put_back(run, **params)


def test_the_dag_puts_back_what_was_rejected_today(
    dags: Any, warehouse: Warehouse, api: Objects, inbox: Objects
) -> None:
    name = f"today-{datetime.now(UTC).timestamp()}.json"
    rejected_file(api, datetime.now(ZONE).date(), name, field="only.here")
    run = dags["z316_put_back"].test(datetime.now(UTC), run_conf={"field": "only.here"})
    assert run.state == "success"
    assert warehouse.waiting() == [name]
