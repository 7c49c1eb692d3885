"""The end of a comparison: its rows into the table ``reconciliation``."""

from __future__ import annotations

from tiny_operators._compat import BaseOperator
from tiny_operators.batches.comparison import RECONCILIATION
from tiny_operators.operators.check import CheckOperator
from tiny_operators.stores import Store
from tiny_operators.task_factories.jobs import load_task, merging_task


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
