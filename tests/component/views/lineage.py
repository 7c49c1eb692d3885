"""Where a filter by day arrives: which tables of a view it prunes, by the rules that hold in BigQuery.

Runs in the emulator's environment, which has a parser of BigQuery's SQL. Reads from standard input the views' queries,
the tables' partition columns and columns, and each view's day column; writes for each view, table and kind the columns
that are read. The kinds are ``filter`` (only the filtered days are read), ``own`` (a fixed period of days, which the view
itself names) and ``whole``.

A filter passes a SELECT downwards when its column is a plain column there, not an expression; when a GROUP BY groups by
it; and when each window is partitioned by it. From there it passes to a joined source that is joined by equality with it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

# These are of the emulator's environment, which no type checker looks into.
from sqlglot import exp, parse_one  # type: ignore[import-not-found]
from sqlglot.optimizer.pushdown_projections import pushdown_projections  # type: ignore[import-not-found]
from sqlglot.optimizer.qualify import qualify  # type: ignore[import-not-found]
from sqlglot.optimizer.scope import Scope, build_scope  # type: ignore[import-not-found]


class Lineage:
    """Follows filters through one view."""

    def __init__(self, request: dict[str, Any], view: str) -> None:
        self._partitions: dict[str, str] = request["partitions"]
        sources = {name: parse_one(query, dialect="bigquery") for name, query in request["views"].items()}
        tree = exp.expand(sources[view].copy(), sources, dialect="bigquery")
        tree = qualify(
            tree, schema=request["schema"], dialect="bigquery", quote_identifiers=False, identify=False
        )
        self._root = build_scope(pushdown_projections(tree))
        self.reads: dict[str, dict[str, list[str]]] = {}

    def follow(self, column: str | None) -> dict[str, dict[str, list[str]]]:
        """What a filter by a column of the view leaves of each table."""
        self._into(self._root, {column: "filter"} if column else {})
        return self.reads

    def _into(self, scope: Scope, filters: dict[str, str]) -> None:
        """Goes through a SELECT with the filters that came to it, by the names of its columns."""
        select = scope.expression
        below: dict[tuple[str, str], str] = {}
        for name, kind in filters.items():
            inner = next(one for one in select.selects if one.alias_or_name == name).unalias()
            if isinstance(inner, exp.Column) and _passes(select, inner):
                below[inner.table, inner.name] = kind
        for column in _period(select):
            below.setdefault((column.table, column.name), "own")
        for left, right in _equalities(select):
            for here, there in ((left, right), (right, left)):
                if (here.table, here.name) in below and there.table:
                    below.setdefault((there.table, there.name), below[here.table, here.name])
        inside = [(alias, source) for alias, (_, source) in scope.selected_sources.items()]
        inside += [("", inner) for inner in scope.subquery_scopes]
        for alias, source in inside:
            arrived = {name: kind for (table, name), kind in below.items() if table == alias}
            if isinstance(source, exp.Table):
                columns = {column.name for column in select.find_all(exp.Column) if column.table == alias}
                self._scan(f"{source.db}.{source.name}", arrived, columns)
            elif isinstance(source, Scope) and isinstance(source.expression, exp.Select):
                self._into(source, arrived)

    def _scan(self, table: str, filters: dict[str, str], columns: set[str]) -> None:
        kind = filters.get(self._partitions.get(table, ""), "whole")
        kinds = self.reads.setdefault(table, {})
        kinds[kind] = sorted({*kinds.get(kind, ()), *columns})


def _passes(select: exp.Select, column: exp.Column) -> bool:
    """Whether a filter by a column of a SELECT's sources may be applied before its groups, windows and limit."""
    group = select.args.get("group")
    if select.args.get("limit") or (group and column not in group.expressions):
        return False
    named = {window.name: window for window in select.args.get("windows") or ()}
    for window in select.find_all(exp.Window):
        if window.parent_select is not select:
            continue
        own = named.get(window.alias, window)
        if column not in (own.args.get("partition_by") or ()):
            return False
    return True


def _period(select: exp.Select) -> Iterator[exp.Column]:
    """Columns that the SELECT itself compares with what is the same for all rows."""
    where = select.args.get("where")
    for condition in (
        where.this.flatten() if where and isinstance(where.this, exp.And) else [where and where.this]
    ):
        if isinstance(condition, exp.GT | exp.GTE | exp.EQ | exp.Between):
            sides = [condition.this, condition.expression or condition.args.get("low")]
            if isinstance(sides[0], exp.Column) and not sides[1].find(exp.Column):
                yield sides[0]


def _equalities(select: exp.Select) -> Iterator[tuple[exp.Column, exp.Column]]:
    for join in select.args.get("joins") or ():
        on = join.args.get("on")
        for condition in (on.flatten() if isinstance(on, exp.And) else [on]) if on else ():
            if isinstance(condition, exp.EQ):
                sides = condition.this, condition.expression
                if all(isinstance(side, exp.Column) for side in sides):
                    yield sides


def main() -> None:
    """Answer one request."""
    request = json.load(sys.stdin)
    json.dump({name: Lineage(request, name).follow(day) for name, day in request["days"].items()}, sys.stdout)


if __name__ == "__main__":
    main()
