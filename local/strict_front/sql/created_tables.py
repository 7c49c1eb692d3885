"""Tables and views that a statement creates or changes: columns, partitions and clusters keep the rules of the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from local.strict_front import schemas
from local.strict_front.sql import features, types
from local.strict_front.sql.googlesql import kind
from local.strict_front.sql.planning import Broken, arguments, called

_SOURCE: Final = f"{features.REFERENCE}data-definition-language#create_table_statement"
_DROP_SOURCE: Final = f"{features.REFERENCE}data-definition-language#alter_table_drop_column_statement"
_CREATE: Final = frozenset({"ResolvedCreateTableStmtProto", "ResolvedCreateTableAsSelectStmtProto"})
_COLUMN: Final = "ResolvedColumnRefProto"
# Functions that tell a partition, with the types of the column that they are for.
_BY_DAY: Final = {"date": {"TIMESTAMP", "DATETIME"}}
_BY_UNIT: Final = {
    "date_trunc": {"DATE"},
    "timestamp_trunc": {"TIMESTAMP"},
    "datetime_trunc": {"DATETIME"},
}
_WRONG: Final = (
    "PARTITION BY expression must be DATE(<timestamp_column>), DATE(<datetime_column>), "
    "DATETIME_TRUNC(<datetime_column>, DAY/HOUR/MONTH/YEAR), a DATE column, "
    "TIMESTAMP_TRUNC(<timestamp_column>, DAY/HOUR/MONTH/YEAR), DATE_TRUNC(<date_column>, MONTH/YEAR), or "
    "RANGE_BUCKET(<int64_column>, GENERATE_ARRAY(<int64_value>, <int64_value>[, <int64_value>]))"
)


def broken(found: Any) -> Broken | None:
    """Find the first rule that a table breaks which a resolved statement creates."""
    if found.DESCRIPTOR.name in _OTHERS:
        return _OTHERS[found.DESCRIPTOR.name](found)
    if found.DESCRIPTOR.name not in _CREATE:
        return None
    fields = [types.to_field(one.name, one.type) for one in found.parent.column_definition_list]
    problem = (
        next(schemas.problems_of_names(fields), None)
        or _problem_of_partitions(list(found.partition_by_list), fields)
        or _problem_of_clusters(list(found.cluster_by_list), fields)
    )
    return ("created_table", problem, _SOURCE) if problem else None


def dropped(table: Mapping[str, Any], names: tuple[str, ...]) -> Broken | None:
    """Find the rule that is broken by dropping columns of a table: those of partitions and clusters stay.

    Args:
        table: The table as it is.
        names: Names of the columns, in small letters.
    """
    partitions = table.get("timePartitioning") or table.get("rangePartitioning") or {}
    needed = [partitions.get("field"), *((table.get("clustering") or {}).get("fields") or ())]
    name = next((name for name in needed if name and name.lower() in names), None)
    if name is None:
        return None
    return (
        "dropped_column",
        f"Cannot drop column {name}: the table is partitioned or clustered by it",
        _DROP_SOURCE,
    )


def _altered(alter: Any) -> Broken | None:
    """Allow a new column no default value."""
    columns = (kind(action) for action in alter.parent.alter_action_list)
    if any(
        one.DESCRIPTOR.name == "ResolvedAddColumnActionProto"
        and one.column_definition.HasField("default_value")
        for one in columns
    ):
        message = (
            "A column with a default value cannot be added to a table: add it without one, and set that then"
        )
        return "added_column", message, "https://cloud.google.com/bigquery/docs/default-values#limitations"
    return None


def _view(create: Any) -> Broken | None:
    if not is_temporary(create.parent.parent):
        return None
    source = f"{features.REFERENCE}data-definition-language#create_view_statement"
    return "temporary_view", "Creating temporary views is not supported", source


def is_temporary(create: Any) -> bool:
    """Return whether what a statement creates ends with the script."""
    from zetasql.wasi._pb2.zetasql.resolved_ast import resolved_ast_enums_pb2

    scopes = resolved_ast_enums_pb2.ResolvedCreateStatementEnums
    return bool(create.create_scope == scopes.CREATE_TEMP)


def _index(create: Any) -> Broken | None:
    if create.is_search or create.is_vector:
        return None
    source = f"{features.REFERENCE}data-definition-language#create_search_index_statement"
    return "index", "An index is a SEARCH INDEX or a VECTOR INDEX", source


_OTHERS: Final = {
    "ResolvedAlterTableStmtProto": _altered,
    "ResolvedCreateIndexStmtProto": _index,
    "ResolvedCreateViewStmtProto": _view,
}


def _problem_of_partitions(expressions: list[Any], fields: schemas.Fields) -> str | None:
    if not expressions:
        return None
    if len(expressions) > 1:
        return "Only a single PARTITION BY expression is supported but found several"
    table = _partitions(expressions[0])
    if table is None or (problem := schemas.problem_of_partitions(table, fields)):
        return _WRONG if table is None else problem
    return None


def _partitions(expression: Any) -> dict[str, Any] | None:
    """Return what an expression divides a table by, as a table's resource has it; None where it cannot."""
    found = kind(expression)
    if found.DESCRIPTOR.name == _COLUMN:
        # A TIMESTAMP stands for itself, and not for its day.
        return _by("DAY", found) if _type_of(found) == "DATE" else None
    name = called(expression)
    values = [kind(one) for one in arguments(expression)] if name else []
    if not values or values[0].DESCRIPTOR.name != _COLUMN:
        return None
    if name == "range_bucket":
        return {"rangePartitioning": {"field": values[0].column.name}}
    if _type_of(values[0]) in _BY_DAY.get(name, ()) and len(values) == 1:
        return _by("DAY", values[0])
    if _type_of(values[0]) in _BY_UNIT.get(name, ()):
        return _by(_unit(values[1]), values[0])
    return None


def _by(unit: str, column: Any) -> dict[str, Any]:
    return {"timePartitioning": {"type": unit, "field": column.column.name}}


def _unit(literal: Any) -> str:
    from zetasql.wasi._pb2.zetasql.public.functions import datetime_pb2

    return str(datetime_pb2.DateTimestampPart.Name(literal.value.value.enum_value))


def _type_of(column: Any) -> str:
    return str(types.to_field("", column.column.type)["type"])


def _problem_of_clusters(expressions: list[Any], fields: schemas.Fields) -> str | None:
    columns = [kind(one) for one in expressions]
    if any(one.DESCRIPTOR.name != _COLUMN for one in columns):
        return "CLUSTER BY expression must be a column"
    return schemas.problem_of_clusters({"fields": [one.column.name for one in columns]}, fields)
