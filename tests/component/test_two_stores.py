"""Two stores, each with a Tiny of its own: whatever is wrong with one, the sales of the other are loaded."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from local.demo.parts import Simulator, Warehouse
from local.stack.settings import PROJECT
from tests.component.effects import effects
from tests.component.provision.stores import clients_of
from tests.component.webhook_steps import upload
from tests.component.whole_runs import Sold, WholeRun
from tests.dag_files import REPO, dag_of
from tests.second_store import TOKEN, connection, second_store, second_tiny
from tiny_operators._compat import AIRFLOW_V_3_0_PLUS, ensure_pool
from tiny_operators.setup.provision import create_missing
from tiny_operators.stores import Store

pytestmark = pytest.mark.stack

# What is wrong with a store's Tiny.
TROUBLES: dict[str, Callable[[Sold], None]] = {
    "throttled": lambda shop: shop.simulator.set(limits={"per_minute": 1}),
    "wrong token": lambda shop: shop.simulator.set(faults={"*": {"code_2": 1}}),
    "dead": lambda shop: shop.simulator.set(faults={"*": {"reset": 1}}),
}


@pytest.fixture(scope="module")
def second_address(emulators: dict[str, str]) -> Iterator[str]:
    with second_tiny() as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_CONN_TINY_B2", connection(url))
        yield url


@pytest.fixture(scope="module")
def second(store: Store) -> Store:
    found = second_store()
    create_missing(found, *clients_of(store))
    if not AIRFLOW_V_3_0_PLUS:
        for name, description in found.pools.items():
            ensure_pool(name, 1, description)
    return found


def sell(shop: Sold, cnpj: str, count: int = 3) -> None:
    """Let a shop sell, and put its webhooks into its inbox."""
    sales = shop.simulator.sell(count)
    for sale in sales:
        upload(shop.warehouse, f"by-hand/{sale.pedido}.json", json.dumps({**sale.webhook, "cnpj": cnpj}))
    shop.orders[:] = [sale.pedido for sale in sales]


@pytest.fixture
def shops(
    sold: Sold, store: Store, second: Store, second_address: str, impatient: None
) -> Iterator[dict[str, Sold]]:
    """Both shops, each with three sales that wait."""
    warehouse = Warehouse(PROJECT, second.webhook_bucket, second.api_bucket, second.dataset)
    dag = dag_of(REPO / "dags" / "tiny_webhook.py", second)
    other = Sold(Simulator(second_address), warehouse, dag, [])
    other.simulator.set(accounts={TOKEN: second.cnpj})
    before = other.simulator.settings()
    sell(other, second.cnpj)
    yield {store.prefix: sold, second.prefix: other}
    other.simulator.set(**before)


@pytest.mark.parametrize("prefix", ["z316", "b2"])
@pytest.mark.parametrize("trouble", TROUBLES)
def test_trouble_of_one_store_does_not_touch_the_other(
    shops: dict[str, Sold], trouble: str, prefix: str
) -> None:
    troubled = shops[prefix]
    (well,) = (shop for name, shop in shops.items() if name != prefix)
    before = troubled.simulator.settings()
    TROUBLES[trouble](troubled)
    stopped = WholeRun(troubled.dag)
    with effects() as counted, pytest.raises(Exception, match=r"."):
        stopped.go_on(counted)
    assert troubled.rows("pdv") == []
    run = well.run()
    assert well.wrong() == []
    assert run.failures == []
    # The other one goes on where it was.
    troubled.simulator.set(**before)
    troubled.simulator.forget_calls()
    stopped.clear()
    stopped.finish()
    assert troubled.wrong() == []
    assert well.wrong() == []
