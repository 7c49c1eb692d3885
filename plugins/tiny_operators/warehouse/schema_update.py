"""How a table must grow to have the columns of its schema file, and which get a policy tag. Asks nobody.

BigQuery adds columns and fields of records, and lets a REQUIRED column become NULLABLE. It neither retypes nor
narrows nor reorders (https://cloud.google.com/bigquery/docs/managing-table-schemas). A new REQUIRED column is added
as NULLABLE: the rows in the table have no value for it, and the load job still requires it of new rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tiny_operators.schemas import personal_fields

Field = dict[str, Any]

_SAME_TYPES: Final = {"INT64": "INTEGER", "FLOAT64": "FLOAT", "BOOL": "BOOLEAN", "STRUCT": "RECORD"}
_REBUILD: Final = "drop the table, run setup, and replay all dates"


@dataclass
class SchemaUpdate:
    """What a comparison found; columns are named with their path, as ``itens.valor``.

    Attributes:
        fields: The schema that the table should get.
        added: Columns that it lacks.
        relaxed: Columns that are REQUIRED and need not be.
        weaker: Columns that are NULLABLE where the schema file says REQUIRED; load jobs still require it of new rows.
        problems: What BigQuery cannot change: the column, what exists, what is wanted, and what to do.
    """

    fields: list[Field] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    relaxed: list[str] = field(default_factory=list)
    weaker: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def changes(self) -> bool:
        """Whether the table must be changed."""
        return bool(self.added or self.relaxed)


def compare(there: Sequence[Field], wanted: Sequence[Field]) -> SchemaUpdate:
    """Compare the columns of a table with those of its schema file, at every depth.

    Args:
        there: The table's columns, as BigQuery's API gives them. What only they have, such as policy tags, is kept.
        wanted: The columns of the schema file.
    """
    update = SchemaUpdate()
    update.fields = _columns(there, wanted, "", update)
    return update


def tagged(table: str, fields: Sequence[Field], tag: str) -> list[Field]:
    """Return the columns of a table, those with personal data with a policy tag.

    BigQuery takes a tag on a column or a field that is no record. A column that somebody gave another tag keeps it.

    Args:
        table: The table.
        fields: Its columns, in the form of BigQuery's API.
        tag: Full name of the policy tag; empty for none: then the columns stay as they are.
    """
    if not tag:
        return list(fields)
    return _tagged(fields, "", {path for path, _ in personal_fields(table)}, tag)


def _columns(
    there: Sequence[Field], wanted: Sequence[Field], record: str, update: SchemaUpdate
) -> list[Field]:
    """Return the columns of the table, or the fields of one of its records, as they should become."""
    known = {_key(column): column for column in wanted}
    present = {_key(column) for column in there}
    kept = [_column(column, known.get(_key(column)), record, update) for column in there]
    new = [column for column in wanted if _key(column) not in present]
    if record and new and not _comes_last(there, wanted):
        # A record's fields are matched by their order: a field in the wrong place would stay there for good.
        update.problems += [
            f"{record}{column['name']}: missing, and it does not come last in its record in the schema file; BigQuery "
            "adds fields at the end only: move it to the end of its record there"
            for column in new
        ]
        return kept
    update.added += [f"{record}{column['name']}" for column in new]
    update.weaker += [path for column in new for path in _required(column, record)]
    return [*kept, *(_nullable(column) for column in new)]


def _comes_last(there: Sequence[Field], wanted: Sequence[Field]) -> bool:
    order = [_key(column) for column in wanted]
    return order[: len(there)] == [_key(column) for column in there]


def _column(there: Field, wanted: Field | None, record: str, update: SchemaUpdate) -> Field:
    """Return one column of the table as it should become."""
    path = f"{record}{there['name']}"
    if wanted is None:
        update.problems += _unwanted(there, path, in_record=bool(record))
        return there
    if _type(there) != _type(wanted) or (
        "REPEATED" in (_mode(there), _mode(wanted)) and _mode(there) != _mode(wanted)
    ):
        update.problems.append(
            f"{path}: is {_kind(there)}, the schema file says {_kind(wanted)}; BigQuery cannot change that: take "
            f"the file back to {_kind(there)}, or {_REBUILD}"
        )
        return there
    grown = dict(there)
    if _mode(there) == "REQUIRED" and _mode(wanted) == "NULLABLE":
        update.relaxed.append(path)
        grown["mode"] = "NULLABLE"
    elif _mode(there) == "NULLABLE" and _mode(wanted) == "REQUIRED":
        update.weaker.append(path)
    if _type(there) == "RECORD":
        before = len(update.problems)
        grown["fields"] = _columns(there["fields"], wanted["fields"], f"{path}.", update)
        if len(update.problems) == before and not _same_order(grown["fields"], wanted["fields"]):
            update.problems.append(
                f"{path}: its fields are {_names(grown)}, the schema file has {_names(wanted)}; a record's fields are "
                f"matched by their order, which BigQuery cannot change: take the file back, or {_REBUILD}"
            )
    return grown


def _unwanted(there: Field, path: str, *, in_record: bool) -> Iterator[str]:
    """Say why a column that the schema file does not have stops the loads; nothing when it does not."""
    if in_record:
        yield (
            f"{path}: is {_kind(there)}, the schema file no longer has it; BigQuery cannot drop a field of a "
            f"record, and takes no record without it: put it back into the file, or {_REBUILD}"
        )
    elif _mode(there) == "REQUIRED":
        yield (
            f"{path}: is {_kind(there)}, the schema file no longer has it; new rows have no value for it: put it "
            f"back into the file, or let it be empty (ALTER TABLE … ALTER COLUMN {there['name']} DROP NOT NULL)"
        )


def _same_order(there: Sequence[Field], wanted: Sequence[Field]) -> bool:
    return [_key(column) for column in there] == [_key(column) for column in wanted]


def _nullable(column: Field) -> Field:
    """Return a new column as BigQuery accepts it: no part of it REQUIRED."""
    free = {**column, "mode": "NULLABLE"} if _mode(column) == "REQUIRED" else dict(column)
    if "fields" in column:
        free["fields"] = [_nullable(inner) for inner in column["fields"]]
    return free


def _required(column: Field, record: str) -> Iterator[str]:
    if _mode(column) == "REQUIRED":
        yield f"{record}{column['name']}"
    for inner in column.get("fields", ()):
        yield from _required(inner, f"{record}{column['name']}.")


def _key(column: Field) -> str:
    # Names of columns that differ in capitals only are one name.
    return str(column["name"]).casefold()


def _type(column: Field) -> str:
    return _SAME_TYPES.get(column["type"], str(column["type"]))


def _mode(column: Field) -> str:
    return str(column.get("mode") or "NULLABLE")


def _kind(column: Field) -> str:
    return f"{_type(column)} {_mode(column)}"


def _names(record: Field) -> str:
    return ", ".join(column["name"] for column in record["fields"])


def _tagged(fields: Sequence[Field], above: str, personal: set[str], tag: str) -> list[Field]:
    found = []
    for column in fields:
        path = f"{above}{column['name']}"
        if "fields" in column:
            found.append({**column, "fields": _tagged(column["fields"], f"{path}.", personal, tag)})
        elif path in personal and not (column.get("policyTags") or {}).get("names"):
            found.append({**column, "policyTags": {"names": [tag]}})
        else:
            found.append(column)
    return found
