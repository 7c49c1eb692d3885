"""What a statement would change, as queries that the emulator can run before it: partitions, and rows changed twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from local.strict_front.sql import types
from local.strict_front.sql.catalog import Resource, Scope, UnknownTableError
from local.strict_front.sql.googlesql import text

MOST: Final = 4_000
SOURCE: Final = "https://cloud.google.com/bigquery/quotas#partitioned_tables"
MESSAGE: Final = "Too many partitions produced by query, allowed 4000"
MATCHES_MESSAGE: Final = "UPDATE/MERGE must match at most one source row for each target row"

# By the type of the column, how a partition of a granularity is told.
_TRUNCATE: Final = {"DATE": "DATE_TRUNC", "TIMESTAMP": "TIMESTAMP_TRUNC", "DATETIME": "DATETIME_TRUNC"}
_ROW: Final = "`number of the row`"


@dataclass(frozen=True)
class Count:
    """Queries that count.

    Attributes:
        partitions: The query that counts partitions.
        rows: One that costs less, and whose count is never smaller; none where there is none.
    """

    partitions: str
    rows: str | None = None


@dataclass(frozen=True)
class _Target:
    """A partitioned table that a statement changes.

    Attributes:
        path: Its name in the statement.
        alias: How the statement calls it.
        column: Its column of partitions.
        fields: Its columns.
        truncated: The start of a value's partition, in SQL, with ``{}`` for the value.
    """

    path: str
    alias: str
    column: str
    fields: list[types.Field]
    truncated: str


def count(node: Any, script: bytes, scope: Scope) -> Count | None:
    """Build queries that count the partitions that a statement will change.

    Args:
        node: The statement's node in the syntax tree.
        script: The script that it stands in.
        scope: What stands around it.

    Returns:
        The queries; None where it changes no table of many partitions, or few of them in any case.
    """
    counts = {
        "ASTInsertStatementProto": _insert,
        "ASTUpdateStatementProto": _update,
        "ASTDeleteStatementProto": _delete,
        "ASTMergeStatementProto": _merge,
    }
    name = node.DESCRIPTOR.name
    if name == "ASTCreateTableStatementProto":
        return _create(node, script)
    if name not in counts or (target := _target(node, script, scope)) is None:
        return None
    return counts[name](node, target, script)


def twice(node: Any, script: bytes) -> str | None:
    """Build a query that has a row where an UPDATE matches one row of its table with several others.

    Of a MERGE the emulator looks at this itself:
    https://cloud.google.com/bigquery/docs/reference/standard-sql/dml-syntax#update_statement

    Args:
        node: The statement's node in the syntax tree.
        script: The script that it stands in.

    Returns:
        The query; None where the statement matches its rows with no others.
    """
    if node.DESCRIPTOR.name != "ASTUpdateStatementProto" or not node.HasField("from_clause"):
        return None
    path = text(node.target_path, script)
    alias = _alias(node, path)
    rows = _selected(f"*, ROW_NUMBER() OVER () AS {_ROW}", path)
    others = text(node.from_clause.table_expression, script)
    matched = f"({rows}) AS `{alias}`, {others}\nWHERE {text(node.where, script)}\n"
    return _selected("1", f"{matched}GROUP BY `{alias}`.{_ROW} HAVING COUNT(*) > 1")


def of_rows(table: Resource) -> tuple[str, str] | None:
    """Return a partitioned table's column and granularity: ``DAY``, ``HOUR``, ``MONTH``, ``YEAR``; None without one."""
    partitioning = table.get("timePartitioning") or {}
    if not partitioning.get("field"):
        return None
    return str(partitioning["field"]), str(partitioning.get("type", "DAY"))


def _target(node: Any, script: bytes, scope: Scope) -> _Target | None:
    path = text(node.target_path, script)
    try:
        table = scope.look_up(scope.path([path.replace("`", "")])) or {}
    except UnknownTableError:
        return None
    if (parts := of_rows(table)) is None:
        return None
    column, granularity = parts
    fields = list(table["schema"]["fields"])
    type_of = next(field["type"] for field in fields if field["name"].lower() == column.lower())
    return _Target(path, _alias(node, path), column, fields, f"{_TRUNCATE[type_of]}({{}}, {granularity})")


def _alias(node: Any, path: str) -> str:
    """Return how a statement calls the table that it changes."""
    if node.DESCRIPTOR.name != "ASTInsertStatementProto" and node.HasField("alias"):
        return str(node.alias.identifier.id_string)
    return path.replace("`", "").rpartition(".")[2]


