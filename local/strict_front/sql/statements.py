"""What one statement means, over the tables and variables that stand around it."""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import Any, Final

from local.strict_front.refusal import Refusal
from local.strict_front.sql import catalog, created_tables, features, options, planning, reads, types
from local.strict_front.sql.catalog import Resource, Scope, UnknownTableError
from local.strict_front.sql.googlesql import GoogleSQL, SqlError, kind, nodes

_AT: Final = re.compile(r"\s*\[at (\d+):(\d+)\]")
_KEPT: Final = 5_000
_TABLES: Final = 1_000
_RESULT_COLUMNS: Final = 10_000
_VIEW_LENGTH: Final = 256 * 1_024
_LIMITS: Final = "https://cloud.google.com/bigquery/quotas"


TABLE_NOT_FOUND: Final = "table_not_found"


class RefusedError(Exception):
    """A statement is one that BigQuery refuses."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


@dataclass(frozen=True)
class Meaning:
    """What a statement does.

    Attributes:
        columns: Names and types of the columns of its result.
        text: Its value where it is one literal text.
        makes: Name and columns of the table or view that it makes.
        is_view: Whether that is a view.
        temporary: Whether that ends with the script.
        function: The function that it makes, as the library's message.
        adds: Columns that it adds to a table.
        drops: Names of columns that it drops.
        reads: How many tables it reads.
    """

    columns: tuple[tuple[str, Any], ...] = ()
    text: str | None = None
    makes: tuple[tuple[str, ...], list[types.Field]] | None = None
    is_view: bool = False
    temporary: bool = False
    function: Any | None = None
    adds: tuple[types.Field, ...] = ()
    drops: tuple[str, ...] = ()
    reads: int = 0


@dataclass
class Reader:
    """Reads statements, and keeps what those mean that were right.

    Attributes:
        language: The analyzer.
    """

    language: GoogleSQL
    _known: OrderedDict[tuple[str, bytes, bytes], Meaning] = field(default_factory=OrderedDict)

    def read(
        self,
        statement: str,
        scope: Scope,
        node_name: str = "",
        *,
        target: Any | None = None,
        also: tuple[tuple[str, ...], ...] = (),
    ) -> Meaning:
        """Read what a statement means.

        Args:
            statement: The statement.
            scope: What stands around it.
            node_name: Name of its node in the syntax tree.
            target: The type that the one column of the query must go into.
            also: Names of tables that it has besides those that the library finds.

        Raises:
            RefusedError: It breaks a rule.
            UnknownTableError: It names a table that is not there.
            SqlError: It means nothing.
        """
        names = dict.fromkeys((*self.language.table_names(statement), *also))
        if len(names) > _TABLES:
            raise RefusedError(refused("tables_a_query", f"At most {_TABLES:,} tables a query are allowed"))
        tables = {name: scope.columns(name) for name in names}
        wanted = {
            number: (".".join(name), column)
            for number, name in enumerate(names, start=1)
            if (column := scope.filter_column(name))
        }
        analyzer_options = catalog.analyzer_options(scope, self.language.options, target)
        options.allow(analyzer_options, node_name)
        key = self._key(statement, scope, tables, analyzer_options)
        if key in self._known and not wanted:
            self._known.move_to_end(key)
            return self._known[key]
        message = catalog.message(scope, tables, self.language.options)
        resolved = kind(self.language.analyze(statement, message, analyzer_options))
        for broken in (
            planning.broken(resolved),
            options.broken(resolved),
            created_tables.broken(resolved),
            _limits(resolved),
            reads.broken(resolved, wanted),
        ):
            if broken:
                raise RefusedError(refused(*broken))
        meaning = self._known[key] = replace(_meaning(resolved), reads=reads.tables(resolved))
        if len(self._known) > _KEPT:
            self._known.popitem(last=False)
        return meaning

    def _key(
        self, statement: str, scope: Scope, tables: dict[tuple[str, ...], list[types.Field]], reported: Any
    ) -> tuple[str, bytes, bytes]:
        """Return what a statement's meaning depends on: of a table its columns, and not its name, new in each run."""
        same: dict[tuple[str, ...], list[types.Field]] = {}
        for number, (name, columns) in enumerate(tables.items()):
            if len(name) == 1 and f"`{name[0]}`" in statement:
                statement = statement.replace(f"`{name[0]}`", f"`#{number}`")
                same[f"#{number}",] = columns
            else:
                same[name] = columns
        message = catalog.message(scope, same, self.language.options)
        return (
            statement,
            message.SerializeToString(deterministic=True),
            reported.SerializeToString(deterministic=True),
        )


def refused(rule: str, message: str, source: str = _LIMITS) -> Refusal:
    """Build the refusal of a statement that breaks a rule."""
    return Refusal(400, "invalidQuery", message, rule, source)


