"""A token that opens another account than the store's own: no DAG reads anything by it, in any order of stores."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from local.demo.parts import Simulator, Warehouse
from tests.component.other_stores import DAGS, dag_of, other_store
from tests.component.webhook_steps import upload
from tests.component.whole_runs import WholeRun
from tests.dates import free_day
from tiny_operators._compat import AirflowException, AirflowFailException
from tiny_operators.batches.live_priority import LivePriority
from tiny_operators.lake import names
from tiny_operators.lake.objects import Objects
from tiny_operators.operators.account import AccountOperator
from tiny_operators.schemas import TABLES
from tiny_operators.stores import Store
from tiny_operators.tiny.api import TinyUnavailableError

pytestmark = [pytest.mark.stack, pytest.mark.usefixtures("impatient")]

CNPJS = ("11222333000181", "11222333000262", "00444777000135")
DAY = free_day().isoformat()
# Each DAG that calls Tiny, and what starts it.
CALLERS: dict[str, dict[str, Any]] = {
    "webhook": {},
    "daily": {"from_date": DAY, "to_date": DAY},
    "reconcile": {"from_date": DAY, "to_date": DAY},
    "compare": {"from_date": DAY, "to_date": DAY},
    "plan": {"from_date": DAY, "to_date": DAY},
    "orders": {},
}


Give = Callable[[Store, str], None]


@pytest.fixture
def give(emulators: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Give:
    """Lets a store's connection have the token of an account."""

    def give_token(store: Store, cnpj: str) -> None:
        connection = json.loads(emulators["AIRFLOW_CONN_TINY_Z316"]) | {"password": f"token-of-{cnpj}"}
        monkeypatch.setenv(f"AIRFLOW_CONN_{store.tiny_conn_id.upper()}", json.dumps(connection))

    return give_token


@pytest.fixture
def stores(
    store: Store, simulator: Simulator, warehouse: Warehouse, run: Any, give: Give
) -> Iterator[list[Store]]:
    """Three stores, each with a token of its own account."""
    found = [other_store(store, f"loja{place}", cnpj=cnpj) for place, cnpj in enumerate(CNPJS)]
    simulator.set(accounts={f"token-of-{cnpj}": cnpj for cnpj in CNPJS})
    for one in found:
        give(one, one.cnpj)
    yield found
    for one in found:
        objects(warehouse).delete(names.account_object(one.prefix))
        # Where the live path failed, history would give way to it for some time.
        LivePriority(objects(warehouse), one.prefix).done()


def objects(warehouse: Warehouse) -> Objects:
    return Objects(warehouse.storage_client(), warehouse.api_bucket)


def calls_of(store: Store, warehouse: Warehouse) -> Any:
    """The store's account, as each operator gets it."""
    return AccountOperator(task_id="any", store=store).tiny(objects(warehouse))


def stored(warehouse: Warehouse) -> dict[str, Any]:
    """What an order may leave: rows, answers, and objects with rows."""
    return {
        **{table: warehouse.count(table) for table in (*TABLES, "rejeitados")},
        **{prefix: warehouse.objects(prefix) for prefix in ("raw/", "rows/", "webhook/", "rejected/")},
    }


@pytest.mark.parametrize(
    "turned", [*((kind, 2) for kind in CALLERS), ("webhook", 1), ("webhook", 3), ("daily", 3)]
)
def test_no_dag_reads_by_another_stores_token(
    turned: tuple[str, int],
    stores: list[Store],
    simulator: Simulator,
    warehouse: Warehouse,
    give: Give,
) -> None:
    kind, swapped = turned
    sale = simulator.sell(1)[0]
    upload(warehouse, "by-hand/sale.json", json.dumps(sale.webhook))
    for place, store in enumerate(stores[:swapped]):
        other = stores[(place + 1) % max(swapped, 2)]
        give(store, other.cnpj)
    before = stored(warehouse)
    for number, store in enumerate(stores[:swapped], start=1):
        whole = WholeRun(dag_of(kind, store), dict(CALLERS[kind]))
        # The orders form asks Tiny only about numbers.
        if kind == "orders":
            whole.conf["numbers"] = [str(sale.webhook["dados"]["numero"])]
        upload(warehouse, "by-hand/sale.json", json.dumps({**sale.webhook, "cnpj": store.cnpj}))
        with pytest.raises(AirflowFailException) as failure:
            whole.finish()
        text = str(failure.value)
        assert f"connection '{store.tiny_conn_id}'" in text
        assert f"store '{store.prefix}'" in text
        assert "include/stores.yaml" in text
        assert not re.search("token-of|" + "|".join(CNPJS), text)
        assert set(whole.tries.values()) == {1}, "it is not tried again"
        assert simulator.calls() == {"info": number}
    assert stored(warehouse) == before
    assert warehouse.waiting() == ["by-hand/sale.json"]


