"""What queries read of the tables: days of their partitions, and bytes by BigQuery's sizes of its types."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from google.cloud import bigquery

from local.stack.settings import venv
from tiny_operators.schemas import LAYOUTS, schema_fields
from tiny_operators.stores import Store

_PROGRAM: Final = Path(__file__).resolve().with_name("filters.py")
# https://cloud.google.com/bigquery/pricing#data: bytes of a value; a text has two more than its letters.
_FIXED: Final = {"NUMERIC": 16, "BOOLEAN": 1}
_OTHER: Final = 8


@dataclass(frozen=True)
class Read:
    """What a query reads of a table at one place.

    Attributes:
        table: The table.
        days: Days of its partition column.
        bytes: Of the columns that are asked for, on these days.
        joined: Whether the days are left by the equality of a join only.
        columns: What is read of each row; a field of a record as ``record.field``.
    """

    table: str
    days: int
    bytes: int
    joined: bool
    columns: tuple[str, ...]


class Reads:
    """Measures in the tables as they are.

    Args:
        client: Client of BigQuery.
        store: The store whose tables they are.
    """

    def __init__(self, client: bigquery.Client, store: Store) -> None:
        self._client, self._store = client, store
        self._measured: dict[str, int] = {}

    def of(
        self, queries: Mapping[str, str], views: Mapping[str, str], staging: Mapping[str, str] | None = None
    ) -> dict[str, list[Read]]:
        """Find what each query reads of the store's tables.

        Args:
            queries: The queries or merges, by any name.
            views: SELECT statement of each view, by ``dataset.name``.
            staging: The table whose columns each staging table has, by its name.
        """
        types = {table: _types(schema_fields(table)) for table in LAYOUTS}
        staged = {name: types[table] for name, table in (staging or {}).items()}
        answer = _scans({
            "queries": dict(queries),
            "views": dict(views),
            "schema": {self._store.dataset: types, self._store.staging_dataset: staged},
            "partitions": {table: layout.partition for table, layout in LAYOUTS.items()},
            "clusters": {table: layout.cluster[0] for table, layout in LAYOUTS.items()},
        })
        return {name: [self._read(scan) for scan in scans] for name, scans in answer.items()}

    def days(self, table: str) -> int:
        """Return all days of a table."""
        return self._measure(table, _day(table), "TRUE")

    def bytes(self, table: str, columns: Iterable[str], where: str) -> int:
        """Return how many bytes some columns of a table have, in the rows of a condition."""
        fields = schema_fields(table)
        return sum(self._measure(table, f"SUM({_size(*_find(fields, path))})", where) for path in columns)

    def _read(self, scan: dict[str, Any]) -> Read:
        table, columns = scan["table"], tuple(scan["columns"])
        ranges = [self._in_blocks(table, scan["ids"])] if scan["ids"] else []
        where = " AND ".join((*scan["filters"], *ranges)) or "TRUE"
        filtered = bool(scan["filters"])
        return Read(
            table,
            self._measure(table, _day(table), where),
            self.bytes(table, columns, where),
            filtered and scan["joined"],
            columns,
        )

    def _in_blocks(self, table: str, ids: Iterable[tuple[str, str]]) -> str:
        """Build a condition for the rows that stand in blocks with some ids.

        BigQuery knows the lowest and the highest value of each block and leaves out those that cannot match
        (https://cloud.google.com/bigquery/docs/clustered-tables). The small partitions of these tables are one each.

        Args:
            table: The table.
            ids: The ids as literals, from which to which.
        """
        column, day = LAYOUTS[table].cluster[0], f"DATE(`{LAYOUTS[table].partition}`)"
        found = " OR ".join(f"low <= {last} AND high >= {first}" for first, last in ids)
        return f"""{day} IN (
            SELECT day FROM (
                SELECT {day} AS day, MIN(`{column}`) AS low, MAX(`{column}`) AS high
                FROM `{self._store.dataset}.{table}` GROUP BY day
            ) WHERE {found}
        )"""  # noqa: S608 - own names

    def _measure(self, table: str, what: str, where: str) -> int:
        query = f"SELECT {what} AS n FROM `{self._store.dataset}.{table}` WHERE {where}"  # noqa: S608 - own names
        if query not in self._measured:
            self._measured[query] = int(next(iter(self._client.query_and_wait(query)))["n"] or 0)
        return self._measured[query]


def _scans(request: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Ask :mod:`benchmarks.views.filters`.

    Raises:
        RuntimeError: When it fails; with what it said.
    """
    emulator = venv("bigquery")
    done = subprocess.run(
        [str(emulator / "bin" / "python"), str(_PROGRAM)],
        input=json.dumps(request),
        env={"HOME": str(emulator / "home"), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"the queries cannot be followed:\n{done.stderr[-3000:]}")
    answer: dict[str, list[dict[str, Any]]] = json.loads(done.stdout)
    return answer


def _day(table: str) -> str:
    return f"COUNT(DISTINCT DATE(`{LAYOUTS[table].partition}`))"


def _types(fields: Iterable[dict[str, Any]]) -> dict[str, str]:
    return {field["name"]: _type(field) for field in fields}


def _type(field: dict[str, Any]) -> str:
    """Return the type of a column as SQL writes it."""
    name: str = {"INTEGER": "INT64", "BOOLEAN": "BOOL"}.get(field["type"], field["type"])
    if name == "RECORD":
        name = f"STRUCT<{', '.join(f'{inner} {kind}' for inner, kind in _types(field['fields']).items())}>"
    return f"ARRAY<{name}>" if field.get("mode") == "REPEATED" else name


def _find(fields: list[dict[str, Any]], path: str) -> tuple[str, dict[str, Any]]:
    """Find a column, or a field of a record, by its path in any case; return it as SQL, with its schema."""
    name, _, rest = path.partition(".")
    found = next(field for field in fields if field["name"].lower() == name.lower())
    value = f"`{found['name']}`"
    if not rest:
        return value, found
    inner, schema = _find(found["fields"], rest)
    return f"{value}.{inner}", schema


def _size(value: str, field: dict[str, Any], depth: int = 0) -> str:
    """Build SQL for the bytes of a value. A list counts with all fields of its records, needed or not."""
    if field.get("mode") == "REPEATED":
        item = f"item{depth}"
        inner = _size(item, {**field, "mode": "NULLABLE"}, depth + 1)
        return f"IFNULL((SELECT SUM({inner}) FROM UNNEST({value}) AS {item}), 0)"  # noqa: S608 - own names
    if field["type"] == "RECORD":
        return " + ".join(_size(f"{value}.`{inner['name']}`", inner, depth) for inner in field["fields"])
    if field["type"] == "STRING":
        return f"IFNULL(2 + BYTE_LENGTH({value}), 0)"
    return f"IF({value} IS NULL, 0, {_FIXED.get(field['type'], _OTHER)})"
