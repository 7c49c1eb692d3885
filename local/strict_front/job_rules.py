"""The rules about BigQuery's jobs that its emulator does not hold to, but for statements and rows."""

from __future__ import annotations

import re
from typing import Any, Final

from local.strict_front import bigquery_rules, labels, locations, schemas
from local.strict_front.call import Call
from local.strict_front.rules import Now, Rule

_DOCS: Final = "https://cloud.google.com/bigquery/docs"
_JOB: Final = f"{_DOCS}/reference/rest/v2/Job"
_KINDS: Final = ("query", "load", "copy", "extract")
_JOB_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,1024}")
_REQUEST_ID: Final = re.compile(r"[\x20-\x7e]{1,36}")

_WORDS: Final[dict[str, frozenset[str]]] = {
    "writeDisposition": frozenset({"WRITE_TRUNCATE", "WRITE_TRUNCATE_DATA", "WRITE_APPEND", "WRITE_EMPTY"}),
    "createDisposition": frozenset({"CREATE_IF_NEEDED", "CREATE_NEVER"}),
    "priority": frozenset({"INTERACTIVE", "BATCH"}),
    "parameterMode": frozenset({"POSITIONAL", "NAMED"}),
    "schemaUpdateOptions": schemas.CHANGES,
    "sourceFormat": frozenset({
        "CSV",
        "DATASTORE_BACKUP",
        "NEWLINE_DELIMITED_JSON",
        "AVRO",
        "PARQUET",
        "ORC",
    }),
    "operationType": frozenset({"COPY", "SNAPSHOT", "RESTORE", "CLONE"}),
    "destinationFormat": frozenset({
        "CSV",
        "NEWLINE_DELIMITED_JSON",
        "PARQUET",
        "AVRO",
        "ML_TF_SAVED_MODEL",
        "ML_XGBOOST_BOOSTER",
    }),
    "compression": frozenset({"DEFLATE", "GZIP", "NONE", "SNAPPY", "ZSTD"}),
}
"""The words that the description of the API names in prose alone."""


def configurations(call: Call) -> list[tuple[str, dict[str, Any]]]:
    """Return what a job does, by its kind."""
    if call.method.id == "bigquery.jobs.query":
        return [("query", call.body or {})]
    found = call.field("configuration") or {}
    return [(kind, found[kind]) for kind in _KINDS if isinstance(found.get(kind), dict)]


def _job_id(call: Call, now: Now) -> str | None:
    given = call.field("jobReference.jobId")
    if given is None or _JOB_ID.fullmatch(given):
        return None
    return "Invalid job ID: 1 to 1,024 letters, digits, underscores and dashes"


def _same_project(call: Call, now: Now) -> str | None:
    given = call.field("jobReference.projectId")
    same = given in {None, call.names.get("projectId")}
    return None if same else "Value for projectId in the body is not that of the address"


def _one_kind(call: Call, now: Now) -> str | None:
    if len(configurations(call)) == 1:
        return None
    return f"Job configuration must contain exactly one job-specific object: {', '.join(_KINDS)}"


def _words(call: Call, now: Now) -> str | None:
    for kind, configuration in configurations(call):
        for name, words in _WORDS.items():
            value = configuration.get(name)
            given = value if isinstance(value, list) else [value]
            if any(word is not None and word not in words for word in given):
                return f"Invalid value for {kind}.{name}: it is one of {', '.join(sorted(words))}"
    return None


def _request_id(call: Call, now: Now) -> str | None:
    given = call.field("requestId")
    if not given or _REQUEST_ID.fullmatch(given):
        return None
    return "Invalid value for requestId: at most 36 ASCII characters"


def _destination(call: Call, now: Now) -> str | None:
    for kind, configuration in configurations(call):
        if kind in {"load", "copy"}:
            given = configuration.get("destinationTable") or {}
            for part in ("projectId", "datasetId", "tableId"):
                if not given.get(part):
                    return f"Required parameter is missing: {kind}.destinationTable.{part}"
    return None


def _table(call: Call, now: Now) -> str | None:
    for kind, configuration in configurations(call):
        fields = (configuration.get("schema") or {}).get("fields")
        if kind != "load" or fields is None:
            continue
        problem = (
            schemas.problem_of_fields(fields)
            or schemas.problem_of_partitions(configuration, fields)
            or schemas.problem_of_clusters(configuration.get("clustering"), fields)
        )
        if problem:
            return problem
    return None


def _schema_updates(call: Call, now: Now) -> str | None:
    for _, configuration in configurations(call):
        partition = "$" in str((configuration.get("destinationTable") or {}).get("tableId", ""))
        disposition = configuration.get("writeDisposition")
        if not configuration.get("schemaUpdateOptions") or disposition == "WRITE_APPEND":
            continue
        if disposition != "WRITE_TRUNCATE" or not partition:
            return (
                "Schema update options should only be specified with WRITE_APPEND disposition, or with "
                "WRITE_TRUNCATE disposition on a table partition"
            )
    return None


_INSERT: Final = ("bigquery.jobs.insert",)
_NEW: Final = ("bigquery.jobs.insert", "bigquery.jobs.query")

RULES: Final = (
    Rule("job id", _INSERT, _job_id, f"{_DOCS}/running-jobs#generate-jobid"),
    Rule("project of the job", _INSERT, _same_project, f"{_DOCS}/reference/rest/v2/jobs/insert"),
    Rule("job location", _NEW, bigquery_rules.location_is_known, locations.BIGQUERY_SOURCE),
    Rule("one thing to do", _INSERT, _one_kind, f"{_JOB}#JobConfiguration"),
    Rule("known words", _NEW, _words, f"{_JOB}#JobConfiguration"),
    Rule("job labels", _NEW, labels.are_right, labels.SOURCE),
    Rule("request id", ("bigquery.jobs.query",), _request_id, f"{_DOCS}/reference/rest/v2/jobs/query"),
    Rule("destination table", _INSERT, _destination, f"{_JOB}#JobConfigurationLoad"),
    Rule("table of a load", _INSERT, _table, f"{_JOB}#JobConfigurationLoad"),
    Rule("schema updates", _INSERT, _schema_updates, f"{_JOB}#JobConfigurationLoad"),
)
