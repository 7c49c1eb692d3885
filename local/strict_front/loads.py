"""Load jobs that BigQuery would refuse."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import chain
from typing import Any, Final

from local.strict_front import row_values
from local.strict_front.refusal import Refusal
from local.strict_front.rows import BadRowError, Row, RowCheck, check_rows, lines, parse
from local.strict_front.schemas import problem_of_change
from local.strict_front.sql import partitions
from local.strict_front.sql.catalog import Resource
from local.strict_front.sql.types import Field

Read = Callable[[str], Iterable[bytes]]
"""Of a URI, also with a ``*``: the content of what it names, in parts. FileNotFoundError where it names nothing."""

_JOB: Final = "https://cloud.google.com/bigquery/docs/reference/rest/v2/Job#JobConfigurationLoad"
_LIMITS: Final = "https://cloud.google.com/bigquery/quotas#load_jobs"
_URIS: Final = "https://cloud.google.com/bigquery/docs/batch-loading-data#load-wildcards"
_PARTITION: Final = "https://cloud.google.com/bigquery/docs/load-data-partitioned-tables#load-into-partition"
_JSON: Final = "NEWLINE_DELIMITED_JSON"
_MOST_URIS: Final = 10_000
_COLUMNS: Final = 10_000
_URI: Final = re.compile(r"gs://[^*/?#]+/[^*#]+(?:\*[^*#]*)?|gs://[^*/?#]+/\*[^*#]*")
_GZIP: Final = b"\x1f\x8b"
_GRANULARITY: Final = {"HOUR": 13, "DAY": 10, "MONTH": 7, "YEAR": 4}


def check_load(load: dict[str, Any], read: Read, table: Resource | None) -> Refusal | None:
    """Say why BigQuery refuses a load job; None where it accepts it.

    Args:
        load: The load as the configuration of a job has it.
        read: Reads its files.
        table: The table that it goes into; None where it is not there.
    """
    fields = list((load.get("schema") or {}).get("fields", ()))
    before = list((table or {}).get("schema", {}).get("fields", ()))
    refusal = of_request(load) or _of_table(load, table, fields, before)
    if refusal:
        return refusal
    try:
        check = check_rows(fields or before, ignore_unknown=bool(load.get("ignoreUnknownValues")))
    except KeyError as error:
        return _refused(
            "unknown_type", f"Columns of type {error.args[0]} are not known here", row_values.SOURCE
        )
    return _of_rows(load, read, check, _partitions(load, table, fields or before))


def of_request(load: dict[str, Any]) -> Refusal | None:
    """Judge what needs neither the table nor the files: the service answers it at once, and creates no job."""
    uris = load.get("sourceUris") or []
    if load.get("sourceFormat", "CSV") != _JSON:
        kind = load.get("sourceFormat", "CSV")
        return _refused("source_format", f"sourceFormat {kind} is not known here: use {_JSON}", _JOB)
    if (load.get("encoding") or "UTF-8").upper() != "UTF-8":
        return _refused("encoding", "encoding: only UTF-8 is known here", _JOB)
    if not uris:
        return Refusal(400, "required", "Required parameter is missing: sourceUris", "uris_missing", _JOB)
    if len(uris) > _MOST_URIS:
        return _refused("uri_count", f"Too many source URIs: at most {_MOST_URIS:,} are allowed", _LIMITS)
    if any(not _URI.fullmatch(uri) for uri in uris):
        message = (
            "Source URI must be a Google Cloud Storage location gs://bucket/object, with at most one * in the object's"
            " name, and no generation"
        )
        return _refused("uri_form", message, _URIS)
    return None


def _of_table(
    load: dict[str, Any], table: Resource | None, fields: list[Field], before: list[Field]
) -> Refusal | None:
    """Judge the load by the table and the schema."""
    reference = load.get("destinationTable") or {}
    name = f"{reference.get('projectId')}:{reference.get('datasetId')}.{reference.get('tableId')}"
    if not fields and not before:
        message = "No schema specified on job or table."
        if load.get("autodetect"):
            message += " A schema that is found by autodetect is not known here."
        return _refused("no_schema", message, _JOB)
    if len(fields) > _COLUMNS:
        return _refused("column_count", f"Too many columns: at most {_COLUMNS:,} are allowed", _LIMITS)
    if table is not None:
        return _into(load, table, name) or _by_schema(load, fields, before, name)
    if load.get("createDisposition") == "CREATE_NEVER":
        return Refusal(404, "notFound", f"Not found: Table {name}", "create_never", _JOB)
    return None


def _into(load: dict[str, Any], table: Resource, name: str) -> Refusal | None:
    """Judge whether an existing table may be written into."""
    if table.get("type", "TABLE") != "TABLE":
        message = f"{name} is not allowed for this operation because it is currently a {table['type']}."
        return _refused("load_into_view", message, _JOB)
    if load.get("writeDisposition") == "WRITE_EMPTY" and int(table.get("numRows") or 0):
        return Refusal(409, "duplicate", f"Already Exists: Table {name}", "write_empty", _JOB)
    return None


def _by_schema(load: dict[str, Any], fields: list[Field], before: list[Field], name: str) -> Refusal | None:
    """Judge whether the schema of the load is that of the table."""
    if load.get("writeDisposition") == "WRITE_TRUNCATE" or not fields:
        return None
    wrong = problem_of_change(before, fields, frozenset(load.get("schemaUpdateOptions") or ()))
    if wrong is None:
        return None
    message = f"Provided Schema does not match Table {name}. {wrong}"
    return _refused("schema_update", message, f"{_JOB}.FIELDS.schema_update_options")


def _of_rows(
    load: dict[str, Any], read: Read, check: RowCheck, partition: Callable[[Row], str | None]
) -> Refusal | None:
    """Judge the load by its rows."""
    bad, allowed = 0, int(load.get("maxBadRecords") or 0)
    seen: set[str] = set()
    for uri in load["sourceUris"]:
        try:
            parts = _unpacked(read(uri))
            for place, line in lines(parts):
                wrong = _row(line, check, partition, seen)
                bad += wrong is not None
                if bad > allowed:
                    return _bad_row(wrong, place, uri)
        except FileNotFoundError:
            where = "https://cloud.google.com/bigquery/docs/batch-loading-data#bigquery-import-gcs-file"
            return Refusal(404, "notFound", f"Not found: URI {uri}", "uri_not_found", where)
        except zlib.error:
            return _refused(
                "broken_gzip", f"Error while reading data: broken gzip. File: {uri}", row_values.SOURCE
            )
    named = str(load["destinationTable"]["tableId"]).partition("$")[2]
    if named and any(re.sub(r"\D", "", one) != named for one in seen):
        message = f"Some rows belong to different partitions rather than destination partition {named}"
        return _refused("rows_of_a_partition", message, _PARTITION)
    if len(seen) > partitions.MOST:
        message = f"Too many partitions produced by load, allowed {partitions.MOST}"
        return _refused("partitions_a_job", message, partitions.SOURCE)
    return None


def _row(line: bytes, check: RowCheck, partition: Callable[[Row], str | None], seen: set[str]) -> str | None:
    """Say what is wrong with a row; remember the partition of a good one."""
    try:
        row = parse(line)
    except BadRowError as error:
        return str(error)
    wrong = check(row, "")
    if not wrong and (found := partition(row)):
        seen.add(found)
    return wrong


def _bad_row(wrong: str | None, place: int, uri: str) -> Refusal:
    message = (
        f"Error while reading data, error message: JSON parsing error in row starting at position {place}: {wrong}"
        f" File: {uri}"
    )
    return _refused("row_by_schema", message, row_values.SOURCE)


def _partitions(
    load: dict[str, Any], table: Resource | None, fields: list[Field]
) -> Callable[[Row], str | None]:
    """Build the function that finds the partition of a row; it finds none where the table has no column for it."""
    found = partitions.of_rows(table or load)
    if found is None:
        return lambda _: None
    column, granularity = found
    length = _GRANULARITY[granularity]
    kinds = {field["name"].lower(): field["type"].upper() for field in fields}
    of_instant = kinds.get(column.lower()) == "TIMESTAMP"

    def partition(row: Row) -> str | None:
        value = row.get(column)
        if not isinstance(value, str):
            return None
        return (_in_utc(value) if of_instant else value)[:length]

    return partition


def _in_utc(text: str) -> str:
    """Convert an instant to UTC; what Python does not read stays as it is."""
    try:
        found = datetime.fromisoformat(text.replace("/", "-").replace(" UTC", "Z"))
    except ValueError:
        return text
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC).isoformat()


def _unpacked(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Yield a file's content, unpacked where it is compressed."""
    waiting = iter(parts)
    head = b""
    # The first two bytes tell, and a part may be shorter.
    while len(head) < len(_GZIP) and (part := next(waiting, None)) is not None:
        head += part
    if not head.startswith(_GZIP):
        yield head
        yield from waiting
        return
    unpack = zlib.decompressobj(wbits=31)
    for part in chain([head], waiting):
        yield unpack.decompress(part)


def _refused(rule: str, message: str, source: str) -> Refusal:
    return Refusal(400, "invalid", message, rule, source)
