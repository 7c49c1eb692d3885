"""The end that all DAGs with data share: a run's row files go into staging tables, and those into the tables.

Its tasks are one BigQuery job each: a load, or a statement of ``include/sql``.
"""

from __future__ import annotations

from typing import Any, Final

from tiny_operators._compat import BaseOperator, TaskGroup
from tiny_operators.assets import merged_assets
from tiny_operators.batches.comparison import RECONCILIATION
from tiny_operators.lake import names
from tiny_operators.operators.base import ROWS_VERSION
from tiny_operators.operators.bigquery import CheckOperator, LoadRowsOperator, MergeOperator, QueryOperator
from tiny_operators.readiness import query_options
from tiny_operators.schemas import LOADED, schema_fields
from tiny_operators.stores import Store

# A task runs when the tasks before it succeeded, or some of them were skipped; it is skipped when all of them were.
UNLESS_NOTHING: Final = "none_failed_min_one_success"
_KEY: Final = "{{ run_key(dag, run_id) }}"


def into_tables(store: Store, rows: BaseOperator) -> BaseOperator:
    """Load the row files that a task wrote, one job a table, merge them, and check the tables after that.

    A table with no rows is not loaded. When there are no rows at all, nothing is merged either. Nothing waits for the
    checks: they fail the run, but stop no order.

    Returns:
        The task that merges.
    """
    # The ids of the tasks stay as they are without the group: people and commands name them.
    with TaskGroup(
        "load", prefix_group_id=False, tooltip="One load job a table, into staging tables"
    ) as loads:
        for table in LOADED:
            load_task(store, table, rows.task_id, count=table)
    merge = merging_task(
        store,
        "merge",
        "merge.sql",
        rows.task_id,
        operator=MergeOperator,
        table=f"{store.dataset}.pdv",
        staging=[names.staging_table(store.staging_dataset, table, _KEY) for table in LOADED],
        of_task=rows.task_id,
        outlets=merged_assets(store),
        trigger_rule=UNLESS_NOTHING,
    )
    check = query_task(store, "check", "check.sql", operator=CheckOperator)
    rows >> loads >> merge >> check
    return merge


def into_reconciliation(store: Store, compare: BaseOperator) -> BaseOperator:
    """Load the rows of a comparison and merge them.

    Returns:
        The task that merges, and fails when orders still differ.
    """
    load = load_task(store, RECONCILIATION, compare.task_id, count="days")
    # It ends in an error when orders differ: then there is no other try.
    record = merging_task(
        store, "record", "record_reconciliation.sql", compare.task_id, operator=CheckOperator
    )
    compare >> load >> record
    return record


def load_task(store: Store, table: str, of_task: str, count: str) -> BaseOperator:
    """Create the task that loads a run's rows of one table; a later try replaces what an earlier one loaded.

    Args:
        store: The store.
        table: The table.
        of_task: The task that built the rows.
        count: The name of these rows in the counts that it returns. When there are none, the load is skipped.
    """
    return LoadRowsOperator(
        rows=f"{{{{ (ti.xcom_pull(task_ids='{of_task}') or {{}}).get('{count}') }}}}",
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


def merging_task(
    store: Store, task_id: str, file: str, rows: str, *, operator: type[QueryOperator], **arguments: Any
) -> BaseOperator:
    """Create a task that merges what was loaded, one at a time in the store's merge pool.

    BigQuery lets two merges that only insert run side by side, and both insert. So a later try joins the job of a try
    that died. Rows that were built again, as in a run that was cleared, are merged by another job.

    Args:
        store: The store.
        task_id: Id of the task.
        file: The file of ``include/sql``.
        rows: The task that built the rows.
        operator: What runs it.
        **arguments: Further arguments of the operator.
    """
    return query_task(
        store,
        task_id,
        file,
        operator=operator,
        rows_version=f"{{{{ ti.xcom_pull(task_ids='{rows}', key='{ROWS_VERSION}') | lower }}}}",
        pool=store.merge_pool,
        **arguments,
    )


def query_task(
    store: Store, task_id: str, file: str, *, operator: type[QueryOperator], **arguments: Any
) -> BaseOperator:
    """Create the task that runs a file of ``include/sql``.

    Args:
        store: The store.
        task_id: Id of the task.
        file: The file.
        operator: What runs it.
        **arguments: Further arguments of the operator.
    """
    query = {"query": file, **query_options(store)}
    return operator(task_id=task_id, configuration={"query": query}, location=store.location, **arguments)
