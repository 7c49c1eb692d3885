"""The sensor of the webhook DAG: waits for files."""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import timedelta
from typing import Any

from airflow.providers.google.cloud.hooks.gcs import GCSHook
from airflow.providers.google.cloud.sensors.gcs import GCSObjectsWithPrefixExistenceSensor
from airflow.providers.google.cloud.triggers.gcs import GCSPrefixBlobTrigger
from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger

from tiny_operators._compat import (
    AirflowException,
    AirflowFailException,
    AirflowSkipException,
    Context,
    run_id_of,
    wait_timed_out,
)
from tiny_operators.batches.run_backoff import RunBackoff
from tiny_operators.events import log_event
from tiny_operators.lake import names
from tiny_operators.lake.objects import Objects
from tiny_operators.readiness import check_setup
from tiny_operators.stores import Store

log = logging.getLogger(__name__)


class WebhookFilesSensor(GCSObjectsWithPrefixExistenceSensor):  # type: ignore[misc, unused-ignore]
    """Waits, deferred, until a store's webhook bucket has a file.

    It is the Google provider's sensor with the Google provider's trigger, so nothing of this package has to reach the
    triggerer. File names stay out of XCom. A quiet day is no failure: the wait then ends as skipped, and the next run
    continues to wait.

    Args:
        store: The store.
        **kwargs: Arguments of :class:`GCSObjectsWithPrefixExistenceSensor`.

    Raises:
        AirflowSkipException: When nothing came within ``timeout`` seconds.
        AirflowException: When the bucket is missing.
        AirflowFailException: When a pool or a table is missing, or a table is older than its schema file.
    """

    def __init__(self, *, store: Store, **kwargs: Any) -> None:
        super().__init__(bucket=store.webhook_bucket, prefix="", deferrable=True, **kwargs)
        self.store = store

    def execute(self, context: Context) -> None:
        """Let some time pass when earlier runs did not reach their end; then look, and wait deferred."""
        seconds = self._backoff().seconds_left()
        if seconds > 0:
            log_event(log, "run_backoff", store=self.store.prefix, seconds=seconds)
            self.defer(trigger=TimeDeltaTrigger(timedelta(seconds=seconds)), method_name="look")
        self.look(context)

    def _backoff(self) -> RunBackoff:
        storage = GCSHook(gcp_conn_id=self.google_cloud_conn_id).get_conn()
        return RunBackoff(Objects(storage, self.store.api_bucket), self.dag_id)

    def look(self, context: Context, event: Any = None) -> None:
        """Look once, then wait deferred.

        The provider's own `execute` does the same, but Airflow warns of an `execute` that calls its parent's.
        """
        from google.api_core.exceptions import NotFound

        self._check_setup(context)
        try:
            if self.poke(context):
                return
        except NotFound as error:
            # Retried, not failed at once: the retries' delays keep @continuous from failing a dozen runs a minute.
            raise AirflowException(
                f"Bucket gs://{self.bucket} is missing: run the DAG {self.store.prefix}_setup, or correct "
                "webhook_bucket in include/stores.yaml"
            ) from error
        self.defer(
            timeout=timedelta(seconds=self.timeout),
            trigger=GCSPrefixBlobTrigger(
                bucket=self.bucket,
                prefix=self.prefix,
                poke_interval=self.poke_interval,
                google_cloud_conn_id=self.google_cloud_conn_id,
                hook_params={"impersonation_chain": self.impersonation_chain},
            ),
            method_name="execute_complete",
        )

    def _check_setup(self, context: Context) -> None:
        """Fail when a pool or a table is missing, or a table is too old; the next runs then come at growing pauses."""
        from google.api_core.exceptions import NotFound

        try:
            check_setup(self.store, self.google_cloud_conn_id)
        except AirflowFailException:
            with suppress(NotFound):
                self._backoff().run_planned(names.run_key(self.dag_id, run_id_of(context)))
            raise

    def execute_complete(self, context: dict[str, Any], event: dict[str, Any]) -> None:  # type: ignore[override]
        """Continue when files are there."""
        super().execute_complete(context, event)

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """Continue after the wait, or end as skipped when it timed out."""
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except AirflowException as error:
            if not wait_timed_out(error):
                raise
            raise AirflowSkipException(
                f"Nothing came into gs://{self.bucket} for {self.timeout:.0f} s; the next run continues to wait"
            ) from error
