"""Query jobs that BigQuery would refuse."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from local.strict_front.refusal import Refusal
from local.strict_front.sql import partitions, types
from local.strict_front.sql.catalog import Path, Scope, Tables
from local.strict_front.sql.googlesql import language
from local.strict_front.sql.remembered import Examined, Remembered, Shape, noting
from local.strict_front.sql.scripts import Script
from local.strict_front.sql.statements import Reader, RefusedError

_LIMITS: Final = "https://cloud.google.com/bigquery/quotas#query_jobs"
_LENGTH: Final = 1_024 * 1_024
_PARAMETERS: Final = 10_000
_JOBS: Final = "https://cloud.google.com/bigquery/docs/reference/rest/v2/Job#JobConfigurationQuery"
_BILLED: Final = 10 * 1_048_576
_COSTS: Final = "https://cloud.google.com/bigquery/docs/best-practices-costs#limit_query_costs_by_restricting_the_number_of_bytes_billed"
_QUERY: Final = "ASTQueryStatementProto"


def too_many_partitions() -> Refusal:
    """Build the refusal of a statement that changes more partitions than a job may."""
    return Refusal(400, "invalid", partitions.MESSAGE, "partitions_a_job", partitions.SOURCE)


def uncounted_partitions() -> Refusal:
    """Build the refusal of a statement whose partitions cannot be counted: what selects them fails."""
    message = "The partitions that the statement changes could not be counted: what it selects them by fails"
    return Refusal(400, "invalidQuery", message, "partitions_a_job", partitions.SOURCE)


def examine(query: dict[str, Any], project: str, tables: Tables) -> Examined:
    """Hold a query against BigQuery's rules.

    Args:
        query: The query as the configuration of a job has it, or the body of jobs.query.
        project: The job's project.
        tables: The tables as they are.
    """
    text = str(query.get("query") or "")
    if refusal := of_request(query):
        return Examined(refusal, text)
    looked_up: set[Path] = set()
    scope = _scope(query, project, noting(tables, looked_up))
    shape = Shape(query, scope, tables)
    if known := _remembered().of(shape):
        return known
    script = Script(text, _reader())
    try:
        script.check(scope)
    except RefusedError as error:
        return Examined(error.refusal, text, changes=tuple(script.changes))
    if refusal := _destination(query, script.kinds) or _bytes_billed(query, script.most_read):
        return Examined(refusal, text, changes=tuple(script.changes))
    single = len(script.kinds) == 1 and script.kinds[0] not in _CONTROL and not script.guards.in_script
    texts = (text, script.guards.count) if single else (script.guards.script(), None)
    found = Examined(None, *texts, script.jobs, script.reads, tuple(script.changes))
    _remembered().keep(shape, found, looked_up)
    return found


_CONTROL: Final = frozenset({
    "ASTBeginEndBlockProto",
    "ASTCaseStatementProto",
    "ASTExecuteImmediateStatementProto",
    "ASTForInStatementProto",
    "ASTIfStatementProto",
    "ASTRepeatStatementProto",
    "ASTVariableDeclarationProto",
    "ASTWhileStatementProto",
})


def of_request(query: dict[str, Any]) -> Refusal | None:
    """Judge what needs no reading of the statements: the service answers it at once, and creates no job."""
    text = str(query.get("query") or "")
    if not text.strip():
        return Refusal(400, "required", "Required parameter is missing: query", "query_missing", _JOBS)
    if query.get("useLegacySql", True):
        message = "useLegacySql is true, or missing, which means the same: legacy SQL is not known here"
        return Refusal(400, "invalidQuery", message, "legacy_sql", f"{_JOBS}.FIELDS.use_legacy_sql")
    if len(text) > _LENGTH:
        message = (
            "The query is too large. The maximum standard SQL query length is 1024.00K characters,"
            " including comments and white space characters."
        )
        return Refusal(400, "invalid", message, "query_length", _LIMITS)
    if len(query.get("queryParameters", ())) > _PARAMETERS:
        message = f"At most {_PARAMETERS:,} query parameters are allowed"
        return Refusal(400, "invalid", message, "parameter_count", _LIMITS)
    return None


def _destination(query: dict[str, Any], kinds: list[str]) -> Refusal | None:
    """Allow a result to be written into a table only where the job is one query."""
    if not query.get("destinationTable") or kinds == [_QUERY]:
        return None
    message = "configuration.query.destinationTable cannot be set for scripts and for jobs with DML or DDL statements"
    return Refusal(400, "invalidQuery", message, "destination_of_script", f"{_JOBS}.FIELDS.destination_table")


def _bytes_billed(query: dict[str, Any], tables: int) -> Refusal | None:
    """Refuse a job that would be billed more than it may; each table that it reads is billed 10 MB at least.

    Of a script it is not documented whether the limit is that of all its statements, so the largest must keep it.
    """
    given, needed = query.get("maximumBytesBilled"), tables * _BILLED
    if not given or int(given) <= 0 or needed <= int(given):
        return None
    message = f"Query exceeded limit for bytes billed: {given}. {needed} or higher required."
    return Refusal(400, "bytesBilledLimitExceeded", message, "bytes_billed", _COSTS)


def _scope(query: dict[str, Any], project: str, tables: Tables) -> Scope:
    default = query.get("defaultDataset") or {}
    dataset = (str(default.get("projectId") or project), str(default["datasetId"])) if default else None
    named, positional = {}, []
    for parameter in query.get("queryParameters", ()):
        kind = types.of_field(_field(parameter["parameterType"]))
        if parameter.get("name"):
            named[parameter["name"].lower()] = kind
        else:
            positional.append(kind)
    return Scope(project, dataset, tables, parameters=named, positional=tuple(positional))


def _field(kind: dict[str, Any]) -> types.Field:
    """Describe a parameter's type, as a column has it."""
    if kind["type"].upper() == "ARRAY":
        return _field(kind["arrayType"]) | {"mode": "REPEATED"}
    if kind["type"].upper() == "STRUCT":
        fields = [{"name": one.get("name", ""), **_field(one["type"])} for one in kind.get("structTypes", ())]
        return {"type": "RECORD", "fields": fields}
    return {"type": kind["type"]}


@cache
def _remembered() -> Remembered:
    """Return the queries that this process has found right."""
    return Remembered()


@cache
def _reader() -> Reader:
    """Return the one reader of this process, which keeps what it knows."""
    return Reader(language())