def test_no_operator_has_another_way_to_tiny() -> None:
    package = DAGS.parent / "plugins" / "tiny_operators"
    made = [
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if re.search(r"\bTinyHook\(self", path.read_text(encoding="utf-8"))
    ]
    assert made == ["operators/account.py"]
    pages = {path.stem.removeprefix("tiny_"): path.read_text() for path in DAGS.glob("tiny_*.py")}
    callers = ("FetchOrders", "PlanDaily", "PlanReconcile", "AskForOrders")
    assert {name for name, text in pages.items() if any(kind in text for kind in callers)} == set(CALLERS)


def test_it_costs_one_call_a_day_and_account(
    stores: list[Store], simulator: Simulator, warehouse: Warehouse
) -> None:
    for _ in range(3):
        for store in stores:
            calls_of(store, warehouse)
    assert simulator.calls() == {"info": 3}
    target = names.account_object(stores[1].prefix)
    known = objects(warehouse).read_json(target)
    objects(warehouse).write_json(target, {**known, "day": "2026-01-01"})
    for store in stores:
        calls_of(store, warehouse)
    assert simulator.calls() == {"info": 4}
    assert not re.search("token|" + "|".join(CNPJS), json.dumps(known))


def test_a_token_that_is_changed_is_checked_at_once(
    stores: list[Store],
    simulator: Simulator,
    warehouse: Warehouse,
    give: Give,
) -> None:
    first, second, _ = stores
    calls_of(first, warehouse)
    give(first, second.cnpj)
    with pytest.raises(AirflowFailException, match="another account than that of store 'loja0'"):
        calls_of(first, warehouse)
    # Nothing of that is remembered: the right token, or the right CNPJ, opens the account again.
    calls_of(replace(first, cnpj=second.cnpj), warehouse)
    with pytest.raises(AirflowFailException, match="another account than that of store 'loja0'"):
        calls_of(first, warehouse)
    give(first, first.cnpj)
    calls_of(first, warehouse)
    assert simulator.calls() == {"info": 5}


def test_a_wrong_token_fails_at_once_and_is_named(
    stores: list[Store],
    simulator: Simulator,
    warehouse: Warehouse,
    give: Give,
) -> None:
    give(stores[2], "nobody")
    with pytest.raises(AirflowFailException, match=r"the token is wrong.*tiny_loja2") as failure:
        calls_of(stores[2], warehouse)
    assert "token-of" not in str(failure.value)
    assert simulator.calls() == {"info": 1}


def test_an_account_without_a_document_stops_nobody_and_is_reported_once_a_day(
    stores: list[Store], simulator: Simulator, warehouse: Warehouse, caplog: pytest.LogCaptureFixture
) -> None:
    simulator.set(accounts={f"token-of-{cnpj}": "" for cnpj in CNPJS})
    for _ in range(3):
        for store in stores:
            calls_of(store, warehouse)
    assert simulator.calls() == {"info": 3}
    reported = [
        record.getMessage() for record in caplog.records if "account_not_checked" in record.getMessage()
    ]
    assert len(reported) == 3


def test_tinys_silence_stops_only_a_token_that_was_never_checked(
    stores: list[Store], simulator: Simulator, warehouse: Warehouse
) -> None:
    known, new, _ = stores
    calls_of(known, warehouse)
    target = names.account_object(known.prefix)
    content = objects(warehouse).read_json(target)
    objects(warehouse).write_json(target, {**content, "day": "2026-01-01"})
    simulator.fault(service="info", faults=["empty"], times=None)
    calls_of(known, warehouse)
    with pytest.raises(TinyUnavailableError) as failure:
        calls_of(new, warehouse)
    assert isinstance(failure.value, AirflowException), "Airflow tries it again"
    simulator.no_faults()
    calls_of(new, warehouse)
