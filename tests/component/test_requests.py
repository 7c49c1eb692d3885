"""How many requests a batch of sales needs: to Tiny, and to Google's services by kind. The counts are exact."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from benchmarks import batch
from benchmarks.front import Front
from local.demo.parts import Simulator, Warehouse
from tiny_operators.batches import live_priority
from tiny_operators.stores import Store

CHUNK = 20


@pytest.fixture
def front(emulators: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Front:
    # As in production: else the client asks for each bucket in the background.
    monkeypatch.setenv("DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA", "true")
    # The live path renews its mark by the clock.
    monkeypatch.setattr(live_priority, "_RENEWED_EACH", timedelta(hours=1))
    return Front(emulators["STORAGE_EMULATOR_HOST"])


@pytest.fixture
def sell(simulator: Simulator, warehouse: Warehouse, store: Store, run: Any) -> Callable[[int], None]:
    """Lets orders be sold to a run that finds nothing of the day."""
    return partial(batch.sell, simulator, warehouse, store)


@pytest.mark.parametrize("count", [1, 3, 45])
def test_the_requests_of_a_batch(
    count: int, sell: Callable[[int], None], front: Front, simulator: Simulator, dags: Any
) -> None:
    sell(count)
    found = batch.run(front, simulator, dags["z316_webhook"], count)
    products, chunks = min(count, batch.PRODUCTS), -(-count // CHUNK)
    # Each order once, each product of the day once, all orders by one search.
    assert found.tiny == {"pdv.pedido.obter": count, "pedidos.pesquisa": 1, "produto.obter": products}
    assert found.google.kinds == {
        "bigquery.jobs.insert load": 3,
        "bigquery.jobs.insert query": 2,
        "bigquery.tables.list": 1,
        "storage.objects.copy": count,
        "storage.objects.delete": 3 + count,
        "storage.objects.get": 16 + count + products + 2 * chunks + (count > 1),
        "storage.objects.insert multipart": 12 + products + chunks + (count > 1),
        "storage.objects.list": 3,
    }
    # By their nature 12 depend on each other. The orders of a day are found by one search before they are read.
    assert found.in_a_row == {1: 18, 3: 20, 45: 29}[count]
    assert found.google.loads == 3
    assert found.google.statements == 6
    # Each is billed for at least 10 MB: docs/cost.md.
    assert found.google.reads == 18
    # Ids of the orders and addresses of links, and no rows.
    assert found.xcom_bytes < 3_300 + 15 * count
