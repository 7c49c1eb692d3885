"""A store whose views are read by the reference implementation of GoogleSQL instead of the emulator."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from local.stack.settings import venv
from tests.component.views.rows import STORE, Row, Tables
from tiny_operators.schemas import LAYOUTS, schema_fields
from tiny_operators.stores import Store
from tiny_operators.warehouse.datasets import keys_table
from tiny_operators.warehouse.views import View, views

KEY = bytes(range(64))
_KEYS = [
    {"name": "store", "type": "STRING", "mode": "REQUIRED"},
    {"name": "chave", "type": "BYTES", "mode": "REQUIRED"},
]
_SQL_TYPES = {"INTEGER": "INT64", "BOOLEAN": "BOOL"}
_NAMES = {name: own for own, name in _SQL_TYPES.items()}
VALUES: dict[str, Callable[[str], Any]] = {
    "NUMERIC": Decimal,
    "INTEGER": int,
    "BOOLEAN": "true".__eq__,
    "DATE": date.fromisoformat,
    "TIMESTAMP": datetime.fromisoformat,
    "STRING": str,
}
Ask = Callable[[dict[str, Any]], dict[str, Any]]


@contextmanager
def googlesql() -> Iterator[Ask]:
    """The language's own program, to be asked."""
    program = [str(venv("bigquery") / "bin" / "python"), str(Path(__file__).with_name("googlesql.py"))]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        asked, answers = process.stdin, process.stdout

        def ask(request: dict[str, Any]) -> dict[str, Any]:
            asked.write(json.dumps(request) + "\n")
            asked.flush()
            answer: dict[str, Any] = json.loads(answers.readline())
            return answer

        yield ask
        asked.close()


class Reference:
    """A store with tables in memory, which its views are read from."""

    def __init__(self, ask: Ask, store: Store) -> None:
        self._ask, self.store = ask, store
        self._tables: Tables = {name: [] for name in LAYOUTS}
        self._views = {view.path: view for view in views(store)}

    def load(self, tables: Tables) -> None:
        """Add rows to the tables."""
        for name, rows in tables.items():
            self._tables[name] += rows

    def rows(self, view: str, where: str = "TRUE", *, personal: bool = False) -> list[Row]:
        """Rows of a view."""
        dataset = self.store.personal_dataset if personal else self.store.report_dataset
        columns = self._views[f"{dataset}.{view}"].columns
        answer = self._ask({
            "sql": self._with_tables(f"SELECT * FROM `{dataset}.{view}` WHERE {where}"),
            "columns": [column.name for column in columns],
        })
        assert "rows" in answer, answer
        return [
            {
                column.name: None if text is None else VALUES[column.type](text)
                for column, text in zip(columns, row, strict=True)
            }
            for row in answer["rows"]
        ]

    def types(self, view: View) -> dict[str, str]:
        """Names and types of a view's columns."""
        answer = self._ask({"sql": self._with_tables(f"SELECT * FROM `{view.path}`")})
        assert "types" in answer, (view.path, answer)
        return {name: _NAMES.get(kind, kind) for name, kind in answer["types"].items()}

    def problem(self, sql: str) -> str | None:
        """What the language says against a query over the views; None when it takes it."""
        answer = self._ask({"sql": self._with_tables(sql)})
        return answer.get("error")

    def _with_tables(self, sql: str) -> str:
        """A query with the views that it reads in it, and their tables as literals."""
        while reads := [view for path, view in self._views.items() if f"`{path}`" in sql]:
            for view in reads:
                sql = sql.replace(f"`{view.path}`", f"(\n{view.query}\n)")
        keys = literal_table(_KEYS, [{"store": STORE, "chave": KEY}])
        sql = sql.replace(f"`{keys_table(self.store)}`", keys)
        for name in LAYOUTS:
            path = f"`{self.store.dataset}.{name}`"
            if path in sql:
                sql = sql.replace(path, literal_table(schema_fields(name), self._tables[name]))
        return sql


def literal_table(fields: list[dict[str, Any]], rows: list[Row]) -> str:
    """A table as it is written in a query; without columns of JSON."""
    record = {"type": "RECORD", "mode": "REPEATED", "fields": [f for f in fields if f["type"] != "JSON"]}
    return f"(SELECT * FROM UNNEST({_literal(rows, record)}))"


def _type(field: dict[str, Any]) -> str:
    inner = ", ".join(f"`{f['name']}` {_type(f)}" for f in field.get("fields", ()))
    kind = f"STRUCT<{inner}>" if inner else _SQL_TYPES.get(field["type"], field["type"])
    return f"ARRAY<{kind}>" if field["mode"] == "REPEATED" else kind


def _literal(value: Any, field: dict[str, Any]) -> str:
    """A value of a column, as it is written in a query; in a list, its type stands before the list."""
    if field["mode"] == "REPEATED":
        one = field | {"mode": "NULLABLE"}
        return f"{_type(field)}[{', '.join(_literal(item, one) for item in value or ())}]"
    if value is None:
        return "NULL"
    if field["type"] == "RECORD":
        return f"STRUCT({', '.join(_literal(value.get(f['name']), f) for f in field['fields'])})"
    if field["type"] == "BYTES":
        return f"FROM_HEX('{value.hex()}')"
    text = json.dumps(str(value), ensure_ascii=False)
    if field["type"] == "STRING":
        return text
    return str(int(value)) if field["type"] == "INTEGER" else f"{field['type']} {text}"
