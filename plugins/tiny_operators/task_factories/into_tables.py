"""The end that all DAGs with data share: a run's row files go into staging tables, and those into the tables."""

from __future__ import annotations

from typing import Any, Final

import pendulum

from tiny_operators._compat import BaseOperator, TaskGroup, let_scheduler_watch
from tiny_operators.alerts import failure_callback
from tiny_operators.batches.comparison import RECONCILIATION
from tiny_operators.operators.bigquery import CheckOperator
from tiny_operators.schemas import LOADED
from tiny_operators.stores import Store, dag_tags, include_dir
from tiny_operators.task_factories.jobs import load_task, merge_task, merging_task, query_task
from tiny_operators.task_factories.macros import check_macros, merge_macros

# A task runs when the tasks before it succeeded, or some of them were skipped; it is skipped when all of them were.
UNLESS_NOTHING: Final = "none_failed_min_one_success"


def dag_arguments(store: Store, *, priority: int) -> dict[str, Any]:
    """Return the arguments that the DAGs that end in tables have in common.

    Args:
        store: The store.
        priority: Priority of their tasks in the store's pools: live sales go before history, history before a replay.
    """
    return {
        "start_date": pendulum.datetime(2026, 1, 1, tz="UTC"),
        "catchup": False,
        "default_args": {
            "owner": "tiny",
            # A task that was killed is back soon. One that fails again and again has some minutes: Airflow doubles the
            # delay, and adds up to as much by chance: after one failure 5 to 10 s, after three 35 to 70 s in all, after
            # the last one 155 to 310 s.
            "retries": 5,
            "retry_delay": pendulum.duration(seconds=5),
            "retry_exponential_backoff": True,
            "max_retry_delay": pendulum.duration(minutes=10),
            "execution_timeout": pendulum.duration(hours=2),
            "priority_weight": priority,
            "weight_rule": "absolute",
            "on_execute_callback": let_scheduler_watch,
            "on_failure_callback": failure_callback(store),
        },
        "template_searchpath": [str(include_dir() / "sql")],
        "user_defined_macros": check_macros(store) | merge_macros(store),
        "tags": dag_tags(store),
    }


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
    merge = merge_task(store, rows.task_id, trigger_rule=UNLESS_NOTHING)
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
