"""Queries that were right before, over tables of the same columns: reading a script anew takes a tenth of a second.

The same script comes in each run with other names of staging tables. So a query is known by its text with a place for
each name in backticks, and by the columns of those tables.
"""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

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
Texts = tuple[str, str | None, int, int, tuple[Change, ...]]
"""The script to run, the query that counts partitions, how many jobs its statements are, how many tables they read, and
what they change."""


@dataclass
class Remembered:
    """What is known of queries that were right."""

    _known: OrderedDict[Key, Texts] = field(default_factory=OrderedDict)

    def texts(self, shape: Shape) -> Texts | None:
        """Return what was written for a query of the same shape; None where there was none."""
        if shape.key not in self._known:
            return None
        self._known.move_to_end(shape.key)
        script, count, jobs, reads, changes = self._known[shape.key]
        changed = tuple((permission, shape.filled(named)) for permission, named in changes)
        return shape.filled(script), None if count is None else shape.filled(count), jobs, reads, changed

    def keep(self, shape: Shape, texts: Texts, looked_up: set[Path]) -> None:
        """Remember what was made of a query, where all that it depends on is in its shape.

        Args:
            shape: The query's shape.
            texts: What was made of it.
            looked_up: The tables that it depends on.
        """
        script, count, jobs, reads, changes = texts
        emptied = [None if text is None else shape.emptied(text) for text in (script, count)]
        if looked_up <= shape.paths and not any(map(shape.has_names, filter(None, emptied))):
            changed = tuple((permission, shape.emptied(named)) for permission, named in changes)
            self._known[shape.key] = (str(emptied[0]), emptied[1], jobs, reads, changed)
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
        told = [_told(tables(*path)) for path in found]
        self.key: Key = (self._text, scope.project, json.dumps(rest, sort_keys=True), *told)

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


def _told(table: Resource | None) -> str:
    """Return what a statement depends on of a table."""
    return "" if table is None else json.dumps({name: table.get(name) for name in _TOLD}, sort_keys=True)
