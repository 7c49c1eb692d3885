"""The rules about BigQuery's datasets and tables that its emulator does not hold to."""

from __future__ import annotations

import unicodedata
from typing import Final

from local.strict_front import labels, locations, schemas
from local.strict_front.call import Call
from local.strict_front.rules import Now, Rule

_DOCS: Final = "https://cloud.google.com/bigquery/docs"
_REST: Final = f"{_DOCS}/reference/rest/v2"
_HOUR_MS: Final = 3_600_000
_DESCRIPTION: Final = 16_384
_NAME_BYTES: Final = 1024
_NAME_CATEGORIES: Final = frozenset({"Pc", "Pd", "Zs"})
_GRANTEES: Final = frozenset({
    "userByEmail",
    "groupByEmail",
    "domain",
    "specialGroup",
    "iamMember",
    "view",
    "routine",
    "dataset",
})
_WITHOUT_ROLE: Final = frozenset({"view", "routine", "dataset"})
_SPECIAL_GROUPS: Final = frozenset({
    "projectOwners",
    "projectReaders",
    "projectWriters",
    "allAuthenticatedUsers",
})


def _dataset_id(call: Call, now: Now) -> str | None:
    name = str(call.field("datasetReference.datasetId") or "")
    if 1 <= len(name) <= _NAME_BYTES and all(
        char.isascii() and (char.isalnum() or char == "_") for char in name
    ):
        return None
    return "Invalid dataset ID: 1 to 1,024 letters, digits and underscores"


def _table_id(call: Call, now: Now) -> str | None:
    name = str(call.field("tableReference.tableId") or "")
    letters = all(
        unicodedata.category(char)[0] in "LMN" or unicodedata.category(char) in _NAME_CATEGORIES
        for char in name
    )
    if 1 <= len(name.encode()) <= _NAME_BYTES and letters:
        return None
    return "Invalid table ID: up to 1,024 bytes of letters, marks, digits, connectors, dashes and spaces"


def _same_names(call: Call, now: Now) -> str | None:
    """Check that the names in the body are those of the address."""
    for kind in ("datasetReference", "tableReference"):
        for part in ("projectId", "datasetId", "tableId"):
            given, asked = call.field(f"{kind}.{part}"), call.names.get(part)
            if given is not None and asked is not None and given != asked:
                return f"Value for {part} in the body is not that of the address"
    return None


def location_is_known(call: Call, now: Now) -> str | None:
    """Check the place of a dataset or of a job."""
    location = call.field("jobReference.location") or call.field("location")
    if location is None or str(location).upper() in locations.BIGQUERY:
        return None
    return "Invalid value for location: not a place of BigQuery"


def _dataset_stays(call: Call, now: Now) -> str | None:
    location = call.field("location")
    if location is None or now.target is None or location.upper() == str(now.target.get("location")).upper():
        return None
    return "Cannot change the location of a dataset"


def _dataset_expirations(call: Call, now: Now) -> str | None:
    for name in ("defaultTableExpirationMs", "defaultPartitionExpirationMs"):
        value = call.field(name)
        least = _HOUR_MS if name == "defaultTableExpirationMs" else 1
        if value not in {None, "", "0", 0} and int(value) < least:
            return f"Invalid value for {name}: at least {least} ms"
    return None


def _time_travel(call: Call, now: Now) -> str | None:
    hours = call.field("maxTimeTravelHours")
    if hours is None or (48 <= int(hours) <= 168 and int(hours) % 24 == 0):
        return None
    return "Invalid value for maxTimeTravelHours: from 48 to 168, a multiple of 24"


def _description(call: Call, now: Now) -> str | None:
    if len(str(call.field("description") or "")) <= _DESCRIPTION:
        return None
    return f"The description is too long: at most {_DESCRIPTION} characters"


def _access(call: Call, now: Now) -> str | None:
    for entry in call.field("access") or []:
        given = _GRANTEES & {name for name, value in entry.items() if value is not None}
        if len(given) != 1:
            return f"Invalid access entry: it names exactly one of {', '.join(sorted(_GRANTEES))}"
        if not given & _WITHOUT_ROLE and not entry.get("role"):
            return "Invalid access entry: it needs a role"
        if given == {"specialGroup"} and entry["specialGroup"] not in _SPECIAL_GROUPS:
            return f"Invalid access entry: a specialGroup is one of {', '.join(sorted(_SPECIAL_GROUPS))}"
        if given == {"dataset"} and not (entry["dataset"] or {}).get("targetTypes"):
            return "Invalid access entry: an authorized dataset needs targetTypes"
    return None


