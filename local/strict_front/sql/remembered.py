"""Queries that were right before, over tables of the same columns: reading a script anew takes a tenth of a second.

The same script comes in each run with other names of staging tables. So a query is known by its text with a place for
each name in backticks, and by the columns of those tables.
"""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final

from local.strict_front.refusal import Refusal
from local.strict_front.sql.catalog import Path, Resource, Scope, Tables
from local.strict_front.sql.changes import Change

_NAME: Final = re.compile(r"`([\w-]+(?:\.[\w-]+){1,2})`")
_KEPT: Final = 500
_TOLD: Final = (
    "type",
    "schema",
    "timePartitioning",
    "rangePartitioning",
    "clustering",
    "requirePartitionFilter",
)

Key = tuple[str, ...]


@dataclass(frozen=True)
class Examined:
    """What is known of a query before it runs.

    Attributes:
        refusal: Why BigQuery refuses it; None where it takes it.
        script: The query to run: a script has statements besides that keep the limits which only running can tell.
        partitions: A query that counts the partitions that a job of one statement will change, to be run before it.
        statements: How many of its statements and expressions are jobs of their own on BigQuery: those that read tables
            or change them.
        reads: How many tables all of them read.
        changes: What they change.
    """

    refusal: Refusal | None
    script: str
    partitions: str | None = None
    statements: int = 1
    reads: int = 0
    changes: tuple[Change, ...] = ()

    def renamed(self, rename: Callable[[str], str]) -> Examined:
        """Return the same with other names of tables in its texts."""
        return replace(
            self,
            script=rename(self.script),
            partitions=None if self.partitions is None else rename(self.partitions),
            changes=tuple((permission, rename(named)) for permission, named in self.changes),
        )


@dataclass
class Remembered:
    """What is known of queries that were right."""

    _known: OrderedDict[Key, Examined] = field(default_factory=OrderedDict)

    def of(self, shape: Shape) -> Examined | None:
        """Return what is known of a query of the same shape; None where there was none."""
        if shape.key not in self._known:
            return None
        self._known.move_to_end(shape.key)
        return self._known[shape.key].renamed(shape.filled)

    def keep(self, shape: Shape, examined: Examined, looked_up: set[Path]) -> None:
        """Remember what was made of a query, where all that it depends on is in its shape.

        Args:
            shape: The query's shape.
            examined: What is known of it.
            looked_up: The tables that it depends on.
        """
        emptied = examined.renamed(shape.emptied)
        texts = filter(None, (emptied.script, emptied.partitions))
        if looked_up <= shape.paths and not any(map(shape.has_names, texts)):
            self._known[shape.key] = emptied
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)


class Shape:
    """A query without the names of its tables.

    Args:
        query: The query.
        scope: What stands around it.
        tables: The tables as they are.

    Attributes:
        key: What it is known by.
        paths: The tables that stand in it by names in backticks.
    """

    def __init__(self, query: dict[str, Any], scope: Scope, tables: Tables) -> None:
        text = str(query["query"])
        self._names = list(dict.fromkeys(_NAME.findall(text)))
        found = [scope.path([name]) for name in self._names]
        self.paths = set(found)
        rest = {name: value for name, value in query.items() if name != "query"}
        self._text = self.emptied(text)
        reported = [_reported(tables(*path)) for path in found]
        self.key: Key = (self._text, scope.project, json.dumps(rest, sort_keys=True), *reported)

    def emptied(self, text: str) -> str:
        """Replace the names in a text by places for them."""
        return _NAME.sub(lambda match: f"`#{self._names.index(match[1])}`", text)

    def filled(self, text: str) -> str:
        """Fill the places for the names in a text with the names."""
        return re.sub(r"`#(\d+)`", lambda match: f"`{self._names[int(match[1])]}`", text)

    def has_names(self, text: str) -> bool:
        """Return whether a name is left in what was added to the query."""
        last = {name.rpartition(".")[2] for name in self._names}
        return any(text.count(name) > self._text.count(name) for name in last)


def noting(tables: Tables, looked_up: set[Path]) -> Callable[[str, str, str], Resource | None]:
    """Return tables that note which of them are looked up."""

    def look_up(project: str, dataset: str, table: str) -> Resource | None:
        looked_up.add((project, dataset, table))
        return tables(project, dataset, table)

    return look_up


def _reported(table: Resource | None) -> str:
    """Return what a statement depends on of a table."""
    return "" if table is None else json.dumps({name: table.get(name) for name in _TOLD}, sort_keys=True)
