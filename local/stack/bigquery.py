"""The BigQuery emulator, as `local-bigquery`, with four parts of it replaced.

- Fields of records are added as BigQuery adds them. By itself it takes a `tables.patch` that adds a field to a record,
  answers 200, and leaves the table as it was.
- Tables stand in DuckDB's own files. By itself it keeps them as a DuckLake, for time travel, which nothing here needs,
  and which makes each statement slower.
- What it asks its catalog again and again for each statement (tables, their columns, what was noted of them) is
  remembered until a statement changes it. By itself a third of its time goes into these questions.
- A MERGE is one statement of DuckDB, after a look for rows that match twice. By itself it takes nine statements for it.

Run it with `python -P` of the environment that has it.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import sqlglot  # type: ignore[import-not-found]

# These are of the emulator's environment, which no type checker looks into.
from local_bigquery.catalog import metadata, row_access, tables  # type: ignore[import-not-found]
from local_bigquery.cli import main  # type: ignore[import-not-found]
from local_bigquery.engine import database, types  # type: ignore[import-not-found]
from local_bigquery.errors import BigQueryError  # type: ignore[import-not-found]
from local_bigquery.jobs import merge  # type: ignore[import-not-found]
from local_bigquery.models import JobStatistics2  # type: ignore[import-not-found]
from local_bigquery.settings import settings  # type: ignore[import-not-found]
from local_bigquery.sql.dialect import BigQueryDialect  # type: ignore[import-not-found]
from local_bigquery.sql.rules import partitions  # type: ignore[import-not-found]
from local_bigquery.sql.translate import translate  # type: ignore[import-not-found]

# What a statement may change: notes of the catalog, columns of tables, their rows.
_NOTES = re.compile(r"\s*(?:INSERT OR REPLACE INTO|DELETE FROM) emulator\.(\w+)")
_COLUMNS = re.compile(
    r"\s*(?:CREATE|DROP|ALTER)\s(?!\s*(?:OR REPLACE )?TEMP|TABLE IF EXISTS temp\.)", re.IGNORECASE
)
_ROWS = re.compile(r"\s*(?:INSERT|UPDATE|DELETE|TRUNCATE|COPY|MERGE)\b", re.IGNORECASE)
# Others see what a transaction changed from its end on.
_END = re.compile(r"\s*COMMIT\b", re.IGNORECASE)


class Memory:
    """Answers of the catalog, each kept until a statement changes what it is about."""

    def __init__(self) -> None:
        self._answers: dict[str, dict[Any, Any]] = {}

    def of(self, about: Callable[..., str], ask: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that asks once and remembers; what `about` leaves empty is asked each time."""

        def remembered(*args: Any) -> Any:
            subject = about(*args)
            if not subject:
                return ask(*args)
            # Taken before the question: an answer that a change overtakes ends in a memory that nobody reads any more.
            answers = self._answers.setdefault(subject, {})
            key = (ask, *(str(arg) for arg in args))
            if key not in answers:
                answers[key] = ask(*args)
            return answers[key]

        return remembered

    def forget(self, sql: str) -> None:
        """Forget what a statement has changed."""
        if note := _NOTES.match(sql):
            changed: tuple[str, ...] = (note[1],)
        elif _END.match(sql):
            changed = ("columns", "rows")
        elif _COLUMNS.match(sql):
            # The result of a query is a table of its own.
            changed = () if '"_results"' in sql[:200] else ("columns", "rows")
        else:
            changed = ("rows",) if _ROWS.match(sql) else ()
        for subject in changed:
            self._answers.pop(subject, None)


class Connection:
    """A connection of DuckDB, or a cursor of it, that tells the memory what it has executed."""

    def __init__(self, real: Any, memory: Memory) -> None:
        self._real = real
        self._memory = memory

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def cursor(self) -> Connection:
        """Return a cursor that also informs the memory."""
        return Connection(self._real.cursor(), self._memory)

    def execute(self, sql: str, *params: Any) -> Any:
        """Execute a statement; what it changed is forgotten, even when it failed."""
        try:
            return self._real.execute(sql, *params)
        finally:
            self._memory.forget(sql)


