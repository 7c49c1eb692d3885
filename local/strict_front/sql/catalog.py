"""What a statement may name: tables, views, variables and parameters, as GoogleSQL's analyzer wants to be told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Final

from local.strict_front.sql import features, types
from local.strict_front.sql.information_schema import columns_of
from local.strict_front.sql.types import Field

Resource = dict[str, Any]
"""A table as tables.get answers."""
Tables = Callable[[str, str, str], Resource | None]
"""Of a project, a dataset and a table: the table; None where it is not there."""
Path = tuple[str, str, str]

_INTEGERS: Final = ("BIGINT", "BYTEINT", "INT", "INTEGER", "SMALLINT", "TINYINT")
_INGESTION: Final = (
    {"name": "_PARTITIONTIME", "type": "TIMESTAMP"},
    {"name": "_PARTITIONDATE", "type": "DATE"},
)


class UnknownTableError(Exception):
    """A table is not there, or its name is incomplete."""


@dataclass
class Scope:
    """What stands around a statement of a script.

    Attributes:
        project: The job's project.
        dataset: Project and dataset of names without a dataset.
        tables: The tables as they were when the script began.
        made: What statements of the script made or dropped since; temporary tables stand in a dataset without a name.
        variables: Types of the script's variables that can be seen, by their names in small letters.
        parameters: Types of the query's parameters, by their names in small letters.
        positional: Types of its parameters without names.
        functions: Functions that the script made, as the library's messages.
    """

    project: str
    dataset: tuple[str, str] | None
    tables: Tables
    made: dict[Path, Resource | None] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    positional: tuple[Any, ...] = ()
    functions: list[Any] = field(default_factory=list)

    def inner(self) -> Scope:
        """Create the scope of a block: what it declares ends with it, what it creates stays."""
        return replace(self, variables=dict(self.variables))

    def path(self, name: Iterable[str]) -> Path:
        """Return where the table of a name is.

        Raises:
            UnknownTableError: The name says it not.
        """
        parts = ".".join(name).split(".")
        if len(parts) == 1:
            if ("", "", parts[0]) in self.made:
                return "", "", parts[0]
            if self.dataset is None:
                raise UnknownTableError(
                    f'Table "{parts[0]}" must be qualified with a dataset (e.g. dataset.table).'
                )
            return (*self.dataset, parts[0])
        return path_of(parts, self.project)

    def look_up(self, path: Path) -> Resource | None:
        """Return the table of a path, as it is when the statement runs."""
        if path[0]:
            return self.made[path] if path in self.made else self.tables(*path)
        return self.made.get(path)

    def filter_column(self, name: tuple[str, ...]) -> str | None:
        """Return the column of partitions by which the named table must be filtered; None where it need not be."""
        parts = ".".join(name).split(".")
        if len(parts) > 1 and parts[-2].upper() == "INFORMATION_SCHEMA":
            return None
        table = self.look_up(self.path(name)) or {}
        partitioning = table.get("timePartitioning") or table.get("rangePartitioning") or {}
        if not (table.get("requirePartitionFilter") or partitioning.get("requirePartitionFilter")):
            return None
        return str(partitioning.get("field") or _INGESTION[0]["name"])

    def columns(self, name: tuple[str, ...]) -> list[Field]:
        """Return the columns of the table of a name, with those that a query may also name.

        Raises:
            UnknownTableError: There is no such table.
        """
        parts = ".".join(name).split(".")
        if len(parts) > 1 and parts[-2].upper() == "INFORMATION_SCHEMA":
            if (known := columns_of(parts[-1].upper())) is None:
                raise UnknownTableError(f"INFORMATION_SCHEMA.{parts[-1]} is a view that is not known here")
            return known
        path = self.path(name)
        if (table := self.look_up(path)) is None:
            raise UnknownTableError(f"Not found: Table {path[0]}:{path[1]}.{path[2]} was not found")
        fields = list(table.get("schema", {}).get("fields", ()))
        partitioning = table.get("timePartitioning")
        pseudo = _INGESTION if partitioning and not partitioning.get("field") else ()
        return [*fields, *({**column, "pseudo": True} for column in pseudo)]


def path_of(parts: Sequence[str], project: str) -> Path:
    """Return the path of a table whose name has a dataset; without a project it is in the given one."""
    return ".".join(parts[:-2]) or project, parts[-2], parts[-1]


def message(scope: Scope, tables: Mapping[tuple[str, ...], list[Field]], options: Any) -> Any:
    """Build the library's message of a scope and the tables that a statement names."""
    from zetasql.wasi._pb2.zetasql.proto import simple_catalog_pb2

    found = simple_catalog_pb2.SimpleCatalogProto(name="bigquery")
    found.builtin_function_options.language_options.CopyFrom(options)
    for alias in _INTEGERS:
        found.named_type.add(name=alias, type=types.of_field({"type": "INTEGER"}))
    found.custom_function.extend(_own_functions())
    found.custom_function.extend(scope.functions)
    for number, (name, columns) in enumerate(tables.items(), start=1):
        catalog = found
        for part in name[:-1]:
            inner = next((one for one in catalog.catalog if one.name == part), None)
            catalog = inner if inner is not None else catalog.catalog.add(name=part)
        table = catalog.table.add(name=name[-1], serialization_id=number)
        for column in columns:
            table.column.add(
                name=column["name"], type=types.of_field(column), is_pseudo_column=column.get("pseudo", False)
            )
    # A variable is a constant to the analyzer: both are found after a column of the same name.
    for variable, kind in scope.variables.items():
        constant = found.constant.add(type=kind)
        constant.name_path.append(variable)
        constant.value.SetInParent()
    return found


