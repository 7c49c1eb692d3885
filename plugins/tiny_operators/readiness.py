"""The check of a run before it reads anything: that setup was run, for the files that the run was deployed with."""

from __future__ import annotations

from typing import Any

from tiny_operators._compat import missing_pools
from tiny_operators.setup.provision import NotSetUpError, check_tables
from tiny_operators.stores import Store


def check_setup(store: Store, bigquery: Any) -> None:
    """Check that the store's pools and tables exist, the tables as their schema files say.

    Args:
        store: The store.
        bigquery: Client of BigQuery.

    Raises:
        NotSetUpError: When they are not.
        SetupError: When the tables may not be listed.
    """
    missing = missing_pools(store.pools)
    if missing:
        raise NotSetUpError(
            f"Pools {', '.join(missing)} are missing: tasks in them would never start, and nothing would "
            f"report it. Nothing was read; run the DAG {store.prefix}_setup, then clear this task"
        )
    check_tables(bigquery, store)
