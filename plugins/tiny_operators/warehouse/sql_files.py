"""The files of ``include/sql`` as templates, and what every statement is run with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tiny_operators.stores import Store, include_dir

if TYPE_CHECKING:
    from jinja2 import Environment


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


def sql_files() -> Environment:
    """Return the templates, for what Airflow does not render; a name that is not given is an error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    return Environment(
        loader=FileSystemLoader(include_dir() / "sql"),
        undefined=StrictUndefined,
        autoescape=select_autoescape(),
    )
