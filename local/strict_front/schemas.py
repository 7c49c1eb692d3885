"""Schemas of BigQuery's tables: whether one can be, and whether a table can get it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

Fields = Sequence[Mapping[str, Any]]

DOCS: Final = "https://cloud.google.com/bigquery/docs"
SOURCE: Final = f"{DOCS}/schemas"
CHANGES_SOURCE: Final = f"{DOCS}/managing-table-schemas"
ADDITION: Final = "ALLOW_FIELD_ADDITION"
RELAXATION: Final = "ALLOW_FIELD_RELAXATION"
CHANGES: Final = frozenset({ADDITION, RELAXATION})
"""What may differ in a schema that is given for a table which has one."""

_ALIASES: Final = {"INT64": "INTEGER", "FLOAT64": "FLOAT", "BOOL": "BOOLEAN", "STRUCT": "RECORD"}
SCALARS: Final = frozenset([
    "STRING",
    "BYTES",
    "INTEGER",
    "FLOAT",
    "BOOLEAN",
    "TIMESTAMP",
    "DATE",
    "TIME",
    "DATETIME",
    "GEOGRAPHY",
    "NUMERIC",
    "BIGNUMERIC",
    "JSON",
    "INTERVAL",
    "RANGE",
])
_MODES: Final = frozenset({"NULLABLE", "REQUIRED", "REPEATED"})
_CLUSTERED: Final = frozenset([
    "BIGNUMERIC",
    "BOOLEAN",
    "DATE",
    "DATETIME",
    "GEOGRAPHY",
    "INTEGER",
    "NUMERIC",
    "RANGE",
    "STRING",
    "TIMESTAMP",
])
_PARTITIONED: Final = {
    "HOUR": frozenset({"TIMESTAMP", "DATETIME"}),
    "DAY": frozenset({"TIMESTAMP", "DATETIME", "DATE"}),
    "MONTH": frozenset({"TIMESTAMP", "DATETIME", "DATE"}),
    "YEAR": frozenset({"TIMESTAMP", "DATETIME", "DATE"}),
}
# Letters and digits of every script, and the signs that BigQuery's "flexible column names" allow.
_COLUMN: Final = re.compile(r"[\w&%=+:'<>#|\- ]{1,300}")
_RESERVED: Final = ("_table_", "_file_", "_partition", "_row_timestamp", "__root__", "_colidentifier")
_COLUMNS_MOST: Final = 10_000
_DEEPEST: Final = 15
_DESCRIPTION: Final = 1024
_CLUSTERS_MOST: Final = 4
DIGITS: Final = {"NUMERIC": (29, 9), "BIGNUMERIC": (38, 38)}
"""Digits of a decimal before its point and after it: https://cloud.google.com/bigquery/docs/reference/rest/v2/tables#TableFieldSchema"""


def kind_of(field: Mapping[str, Any]) -> str:
    """Return a column's type by one name."""
    name = str(field.get("type", "")).upper()
    return _ALIASES.get(name, name)


def mode_of(field: Mapping[str, Any]) -> str:
    """Return a column's mode, NULLABLE where none is given."""
    return str(field.get("mode") or "NULLABLE").upper()


def problem_of_fields(fields: Fields) -> str | None:
    """Say what is wrong with the columns of a table; None when there is nothing."""
    count = sum(1 for _ in _all(fields))
    if count > _COLUMNS_MOST:
        return f"Too many columns: at most {_COLUMNS_MOST}"
    return next(_problems(fields, "", 1), None)


def problems_of_names(fields: Fields) -> Iterator[str]:
    """Yield what is wrong with the names of columns at the top of a table that a statement creates."""
    for field in fields:
        yield from _problems_of_name(str(field.get("name") or ""), str(field.get("name") or ""))


def problem_of_change(old: Fields, new: Fields, may: frozenset[str] = CHANGES) -> str | None:
    """Say why a table with some columns cannot get others; None when it can.

    Args:
        old: The columns.
        new: The others.
        may: What may differ.
    """
    return next(_changes(old, new, may, ""), None)


def problem_of_partitions(table: Mapping[str, Any], fields: Fields) -> str | None:
    """Say what is wrong with a table's partitions; None when there is nothing."""
    by_time, by_range = table.get("timePartitioning"), table.get("rangePartitioning")
    if by_time and by_range:
        return "Only one of timePartitioning and rangePartitioning can be given"
    columns = {field["name"].casefold(): field for field in fields if "name" in field}
    if by_range:
        field = columns.get(str(by_range.get("field", "")).casefold())
        if field is None:
            return "The field specified for range partitioning cannot be found in the schema"
        wrong = kind_of(field) != "INTEGER" or mode_of(field) == "REPEATED"
        return "Range partitioning needs a column of type INTEGER that is not REPEATED" if wrong else None
    return _problem_of_time(by_time, columns) if by_time else None


def _problem_of_time(by_time: Mapping[str, Any], columns: Mapping[str, Mapping[str, Any]]) -> str | None:
    unit = by_time.get("type")
    if unit not in _PARTITIONED:
        return f"Invalid time partitioning: its type is one of {', '.join(_PARTITIONED)}"
    if not (name := by_time.get("field")):
        return None
    field = columns.get(str(name).casefold())
    if field is None:
        return "The field specified for partitioning cannot be found in the schema, at its top level"
    if kind_of(field) not in _PARTITIONED[unit] or mode_of(field) == "REPEATED":
        return (
            f"Invalid time partitioning: by {unit} a column is {' or '.join(sorted(_PARTITIONED[unit]))}, "
            f"and not REPEATED, but this one is {kind_of(field)}, {mode_of(field)}"
        )
    return None