def _fields(call: Call, now: Now) -> schemas.Fields:
    """Return the columns that a table will have."""
    given: schemas.Fields | None = call.field("schema.fields")
    before: schemas.Fields = (now.target or {}).get("schema", {}).get("fields", [])
    return before if given is None else given


def _columns(call: Call, now: Now) -> str | None:
    return schemas.problem_of_fields(call.field("schema.fields") or [])


def _changed_columns(call: Call, now: Now) -> str | None:
    new = call.field("schema.fields")
    # The columns of a view follow its query.
    if new is None or now.target is None or "view" in now.target:
        return None
    problem = schemas.problem_of_change(now.target.get("schema", {}).get("fields", []), new)
    return f"Provided Schema does not match Table. {problem}" if problem else None


def _is_whole(call: Call, now: Now) -> bool:
    return call.method.id == "bigquery.tables.insert" or now.target is not None


def _partitions(call: Call, now: Now) -> str | None:
    return (
        schemas.problem_of_partitions(call.body or {}, _fields(call, now)) if _is_whole(call, now) else None
    )


def _same_partitions(call: Call, now: Now) -> str | None:
    new, old = call.field("timePartitioning"), (now.target or {}).get("timePartitioning")
    if now.target is None or new is None:
        return None
    before, after = old or {}, new
    if before.get("type") == after.get("type") and before.get("field") == after.get("field"):
        return None
    return "Cannot change partitioning spec of a table"


def _clusters(call: Call, now: Now) -> str | None:
    if not _is_whole(call, now):
        return None
    return schemas.problem_of_clusters(call.field("clustering"), _fields(call, now))


def _kinds_of_table(call: Call, now: Now) -> str | None:
    kinds = ("view", "materializedView", "externalDataConfiguration", "snapshotDefinition")
    given = [kind for kind in kinds if call.field(kind)]
    if len(given) > 1:
        return f"A table is only one of {', '.join(kinds)}"
    if given and given[0] == "view" and not str(call.field("view.query") or "").strip():
        return "Required parameter is missing: view.query"
    return None


def _expiration(call: Call, now: Now) -> str | None:
    value = call.field("timePartitioning.expirationMs")
    return None if value in {None, ""} or int(value) >= 0 else "Invalid value for expirationMs: not below 0"


_NEW_DATASET: Final = ("bigquery.datasets.insert",)
_NEW_TABLE: Final = ("bigquery.tables.insert",)
_CHANGED_DATASET: Final = ("bigquery.datasets.patch", "bigquery.datasets.update")
_CHANGED_TABLE: Final = ("bigquery.tables.patch", "bigquery.tables.update")
CHANGES: Final = (*_CHANGED_DATASET, *_CHANGED_TABLE)
"""Methods whose rules compare what is there with what it shall be."""
_DATASETS: Final = (*_NEW_DATASET, *_CHANGED_DATASET)
_TABLES: Final = (*_NEW_TABLE, *_CHANGED_TABLE)
_ALL: Final = (*_DATASETS, *_TABLES)

RULES: Final = (
    Rule("dataset name", _NEW_DATASET, _dataset_id, f"{_DOCS}/datasets#dataset-naming"),
    Rule("table name", _NEW_TABLE, _table_id, f"{_DOCS}/tables#table_naming"),
    Rule("names of body and address", _ALL, _same_names, f"{_REST}/tables/insert"),
    Rule("dataset location", _NEW_DATASET, location_is_known, locations.BIGQUERY_SOURCE),
    Rule("dataset stays in its place", _CHANGED_DATASET, _dataset_stays, locations.BIGQUERY_SOURCE),
    Rule("expirations of a dataset", _DATASETS, _dataset_expirations, f"{_REST}/datasets#Dataset"),
    Rule("time travel", _DATASETS, _time_travel, f"{_DOCS}/time-travel"),
    Rule("description", _ALL, _description, f"{_REST}/tables#Table"),
    Rule("labels", _ALL, labels.are_right, labels.SOURCE),
    Rule("access entries", _DATASETS, _access, f"{_REST}/datasets#Dataset"),
    Rule("columns", _TABLES, _columns, schemas.SOURCE),
    Rule("changes of columns", _CHANGED_TABLE, _changed_columns, schemas.CHANGES_SOURCE),
    Rule("one kind of table", _TABLES, _kinds_of_table, f"{_REST}/tables#Table"),
    Rule("partitions", _TABLES, _partitions, f"{_DOCS}/partitioned-tables"),
    Rule("partitions stay", _CHANGED_TABLE, _same_partitions, f"{_DOCS}/managing-partitioned-tables"),
    Rule("expiration of partitions", _TABLES, _expiration, f"{_DOCS}/managing-partitioned-tables"),
    Rule("clustering", _TABLES, _clusters, f"{_DOCS}/clustered-tables#limitations"),
)