def from_error(error: SqlError | UnknownTableError, script: bytes, start: int, before: str = "") -> Refusal:
    """Build the refusal of a statement that means nothing, with the place in the script.

    Args:
        error: What is wrong.
        script: The script.
        start: Where the statement begins in it.
        before: What was written before it to read it.
    """
    if isinstance(error, UnknownTableError):
        text = str(error)
        where = f"{features.REFERENCE}lexical#table_names"
        status, reason = (404, "notFound") if text.startswith("Not found") else (400, "invalid")
        return Refusal(status, reason, text, TABLE_NOT_FOUND, where)
    lines = script[:start].decode().split("\n")

    def in_script(match: re.Match[str]) -> str:
        line, column = int(match[1]), int(match[2])
        if line == 1:
            column += len(lines[-1]) - len(before)
        return f" at [{line + len(lines) - 1}:{max(column, 1)}]"

    return refused("googlesql", _AT.sub(in_script, error.message), f"{features.REFERENCE}query-syntax")


def _limits(found: Any) -> planning.Broken | None:
    if found.DESCRIPTOR.name == "ResolvedQueryStmtProto" and len(found.output_column_list) > _RESULT_COLUMNS:
        return "columns_a_result", f"At most {_RESULT_COLUMNS:,} columns a result are allowed", _LIMITS
    if found.DESCRIPTOR.name == "ResolvedCreateViewStmtProto" and len(found.parent.sql) > _VIEW_LENGTH:
        return "view_length", "The query of a view has at most 256 K characters", f"{_LIMITS}#view_limits"
    return None


def _meaning(found: Any) -> Meaning:
    """Collect the parts of a statement that others depend on."""
    name = found.DESCRIPTOR.name
    if name == "ResolvedQueryStmtProto":
        columns = tuple((column.name, column.column.type) for column in found.output_column_list)
        return Meaning(columns, text=_literal(found))
    if name in {"ResolvedCreateTableStmtProto", "ResolvedCreateTableAsSelectStmtProto"}:
        base = found.parent
        fields = [_column(definition) for definition in base.column_definition_list]
        temporary = created_tables.is_temporary(base.parent)
        return Meaning(makes=(tuple(base.parent.name_path), fields), temporary=temporary)
    if name == "ResolvedCreateViewStmtProto":
        base = found.parent
        fields = [types.to_field(column.name, column.column.type) for column in base.output_column_list]
        return Meaning(makes=(tuple(base.parent.name_path), fields), is_view=True)
    if name == "ResolvedCreateFunctionStmtProto":
        return Meaning(function=_function(found))
    if name == "ResolvedAlterTableStmtProto":
        actions = [kind(action) for action in found.parent.alter_action_list]
        adds = (one for one in actions if one.DESCRIPTOR.name == "ResolvedAddColumnActionProto")
        drops = (one for one in actions if one.DESCRIPTOR.name == "ResolvedDropColumnActionProto")
        return Meaning(
            adds=tuple(_column(one.column_definition) for one in adds),
            drops=tuple(one.name.lower() for one in drops),
        )
    return Meaning()


def _column(definition: Any) -> types.Field:
    column = types.to_field(definition.name, definition.type)
    return column | {"mode": "REQUIRED"} if definition.annotations.not_null else column


def _function(statement: Any) -> Any:
    """Describe the function that a statement creates, as a catalog has it."""
    from zetasql.wasi._pb2.zetasql.proto import function_pb2
    from zetasql.wasi._pb2.zetasql.public import function_pb2 as enums

    mode = enums.FunctionEnums.AGGREGATE if statement.is_aggregate else enums.FunctionEnums.SCALAR
    made = function_pb2.FunctionProto(name_path=statement.parent.name_path, group="Script", mode=mode)
    made.signature.add().CopyFrom(statement.signature)
    return made


def _literal(query: Any) -> str | None:
    """Return the text that a query is, where it is nothing else."""
    if len(query.output_column_list) != 1:
        return None
    scan = kind(query.query)
    if scan.DESCRIPTOR.name != "ResolvedProjectScanProto" or len(scan.expr_list) != 1:
        return None
    expression = kind(scan.expr_list[0].expr)
    if expression.DESCRIPTOR.name != "ResolvedLiteralProto":
        return None
    texts = [node.string_value for node in nodes(expression.value) if node.DESCRIPTOR.name == "ValueProto"]
    return str(texts[0]) if texts else None


def table(fields: list[types.Field], *, is_view: bool) -> Resource:
    """Describe a table or view that a statement created, as a resource."""
    return {"type": "VIEW" if is_view else "TABLE", "schema": {"fields": fields}}


def altered(before: Resource, meaning: Meaning) -> Resource:
    """Describe a table with columns that a statement added and without those that it dropped."""
    fields = [one for one in before["schema"]["fields"] if one["name"].lower() not in meaning.drops]
    return before | {"schema": {"fields": [*fields, *meaning.adds]}}
