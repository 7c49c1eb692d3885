"""What a statement changes, and the permissions that it needs for that: each by the kind of the statement.

Source: "Required permissions" of each statement in https://cloud.google.com/bigquery/docs/reference/standard-sql/, on
the pages data-definition-language and dml-syntax.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from local.strict_front.rights import Need
from local.strict_front.sql.googlesql import text

Change = tuple[str, str]
"""A permission, and the table or dataset that it is needed on, as the statement names it."""

_DATASETS: Final = "bigquery.datasets."
_CHANGE_DATA: Final = ("bigquery.tables.updateData",)
_CREATE: Final = ("bigquery.tables.create",)
_DELETE: Final = ("bigquery.tables.delete",)
_ALTER: Final = ("bigquery.tables.get", "bigquery.tables.update")
# By the statement's node in the syntax tree.
_NEEDED: Final = {
    "ASTInsertStatementProto": _CHANGE_DATA,
    "ASTUpdateStatementProto": _CHANGE_DATA,
    "ASTDeleteStatementProto": _CHANGE_DATA,
    "ASTMergeStatementProto": _CHANGE_DATA,
    "ASTTruncateStatementProto": _CHANGE_DATA,
    "ASTAuxLoadDataStatementProto": (*_CREATE, *_CHANGE_DATA),
    "ASTCreateTableStatementProto": _CREATE,
    "ASTCreateExternalTableStatementProto": _CREATE,
    "ASTCreateSnapshotTableStatementProto": _CREATE,
    "ASTCreateViewStatementProto": _CREATE,
    "ASTCreateMaterializedViewStatementProto": _CREATE,
    "ASTAlterTableStatementProto": _ALTER,
    "ASTAlterViewStatementProto": _ALTER,
    "ASTAlterMaterializedViewStatementProto": _ALTER,
    "ASTDropStatementProto": _DELETE,
    "ASTDropMaterializedViewStatementProto": _DELETE,
    "ASTDropSnapshotTableStatementProto": _DELETE,
    "ASTCreateFunctionStatementProto": ("bigquery.routines.create",),
    "ASTCreateTableFunctionStatementProto": ("bigquery.routines.create",),
    "ASTCreateProcedureStatementProto": ("bigquery.routines.create",),
    "ASTDropFunctionStatementProto": ("bigquery.routines.delete",),
    "ASTDropTableFunctionStatementProto": ("bigquery.routines.delete",),
    "ASTCreateSchemaStatementProto": (f"{_DATASETS}create",),
    "ASTAlterSchemaStatementProto": (f"{_DATASETS}update",),
}
_DROP_DATASET: Final = f"{_DATASETS}delete"
_NAMES: Final = ("target_path", "name", "path")
_FUNCTION: Final = "function_declaration"


def of_statement(node: Any, script: bytes) -> list[Change]:
    """List what a statement changes, by its node in the syntax tree of a script."""
    name = node.DESCRIPTOR.name
    permissions = _NEEDED.get(name, ())
    if not permissions or (path := _path(node)) is None:
        return []
    if name == "ASTDropStatementProto" and _drops_dataset(node):
        permissions = (_DROP_DATASET,)
    return [(permission, text(path, script)) for permission in permissions]


def needs(changes: Iterable[Change], default_dataset: str) -> set[Need]:
    """Return what changes need, and on which dataset.

    Args:
        changes: The changes.
        default_dataset: Dataset of tables that are named without one.
    """
    found = set()
    for permission, named in changes:
        parts = named.replace("`", "").split(".")
        if permission == f"{_DATASETS}create":
            found.add(Need(permission, "project"))
        elif permission.startswith(_DATASETS):
            found.add(Need(permission, "dataset", parts[-1]))
        elif dataset := parts[-2] if len(parts) > 1 else default_dataset:
            found.add(Need(permission, "dataset", dataset))
    return found


def _path(node: Any) -> Any | None:
    """Return the node of the name of what a statement is about."""
    while node.DESCRIPTOR.name != "ASTNodeProto":
        if _FUNCTION in node.DESCRIPTOR.fields_by_name:
            return None if _is_temporary(node.parent) else node.function_declaration.name
        for name in _NAMES:
            if name in node.DESCRIPTOR.fields_by_name and node.HasField(name):
                return getattr(node, name)
        node = node.parent
    return None


def _is_temporary(create: Any) -> bool:
    from zetasql.wasi._pb2.zetasql.parser import ast_enums_pb2

    scopes = ast_enums_pb2.ASTCreateStatementEnums.Scope
    return bool(create.scope == scopes.Value("TEMPORARY"))


def _drops_dataset(node: Any) -> bool:
    from zetasql.wasi._pb2.zetasql.parser import ast_enums_pb2

    kinds = ast_enums_pb2.SchemaObjectKind
    return bool(node.schema_object_kind == kinds.Value("kSchema"))
