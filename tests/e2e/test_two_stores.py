"""Two stores, each with a Tiny of its own, through one scheduler: what is wrong with one does not touch the other."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import yaml

from local.demo.parts import Simulator, Warehouse, post_webhook
from local.stack.airflow import Api, unpause
from local.stack.launcher import running
from local.stack.settings import ALL_PARTS, PROJECT, REPO, Settings
from tests.e2e.conftest import HOME
from tests.second_store import TOKEN, connection, entry, second_store, second_tiny
from tiny_operators.stores import Store, load_stores

# After some failed runs the next one waits for up to 15 minutes.
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(3600)]

PATIENCE_S = 1200
_ENDED = {"success", "failed"}
_BROKEN_FILES = 30
# Less than the time after which a call counts as unanswered.
_SLOW_S = 50
_FOR_EVER_S = 3600


@dataclass
class Shop:
    """A store in the running stack, its Tiny, its tables, and the orders that it sold."""

    store: Store
    simulator: Simulator
    warehouse: Warehouse
    api: Api
    receiver: str
    orders: list[int] = field(default_factory=list)

    def dag(self, kind: str) -> str:
        return f"{self.store.prefix}_{kind}"

    def sell(self, count: int) -> list[int]:
        """Let the shop sell, and Tiny report it to the receiver that both stores share."""
        sales = self.simulator.sell(count)
        for sale in sales:
            post_webhook(self.receiver, {**sale.webhook, "cnpj": self.store.cnpj})
        sold = [sale.pedido for sale in sales]
        self.orders += sold
        return sold

    def loaded(self, orders: list[int]) -> bool:
        return {row["id"] for row in self.warehouse.rows("pdv")} >= set(orders)

    def at_rest(self) -> bool:
        """Whether all that was sold is loaded and nothing waits."""
        return self.loaded(self.orders) and not self.warehouse.waiting()

    def wrong(self) -> list[str]:
        """Where the tables differ from what this shop's Tiny says about all that it sold."""
        found = self.warehouse.differences(self.simulator.truth(self.orders), self.orders)
        strangers = {row["id"] for row in self.warehouse.rows("pdv")} - set(self.orders)
        return found + [f"{pedido}: not of this store" for pedido in sorted(strangers)]

    def runs(self, kind: str) -> list[str]:
        runs = self.api.get(f"dags/{self.dag(kind)}/dagRuns?limit=100").get("dag_runs", [])
        return [str(run["state"]) for run in runs]

    def break_down(self, trouble: dict[str, Any]) -> list[int]:
        """Sell three orders while Tiny is in trouble, and wait until a run has met it."""
        self.simulator.set(**trouble)
        self.simulator.forget_calls()
        sold = self.sell(3)
        until(f"{self.dag('webhook')} to meet the trouble", self._asks)
        return sold

    def _asks(self) -> bool:
        """Whether a call was answered, or one waits for its answer."""
        tasks = self.api.get(f"dags/{self.dag('webhook')}/dagRuns/~/taskInstances?limit=100&state=running")
        return bool(self.simulator.calls()) or any(
            task["task_id"] == "fetch" for task in tasks["task_instances"]
        )

    def rejects(self) -> list[str]:
        return [name for name in self.warehouse.objects("rejected/") if not name.endswith(".reason.json")]


