"""What queries in BigQuery's dialect ask of the partitioned tables, told from their text: columns, and which days.

Runs in the environment of the BigQuery emulator, which has the SQL parser: a request as JSON on standard input, the
answer on standard output.

Only a dry run in a real project tells what BigQuery reads: the emulator has no partitions and counts no bytes (a dry
run of it says 0), and its engine's plan keeps filters away from a table whose lists are unnested, which BigQuery's does
not. So the filters of a query are followed down to the tables by the rules under which a planner may move them: through
a column that is passed on as it is, through GROUP BY when it is a key, through window functions when all of them are
partitioned by it. What is computed from a column, such as MIN(day), takes no filter. At a join a filter also holds for
the other side's column that must be equal; those are marked, as it is not written down that BigQuery leaves out
partitions by them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

# Modules of the emulator's environment, which no type checker looks into.
import sqlglot  # type: ignore[import-not-found]
from sqlglot import exp
from sqlglot.optimizer.pushdown_projections import pushdown_projections  # type: ignore[import-not-found]
from sqlglot.optimizer.qualify import qualify  # type: ignore[import-not-found]
from sqlglot.optimizer.scope import Scope, build_scope, find_all_in_scope  # type: ignore[import-not-found]


@dataclass
class Scan:
    """One reading of a table.

    Attributes:
        table: Its name.
        columns: What is read of it; a field of a record as ``record.field``.
        filters: Conditions on its partition column, in BigQuery's dialect.
        joined: Whether they come by the equality of a join only.
        ids: From which to which values of the first column that clusters it, as literals, constants leave rows.
    """

    table: str
    columns: list[str]
    filters: list[str] = field(default_factory=list)
    joined: bool = True
    ids: list[tuple[str, str]] = field(default_factory=list)


class Tracer:
    """Follows filters and columns.

    Args:
        views: SELECT statement of each view, by ``dataset.name``.
        schema: Type of each column, by table, by dataset.
        partitions: The partition column of each table.
        clusters: The first column that clusters each table.
    """

    def __init__(
        self,
        views: Mapping[str, str],
        schema: dict[str, dict[str, dict[str, str]]],
        partitions: Mapping[str, str],
        clusters: Mapping[str, str],
    ) -> None:
        self._views, self._schema, self._partitions, self._clusters = views, schema, partitions, clusters

    def scans(self, query: str) -> list[Scan]:
        """Find each reading of a partitioned table that a query asks for."""
        tree = qualify(
            self._expanded(query), schema=self._schema, dialect="bigquery", validate_qualify_columns=False
        )
        root = build_scope(pushdown_projections(tree))
        references = root.ref_count()
        scopes = list({id(scope): scope for scope in root.traverse()}.values())
        found = {
            id(source): Scan(source.name, _columns(scope, name))
            for scope in scopes
            for name, source in scope.sources.items()
            if isinstance(source, exp.Table) and source.name in self._partitions
        }
        for scope in scopes:
            for condition, column in _conditions(scope):
                for table, name, joined in _arrivals(scope, column, references):
                    scan = found.get(id(table))
                    if scan and name == self._partitions[table.name]:
                        scan.filters.append(_on(condition, column, name))
                        scan.joined &= joined
                    elif scan and name == self._clusters[table.name] and not joined:
                        scan.ids += _ranges(condition)
        return list(found.values())

    def _expanded(self, query: str) -> Any:
        """Write out the views that a query reads; of a merge return what it reads of its target."""
        tree = sqlglot.parse_one(query, dialect="bigquery")
        if isinstance(tree, exp.Merge):
            return _target(tree)
        for table in list(tree.find_all(exp.Table)):
            path = f"{table.db}.{table.name}"
            if path in self._views:
                table.replace(self._expanded(self._views[path]).subquery(table.alias_or_name))
        return tree


def main() -> None:
    """Answer a request."""
    request = json.load(sys.stdin)
    tracer = Tracer(request["views"], request["schema"], request["partitions"], request["clusters"])
    answer = {name: list(map(asdict, tracer.scans(query))) for name, query in request["queries"].items()}
    json.dump(answer, sys.stdout)


def _columns(scope: Any, source: str) -> list[str]:
    paths = set()
    for column in scope.columns:
        if column.table == source:
            path, node = column.name, column
            while isinstance(node.parent, exp.Dot) and node.parent.this is node:
                node = node.parent
                path += f".{node.expression.name}"
            paths.add(path)
    return sorted(paths)


def _target(merge: Any) -> Any:
    """Build a query for all that a merge reads of its target: the rows that its conditions leave, with each column."""
    alone = (
        condition
        for condition in merge.args["on"].flatten()
        if {column.table for column in condition.find_all(exp.Column)} == {merge.this.alias_or_name}
    )
    return exp.select("*").from_(merge.this.copy()).where(*(condition.copy() for condition in alone))


def _ranges(condition: Any) -> list[tuple[str, str]]:
    """Return from which to which constants a condition leaves values; nothing when it compares with no constants."""
    if isinstance(condition, exp.Between):
        bounds = (condition.args["low"], condition.args["high"])
        return [tuple(bound.sql("bigquery") for bound in bounds)] if _are_constants(bounds) else []
    if isinstance(condition, exp.In) and _are_constants(condition.expressions):
        return [(value.sql("bigquery"), value.sql("bigquery")) for value in condition.expressions]
    return []


def _are_constants(values: Sequence[Any]) -> bool:
    return bool(values) and all(isinstance(value, exp.Literal) for value in values)


def _conditions(scope: Any) -> Iterator[tuple[Any, Any]]:
    """Find the conditions of a select on one column alone, with the column."""
    where = scope.expression.args.get("where")
    for condition in (
        (where.this.flatten() if isinstance(where.this, exp.And) else [where.this]) if where else []
    ):
        columns = list(condition.find_all(exp.Column))
        if len({column.sql() for column in columns}) == 1 and not condition.find(exp.Subquery):
            yield condition, columns[0]


def _arrivals(
    scope: Any, column: Any, references: Mapping[int, int], *, joined: bool = False
) -> Iterator[tuple[Any, str, bool]]:
    """Find the tables, with the column there, at which a filter of a select on a column of its sources arrives."""
    yield from _below(scope.sources.get(column.table), column.name, references, joined=joined)
    for join in scope.expression.args.get("joins") or []:
        for equality in join.args["on"].find_all(exp.EQ) if join.args.get("on") else []:
            sides = [equality.this, equality.expression]
            if column in sides and all(isinstance(side, exp.Column) for side in sides):
                other = sides[1 - sides.index(column)]
                yield from _below(scope.sources.get(other.table), other.name, references, joined=True)


def _below(
    source: Any, name: str, references: Mapping[int, int], *, joined: bool
) -> Iterator[tuple[Any, str, bool]]:
    if isinstance(source, exp.Table):
        yield source, name, joined
    # What two places read is filtered by neither alone.
    elif (
        isinstance(source, Scope)
        and isinstance(source.expression, exp.Select)
        and references[id(source)] == 1
    ):
        value = next(
            (item.unalias() for item in source.expression.selects if item.alias_or_name == name), None
        )
        if isinstance(value, exp.Column) and _passes(source.expression, value, name):
            yield from _arrivals(source, value, references, joined=joined)


def _passes(select: Any, column: Any, name: str) -> bool:
    """Return whether the rows that a filter leaves out do not matter to the others; name is the select's column."""
    group = select.args.get("group")
    # A key may be written by the name alone, the column's own or the one that it is given.
    as_key = {(column.table, column.name), ("", column.name), ("", name)}
    is_key = not group or any((key.table, key.name) in as_key for key in group.find_all(exp.Column))
    if select.args.get("limit") or not is_key:
        return False
    named = {window.name: window for window in select.args.get("windows") or []}
    for window in find_all_in_scope(select, exp.Window):
        alias = window.args.get("alias")
        keys = (named[alias.name] if alias else window).args.get("partition_by") or []
        if column not in keys:
            return False
    return True


def _on(condition: Any, column: Any, name: str) -> str:
    """Rewrite a condition as one on a column of a table."""
    moved = condition.transform(lambda node: exp.column(name, quoted=True) if node == column else node)
    text: str = moved.sql(dialect="bigquery")
    return text


if __name__ == "__main__":
    main()
