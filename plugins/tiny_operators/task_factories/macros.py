"""The functions that templates of the DAGs may call: names of a run's tables and objects.

sqlfluff calls them too, where no Airflow is installed: nothing here imports it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tiny_operators.lake import names
from tiny_operators.schemas import column_names, partition
from tiny_operators.stores import Store
from tiny_operators.warehouse.views import view_macros


def merge_macros(store: Store) -> dict[str, Callable[..., Any]]:
    """Return macros for a store's DAG that loads and merges.

    Returns:
        ``run_key(dag, run_id)``: the run's key; ``staging(table, dag, run_id)``: its staging table;
        ``target(table)``: the table; ``column_names(table)``: its columns; ``partition(table)``: its partitions.
    """

    def run_key(dag: Any, run_id: str) -> str:
        return names.run_key(dag.dag_id, run_id)

    def staging(table: str, dag: Any, run_id: str) -> str:
        return names.staging_table(store.staging_dataset, table, run_key(dag, run_id))

    def target(table: str) -> str:
        return f"{store.dataset}.{table}"

    return {
        "run_key": run_key,
        "staging": staging,
        "target": target,
        "column_names": column_names,
        "partition": partition,
    }


def check_macros(store: Store) -> dict[str, Any]:
    """Return what else the checks after a merge may use.

    Returns:
        See :func:`~tiny_operators.warehouse.views.view_macros`; ``reject_share``: the part of a batch that may be
        rejected.
    """
    return {**view_macros(store), "reject_share": store.reject_share}
