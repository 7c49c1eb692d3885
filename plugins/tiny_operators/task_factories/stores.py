"""The stores whose DAGs a DAG file builds."""

from __future__ import annotations

from tiny_operators._compat import get_parsing_context
from tiny_operators.stores import Store, load_stores


def stores_to_build(kind: str) -> list[Store]:
    """Return the stores whose DAG of a kind this process needs.

    The scheduler needs all of them. A task reads its DAG file again, in a process of its own, and needs one DAG: the
    others would only delay its start, the longer the more stores there are. Airflow names that DAG there.

    Args:
        kind: What the DAG is, such as ``daily``.

    Returns:
        The store of the DAG that Airflow names; all stores when it names none, or none of this kind.
    """
    stores, asked = load_stores(), get_parsing_context().dag_id
    return [store for store in stores if store.dag_id(kind) == asked] or stores
