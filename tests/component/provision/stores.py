"""Stores of which nothing is there yet, and the clients that make it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tiny_operators.stores import Store

Clients = tuple[Any, Any]


def own(store: Store, name: str, location: str = "") -> Store:
    """A store with buckets and datasets of its own, of which nothing is there."""
    return replace(
        store,
        location=location or store.location,
        webhook_bucket=f"{name}-in",
        api_bucket=f"{name}-api",
        dataset=f"{name}_tiny",
        staging_dataset=f"{name}_staging",
        report_dataset="",
        personal_dataset="",
        keys_dataset="",
    )


def clients_of(store: Store) -> Clients:
    from airflow.providers.google.cloud.hooks.bigquery import BigQueryHook
    from airflow.providers.google.cloud.hooks.gcs import GCSHook

    return GCSHook().get_conn(), BigQueryHook(location=store.location, use_legacy_sql=False).get_client()
