"""The setup step: the buckets, datasets, tables, views and pools of a store."""

from __future__ import annotations

import logging
from typing import Any

from airflow.providers.google.cloud.hooks.bigquery import BigQueryHook
from airflow.providers.google.cloud.hooks.gcs import GCSHook

from tiny_operators._compat import AirflowException, AirflowFailException, BaseOperator, Context, ensure_pool
from tiny_operators.alerts import AlertsError, configured_alerts
from tiny_operators.events import log_event
from tiny_operators.google_errors import BusyError, SetupError
from tiny_operators.operators.base import StoreOperator
from tiny_operators.setup.provision import create_missing, open_to_others
from tiny_operators.stores import Store
from tiny_operators.warehouse.views import create_views
from tiny_operators.wording import counted

log = logging.getLogger(__name__)


class _SetupOperator(BaseOperator):
    """Base of the tasks of setup.

    Args:
        store: The store.
        gcp_conn_id: Connection to Google Cloud.
        **kwargs: Airflow's own arguments.
    """

    def __init__(self, *, store: Store, gcp_conn_id: str = "google_cloud_default", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.store = store
        self.gcp_conn_id = gcp_conn_id

    def clients(self) -> tuple[Any, Any]:
        """Return clients of Cloud Storage and BigQuery."""
        bigquery = BigQueryHook(
            gcp_conn_id=self.gcp_conn_id, location=self.store.location, use_legacy_sql=False
        )
        return GCSHook(gcp_conn_id=self.gcp_conn_id).get_conn(), bigquery.get_client()


class SetupStoreOperator(_SetupOperator):
    """Creates what a store needs and does not exist yet; running it again writes nothing.

    A table that lacks columns of its schema file gets them, at every depth; none is dropped or retyped. A view whose
    definition changed is replaced.

    Args:
        **kwargs: See :class:`_SetupOperator`.

    Returns:
        Names of what was created, by kind.

    Raises:
        AirflowFailException: When a person must fix something first; the message says what, and how.
        AirflowException: When a quota is used up: a later try may succeed.
    """

    def execute(self, context: Context) -> dict[str, list[str]]:
        """Create what is missing."""
        storage, bigquery = self.clients()
        try:
            created = create_missing(self.store, storage, bigquery)
            try:
                self._ensure_pools()
            finally:
                # After the pools, which the other DAGs wait for; and also where those must be created by hand.
                created["views"] = create_views(bigquery, self.store)
            # Otherwise nobody sees a wrong setting before the first failure, of which nobody would then be told.
            configured_alerts()
        except (SetupError, AlertsError) as error:
            raise AirflowFailException(str(error)) from error
        except BusyError as error:
            raise AirflowException(str(error)) from error
        counts = {kind: len(found) for kind, found in created.items()}
        log_event(log, "setup_done", store=self.store.prefix, **counts)
        return created

    def _ensure_pools(self) -> None:
        for name, description in self.store.pools.items():
            ensure_pool(name, 1, description)


class CheckAccessOperator(_SetupOperator):
    """Fails when people who were not named may read the store's data: by a basic role on the project, or as anybody.

    It revokes nothing: somebody may have given the right on purpose.

    Args:
        **kwargs: See :class:`_SetupOperator`.

    Returns:
        ``open``: how many such rights there are.

    Raises:
        AirflowFailException: When there are any; the message has each with the command that ends it.
    """

    def execute(self, context: Context) -> dict[str, int]:
        """Check the access lists."""
        found = open_to_others(self.store, *self.clients())
        log_event(log, "access_checked", store=self.store.prefix, open=len(found))
        if found:
            raise AirflowFailException(
                f"Orders with personal data may be read by people who were not named, by "
                f"{counted(len(found), 'right')}. "
                "End each, then clear this task; or mark it as success, if it is meant. " + " | ".join(found)
            )
        return {"open": 0}


class CheckSetupOperator(StoreOperator):
    """Fails when the store's pools or tables are missing, or tables are older than the schema files.

    It is in no pool of the store: a task whose pool is missing never starts.

    Args:
        **kwargs: See :class:`StoreOperator`.

    Raises:
        AirflowFailException: When setup must be run first; the message says what is missing.
    """

    def execute(self, context: Context) -> None:
        """Look for pools and tables."""
        self.check_setup()
        log_event(log, "ready", store=self.store.prefix)
