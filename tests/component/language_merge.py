"""The merges, run statement by statement in BigQuery's own language by its reference implementation.

It runs queries, and neither scripts nor MERGE. So of each MERGE the source, the join and the conditions are run as
queries, and what they give is put into rows that are kept here: the text of the statement alone says which.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from types import SimpleNamespace
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from benchmarks.views.batches import queries_of
from tests.component.batches import reported_of
from tests.component.views.reference import VALUES, Ask, literal_table
from tiny_operators.schemas import LAYOUTS, LOADED, schema_fields
from tiny_operators.stores import Store, include_dir
from tiny_operators.task_factories.macros import check_macros, merge_macros

Row = dict[str, Any]
_VALUES = VALUES | {"TIMESTAMP": lambda text: datetime.fromisoformat(text).astimezone(UTC)}
_MERGE = re.compile(
    r"MERGE `(?P<target>[^`]+)` AS target\s+USING \((?P<source>.*?)\n\s*\) AS source\s+ON(?P<on>.*?)(?P<whens>\n\s*WHEN .*)",
    re.DOTALL,
)
_WHEN = re.compile(
    r"(?P<missing>NOT )?MATCHED(?: AND (?P<condition>.*?))? THEN\s+"
    r"(?:UPDATE SET(?P<assignments>.*)|INSERT \((?P<columns>.*?)\)\s+VALUES \((?P<values>.*)\))\s*$",
    re.DOTALL,
)


@dataclass(frozen=True)
class _When:
    """What a MERGE does with some of its rows.

    Attributes:
        inserts: Whether it is for rows of the source that match none.
        condition: What must be true besides.
        values: The new value of each column that it sets.
    """

    inserts: bool
    condition: str
    values: dict[str, str]

    @property
    def is_meant(self) -> str:
        there = f"target.store IS {'' if self.inserts else 'NOT '}NULL"
        return f"{there} AND ({self.condition})"


class LanguageMerge:
    """Merges batches as :class:`~tests.component.batches.Merge` does.

    Args:
        ask: The language's program.
        store: The store.
        many: Whether the statements are told of the ids as of those of a large batch.
    """

    def __init__(self, ask: Ask, store: Store, *, many: bool = False) -> None:
        self._ask, self._store, self._many = ask, store, many
        self._tables: dict[str, list[Row]] = {table: [] for table in LOADED}
        self._analysed: list[tuple[str, _When]] = []

    def __call__(self, **rows: list[Row]) -> None:
        for statement in queries_of(self._script(rows), partial(self._days, rows)):
            if statement.startswith("MERGE"):
                self._merge(statement, rows)

    def rows(self, table: str, where: str) -> list[Row]:
        """Rows of a table, without records."""
        names = [field["name"] for field in _scalars(table)]
        sql = f"SELECT * FROM {literal_table(_fields(table), self._tables[table])} WHERE {where}"
        values = {field["name"]: _VALUES[field["type"]] for field in _scalars(table)}
        return [
            {
                name: None if text is None else values[name](text)
                for name, text in zip(names, row, strict=True)
            }
            for row in self._found(sql, names)
        ]

    def row(self, table: str, **key: Any) -> Row:
        (found,) = self.rows(table, " AND ".join(f"{name} = {value!r}" for name, value in key.items()))
        return found

    def _script(self, rows: dict[str, list[Row]]) -> str:
        environment = Environment(loader=FileSystemLoader(include_dir() / "sql"), undefined=StrictUndefined)
        environment.globals.update(check_macros(self._store) | merge_macros(self._store))
        said = reported_of(rows, many=self._many)
        ti = SimpleNamespace(xcom_pull=lambda task_ids, key="return_value": said[key])
        return environment.get_template("merge.sql").render(
            dag=SimpleNamespace(dag_id="x"), run_id="y", ti=ti
        )

    def _with_tables(self, table: str, rows: dict[str, list[Row]], sql: str) -> str:
        """A query over a table's rows and its staging table's, which are written once: subqueries read them often."""
        sql = re.sub(rf"`\w+\.{table}`", "target_rows", sql)
        return (
            f"WITH target_rows AS {literal_table(_fields(table), self._tables[table])}, "
            f"staging_rows AS {literal_table(_fields(table), rows[table])}\n"
            + re.sub(r"`\w+_staging\.\w+`", "staging_rows", sql)
        )

    def _days(self, rows: dict[str, list[Row]], query: str) -> list[str | None]:
        """What a lookup finds."""
        (table,) = re.findall(rf"`\w+\.({'|'.join(LOADED)})`", query)
        days = self._found(
            self._with_tables(table, rows, f"SELECT day FROM UNNEST(ARRAY({query})) AS day"), ["day"]
        )
        return [day for (day,) in days]

    def _merge(self, statement: str, rows: dict[str, list[Row]]) -> None:
        found = _MERGE.search(statement)
        assert found, statement
        table = found["target"].split(".")[1]
        whens = list(_whens(found["whens"].rstrip().rstrip(";")))
        which = " ".join(f"WHEN {when.is_meant} THEN {number}" for number, when in enumerate(whens))
        joined = (
            f"FROM ({found['source']}) AS source LEFT JOIN `{found['target']}` AS target ON {found['on']} "
            f"WHERE CASE {which} END = "
        )

        def rows_of(columns: str, number: int) -> str:
            return self._with_tables(table, rows, f"SELECT {columns} {joined}{number}")

        key = ["store", *(column for column in LAYOUTS[table].cluster if column != "store")]
        changes = [
            (when, self._changed(table, key, when, partial(rows_of, number=n)))
            for n, when in enumerate(whens)
        ]
        twice = Counter(tuple(row[name] for name in key) for _, changed in changes for row in changed)
        assert not twice or max(twice.values()) == 1, f"a row of the target matches twice: {twice}"
        by_key = {tuple(str(row[name]) for name in key): row for row in self._tables[table]}
        for _, changed in changes:
            for row in changed:
                own = tuple(str(row[name]) for name in key)
                by_key[own] = by_key.get(own, {}) | row
        self._tables[table] = list(by_key.values())

    def _changed(self, table: str, key: list[str], when: _When, query: Callable[[str], str]) -> list[Row]:
        """The new values of the rows with which this is done, and their keys."""
        if (table, when) not in self._analysed:
            every = ", ".join(f"{value} AS `{name}`" for name, value in when.values.items())
            types = self._ask({"sql": query(every)})
            assert "types" in types, types
            self._analysed.append((table, when))
        kept = {name: f"source.{name}" for name in key} | {
            field["name"]: when.values[field["name"]]
            for field in _scalars(table)
            if field["name"] in when.values
        }
        some = ", ".join(f"{value} AS `{name}`" for name, value in kept.items())
        names = list(kept)
        return [dict(zip(names, row, strict=True)) for row in self._found(query(some), names)]

    def _found(self, sql: str, columns: list[str]) -> list[list[str | None]]:
        answer = self._ask({"sql": sql, "columns": columns})
        assert "rows" in answer, answer
        found: list[list[str | None]] = answer["rows"]
        return found


def _fields(table: str) -> list[Row]:
    """Columns of a table; those of JSON as text, of which its functions take values too."""
    return [field | {"type": field["type"].replace("JSON", "STRING")} for field in schema_fields(table)]


def _scalars(table: str) -> list[Row]:
    return [field for field in _fields(table) if field["type"] != "RECORD" and field["mode"] != "REPEATED"]


def _whens(text: str) -> Iterator[_When]:
    for part in re.split(r"\n\s*WHEN (?=(?:NOT )?MATCHED)", text)[1:]:
        found = _WHEN.match(part)
        assert found, part
        if found["missing"]:
            names = _parts(found["columns"])
            values = dict(zip(names, _parts(found["values"]), strict=True))
        else:
            values = dict(re.split(r"\s*=\s*", part, maxsplit=1) for part in _parts(found["assignments"]))
        yield _When(bool(found["missing"]), found["condition"] or "TRUE", values)


def _parts(text: str) -> list[str]:
    """What stands between the commas that are in no parentheses."""
    parts, depth = [""], 0
    for letter in text:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]