def until(what: str, done: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not done():
        assert time.monotonic() < end, f"not in {PATIENCE_S} s: {what}"
        time.sleep(1)


@pytest.fixture(scope="module")
def shops(clean_environment: dict[str, str]) -> Iterator[dict[str, Shop]]:
    """A stack with two stores, by the variables that its page names."""
    HOME.mkdir(exist_ok=True)
    stores_file = HOME / "two-stores.yaml"
    stores = yaml.safe_load((REPO / "include" / "stores.yaml").read_text(encoding="utf-8"))["stores"]
    stores_file.write_text(yaml.safe_dump({"stores": [*stores, entry()]}), encoding="utf-8")
    with second_tiny() as url:
        environment = {
            **clean_environment,
            "STORES_FILE": str(stores_file),
            "AIRFLOW_CONN_TINY_B2": connection(url),
            # No file changes meanwhile: read again each half minute, they take a quarter of the machine.
            "AIRFLOW__SCHEDULER__MIN_FILE_PROCESS_INTERVAL": "3600",
            "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "3600",
        }
        settings = Settings.from_env(environment, home=HOME / "two", parts=ALL_PARTS, free_ports=True)
        with running(settings) as stack, pytest.MonkeyPatch.context() as patch:
            for name, value in stack.env.items():
                patch.setenv(name, value)
            api = Api(settings.airflow, settings.url("AIRFLOW_PORT"))
            tinies = {load_stores()[0]: stack.env["TINY_SIMULATOR_URL"], second_store(): url}
            found = {
                store.prefix: Shop(
                    store,
                    Simulator(address),
                    Warehouse(PROJECT, store.webhook_bucket, store.api_bucket, store.dataset),
                    api,
                    os.environ["WEBHOOK_URL"],
                )
                for store, address in tinies.items()
            }
            second = found["b2"]
            second.simulator.set(accounts={TOKEN: second.store.cnpj})
            until("the second store's setup", lambda: "success" in second.runs("setup"))
            unpause(api, second.dag("webhook"))
            yield found


@pytest.fixture
def pair(shops: dict[str, Shop], request: pytest.FixtureRequest) -> Iterator[tuple[Shop, Shop]]:
    """The store that gets into trouble, and the other one; both have sold and loaded something before."""
    sick = shops[request.param]
    (well,) = (shop for shop in shops.values() if shop is not sick)
    before = sick.simulator.settings()
    for shop in (sick, well):
        shop.sell(1)
    until("the sales before", lambda: sick.at_rest() and well.at_rest())
    yield sick, well
    sick.simulator.set(**before)


def sell_meanwhile(well: Shop) -> None:
    """One, three and many sales of the store that is well come in, and no run of it fails."""
    failed = well.runs("webhook").count("failed")
    well.sell(1)
    until("one sale of the other store", well.at_rest)
    for count in (3, 20):
        well.sell(count)
    until("many sales of the other store", well.at_rest)
    assert well.wrong() == []
    assert well.runs("webhook").count("failed") == failed


@pytest.mark.parametrize(
    ("pair", "trouble", "answers"),
    [
        pytest.param("b2", {"faults": {"*": {"code_2": 1}}}, False, id="token refused"),
        pytest.param("z316", {"faults": {"*": {"reset": 1}}}, False, id="connection cut"),
        pytest.param("z316", {"latency_s": _SLOW_S}, True, id="slow"),
        pytest.param("b2", {"latency_s": _FOR_EVER_S}, False, id="no answer"),
        pytest.param("b2", {"limits": {"per_minute": 1}}, True, id="throttled"),
    ],
    indirect=["pair"],
)
def test_trouble_of_one_store_does_not_touch_the_other(
    pair: tuple[Shop, Shop], trouble: dict[str, Any], answers: bool
) -> None:
    sick, well = pair
    before = sick.simulator.settings()
    sold = sick.break_down(trouble)
    sell_meanwhile(well)
    # What it could not read waits. A Tiny that answers at all may have answered about everything by now.
    waiting = sick.warehouse.waiting()
    unread = [pedido for pedido in sold if not sick.loaded([pedido])]
    assert len(waiting) >= len(unread)
    assert answers or unread == sold
    sick.simulator.set(**before)
    until("the sales of the store that is well again", sick.at_rest)
    assert sick.wrong() == []
    assert well.wrong() == []


@pytest.mark.parametrize("pair", ["z316", "b2"], indirect=True)
def test_rejects_of_one_store_do_not_touch_the_other(pair: tuple[Shop, Shop]) -> None:
    """Files that are no JSON, and orders that Tiny gives only errors about, all at once."""
    sick, well = pair
    before = sick.simulator.settings()
    known = len(sick.rejects())
    inbox = sick.warehouse.storage_client().bucket(sick.warehouse.webhook_bucket)
    for number in range(_BROKEN_FILES):
        inbox.blob(f"by-hand/broken-{number}.json").upload_from_string("no JSON")
    refused = {"pdv.pedido.obter": {"code_31": 1}, "pedido.obter": {"code_31": 1}}
    sold = sick.break_down({"faults": refused})
    sell_meanwhile(well)
    until("the rejects", lambda: not sick.warehouse.waiting())
    assert not sick.loaded(sold)
    assert len(sick.rejects()) - known >= _BROKEN_FILES + len(sold)
    sick.simulator.set(**before)
    dag_id = sick.dag("put_back")
    run = f"dags/{dag_id}/dagRuns/{sick.api.trigger(dag_id, {'field': 'pedido'})}"
    until("the rejects to be put back", lambda: sick.api.get(run)["state"] in _ENDED)
    assert sick.api.get(run)["state"] == "success"
    until("the orders that were put back", sick.at_rest)
    assert sick.wrong() == []
    assert well.wrong() == []
