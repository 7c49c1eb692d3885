"""What a run does in BigQuery: loads of its row files, the merge, and queries whose job a later try finds again."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, cast

from airflow.providers.google.cloud.hooks.bigquery import BigQueryHook
from airflow.providers.google.cloud.operators.bigquery import BigQueryInsertJobOperator
from airflow.providers.google.cloud.transfers.gcs_to_bigquery import GCSToBigQueryOperator

from tiny_operators._compat import (
    AirflowFailException,
    AirflowSkipException,
    Context,
    is_first_try,
    run_id_of,
)
from tiny_operators.assets import project_id
from tiny_operators.events import log_event
from tiny_operators.lake import names
from tiny_operators.lineage import Lineage, in_bigquery, operator_lineage
from tiny_operators.links import (
    JobLink,
    KeptLink,
    RowsLink,
    StagingLink,
    TableLink,
    job_url,
    object_url,
    table_url,
)

if TYPE_CHECKING:
    from google.cloud.bigquery import QueryJob


# Label of a job: the try of the task that created it.
_TRY: Final = "try"
_DONE: Final = "DONE"
# The first words of the error of include/sql/check.sql.
_FOUND: Final = "checks failed: "


class LoadRowsOperator(GCSToBigQueryOperator):
    """Loads a file whose rows were counted when it was written.

    An empty file is not loaded: it would be a job of every table in every run, and what BigQuery does with one is not
    documented.

    Args:
        rows: How many rows the file has; a template. Without a number the file is loaded.
        **kwargs: See :class:`GCSToBigQueryOperator`.

    Raises:
        AirflowSkipException: When there are no rows.
    """

    template_fields: Sequence[str] = (*GCSToBigQueryOperator.template_fields, "rows")
    # The name that people know, for the web interface.
    custom_operator_name = "GCSToBigQueryOperator"
    operator_extra_links = (RowsLink(), StagingLink())  # type: ignore[assignment]

    def __init__(self, *, rows: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rows = rows

    def pre_execute(self, context: Context) -> None:
        """Skip the load of no rows, else leave the links.

        This is done here, since Airflow warns of an `execute` that calls its parent's.
        """
        super().pre_execute(context)
        if str(self.rows) == "0":
            raise AirflowSkipException("The run has no rows of this table")
        RowsLink.persist(context, object_url(self.bucket, self.source_objects[0]))
        if project := project_id():
            StagingLink.persist(context, table_url(project, self.destination_project_dataset_table))


log = logging.getLogger(__name__)


class QueryOperator(BigQueryInsertJobOperator):
    """Runs a query, and waits for its end here.

    The task finds its own job by ids that each of its tries can compute. It does not use what the Google provider or
    Airflow keep of it: that differs from version to version, and some versions never run a job again that failed once.
    A later try waits for the job of an earlier one that still runs, is done when that one succeeded, and runs the next
    one when it failed. A task that was cleared runs a new job in any case, after one that still runs.

    Args:
        rows_version: Id of one build of the rows that the query reads, in lower case: another build has other jobs.
            Without it every try runs a job of its own.
        **kwargs: See :class:`BigQueryInsertJobOperator`. It is never deferred: what its end means is judged here.

    Returns:
        Id of the job.

    Raises:
        GoogleAPICallError: When the job failed.
    """

    template_fields: Sequence[str] = (*BigQueryInsertJobOperator.template_fields, "rows_version")
    operator_extra_links: tuple[KeptLink, ...] = (JobLink(),)  # type: ignore[assignment]

    def __init__(self, *, rows_version: str = "", **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "deferrable": False})
        self.rows_version = rows_version

    def execute(self, context: Context) -> Any:
        """Run the query, or wait for the job that an earlier try began."""
        self.hook = BigQueryHook(
            gcp_conn_id=self.gcp_conn_id,
            location=self.location,
            impersonation_chain=self.impersonation_chain,
        )
        self.project_id = self.project_id or self.hook.project_id
        own = {
            "airflow-dag": _label(self.dag_id),
            "airflow-task": _label(self.task_id),
            _TRY: uuid.uuid4().hex,
        }
        self.configuration = {
            **self.configuration,
            "labels": {**(self.hook.labels or {}), **self.configuration.get("labels", {}), **own},
        }
        job = self._own_job(context)
        self.job_id = job.job_id
        JobLink.persist(context, job_url(str(self.project_id), str(self.location), str(self.job_id)))
        self.await_end(job)
        return self.job_id

    def await_end(self, job: QueryJob) -> None:
        """Wait until the job has ended.

        Raises:
            GoogleAPICallError: When it failed.
        """
        job.result(timeout=self.result_timeout, retry=self.result_retry)

    def _own_job(self, context: Context) -> QueryJob:
        """Return the job to wait for: a new one, or that of an earlier try."""
        from google.api_core.exceptions import Conflict

        key, version = names.run_key(self.dag_id, run_id_of(context)), self.rows_version or uuid.uuid4().hex
        number = 0
        while True:
            number += 1
            job_id = re.sub(r"[^A-Za-z0-9_-]", "_", f"airflow_{key}_{self.task_id}_{version}_{number}")
            # Set first: the job can then be cancelled as soon as it exists.
            self.job_id = job_id
            try:
                return self._log_job("query_begun", self._submitted(job_id))
            except Conflict:
                job = self._found(job_id)
            if (job.labels or {}).get(_TRY) == self.configuration["labels"][_TRY]:
                # It exists because of a request whose answer was lost; its repetition was refused.
                return self._log_job("query_begun", job)
            if is_first_try(context):
                # The task was cleared: a job that still runs may not have read everything.
                self._log_job("query_awaited", job)
                job.exception()  # type: ignore[no-untyped-call]
            elif job.state != _DONE:
                return self._log_job("query_joined", job)
            elif not job.error_result:
                return self._log_job("query_done_before", job)

    def _submitted(self, job_id: str) -> QueryJob:
        """Start a job now."""
        job = cast("BigQueryHook", self.hook).insert_job(
            configuration=self.configuration,
            project_id=self.project_id,
            location=self.location,
            job_id=job_id,
            nowait=True,
        )
        return cast("QueryJob", job)

    def _found(self, job_id: str) -> QueryJob:
        """Return a job that already exists."""
        job = cast("BigQueryHook", self.hook).get_job(
            job_id=job_id, project_id=self.project_id, location=self.location
        )
        return cast("QueryJob", job)

    def _log_job(self, event: str, job: QueryJob) -> QueryJob:
        log_event(log, event, dag=self.dag_id, step=self.task_id, job=job.job_id, state=job.state)
        return job


def _label(name: str) -> str:
    """Write a name as the value of a job's label: lower case, at most 63 characters."""
    return re.sub(r"[^a-z0-9_-]", "-", name.lower())[:63]


