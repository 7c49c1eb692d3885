"""The end that all DAGs with data share: a run's row files into staging tables, and those into the tables."""

from __future__ import annotations

from typing import Any

import pendulum
from airflow.providers.google.cloud.operators.bigquery import BigQueryInsertJobOperator
from airflow.providers.google.cloud.transfers.gcs_to_bigquery import GCSToBigQueryOperator

from tiny_operators import names
from tiny_operators._compat import BaseOperator, let_scheduler_watch
from tiny_operators.alerts import failure_callback
from tiny_operators.rows.schema import TABLES, schema_fields
from tiny_operators.stores import Store, include_dir

from .macros import merge_macros


def dag_arguments(store: Store, *, priority: int) -> dict[str, Any]:
    """What the DAGs that end in tables have in common.

    Args:
        store: The store.
        priority: Priority of their tasks in the store's pools: live sales go before history, history before a replay.
    """
    return {
        "start_date": pendulum.datetime(2026, 1, 1, tz="UTC"),
        "catchup": False,
        "default_args": {
            "owner": "tiny",
            "retries": 3,
            "retry_delay": pendulum.duration(seconds=30),
            "retry_exponential_backoff": True,
            "max_retry_delay": pendulum.duration(minutes=10),
            "execution_timeout": pendulum.duration(hours=2),
            "priority_weight": priority,
            "weight_rule": "absolute",
            "on_execute_callback": let_scheduler_watch,
            "on_failure_callback": failure_callback(store),
        },
        "template_searchpath": [str(include_dir() / "sql")],
        "user_defined_macros": merge_macros(store),
        "tags": ["tiny", store.prefix],
    }


def into_tables(store: Store, rows: BaseOperator) -> BaseOperator:
    """Load the row files that a task made, one job a table, and merge them.

    Returns:
        The task that merges.
    """
    key = "{{ run_key(dag, run_id) }}"
    loads = [
        GCSToBigQueryOperator(
            task_id=f"load_{table}",
            bucket=store.api_bucket,
            source_objects=[names.rows_object(table, key)],
            destination_project_dataset_table=names.staging_table(store.staging_dataset, table, key),
            source_format="NEWLINE_DELIMITED_JSON",
            schema_fields=schema_fields(table),
            autodetect=False,
            create_disposition="CREATE_IF_NEEDED",
            write_disposition="WRITE_TRUNCATE",
            location=store.location,
        )
        for table in TABLES
    ]
    merge = BigQueryInsertJobOperator(
        task_id="merge",
        configuration={"query": {"query": "merge.sql", "useLegacySql": False}},
        location=store.location,
        # BigQuery lets two merges that only insert run side by side, and both insert: so one at a time, by the pool,
        # and a later try joins the job of a try that died; a third starts anew when that job is done.
        pool=store.merge_pool,
        force_rerun=False,
        reattach_states={"PENDING", "RUNNING"},
    )
    rows >> loads >> merge
    return merge
