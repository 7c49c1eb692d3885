"""What the operators of this package share: a store, its buckets and the run's key."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final

from airflow.providers.google.cloud.hooks.gcs import GCSHook

from tiny_operators._compat import (
    AirflowFailException,
    BaseOperator,
    Context,
    asked_at,
    data_interval,
    run_id_of,
)
from tiny_operators.batches.dates import read_part
from tiny_operators.batches.run_request import RequestError, RunRequest, check_names, read_request
from tiny_operators.lake import names
from tiny_operators.lake.objects import Objects
from tiny_operators.lineage import Lineage, in_bucket, operator_lineage
from tiny_operators.links import KeptLink, RunFolderLink, folder_url
from tiny_operators.orders.plan import Plan, PlannedOrder
from tiny_operators.readiness import bigquery_client, check_setup
from tiny_operators.schemas import LOADED
from tiny_operators.stores import Store
from tiny_operators.warehouse.known_orders import KnownOrders

# Keys of the XComs that identify one build of a run's rows, and say which orders and days they are about.
ROWS_VERSION: Final = "rows_version"
BATCH_BOUNDS: Final = "batch_bounds"


class StoreOperator(BaseOperator):
    """Base of the operators: works for one store.

    Args:
        store: The store.
        gcp_conn_id: Connection to Google Cloud.
        **kwargs: Airflow's own arguments.
    """

    operator_extra_links: tuple[KeptLink, ...] = (RunFolderLink(),)
    ui_color = "#e8f0fe"

    def __init__(self, *, store: Store, gcp_conn_id: str = "google_cloud_default", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.store = store
        self.gcp_conn_id = gcp_conn_id

    def objects(self, bucket: str) -> Objects:
        """Return the objects of a bucket."""
        return Objects(self.storage(), bucket)

    def storage(self) -> Any:
        """Return a client of Cloud Storage."""
        return GCSHook(gcp_conn_id=self.gcp_conn_id).get_conn()

    def bigquery(self) -> Any:
        """Return a client of BigQuery."""
        return bigquery_client(self.store, self.gcp_conn_id)

    def known_orders(self) -> KnownOrders:
        """Return what the store's tables know of orders."""
        return KnownOrders(self.bigquery(), self.store)

    def check_setup(self) -> None:
        """Check, before anything is read, that setup was run for the files that this task was deployed with.

        Raises:
            AirflowFailException: When setup must be run first.
            AirflowException: When a quota is used up.
        """
        check_setup(self.store, self.gcp_conn_id)

    def start(self, context: Context) -> tuple[str, Objects]:
        """Return the run's key and the API bucket; leave the link to the run's folder."""
        key = names.run_key(self.dag_id, run_id_of(context))
        RunFolderLink.persist(context, folder_url(self.store.api_bucket, names.run_prefix(key)))
        return key, self.objects(self.store.api_bucket)

    def lineage(self, key: str) -> Lineage:
        """Return the files that the task reads and writes for others.

        Args:
            key: The run's key.
        """
        return Lineage()

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> Any:
        """Report the task's files to OpenLineage."""
        return operator_lineage(self.lineage(names.run_key(self.dag_id, task_instance.run_id)))

    def new_rows_version(self, context: Context) -> None:
        """Push a fresh id for this build of the rows: it is merged, even if the run merged another build before."""
        context["ti"].xcom_push(key=ROWS_VERSION, value=uuid.uuid4().hex)

    def run_request(self, context: Context, form: Iterable[str], last_days: int | None = None) -> RunRequest:
        """Read what the run was asked to do: its dates and its other parameters.

        Args:
            context: The task's context.
            form: Names of the DAG's parameters. Airflow 2 mixes whatever a run was triggered with into them.
            last_days: How many days up to yesterday it takes without dates; None: those of its data interval.

        Raises:
            AirflowFailException: When it was asked for something impossible.
        """
        run: Any = context["dag_run"]
        try:
            check_names(run.conf or {}, form)
            return read_request(
                dict(context["params"]),
                data_interval(context) if last_days is None else None,
                asked_at(context),
                self.store.timezone,
                last_days or 1,
            )
        except RequestError as error:
            raise AirflowFailException(str(error)) from error

    def read_plan(self, objects: Objects, key: str) -> Plan:
        """Read the run's plan.

        Raises:
            AirflowFailException: When the plan is gone: the run cannot continue.
        """
        content = objects.read_json(names.plan_object(key))
        if content is None:
            raise AirflowFailException(
                f"gs://{self.store.api_bucket}/{names.plan_object(key)} is missing; clear the run from its plan task"
            )
        plan = Plan.from_json(content)
        return replace(plan, reading=plan.reading or key)

    def planned_orders(self, objects: Objects, plan: Plan) -> Iterator[PlannedOrder]:
        """Yield the orders of a plan, a few in memory at a time."""
        yield from plan.orders
        for part in plan.parts:
            yield from read_part(objects, part)


def rows_lineage(store: Store, key: str) -> Lineage:
    """Return what a task reads and writes that turns raw answers into files of rows."""
    files = tuple(in_bucket(store.api_bucket, names.rows_object(table, key)) for table in LOADED)
    return Lineage((in_bucket(store.api_bucket, names.RAW),), files)