def problem_of_clusters(clustering: Any, fields: Fields) -> str | None:
    """Say what is wrong with the columns that a table is clustered by; None when there is nothing."""
    names = clustering.get("fields") or [] if isinstance(clustering, Mapping) else []
    if len(names) > _CLUSTERS_MOST:
        return f"At most {_CLUSTERS_MOST} clustering columns are allowed"
    if len({str(name).casefold() for name in names}) < len(names):
        return "A clustering column is given twice"
    columns = {field["name"].casefold(): field for field in fields if "name" in field}
    for name in names:
        field = columns.get(str(name).casefold())
        if field is None:
            return "The field specified for clustering cannot be found in the schema, at its top level"
        if kind_of(field) not in _CLUSTERED or mode_of(field) == "REPEATED":
            return f"Clustering is not supported on columns of type {kind_of(field)}, {mode_of(field)}"
    return None


def _all(fields: Fields) -> Iterator[Mapping[str, Any]]:
    for field in fields:
        yield field
        yield from _all(field.get("fields") or [])


def _problems(fields: Fields, at: str, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        yield f"Records are nested at most {_DEEPEST} deep"
        return
    seen: set[str] = set()
    for field in fields:
        name = str(field.get("name") or "")
        where = f"{at}{name}"
        if name.casefold() in seen:
            yield f"Field {where} already exists in schema: names differ by more than capitals"
        seen.add(name.casefold())
        yield from _problems_of_one(field, name, where)
        yield from _problems(field.get("fields") or [], f"{where}.", depth + 1)


def _problems_of_name(name: str, where: str) -> Iterator[str]:
    if not _COLUMN.fullmatch(name):
        yield f"Invalid field name {where!r}: 1 to 300 letters, digits and _"
    if name.casefold().startswith(_RESERVED):
        yield f"Invalid field name {where!r}: its beginning is reserved"


def _problems_of_one(field: Mapping[str, Any], name: str, where: str) -> Iterator[str]:
    kind = kind_of(field)
    yield from _problems_of_name(name, where)
    if kind not in SCALARS | {"RECORD"}:
        yield f"Invalid value for type: the type of field {where} is not one of BigQuery's"
    if mode_of(field) not in _MODES:
        yield f"Invalid value for mode: the mode of field {where} is one of {', '.join(sorted(_MODES))}"
    if (kind == "RECORD") != bool(field.get("fields")):
        yield f"Field {where}: a RECORD has fields, and nothing else has"
    if len(str(field.get("description") or "")) > _DESCRIPTION:
        yield f"The description of field {where} is too long: at most {_DESCRIPTION} characters"
    if problem := _problem_of_size(field, kind):
        yield f"Field {where}: {problem}"


def _problem_of_size(field: Mapping[str, Any], kind: str) -> str | None:
    """Say what is wrong with the length of a text, or the digits of a decimal, that a column is declared with."""
    given = {
        name: int(field[name]) for name in ("maxLength", "precision", "scale") if field.get(name) is not None
    }
    if "maxLength" in given and (kind not in {"STRING", "BYTES"} or given["maxLength"] < 1):
        return "maxLength is that of a STRING or of BYTES, and 1 or more"
    if not given.keys() & {"precision", "scale"}:
        return None
    if kind not in DIGITS or "precision" not in given:
        return "precision is that of a NUMERIC or a BIGNUMERIC, and scale comes with it"
    before, after = DIGITS[kind]
    scale = given.get("scale", 0)
    if 0 <= scale <= after and max(scale, 1) <= given["precision"] <= before + scale:
        return None
    return f"a {kind} has at most {before} digits before the point and {after} after it"


def _changes(old: Fields, new: Fields, may: frozenset[str], at: str) -> Iterator[str]:
    after = {str(field.get("name")).casefold(): field for field in new}
    before = {str(field.get("name")).casefold(): field for field in old}
    for name, field in before.items():
        where = f"{at}{field['name']}"
        if name not in after:
            yield f"Field {where} is missing in new schema"
            continue
        yield from _change_of_one(field, after[name], may, where)
    for name, field in after.items():
        where = f"{at}{field.get('name')}"
        if name not in before and ADDITION not in may:
            yield f"Cannot add fields (field: {where})"
        elif name not in before and mode_of(field) == "REQUIRED":
            yield f"Cannot add required fields to an existing schema. (field: {where})"


def _change_of_one(
    old: Mapping[str, Any], new: Mapping[str, Any], may: frozenset[str], where: str
) -> Iterator[str]:
    if kind_of(old) != kind_of(new):
        yield f"Field {where} has changed type from {kind_of(old)} to {kind_of(new)}"
    modes = mode_of(old), mode_of(new)
    if modes[0] != modes[1] and not (modes == ("REQUIRED", "NULLABLE") and RELAXATION in may):
        yield f"Field {where} has changed mode from {modes[0]} to {modes[1]}"
    yield from _changes(old.get("fields") or [], new.get("fields") or [], may, f"{where}.")
