"""Buckets, datasets and tables of a store: created when they are not there, never changed except by new columns.

Beside the tables of sales there is one with the store's secret, by which the views make customers' keys.
"""

from __future__ import annotations

import base64
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from tiny_operators.events import log_event
from tiny_operators.rows.schema import LAYOUTS, schema_fields
from tiny_operators.stores import Store

if TYPE_CHECKING:
    from google.cloud import bigquery, storage

log = logging.getLogger(__name__)

_STAGING_EXPIRES_MS: Final = 24 * 60 * 60 * 1000

# What the views make customers' keys of: one block of SHA-256, so that HMAC takes it as it is (RFC 2104).
_KEYS_TABLE: Final = "segredo"
_KEY_BYTES: Final = 64


class NoRightError(PermissionError):
    """A right is missing; the message says on what, and which role gives it."""


@contextmanager
def right(to: str, role: str) -> Iterator[None]:
    """Say which right is missing when Google Cloud refuses.

    Args:
        to: What is done, as ``create dataset z316_tiny``.
        role: Which role lets do it, and on what if not on the project.

    Raises:
        NoRightError: When it refuses.
    """
    from google.api_core.exceptions import Forbidden

    try:
        yield
    except Forbidden as error:
        raise NoRightError(
            f"No right to {to}: give Airflow's service account the role {role}, then run setup again"
        ) from error


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
    datasets = {
        store.dataset: None,
        store.staging_dataset: _STAGING_EXPIRES_MS,
        store.report_dataset: None,
        store.personal_dataset: None,
    }
    created = {
        "buckets": [name for name in buckets if _bucket(storage, name, store.location)],
        "datasets": [
            name for name, expires in datasets.items() if _dataset(bigquery, name, store.location, expires)
        ],
        "tables": [name for name in LAYOUTS if _table(bigquery, store, name)],
    }
    if _secret(bigquery, store):
        created["tables"].append(_KEYS_TABLE)
    _let_views_read(bigquery, store)
    return created


def _created(what: str, role: str, create: Callable[[], object]) -> bool:
    """Whether it was created now; False when it was there."""
    from google.api_core.exceptions import Conflict

    with right(f"create {what}", role):
        try:
            create()
        except Conflict:
            return False
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


def _secret(client: bigquery.Client, store: Store) -> bool:
    """Make the store's secret, once; whether it was made now.

    Random bytes go straight into a load job, so they stand in no statement and no log. The job writes only into an
    empty table: of two setups at once one makes the secret.
    """
    from google.api_core.exceptions import Conflict, NotFound
    from google.cloud.bigquery import LoadJobConfig, SchemaField

    path = f"{client.project}.{store.dataset}.{_KEYS_TABLE}"
    config = LoadJobConfig(
        schema=[
            SchemaField("store", "STRING", "REQUIRED", description="Loja: prefixo do cadastro de lojas."),
            SchemaField(
                "chave",
                "BYTES",
                "REQUIRED",
                description="Segredo de que é feita a chave dos clientes nas visões; trocá-lo muda todas as chaves.",
            ),
        ],
        write_disposition="WRITE_EMPTY",
        destination_table_description="Segredo da loja: quem o lê pode dizer de quem é uma chave de cliente.",
    )
    row = {"store": store.prefix, "chave": base64.b64encode(os.urandom(_KEY_BYTES)).decode()}
    roles = f"roles/bigquery.dataEditor on dataset {store.dataset} and roles/bigquery.jobUser"
    with right(f"write table {store.dataset}.{_KEYS_TABLE}", roles):
        try:
            if client.get_table(path).num_rows:
                return False
        except NotFound:
            pass
        try:
            client.load_table_from_json([row], path, location=store.location, job_config=config).result()
        except Conflict:
            return False
    return True


def _let_views_read(client: bigquery.Client, store: Store) -> None:
    """Let the views read the tables, so that who reads a view needs no right on them."""
    from google.cloud.bigquery import AccessEntry

    views = (store.report_dataset, store.personal_dataset)
    with right(
        f"let the views of {' and '.join(views)} read it", f"roles/bigquery.dataOwner on {store.dataset}"
    ):
        dataset = client.get_dataset(store.dataset)
        let = {
            (entry.entity_id["dataset"]["projectId"], entry.entity_id["dataset"]["datasetId"])
            for entry in dataset.access_entries
            if entry.entity_type == "dataset"
        }
        missing = [name for name in views if (client.project, name) not in let]
        if missing:
            entries = [
                {
                    "dataset": {
                        "dataset": {"projectId": client.project, "datasetId": name},
                        "targetTypes": ["VIEWS"],
                    }
                }
                for name in missing
            ]
            dataset.access_entries = [
                *dataset.access_entries,
                *(AccessEntry.from_api_repr(entry) for entry in entries),
            ]
            client.update_dataset(dataset, ["access_entries"])
