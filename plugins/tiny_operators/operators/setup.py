"""Setup: the buckets, datasets, tables, views and pools of a store."""

from __future__ import annotations

import logging
from typing import Any

from airflow.providers.google.cloud.hooks.bigquery import BigQueryHook
from airflow.providers.google.cloud.hooks.gcs import GCSHook

from tiny_operators._compat import AirflowFailException, BaseOperator, Context, ensure_pool
from tiny_operators.alerts import AlertsError, configured_alerts
from tiny_operators.events import log_event
from tiny_operators.gcp.provision import NoRightError, create_missing
from tiny_operators.gcp.views import ViewError, create_views
from tiny_operators.stores import Store

log = logging.getLogger(__name__)


class SetupStoreOperator(BaseOperator):
    """Creates what a store needs and is not there yet; running it again changes nothing.

    A table that lacks columns of its schema file gets them; none is dropped or retyped. A view whose definition
    changed is replaced.

    Args:
        store: The store.
        gcp_conn_id: Connection to Google Cloud.
        **kwargs: Airflow's own arguments.

    Returns:
        Names of what was created, by kind.

    Raises:
        AirflowFailException: When a right is missing, a view cannot be made, or the variable of alerts is wrong; the
            message says what.
    """

    def __init__(self, *, store: Store, gcp_conn_id: str = "google_cloud_default", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.store = store
        self.gcp_conn_id = gcp_conn_id

    def execute(self, context: Context) -> dict[str, list[str]]:
        """Create what is missing."""
        storage = GCSHook(gcp_conn_id=self.gcp_conn_id).get_conn()
        bigquery = BigQueryHook(
            gcp_conn_id=self.gcp_conn_id, location=self.store.location, use_legacy_sql=False
        ).get_client()
        try:
            created = create_missing(self.store, storage, bigquery)
            try:
                self._ensure_pools()
            finally:
                # After the pools, which the other DAGs wait for; and also where those have to be made by hand.
                created["views"] = create_views(bigquery, self.store)
            # Nobody sees a wrong one before the first failure, when nobody is told.
            configured_alerts()
        except (NoRightError, ViewError, AlertsError) as error:
            raise AirflowFailException(str(error)) from error
        counts = {kind: len(made) for kind, made in created.items()}
        log_event(log, "setup_done", store=self.store.prefix, **counts)
        return created

    def _ensure_pools(self) -> None:
        name = self.store.name
        ensure_pool(self.store.pool, 1, f"Calls to the Tiny account of {name}: one task at a time")
        ensure_pool(self.store.merge_pool, 1, f"Merges into the tables of {name}: one at a time")
