"""What BigQuery refuses of a valid statement, since it cannot run it: some joins, set operators, correlated subqueries.

The analyzer knows nothing of these: they come of how BigQuery plans a query. Where its documents name the error and not
its bounds, what users were told by the service decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from local.strict_front.sql import features
from local.strict_front.sql.googlesql import base, kind, nodes

Broken = tuple[str, str, str]
"""A rule, what is wrong, and where Google documents it."""

_REFERENCE: Final = features.REFERENCE
_OUTER: Final = {"LEFT", "RIGHT", "FULL"}


def broken(statement: Any) -> Broken | None:
    """Find the first rule that a resolved statement breaks, of those that the analyzer does not know."""
    for node in nodes(statement):
        name = node.DESCRIPTOR.name
        if name in _CHECKS and (found := _CHECKS[name](node)):
            return found
    return None


def _query(statement: Any) -> Broken | None:
    """Require different names for the columns of a result."""
    seen: set[str] = set()
    for column in statement.output_column_list:
        name = column.name.lower()
        # Columns without names get names of their own.
        if name in seen and not name.startswith("$"):
            return (
                "result_column_twice",
                f"Duplicate column names in the result are not supported. Found duplicate(s): {column.name}",
                f"{_REFERENCE}query-syntax#duplicate_aliases",
            )
        seen.add(name)
    return None


def _function(call: Any) -> Broken | None:
    """Find a function of the language that BigQuery does not have."""
    name = call.function.name.removeprefix("ZetaSQL:")
    if name.lower() in features.NOT_ITS_FUNCTIONS:
        return "function_not_found", f"Function not found: {name.upper()}", f"{_REFERENCE}functions-all"
    return None


def _join(join: Any) -> Broken | None:
    """Require of an outer join an equality between its sides, or a condition that is a constant."""
    from zetasql.wasi._pb2.zetasql.resolved_ast import resolved_ast_enums_pb2

    how = resolved_ast_enums_pb2.ResolvedJoinScanEnums.JoinType.Name(join.join_type)
    if how not in _OUTER or not join.HasField("join_expr"):
        return None
    left, right = _columns_of(join.left_scan), _columns_of(join.right_scan)
    if not _columns_in(join.join_expr) & (left | right) or _equates(join.join_expr, left, right):
        return None
    return _no_equality(f"{how} OUTER JOIN")


def _merge(merge: Any) -> Broken | None:
    """Treat a merge that also acts on rows without a match as an outer join."""
    from zetasql.wasi._pb2.zetasql.resolved_ast import resolved_ast_enums_pb2

    match_name = resolved_ast_enums_pb2.ResolvedMergeWhenEnums.MatchType.Name
    whens = {match_name(when.match_type) for when in merge.when_clause_list}
    target, source = _columns_of(merge.table_scan), _columns_of(merge.from_scan)
    condition = merge.merge_expr
    if whens == {"MATCHED"} or not _columns_in(condition) or _equates(condition, target, source):
        return None
    sides = {"NOT_MATCHED_BY_SOURCE": "LEFT", "NOT_MATCHED_BY_TARGET": "RIGHT"}
    needed = {sides[when] for when in whens if when in sides}
    return _no_equality(f"{needed.pop() if len(needed) == 1 else 'FULL'} OUTER JOIN")


def _no_equality(how: str) -> Broken:
    return (
        "outer_join_without_equality",
        f"{how} cannot be used without a condition that is an equality of fields from both sides of the join.",
        f"{_REFERENCE}query-syntax#join_types",
    )


def _subquery(subquery: Any) -> Broken | None:
    """Require of a correlated subquery over a table that it can become a join."""
    from zetasql.wasi._pb2.zetasql.resolved_ast import resolved_ast_enums_pb2

    outer = {reference.column.column_id for reference in subquery.parameter_list}
    inside = list(nodes(subquery.subquery))
    if not outer or not any(node.DESCRIPTOR.name == "ResolvedTableScanProto" for node in inside):
        return None
    how = resolved_ast_enums_pb2.ResolvedSubqueryExprEnums.SubqueryType.Name(subquery.subquery_type)
    semi = how in {"EXISTS", "IN", "LIKE_ANY", "LIKE_ALL"}
    of_array = any(
        node.DESCRIPTOR.name == "ResolvedArrayScanProto"
        and any(_columns_in(one) & outer for one in node.array_expr_list)
        for node in inside
    )
    limited = any(node.DESCRIPTOR.name == "ResolvedLimitOffsetScanProto" for node in inside)
    filters = [
        conjunct
        for node in inside
        if node.DESCRIPTOR.name == "ResolvedFilterScanProto"
        for conjunct in _conjuncts(node.filter_expr)
        if _columns_in(conjunct) & outer
    ]
    joined = any(_is_equality(conjunct, lambda ids: ids <= outer) for conjunct in filters)
    if of_array or (limited and not semi) or (filters and not joined and not semi):
        return (
            "correlated_subquery",
            "Correlated subqueries that reference other tables are not supported unless they can be de-correlated,"
            " such as by transforming them into an efficient JOIN.",
            f"{_REFERENCE}subqueries#correlated_subquery_concepts",
        )
    return _no_equality("LEFT SEMI JOIN") if filters and not joined and how == "EXISTS" else None


def _set_operation(scan: Any) -> Broken | None:
    """Allow ALL of a UNION alone."""
    from zetasql.wasi._pb2.zetasql.resolved_ast import resolved_ast_enums_pb2

    how = resolved_ast_enums_pb2.ResolvedSetOperationScanEnums.SetOperationType.Name(scan.op_type)
    if how not in {"INTERSECT_ALL", "EXCEPT_ALL"}:
        return None
    return (
        "set_operators",
        f"{how.replace('_', ' ')} is not supported",
        f"{_REFERENCE}query-syntax#set_operators",
    )


def _sample(scan: Any) -> Broken | None:
    if scan.method.lower() == "system":
        return None
    return (
        "tablesample",
        f"Unsupported sampling method: {scan.method}",
        f"{_REFERENCE}query-syntax#tablesample_operator",
    )


_CHECKS: Final = {
    "ResolvedQueryStmtProto": _query,
    "ResolvedFunctionCallBaseProto": _function,
    "ResolvedJoinScanProto": _join,
    "ResolvedMergeStmtProto": _merge,
    "ResolvedSampleScanProto": _sample,
    "ResolvedSetOperationScanProto": _set_operation,
    "ResolvedSubqueryExprProto": _subquery,
}


def _equates(condition: Any, left: set[int], right: set[int]) -> bool:
    """Return whether one of the conditions that must all hold is an equality between two sides."""

    def is_side(ids: set[int]) -> bool:
        return ids <= left or ids <= right

    return any(
        _is_equality(conjunct, is_side, both=(left, right)) or _is_null_safe(conjunct, left, right)
        for conjunct in _conjuncts(condition)
    )


def _is_equality(conjunct: Any, is_side: Any, both: tuple[set[int], set[int]] | None = None) -> bool:
    if called(conjunct) not in {"$equal", "$is_not_distinct_from"}:
        return False
    one, other = (_columns_in(argument) for argument in arguments(conjunct))
    if not one or not other:
        return False
    if both is None:
        # A side of the equality is of the outer query alone, the other of the inner alone.
        return is_side(one) != is_side(other) and (is_side(one) or not one & other)
    left, right = both
    return (one <= left and other <= right) or (one <= right and other <= left)


def _is_null_safe(conjunct: Any, left: set[int], right: set[int]) -> bool:
    """Return whether a condition is ``a = b OR (a IS NULL AND b IS NULL)``, which BigQuery knows of plain columns."""
    if called(conjunct) != "$or":
        return False
    for part in arguments(conjunct):
        if _is_equality(part, None, both=(left, right)):
            plain = all(
                kind(argument).DESCRIPTOR.name == "ResolvedColumnRefProto" for argument in arguments(part)
            )
            ids = _columns_in(part)
            rest = [other for other in arguments(conjunct) if other is not part]
            nulls = [one for other in rest for one in _conjuncts(other) if called(one) == "$is_null"]
            return plain and set().union(*map(_columns_in, nulls)) == ids
    return False


def _conjuncts(condition: Any) -> Iterator[Any]:
    """Yield the conditions that must all hold."""
    if called(condition) == "$and":
        for argument in arguments(condition):
            yield from _conjuncts(argument)
    else:
        yield condition


def called(expression: Any) -> str:
    """Return the name of the function that an expression calls; none where it is something else."""
    found = kind(expression)
    if found.DESCRIPTOR.name != "ResolvedFunctionCallProto":
        return ""
    return str(found.parent.function.name.removeprefix("ZetaSQL:"))


def arguments(expression: Any) -> Any:
    """Return the arguments of a call."""
    return kind(expression).parent.argument_list


def _columns_in(expression: Any) -> set[int]:
    """Collect the columns that an expression names."""
    return {
        node.column.column_id
        for node in nodes(expression)
        if node.DESCRIPTOR.name == "ResolvedColumnRefProto"
    }


def _columns_of(scan: Any) -> set[int]:
    """Collect the columns that come out of a part of a query."""
    return {column.column_id for column in base(scan, "ResolvedScanProto").column_list}
