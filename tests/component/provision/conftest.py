"""Google's services as setup asks them: at once, or through proxies that refuse."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.component.provision.stores import Clients, clients_of
from tests.component.proxy import Proxy, proxy
from tiny_operators.stores import Store

SERVICES = {"gcs": "STORAGE_EMULATOR_HOST", "bigquery": "BIGQUERY_EMULATOR_HOST"}


@pytest.fixture
def clients(store: Store) -> Clients:
    return clients_of(store)


@pytest.fixture
def proxies(emulators: dict[str, str], store: Store) -> Iterator[dict[str, Proxy]]:
    with (
        proxy(emulators[SERVICES["gcs"]]) as gcs,
        proxy(emulators[SERVICES["bigquery"]]) as bigquery,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv(SERVICES["gcs"], gcs.url)
        patch.setenv(SERVICES["bigquery"], bigquery.url)
        yield {"gcs": gcs, "bigquery": bigquery}
