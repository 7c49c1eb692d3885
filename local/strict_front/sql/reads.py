"""Which tables a statement reads, and whether it has the filter on partitions that some of them require.

A condition counts when nothing but the partitioning column and constants stand in it, and when it must hold: of parts
joined by OR each must count. A condition with a subquery counts as well; whether BigQuery can use it is not documented.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final

from local.strict_front.sql.googlesql import base, kind, nodes
from local.strict_front.sql.planning import Broken, arguments, called

_FILTER_SOURCE: Final = "https://cloud.google.com/bigquery/docs/managing-partitioned-tables#require-filter"
# What reads no row of the tables that it names when it runs.
_READS_NOTHING: Final = frozenset({"ResolvedCreateViewStmtProto", "ResolvedCreateFunctionStmtProto"})
_SUBQUERY: Final = "ResolvedSubqueryExprProto"

Wanted = Mapping[int, tuple[str, str]]
"""By the number that the analyzer has of a table: its name and its partitioning column."""


def tables(statement: Any) -> int:
    """Count the tables that a resolved statement reads, each of which is billed with 10 MB at least."""
    return len({scan.table.serialization_id for scan in _scans(statement)})


def broken(statement: Any, wanted: Wanted) -> Broken | None:
    """Find the rule that a statement breaks when it reads a table without the filter that the table requires.

    Args:
        statement: The statement as the analyzer resolved it.
        wanted: The tables that require a filter.
    """
    filtered = _filtered(statement) if wanted else set()
    for scan in _scans(statement) if wanted else ():
        if scan.table.serialization_id not in wanted:
            continue
        name, column = wanted[scan.table.serialization_id]
        ids = {one.column_id for one in scan.parent.column_list if one.name.lower() == column.lower()}
        if not ids & filtered:
            message = (
                f"Cannot query over table '{name}' without a filter over column(s) '{column}'"
                " that can be used for partition elimination"
            )
            return "partition_filter", message, _FILTER_SOURCE
    return None


def _scans(statement: Any) -> Iterator[Any]:
    """Yield the scans of tables whose rows a statement reads."""
    if statement.DESCRIPTOR.name not in _READS_NOTHING:
        for scan in _of_kind(statement, "ResolvedTableScanProto"):
            if not _only_adds(statement, scan):
                yield scan


def _only_adds(statement: Any, scan: Any) -> bool:
    """Return whether a statement adds rows to the table of a scan, and does nothing with those that are there."""
    from zetasql.wasi._pb2.zetasql.resolved_ast import resolved_ast_enums_pb2

    name = statement.DESCRIPTOR.name
    if name not in {"ResolvedInsertStmtProto", "ResolvedMergeStmtProto"} or statement.table_scan != scan:
        return False
    if name == "ResolvedInsertStmtProto":
        return True
    adds = resolved_ast_enums_pb2.ResolvedMergeWhenEnums.NOT_MATCHED_BY_TARGET
    only = all(clause.match_type == adds for clause in statement.when_clause_list)
    return only and not any(_columns(kind(statement.merge_expr)))


def _filtered(statement: Any) -> set[int]:
    """Collect the columns of tables that a condition counts for."""
    origins = _origins(statement)
    found: set[int] = set()
    for condition in _conditions(statement):
        for column in _bounded(condition):
            found |= _tables_columns(column, origins)
    return found


def _conditions(statement: Any) -> Iterator[Any]:
    """Yield what must hold of the rows that a statement reads."""
    for node in nodes(statement):
        match node.DESCRIPTOR.name:
            case "ResolvedFilterScanProto":
                yield node.filter_expr
            case "ResolvedJoinScanProto" if node.HasField("join_expr"):
                yield node.join_expr
            case "ResolvedUpdateStmtProto" | "ResolvedDeleteStmtProto":
                yield node.where_expr
            case "ResolvedMergeStmtProto":
                yield node.merge_expr
                # Of several clauses each would need a condition.
                if len(node.when_clause_list) == 1:
                    yield node.when_clause_list[0].match_expr


def _bounded(condition: Any) -> set[int]:
    """Collect the columns that a condition bounds, each by itself."""
    function = called(condition)
    if function in {"$and", "$or"}:
        parts = [_bounded(one) for one in arguments(condition)]
        return set.union(*parts) if function == "$and" else set.intersection(*parts)
    columns = set(_columns(kind(condition)))
    return columns if len(columns) == 1 else set()


def _columns(expression: Any) -> Iterator[int]:
    """Collect the columns that an expression names outside of its subqueries."""
    if expression.DESCRIPTOR.name == "ResolvedColumnRefProto":
        yield expression.column.column_id
    for field, value in expression.ListFields():
        if field.type != field.TYPE_MESSAGE:
            continue
        if expression.DESCRIPTOR.name == _SUBQUERY and field.name != "in_expr":
            continue
        for one in value if field.is_repeated else (value,):
            yield from _columns(one)


def _origins(statement: Any) -> dict[int, set[int]]:
    """Find, for columns that are others under a new number, those others."""
    found: dict[int, set[int]] = defaultdict(set)

    def same(new: Any, old: Any) -> None:
        for one, other in zip(new, old, strict=False):
            found[one.column_id].add(other.column_id)

    entries = {
        entry.with_query_name: base(entry.with_subquery, "ResolvedScanProto").column_list
        for entry in _of_kind(statement, "ResolvedWithEntryProto")
    }
    for node in nodes(statement):
        match node.DESCRIPTOR.name:
            case "ResolvedWithRefScanProto":
                same(node.parent.column_list, entries.get(node.with_query_name, ()))
            case "ResolvedSetOperationScanProto":
                for item in node.input_item_list:
                    same(node.parent.column_list, item.output_column_list)
            case "ResolvedComputedColumnProto":
                expression = kind(node.expr)
                if expression.DESCRIPTOR.name == "ResolvedColumnRefProto":
                    same([node.column], [expression.column])
    return found


def _tables_columns(column: int, origins: Mapping[int, set[int]]) -> set[int]:
    found, left = set(), [column]
    while left:
        one = left.pop()
        if one not in found:
            found.add(one)
            left += origins.get(one, ())
    return found


def _of_kind(statement: Any, name: str) -> Iterator[Any]:
    return (node for node in nodes(statement) if node.DESCRIPTOR.name == name)
