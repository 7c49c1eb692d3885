"""The setup step: the buckets, datasets, tables, views and pools of a store."""

from __future__ import annotations

import logging

from tiny_operators._compat import AirflowFailException, Context, ensure_pool
from tiny_operators.alerts import AlertsError, configured_alerts
from tiny_operators.events import log_event
from tiny_operators.operators.base import StoreOperator
from tiny_operators.readiness import as_airflow_errors
from tiny_operators.setup.provision import create_missing, open_to_others
from tiny_operators.warehouse.views import create_views
from tiny_operators.wording import counted

log = logging.getLogger(__name__)


class SetupStoreOperator(StoreOperator):
    """Creates what a store needs and does not exist yet; running it again writes nothing.

    A table that lacks columns of its schema file gets them, at every depth; none is dropped or retyped. A view whose
    definition changed is replaced.

    Args:
        **kwargs: See :class:`StoreOperator`.

    Returns:
        Names of what was created, by kind.

    Raises:
        AirflowFailException: When a person must fix something first; the message says what, and how.
        AirflowException: When a quota is used up: a later try may succeed.
    """

    operator_extra_links = ()

    def execute(self, context: Context) -> dict[str, list[str]]:
        """Create what is missing."""
        bigquery = self.bigquery()
        with as_airflow_errors():
            created = create_missing(self.store, self.storage(), bigquery)
            try:
                self._ensure_pools()
            finally:
                # After the pools, which the other DAGs wait for; and also where those must be created by hand.
                created["views"] = create_views(bigquery, self.store)
        # Otherwise nobody sees a wrong setting before the first failure, of which nobody would then be told.
        try:
            configured_alerts()
        except AlertsError as error:
            raise AirflowFailException(str(error)) from error
        counts = {kind: len(found) for kind, found in created.items()}
        log_event(log, "setup_done", store=self.store.prefix, **counts)
        return created

    def _ensure_pools(self) -> None:
        for name, description in self.store.pools.items():
            ensure_pool(name, 1, description)


class CheckAccessOperator(StoreOperator):
    """Fails when people who were not named may read the store's data: by a basic role on the project, or as anybody.

    It revokes nothing: somebody may have given the right on purpose.

    Args:
        **kwargs: See :class:`StoreOperator`.

    Returns:
        ``open``: how many such rights there are.

    Raises:
        AirflowFailException: When there are any; the message has each with the command that ends it.
    """

    operator_extra_links = ()

    def execute(self, context: Context) -> dict[str, int]:
        """Check the access lists."""
        found = open_to_others(self.store, self.storage(), self.bigquery())
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

    # It writes nothing into the run's folder.
    operator_extra_links = ()

    def execute(self, context: Context) -> None:
        """Look for pools and tables."""
        self.check_setup()
        log_event(log, "ready", store=self.store.prefix)
