"""Columns of INFORMATION_SCHEMA's views that people ask about jobs, tables and partitions.

Not all of their columns, and not all views: what is not here is refused as not known.
Source: https://cloud.google.com/bigquery/docs/information-schema-intro
"""

from __future__ import annotations

from typing import Final

from local.strict_front.sql.types import Field

_JOBS: Final = (
    "creation_time TIMESTAMP, project_id STRING, project_number INT64, user_email STRING, job_id STRING,"
    " job_type STRING, statement_type STRING, priority STRING, start_time TIMESTAMP, end_time TIMESTAMP, query STRING,"
    " state STRING, reservation_id STRING, total_bytes_processed INT64, total_slot_ms INT64, cache_hit BOOL,"
    " total_bytes_billed INT64, transaction_id STRING, parent_job_id STRING, total_modified_partitions INT64"
)
_VIEWS: Final = {
    "JOBS": _JOBS,
    "JOBS_BY_PROJECT": _JOBS,
    "JOBS_BY_USER": _JOBS,
    "TABLES": (
        "table_catalog STRING, table_schema STRING, table_name STRING, table_type STRING, is_insertable_into STRING,"
        " is_typed STRING, creation_time TIMESTAMP, ddl STRING"
    ),
    "COLUMNS": (
        "table_catalog STRING, table_schema STRING, table_name STRING, column_name STRING, ordinal_position INT64,"
        " is_nullable STRING, data_type STRING, is_generated STRING, is_hidden STRING, is_system_defined STRING,"
        " is_partitioning_column STRING, clustering_ordinal_position INT64, collation_name STRING,"
        " column_default STRING, rounding_mode STRING"
    ),
    "PARTITIONS": (
        "table_catalog STRING, table_schema STRING, table_name STRING, partition_id STRING, total_rows INT64,"
        " total_logical_bytes INT64, last_modified_time TIMESTAMP, storage_tier STRING"
    ),
    "SCHEMATA": (
        "catalog_name STRING, schema_name STRING, schema_owner STRING, creation_time TIMESTAMP,"
        " last_modified_time TIMESTAMP, location STRING, ddl STRING"
    ),
    "VIEWS": (
        "table_catalog STRING, table_schema STRING, table_name STRING, view_definition STRING, check_option STRING,"
        " use_standard_sql STRING"
    ),
}


def columns_of(view: str) -> list[Field] | None:
    """Return the columns of a view; None where it is not known."""
    if view not in _VIEWS:
        return None
    columns: list[Field] = []
    for column in _VIEWS[view].split(", "):
        name, kind = column.strip().split(" ")
        columns.append({"name": name, "type": kind})
    if view.startswith("JOBS"):
        columns += [
            _list_of("labels", "key", "value"),
            _list_of("referenced_tables", "project_id", "dataset_id", "table_id"),
            {**_list_of("destination_table", "project_id", "dataset_id", "table_id"), "mode": "NULLABLE"},
            {**_list_of("error_result", "reason", "location", "message"), "mode": "NULLABLE"},
        ]
    return columns


def _list_of(name: str, *parts: str) -> Field:
    fields = [{"name": part, "type": "STRING"} for part in parts]
    return {"name": name, "type": "RECORD", "mode": "REPEATED", "fields": fields}