def _insert(node: Any, target: _Target, script: bytes) -> Count | None:
    names = [one.id_string for one in node.column_list.identifiers] or [one["name"] for one in target.fields]
    wanted = [name.lower() for name in names]
    if target.column.lower() not in wanted:
        return None
    where = wanted.index(target.column.lower())
    if node.HasField("query"):
        columns = {field["name"].lower(): field for field in target.fields}
        heads = ", ".join(
            f"CAST(NULL AS {types.text(types.of_field(columns[name]))}) AS c{number}"
            for number, name in enumerate(wanted)
        )
        rows = f"(SELECT {heads} LIMIT 0) UNION ALL ({text(node.query, script)}\n)"
        return Count(_distinct(target.truncated.format(f"c{where}"), f"({rows})"))
    if len(node.rows.rows) <= MOST:
        return None
    values = ", ".join(text(row.values[where], script) for row in node.rows.rows)
    return Count(_distinct(target.truncated.format("value"), f"UNNEST([{values}]) AS value"))


def _update(node: Any, target: _Target, script: bytes) -> Count | None:
    source = f"{target.path} AS `{target.alias}`"
    if node.HasField("from_clause"):
        source += f", {text(node.from_clause.table_expression, script)}"
    where = text(node.where, script)
    values = [_column(target), *_set_values(node.update_item_list, target, script)]
    return Count(_of_all([(value, f"{source}\nWHERE {where}\n") for value in values], target))


def _delete(node: Any, target: _Target, script: bytes) -> Count | None:
    source = f"{target.path} AS `{target.alias}` WHERE {text(node.where, script)}\n"
    return Count(_of_all([(_column(target), source)], target))


def _merge(node: Any, target: _Target, script: bytes) -> Count | None:
    from zetasql.wasi._pb2.zetasql.parser import ast_enums_pb2

    match_name = ast_enums_pb2.ASTMergeWhenClauseEnums.MatchType.Name
    source, condition = text(node.table_expression, script), text(node.merge_condition, script)
    of_target = f"{target.path} AS `{target.alias}`"
    parts: list[tuple[str, str]] = []
    narrow = True
    for clause in node.when_clauses.clause_list:
        action, match = clause.action, match_name(clause.match_type)
        also = (
            f" AND ({text(clause.search_condition, script)}\n)" if clause.HasField("search_condition") else ""
        )
        values = [_column(target), *_set_values(action.update_item_list, target, script)]
        if match == "MATCHED":
            joined = f"{of_target} JOIN {source} ON {condition}\nWHERE TRUE{also}"
            parts += [(value, joined) for value in values]
        elif match == "NOT_MATCHED_BY_SOURCE":
            narrow = False
            unmatched = _no_row(source, condition)
            parts += [(value, f"{of_target} WHERE {unmatched}{also}") for value in values]
        elif (value := _inserted(action, target, script)) is not None:
            unmatched = _no_row(of_target, condition)
            parts.append((value, f"{source} WHERE {unmatched}{also}"))
    if not parts:
        return None
    return Count(_of_all(parts, target), _selected("COUNT(*)", source) if narrow else None)


def _create(node: Any, script: bytes) -> Count | None:
    by = node.partition_by.partitioning_expressions
    if len(by) != 1 or not node.HasField("query") or node.parent.HasField("table_element_list"):
        return None
    return Count(_distinct(text(by[0], script), f"({text(node.query, script)}\n)"))


def _set_values(items: Any, target: _Target, script: bytes) -> list[str]:
    """Return what an update puts into the column of partitions."""
    return [
        text(item.set_value.value, script)
        for item in items.update_items
        if item.HasField("set_value")
        and text(item.set_value.path, script).replace("`", "").rpartition(".")[2].lower()
        == target.column.lower()
    ]


def _inserted(action: Any, target: _Target, script: bytes) -> str | None:
    """Return what an insert of a merge puts into the column of partitions."""
    names = [one.id_string.lower() for one in action.insert_column_list.identifiers]
    names = names or [field["name"].lower() for field in target.fields]
    if target.column.lower() not in names:
        return None
    if not action.insert_row.values:
        return f"`{target.column}`"
    return text(action.insert_row.values[names.index(target.column.lower())], script)


def _of_all(parts: list[tuple[str, str]], target: _Target) -> str:
    """Build a query that counts partitions of values of several parts."""
    rows = "\nUNION DISTINCT ".join(
        _selected(f"{target.truncated.format(value)} AS part", source) for value, source in parts
    )
    return _distinct("part", f"({rows}\n)")


def _distinct(value: str, source: str) -> str:
    return _selected(f"COUNT(DISTINCT {value})", source)


def _no_row(source: str, condition: str) -> str:
    return f"NOT EXISTS ({_selected('1', source)} WHERE {condition}\n)"


def _selected(value: str, source: str) -> str:
    return f"SELECT {value} FROM {source}"  # noqa: S608  # parts of a script that is run as it is


def _column(target: _Target) -> str:
    return f"`{target.alias}`.`{target.column}`"
