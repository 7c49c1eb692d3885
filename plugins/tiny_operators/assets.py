"""The tables as Airflow's assets (2.11: datasets), which other people's DAGs may wait for.

Their addresses have the form of the Google provider (``airflow.providers.google.assets.bigquery``), so the lineage of
its operators names the same tables.
"""

from __future__ import annotations

import os
from typing import Final

from tiny_operators._compat import Asset
from tiny_operators.schemas import LOADED
from tiny_operators.stores import Store, StoresError

# Composer sets the first in all its components; the second is the usual one elsewhere.
_PROJECT_VARIABLES: Final = ("GCP_PROJECT", "GOOGLE_CLOUD_PROJECT")


def project_id() -> str | None:
    """Return the project of the environment; None when no variable names it. Reads no connection: DAG files use it."""
    return next((os.environ[name] for name in _PROJECT_VARIABLES if os.environ.get(name)), None)


def table_asset(store: Store, table: str) -> Asset:
    """Return a table of a store, for a DAG that runs after each merge into it.

    Args:
        store: The store.
        table: One of ``tiny_operators.schemas.LOADED``.

    Raises:
        StoresError: When there is no such table, or the project is not known.
    """
    project = project_id()
    if table not in LOADED:
        raise StoresError(f"There is no table {table!r} that is merged; there are {', '.join(LOADED)}")
    if project is None:
        raise StoresError(f"The project is not known: set {' or '.join(_PROJECT_VARIABLES)}")
    return Asset(uri=f"bigquery://{project}/{store.dataset}/{table}")


def merged_assets(store: Store) -> list[Asset]:
    """Return what a merge updates; nothing where the project is not known."""
    return [table_asset(store, table) for table in LOADED] if project_id() else []
