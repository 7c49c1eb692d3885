"""Tasks that are one BigQuery job each: a load, or a statement of ``include/sql``."""

from __future__ import annotations

from typing import Any, Final

from airflow.providers.google.cloud.operators.bigquery import BigQueryInsertJobOperator
from airflow.providers.google.cloud.transfers.gcs_to_bigquery import GCSToBigQueryOperator

from tiny_operators import names
from tiny_operators._compat import BaseOperator
from tiny_operators.operators.base import MADE
from tiny_operators.operators.check import CheckOperator
from tiny_operators.rows.schema import schema_fields
from tiny_operators.stores import Store

_KEY: Final = "{{ run_key(dag, run_id) }}"


def load_task(store: Store, table: str) -> BaseOperator:
    """The task that loads a run's rows of one table; a later try replaces what an earlier one loaded."""
    return GCSToBigQueryOperator(
        task_id=f"load_{table}",
        bucket=store.api_bucket,
        source_objects=[names.rows_object(table, _KEY)],
        destination_project_dataset_table=names.staging_table(store.staging_dataset, table, _KEY),
        source_format="NEWLINE_DELIMITED_JSON",
        schema_fields=schema_fields(table),
        autodetect=False,
        create_disposition="CREATE_IF_NEEDED",
        write_disposition="WRITE_TRUNCATE",
        location=store.location,
    )


def merge_task(store: Store, task_id: str, file: str, of_task: str, *, checks: bool = False) -> BaseOperator:
    """The task that merges what was loaded, one at a time in the store's merge pool.

    BigQuery lets two merges that only insert run side by side, and both insert. So a later try joins the job of a try
    that died; one after that job is done begins another. A job is known by its configuration: the label makes that of
    rows which were made again, as in a run that was cleared, another one.

    Args:
        store: The store.
        task_id: Id of the task.
        file: The file of ``include/sql``.
        of_task: The task that made the rows.
        checks: Whether the statement ends in an error when it finds something: then there is no other try.
    """
    made = f"{{{{ ti.xcom_pull(task_ids='{of_task}', key='{MADE}') | lower }}}}"
    return query_task(
        store,
        task_id,
        file,
        operator=CheckOperator if checks else BigQueryInsertJobOperator,
        labels={MADE: made},
        pool=store.merge_pool,
        force_rerun=False,
        reattach_states={"PENDING", "RUNNING"},
    )


def query_task(
    store: Store,
    task_id: str,
    file: str,
    *,
    operator: type[BigQueryInsertJobOperator] = BigQueryInsertJobOperator,
    labels: dict[str, str] | None = None,
    **arguments: Any,
) -> BaseOperator:
    """The task that runs a file of ``include/sql``, each time that it is run.

    Args:
        store: The store.
        task_id: Id of the task.
        file: The file.
        operator: What runs it.
        labels: Labels of the job.
        **arguments: Further arguments of the operator.
    """
    configuration: dict[str, Any] = {"query": {"query": file, "useLegacySql": False}}
    if labels:
        configuration["labels"] = labels
    task = operator(task_id=task_id, configuration=configuration, location=store.location, **arguments)
    # Airflow 3 remembers a task's job, and takes a run that a person cleared, or a backfill that is made again, for
    # done (google provider 22.8, ResumableJobMixin): then nothing would be merged.
    task.durable = False
    return task
