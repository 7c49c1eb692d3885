"""Setup: the buckets, datasets, tables and the pool of a store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from airflow.providers.google.cloud.hooks.bigquery import BigQueryHook
from airflow.providers.google.cloud.hooks.gcs import GCSHook

from tiny_operators._compat import AirflowFailException, BaseOperator, Context, ensure_pool
from tiny_operators.events import log_event
from tiny_operators.rows.schema import LAYOUTS, TABLES, schema_fields
from tiny_operators.stores import Store

if TYPE_CHECKING:
    from google.cloud.bigquery import Client, Table

_STAGING_EXPIRES_MS: Final = 24 * 60 * 60 * 1000


class SetupStoreOperator(BaseOperator):
    """Creates what a store needs and is not there yet; running it again changes nothing.

    A table that lacks columns of its schema file gets them; none is dropped or retyped.

    Args:
        store: The store.
        gcp_conn_id: Connection to Google Cloud.
        **kwargs: Airflow's own arguments.

    Returns:
        What was created, by kind.

    Raises:
        AirflowFailException: When a right is missing; the message says on what.
    """

    def __init__(self, *, store: Store, gcp_conn_id: str = "google_cloud_default", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.store = store
        self.gcp_conn_id = gcp_conn_id

    def execute(self, context: Context) -> dict[str, list[str]]:
        """Create what is missing."""
        ensure_pool(self.store.pool, 1, f"Calls to the Tiny account of {self.store.name}: one task at a time")
        bigquery: Client = BigQueryHook(gcp_conn_id=self.gcp_conn_id, location=self.store.location).get_client()
        created = {
            "buckets": [b for b in (self.store.webhook_bucket, self.store.api_bucket) if self._bucket(b)],
            "datasets": [
                dataset
                for dataset, expires in (
                    (self.store.dataset, None),
                    (self.store.staging_dataset, _STAGING_EXPIRES_MS),
                )
                if self._dataset(bigquery, dataset, expires)
            ],
            "tables": [table for table in TABLES if self._table(bigquery, table)],
        }
        log_event(
            self.log, "setup_done", store=self.store.prefix, **{kind: len(made) for kind, made in created.items()}
        )
        return created

    def _bucket(self, name: str) -> bool:
        from google.api_core.exceptions import Conflict, Forbidden

        client = GCSHook(gcp_conn_id=self.gcp_conn_id).get_conn()
        try:
            if client.lookup_bucket(name) is not None:
                return False
            bucket = client.bucket(name)
            bucket.iam_configuration.uniform_bucket_level_access_enabled = True
            bucket.create(location=self.store.location)
        except Conflict:
            return False
        except Forbidden as error:
            raise AirflowFailException(_forbidden(f"bucket gs://{name}", "roles/storage.admin")) from error
        return True

    def _dataset(self, client: Client, name: str, expires_ms: int | None) -> bool:
        from google.api_core.exceptions import Conflict, Forbidden
        from google.cloud.bigquery import Dataset

        dataset = Dataset(f"{client.project}.{name}")
        dataset.location = self.store.location
        dataset.default_table_expiration_ms = expires_ms
        try:
            client.create_dataset(dataset)
        except Conflict:
            return False
        except Forbidden as error:
            raise AirflowFailException(_forbidden(f"dataset {name}", "roles/bigquery.dataEditor")) from error
        return True

    def _table(self, client: Client, name: str) -> bool:
        from google.api_core.exceptions import Conflict, Forbidden
        from google.cloud.bigquery import SchemaField, Table, TimePartitioning

        layout = LAYOUTS[name]
        table = Table(
            f"{client.project}.{self.store.dataset}.{name}",
            schema=[SchemaField.from_api_repr(field) for field in schema_fields(name)],
        )
        table.time_partitioning = TimePartitioning(field=layout.partition)
        table.clustering_fields = list(layout.key)
        table.description = layout.description
        try:
            client.create_table(table)
        except Conflict:
            self._add_columns(client, table)
            return False
        except Forbidden as error:
            raise AirflowFailException(
                _forbidden(f"table {self.store.dataset}.{name}", "roles/bigquery.dataEditor")
            ) from error
        return True

    def _add_columns(self, client: Client, wanted: Table) -> None:
        there = client.get_table(wanted.reference)
        names = {field.name for field in there.schema}
        missing = [field for field in wanted.schema if field.name not in names]
        if missing:
            there.schema = [*there.schema, *missing]
            client.update_table(there, ["schema"])
            log_event(
                self.log,
                "columns_added",
                store=self.store.prefix,
                table=wanted.table_id,
                columns=",".join(field.name for field in missing),
            )


def _forbidden(what: str, role: str) -> str:
    return f"No right to create {what}: give the service account of Airflow the role {role}, then run setup again"
