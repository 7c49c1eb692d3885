"""Operators run one by one, by hand, against the emulators."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from local.demo.parts import Simulator, Warehouse
from tests.component.views.reference import Ask, googlesql
from tests.component.whole_runs import Sold
from tiny_operators.batches.live_priority import LivePriority
from tiny_operators.batches.run_backoff import RunBackoff
from tiny_operators.hooks.tiny import TinyHook
from tiny_operators.lake import names
from tiny_operators.lake.objects import Objects
from tiny_operators.stores import Store


class Notes:
    """Stands for the running task's XCom."""

    def __init__(self) -> None:
        self.pushed: dict[str, Any] = {}

    def xcom_push(self, key: str, value: Any) -> None:
        self.pushed[key] = value


@dataclass
class Run:
    """One DAG run of the webhook path, task by task, in this process."""

    store: Store
    run_id: str = field(default_factory=lambda: f"manual__{uuid.uuid4()}")

    @property
    def key(self) -> str:
        return names.run_key("adhoc_airflow", self.run_id)

    def context(self) -> Any:
        return {
            "dag_run": SimpleNamespace(run_id=self.run_id, run_type="manual"),
            "ti": Notes(),
            "run_id": self.run_id,
        }

    def do(self, operator: Any) -> Any:
        return operator.execute(self.context())


@pytest.fixture
def run(store: Store, warehouse: Warehouse) -> Run:
    """A run that starts with an empty inbox, and after runs that reached their end."""
    objects = Objects(warehouse.storage_client(), store.api_bucket)
    RunBackoff(objects, "adhoc_airflow").run_done(orders_wait=False)
    LivePriority(objects, store.prefix).done()
    objects.delete(names.waiting_files_object(store.prefix))
    objects.delete(names.silent_products_object(store.prefix))
    objects.delete(names.silent_dates_object(store.prefix))
    return Run(store)


@pytest.fixture(scope="session")
def language() -> Iterator[Ask]:
    """GoogleSQL itself."""
    with googlesql() as ask:
        yield ask


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries come at once."""
    make = TinyHook.__init__
    monkeypatch.setattr(
        TinyHook,
        "__init__",
        lambda hook, conn_id: make(hook, conn_id, sleep=lambda seconds: None),
    )


@pytest.fixture
def sold(simulator: Simulator, warehouse: Warehouse, run: Any, dags: Any) -> Sold:
    """Three orders whose webhooks wait."""
    sales = simulator.sell(3)
    inbox = warehouse.storage_client().bucket(warehouse.webhook_bucket)
    for sale in sales:
        inbox.blob(f"by-hand/{sale.pedido}.json").upload_from_string(json.dumps(sale.webhook))
    return Sold(simulator, warehouse, dags["z316_webhook"], [sale.pedido for sale in sales])