def analyzer_options(scope: Scope, options: Any, target: Any | None = None) -> Any:
    """Build the analyzer's options for a scope.

    Args:
        scope: The scope.
        options: The language's options.
        target: The type that the one column of the query must go into.
    """
    from zetasql.wasi._pb2.zetasql.proto import options_pb2 as messages
    from zetasql.wasi._pb2.zetasql.public import options_pb2

    found = messages.AnalyzerOptionsProto(language_options=options)
    # The library's own default is another zone.
    found.default_timezone = "UTC"
    found.error_message_mode = options_pb2.ERROR_MESSAGE_ONE_LINE
    for name, kind in scope.parameters.items():
        found.query_parameters.add(name=name, type=kind)
    if scope.positional:
        found.parameter_mode = options_pb2.PARAMETER_POSITIONAL
        found.positional_query_parameters.extend(scope.positional)
    for name, kind in features.SYSTEM_VARIABLES.items():
        found.system_variables.add(name_path=name.split("."), type=types.of_field({"type": kind}))
    if target is not None:
        found.target_column_types.append(target)
    return found


@cache
def _own_functions() -> tuple[Any, ...]:
    """Declare BigQuery's functions that the library does not have, and the package may want: functions-all."""
    from google.protobuf import text_format
    from zetasql.wasi._pb2.zetasql.proto import function_pb2

    fixed = "kind: ARG_TYPE_FIXED type {{ type_kind: TYPE_{} }} num_occurrences: 1"
    text, truth = f"argument {{ {fixed.format('STRING')} }}", f"return_type {{ {fixed.format('BOOL')} }}"
    anything = "argument { kind: ARG_TYPE_ARBITRARY num_occurrences: 1 }"
    same = "kind: ARG_TYPE_ANY_1 num_occurrences: 1"
    found = (
        f'name_path: "contains_substr" mode: SCALAR signature {{ {anything} {text} {truth} }}',
        f'name_path: "search" mode: SCALAR signature {{ {anything} {text} {truth} }}',
        *(
            f'name_path: "{name}" mode: AGGREGATE'
            f" signature {{ argument {{ {same} }} {anything} return_type {{ {same} }} }}"
            for name in ("max_by", "min_by")
        ),
    )
    return tuple(text_format.Parse(f'group: "BigQuery" {one}', function_pb2.FunctionProto()) for one in found)
