"""The BigQuery emulator, as `local-bigquery`, with fields of records added as BigQuery adds them.

By itself it takes a `tables.patch` that adds a field to a record, answers 200, and leaves the table as it was. Run it
with `python -P` of the environment that has it.
"""

from __future__ import annotations

import sys
from typing import Any

# These are of the emulator's environment, which no type checker looks into.
from local_bigquery.catalog import tables  # type: ignore[import-not-found]
from local_bigquery.cli import main  # type: ignore[import-not-found]
from local_bigquery.engine import database, types  # type: ignore[import-not-found]

_alter = tables._alter


def _alter_at_every_depth(project_id: str, dataset_id: str, table_id: str, fields: list[Any]) -> None:
    _alter(project_id, dataset_id, table_id, fields)
    table = tables.name(project_id, dataset_id, table_id)
    _add(table, "", tables.columns(project_id, dataset_id, table_id), fields)


def _add(table: str, record: str, there: list[Any], wanted: list[Any]) -> None:
    """Adds the fields that a record lacks, and goes down into those that it has."""
    known = {field.name.casefold(): field for field in there}
    for field in wanted:
        stands = known.get(field.name.casefold())
        if stands is None:
            database.execute(f"ALTER TABLE {table} ADD COLUMN {record}{types.column(field, nested=True)}")
        elif field.fields:
            element = ".element" if field.mode == "REPEATED" else ""
            inner = f"{record}{database.quote(stands.name)}{element}."
            _add(table, inner, stands.fields or [], field.fields)


if __name__ == "__main__":
    tables._alter = _alter_at_every_depth
    sys.argv[0] = "local-bigquery"
    sys.exit(main())
