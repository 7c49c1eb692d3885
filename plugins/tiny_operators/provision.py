"""Buckets, datasets and tables of a store: created when they are not there, never changed except by new columns."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from .events import log_event
from .rows.schema import LAYOUTS, TABLES, schema_fields
from .stores import Store

if TYPE_CHECKING:
    from google.cloud import bigquery, storage

log = logging.getLogger(__name__)

_STAGING_EXPIRES_MS: Final = 24 * 60 * 60 * 1000


class NoRightError(PermissionError):
    """A right is missing; the message says on what, and which role gives it."""


def create_missing(store: Store, storage: storage.Client, bigquery: bigquery.Client) -> dict[str, list[str]]:
    """Create what a store needs and is not there yet; a second call creates nothing.

    Args:
        store: The store.
        storage: Client of Cloud Storage.
        bigquery: Client of BigQuery.

    Returns:
        Names of what was created, by kind.

    Raises:
        NoRightError: When Google Cloud refuses.
    """
    buckets = (store.webhook_bucket, store.api_bucket)
    datasets = {store.dataset: None, store.staging_dataset: _STAGING_EXPIRES_MS}
    return {
        "buckets": [name for name in buckets if _bucket(storage, name, store.location)],
        "datasets": [
            name for name, expires in datasets.items() if _dataset(bigquery, name, store.location, expires)
        ],
        "tables": [name for name in TABLES if _table(bigquery, store, name)],
    }


def _created(what: str, role: str, create: Callable[[], object]) -> bool:
    """Whether it was created now; False when it was there."""
    from google.api_core.exceptions import Conflict, Forbidden

    try:
        create()
    except Conflict:
        return False
    except Forbidden as error:
        raise NoRightError(
            f"No right to create {what}: give Airflow's service account the role {role}, then run setup again"
        ) from error
    return True


def _bucket(client: storage.Client, name: str, location: str) -> bool:
    from google.api_core.exceptions import Forbidden

    bucket = client.bucket(name)
    bucket.iam_configuration.uniform_bucket_level_access_enabled = True
    if _created(f"bucket gs://{name}", "roles/storage.admin", lambda: bucket.create(location=location)):
        return True
    try:
        next(iter(client.list_blobs(name, max_results=1)), None)
    except Forbidden as error:
        raise NoRightError(
            f"Bucket gs://{name} is there but may not be read: give Airflow's service account the role "
            "roles/storage.objectAdmin on it, or choose another name (bucket names are global)"
        ) from error
    return False


def _dataset(client: bigquery.Client, name: str, location: str, expires_ms: int | None) -> bool:
    from google.cloud.bigquery import Dataset

    dataset = Dataset(f"{client.project}.{name}")
    dataset.location = location
    dataset.default_table_expiration_ms = expires_ms
    return _created(f"dataset {name}", "roles/bigquery.user", lambda: client.create_dataset(dataset))


def _table(client: bigquery.Client, store: Store, name: str) -> bool:
    from google.cloud.bigquery import SchemaField, Table, TimePartitioning

    layout = LAYOUTS[name]
    table = Table(
        f"{client.project}.{store.dataset}.{name}",
        schema=[SchemaField.from_api_repr(field) for field in schema_fields(name)],
    )
    table.time_partitioning = TimePartitioning(field=layout.partition)
    table.clustering_fields = list(layout.cluster)
    table.description = layout.description
    made = _created(
        f"table {store.dataset}.{name}", "roles/bigquery.dataEditor", lambda: client.create_table(table)
    )
    if not made:
        _add_columns(client, table)
    return made


def _add_columns(client: bigquery.Client, wanted: bigquery.Table) -> None:
    there = client.get_table(wanted.reference)
    names = {field.name for field in there.schema}
    missing = [field for field in wanted.schema if field.name not in names]
    if missing:
        there.schema = [*there.schema, *missing]
        client.update_table(there, ["schema"])
        columns = ",".join(field.name for field in missing)
        log_event(log, "columns_added", table=wanted.table_id, columns=columns)
