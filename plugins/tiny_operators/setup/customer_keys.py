"""The secret for the views' customer keys: kept apart from the tables that have the keys, and in two places.

The same secret gives the same keys, for good; who has it can say which key belongs to a person. It is created once, as
an object of the API bucket, and copied into a table in a dataset of its own. Only the views may read that dataset. When
the table is lost, setup fills it from the object; when the object is lost, setup writes it from the table.
"""

from __future__ import annotations

import base64
import logging
import os
from typing import TYPE_CHECKING, Any, Final

from tiny_operators.events import log_event
from tiny_operators.google_errors import SetupError, explained, on_bucket, on_dataset, on_project
from tiny_operators.lake import names
from tiny_operators.lake.objects import Objects
from tiny_operators.stores import Store
from tiny_operators.warehouse.datasets import keys_table

if TYPE_CHECKING:
    from google.cloud import bigquery, storage

log = logging.getLogger(__name__)

# One block of SHA-256, so that HMAC takes it as it is (RFC 2104).
_KEY_BYTES: Final = 64


def ensure_key(storage: storage.Client, bigquery: bigquery.Client, store: Store) -> bool:
    """Make sure that the store's secret is in both places, the same; return whether the table was filled now.

    Raises:
        NoRightError: When a right is missing.
        SetupError: When the two places differ, or one holds no secret.
    """
    with _explained(store, bigquery.project):
        objects, name = Objects(storage, store.api_bucket), names.customer_key_object(store.prefix)
        in_table = _read_table(bigquery, store)
        kept = _read_object(objects, name, store)
        if kept is None:
            # Of two setups at the same time one creates the object; both continue with its content.
            key = in_table or os.urandom(_KEY_BYTES)
            objects.create_json(name, {"store": store.prefix, "chave": base64.b64encode(key).decode()})
            kept = _read_object(objects, name, store)
            log_event(log, "customer_key_kept", store=store.prefix, object=name, new=in_table is None)
        if in_table is not None and in_table != kept:
            raise SetupError(
                f"The secret of customers' keys in table {keys_table(store)} is not that of "
                f"gs://{store.api_bucket}/{name}: the keys in reports come from the table's. Keep the one that "
                "reports know: move the object away, or drop the table, then run setup again"
            )
        if in_table is None and kept is not None:
            _fill(bigquery, store, kept)
        return in_table is None


def _explained(store: Store, project: str) -> Any:
    return explained(
        f"keep the secret of customers' keys in {keys_table(store)} and gs://{store.api_bucket}",
        project,
        on_dataset(store.keys_dataset, store.location, "roles/bigquery.dataEditor"),
        on_project(project, "roles/bigquery.jobUser"),
        on_bucket(store.api_bucket, "roles/storage.objectAdmin"),
    )


def _read_table(client: bigquery.Client, store: Store) -> bytes | None:
    """Read the secret from its table; None when the table does not exist, or is empty."""
    from google.api_core.exceptions import NotFound

    try:
        table = client.get_table(keys_table(store))
    except NotFound:
        return None
    # Read as rows, not by a query: the result of a query would be in a table of its own for a day.
    keys = [row["chave"] for row in client.list_rows(table) if row["store"] == store.prefix]
    return min(keys, default=None)


def _read_object(objects: Objects, name: str, store: Store) -> bytes | None:
    """Read the secret from the bucket; None when there is none."""
    content = objects.read_json(name)
    if content is None:
        return None
    try:
        key = base64.b64decode(content["chave"], validate=True)
    except (KeyError, TypeError, ValueError):
        key = b""
    if len(key) != _KEY_BYTES:
        raise SetupError(
            f"gs://{store.api_bucket}/{name} holds no secret: field 'chave' must be {_KEY_BYTES} bytes in base64. "
            "Restore the object (Cloud Storage keeps deleted ones for some days), or delete it: setup then writes it "
            "from the table"
        )
    return key


def _fill(client: bigquery.Client, store: Store, key: bytes) -> None:
    """Put the secret into its table, if that is empty: of two setups at the same time one does.

    It goes straight into a load job, so it is in no statement and no log.
    """
    from google.api_core.exceptions import Conflict
    from google.cloud.bigquery import LoadJobConfig, SchemaField

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
    row = {"store": store.prefix, "chave": base64.b64encode(key).decode()}
    path = f"{client.project}.{keys_table(store)}"
    try:
        client.load_table_from_json([row], path, location=store.location, job_config=config).result()
    except Conflict:
        log_event(log, "customer_key_was_there", store=store.prefix, table=path)
