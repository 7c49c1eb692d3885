"""What a run needs first: a client of BigQuery, options of its queries, and a setup for the files that it runs from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from airflow.providers.google.cloud.hooks.bigquery import BigQueryHook

from tiny_operators._compat import AirflowException, AirflowFailException, missing_pools
from tiny_operators.google_errors import BusyError, SetupError
from tiny_operators.setup.provision import NotSetUpError, check_tables
from tiny_operators.stores import Store


def query_options(store: Store) -> dict[str, Any]:
    """Return what every query of a store is run with, in the form of BigQuery's API.

    A job that would be billed for more fails, and costs nothing. A project may have a time zone of its own; partitions
    are days in UTC all the same (https://cloud.google.com/bigquery/docs/reference/rest/v2/ConnectionProperty).
    """
    return {
        "useLegacySql": False,
        # As text, like all 64-bit numbers of Google's APIs.
        "maximumBytesBilled": str(store.maximum_bytes_billed),
        "connectionProperties": [{"key": "time_zone", "value": "UTC"}],
    }


def bigquery_client(store: Store, gcp_conn_id: str) -> Any:
    """Return a client of BigQuery, for the store's location and with what every query is run with."""
    from google.cloud.bigquery import QueryJobConfig

    hook = BigQueryHook(gcp_conn_id=gcp_conn_id, location=store.location, use_legacy_sql=False)
    client = hook.get_client()
    options: Any = QueryJobConfig.from_api_repr({"query": query_options(store)})
    client.default_query_job_config = options
    return client


@contextmanager
def as_airflow_errors() -> Iterator[None]:
    """Let a task fail at once when a person must fix something, and try again when a quota is used up.

    Raises:
        AirflowFailException: For a :class:`~tiny_operators.google_errors.SetupError`.
        AirflowException: For a :class:`~tiny_operators.google_errors.BusyError`.
    """
    try:
        yield
    except SetupError as error:
        raise AirflowFailException(str(error)) from error
    except BusyError as error:
        raise AirflowException(str(error)) from error


def check_setup(store: Store, gcp_conn_id: str) -> None:
    """Check that the store's pools and tables exist, the tables as their schema files say.

    Raises:
        AirflowFailException: When they do not, or the tables may not be listed.
        AirflowException: When a quota is used up.
    """
    with as_airflow_errors():
        missing = missing_pools(store.pools)
        if missing:
            raise NotSetUpError(
                f"Pools {', '.join(missing)} are missing: tasks in them would never start, and nothing would "
                f"report it. Nothing was read; run the DAG {store.prefix}_setup, then clear this task"
            )
        check_tables(bigquery_client(store, gcp_conn_id), store)