def _remember() -> None:
    """Put a memory between the emulator and its catalog."""
    memory = Memory()
    connect = database.connection
    database.connection = lambda: Connection(connect(), memory)

    def subject(name: str) -> Callable[..., str]:
        return lambda *args: "" if tables.RESULTS in args else name

    database.objects = memory.of(subject("rows"), database.objects)
    tables.columns = memory.of(subject("columns"), tables.columns)
    partitions._hidden = memory.of(subject("columns"), partitions._hidden)
    row_access.secured = memory.of(subject("row_access_policies"), row_access.secured)
    metadata.list_ = memory.of(lambda *args: metadata.KINDS[args[0]], metadata.list_)


def _attach(connection: Any, project_id: str) -> None:
    # By this name it finds them again when it starts.
    source = str(settings.data_dir / f"{project_id}.ducklake").replace("'", "''")
    connection.execute(f"ATTACH IF NOT EXISTS '{source}' AS {database.quote(project_id)}")
    database._attached.add(project_id)


def _projects() -> list[str]:
    return sorted(database._attached)


def _add(table: str, record: str, there: list[Any], wanted: list[Any]) -> None:
    """Add the fields that a record lacks, and go down into those that it has."""
    known = {field.name.casefold(): field for field in there}
    for field in wanted:
        stands = known.get(field.name.casefold())
        if stands is None:
            database.execute(f"ALTER TABLE {table} ADD COLUMN {record}{types.column(field, nested=True)}")
        elif field.fields:
            element = ".element" if field.mode == "REPEATED" else ""
            inner = f"{record}{database.quote(stands.name)}{element}."
            _add(table, inner, stands.fields or [], field.fields)


def _merge(cursor: Any, tree: Any, context: Any) -> Any:
    """Run a MERGE. DuckDB takes one of several rows that match the same row, BigQuery refuses them all."""
    whens = tree.args["whens"].expressions
    if any(isinstance(when.args["then"].this, sqlglot.exp.Var) for when in whens):
        # INSERT ROW, which the translation does not know.
        return _merge_by_steps(cursor, tree, context)
    target, source, condition = (
        node.sql(dialect=BigQueryDialect) for node in (tree.this, tree.args["using"], tree.args["on"])
    )
    twice = sqlglot.parse_one(
        f"SELECT 1 FROM {target} JOIN {source} ON {condition} "  # noqa: S608 - of a statement that came as SQL
        f"GROUP BY {tree.this.alias_or_name}.rowid HAVING COUNT(*) > 1 LIMIT 1",
        dialect=BigQueryDialect,
    )
    if any(when.args.get("matched") for when in whens):
        sql, bound = translate(twice, context)
        if cursor.execute(sql, bound).fetchone():
            raise BigQueryError(
                "invalidQuery", "UPDATE/MERGE must match at most one source row for each target row"
            )
    sql, bound = translate(tree, context)
    done = Counter(action for (action,) in cursor.execute(f"{sql} RETURNING merge_action", bound).fetchall())
    counts = {"insertedRowCount": "INSERT", "updatedRowCount": "UPDATE", "deletedRowCount": "DELETE"}
    return JobStatistics2(
        numDmlAffectedRows=str(done.total()),
        dmlStats={name: str(done[action]) for name, action in counts.items()},
    )


_alter = tables._alter
_merge_by_steps = merge.run


def _alter_at_every_depth(project_id: str, dataset_id: str, table_id: str, fields: list[Any]) -> None:
    _alter(project_id, dataset_id, table_id, fields)
    table = tables.name(project_id, dataset_id, table_id)
    _add(table, "", tables.columns(project_id, dataset_id, table_id), fields)


if __name__ == "__main__":
    _remember()
    database._attach = _attach
    database.projects = _projects
    tables._alter = _alter_at_every_depth
    merge.run = _merge
    sys.argv[0] = "local-bigquery"
    sys.exit(main())