class CheckOperator(QueryOperator):
    """Runs a query that ends in an error when a check finds something.

    Then the task fails without another try, which would find the same while the next sales wait for this run's end.

    Raises:
        AirflowFailException: When a check found something; the message names the checks and the orders.
    """

    def await_end(self, job: QueryJob) -> None:
        """Wait until the query has ended; done here, since Airflow warns of an `execute` that calls its parent's."""
        from google.api_core.exceptions import GoogleAPICallError

        try:
            super().await_end(job)
        except GoogleAPICallError as error:
            if (found := what_failed(error)) is not None:
                raise AirflowFailException(found) from error
            raise


def what_failed(error: Exception) -> str | None:
    """Read which checks failed, and on which orders; None when the query failed for another reason."""
    _, begin, found = str(error).partition(_FOUND)
    # BigQuery's client repeats the text after the reason.
    return begin + found.splitlines()[0].partition("; reason: ")[0] if begin else None


class MergeOperator(QueryOperator):
    """Runs the merge; then the event of each asset that it updates has ``rows`` and ``run`` as its extra.

    All tables are merged by one script, so all of them have an event; ``rows`` is 0 for a table that got none.

    Args:
        table: The table that its link opens, as ``dataset.table``.
        staging: The tables that are merged, as ``dataset.table``; a template.
        of_task: The task that built the rows, and counted them by table.
        **kwargs: See :class:`QueryOperator`.
    """

    template_fields: Sequence[str] = (*QueryOperator.template_fields, "staging")
    operator_extra_links = (*QueryOperator.operator_extra_links, TableLink())

    def __init__(self, *, table: str, staging: Sequence[str], of_task: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.table = table
        self.staging = staging
        self.of_task = of_task

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> Any:
        """Report the tables to OpenLineage; the provider's own way asks BigQuery for each statement of the script."""
        merged = (asset.uri.removeprefix("bigquery://").replace("/", ".") for asset in self.outlets)
        staging = (f"{self.project_id}.{table}" for table in self.staging)
        return operator_lineage(Lineage(in_bigquery(staging), in_bigquery(merged)), str(self.job_id))

    def post_execute(self, context: Context, result: Any = None) -> None:
        """Describe the update; done here, since Airflow warns of an `execute` that calls its parent's."""
        TableLink.persist(context, table_url(str(self.project_id), self.table))
        counts: dict[str, int] = context["ti"].xcom_pull(task_ids=self.of_task) or {}
        for asset in self.outlets:
            rows = counts.get(asset.uri.rpartition("/")[2], 0)
            context["outlet_events"][asset].extra = {"rows": rows, "run": run_id_of(context)}
