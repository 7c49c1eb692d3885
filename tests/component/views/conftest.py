"""A store of its own for the views' tests, so that no other test's rows are in its tables."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.component.views.reference import Reference
from tests.component.views.rows import STORE, Viewed
from tiny_operators.setup.provision import create_missing
from tiny_operators.stores import Store, load_stores
from tiny_operators.warehouse.views import create_views


@pytest.fixture(scope="session")
def clients(emulators: dict[str, str]) -> tuple[Any, Any]:
    """Clients of Cloud Storage and BigQuery."""
    from airflow.providers.google.cloud.hooks.bigquery import BigQueryHook
    from airflow.providers.google.cloud.hooks.gcs import GCSHook

    location = load_stores()[0].location
    return GCSHook().get_conn(), BigQueryHook(location=location, use_legacy_sql=False).get_client()


@pytest.fixture(scope="session")
def viewed_store() -> Store:
    """The store's place: datasets of its own."""
    return replace(
        load_stores()[0],
        prefix=STORE,
        dataset="views_tiny",
        staging_dataset="views_tiny_staging",
        report_dataset="",
        personal_dataset="",
        keys_dataset="",
        placeholder_contacts=("caixa@LOJA.invalid", "+55 (61) 93333-4444", "555666777-20"),
    )


@pytest.fixture(scope="session")
def viewed(clients: tuple[Any, Any], viewed_store: Store) -> Viewed:
    """The store with its tables and views, on the emulator."""
    create_missing(viewed_store, *clients)
    create_views(clients[1], viewed_store)
    return Viewed(clients[1], viewed_store)


@pytest.fixture(scope="module", params=["emulator", "googlesql"])
def engine(request: pytest.FixtureRequest, viewed_store: Store) -> Viewed | Reference:
    """The store on the emulator, and in BigQuery's language as its reference implementation runs it."""
    if request.param == "googlesql":
        return Reference(request.getfixturevalue("language"), viewed_store)
    found: Viewed = request.getfixturevalue("viewed")
    return found
