"""The rules about load jobs: of each, what is refused and what stands beside it and is taken."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import pytest

from local.strict_front.loads import check_load
from local.strict_front.rows import ROW

_PARTS: list[dict[str, Any]] = [
    {"name": "id", "type": "INTEGER", "mode": "REQUIRED"},
    {"name": "nome", "type": "STRING"},
    {"name": "tags", "type": "STRING", "mode": "REPEATED"},
]
FIELDS: list[dict[str, Any]] = [
    {"name": "id", "type": "INTEGER", "mode": "REQUIRED"},
    {"name": "s", "type": "STRING"},
    {"name": "short", "type": "STRING", "maxLength": "3"},
    {"name": "x", "type": "BYTES"},
    {"name": "f", "type": "FLOAT"},
    {"name": "n", "type": "NUMERIC"},
    {"name": "price", "type": "NUMERIC", "precision": "5", "scale": "2"},
    {"name": "big", "type": "BIGNUMERIC"},
    {"name": "b", "type": "BOOLEAN"},
    {"name": "d", "type": "DATE"},
    {"name": "t", "type": "TIME"},
    {"name": "dt", "type": "DATETIME"},
    {"name": "ts", "type": "TIMESTAMP"},
    {"name": "j", "type": "JSON"},
    {"name": "l", "type": "STRING", "mode": "REPEATED"},
    {"name": "r", "type": "RECORD", "fields": _PARTS},
    {"name": "rs", "type": "RECORD", "mode": "REPEATED", "fields": _PARTS},
]
REFERENCE = {"projectId": "p", "datasetId": "d", "tableId": "t"}
URI = "gs://bucket/rows.ndjson"
GOOD = '{"id": 1}'


def loaded(
    *lines: str | bytes,
    table: dict[str, Any] | None = None,
    fields: list[dict[str, Any]] | None = None,
    parts: int | None = None,
    **load: Any,
) -> str:
    """The message of the refusal of rows; nothing where they are taken."""
    content = b"\n".join(line if isinstance(line, bytes) else line.encode() for line in lines)

    def read(uri: str) -> Iterable[bytes]:
        if uri != URI:
            raise FileNotFoundError(uri)
        size = parts or max(1, len(content))
        return (content[start : start + size] for start in range(0, len(content), size))

    configuration = {
        "sourceUris": [URI],
        "sourceFormat": "NEWLINE_DELIMITED_JSON",
        "schema": {"fields": FIELDS if fields is None else fields},
        "destinationTable": REFERENCE,
    } | load
    refusal = check_load(configuration, read, table)
    assert refusal is None or refusal.source.startswith("https://cloud.google.com/bigquery/")
    return refusal.message if refusal else ""


def row(name: str, value: str) -> str:
    return f'{{"id": 1, "{name}": {value}}}' if name != "id" else f'{{"id": {value}}}'


TAKEN = {
    "id": ["1", '"1"', '"-9223372036854775808"', "9223372036854775807", "1e3"],
    "s": ['""', '"a"', "null", '"1"', '"\\u0000"', '"\\ud83d\\ude00"', '"ção"'],
    "short": ['"abc"', '"ção"'],
    "x": ['"YQ=="'],
    "f": ["1.5", '"1.5"', '"NaN"', '"-Infinity"', "1e400"],
    "n": [
        "1.5",
        '"1.50"',
        '"-0.000000001"',
        '"99999999999999999999999999999.999999999"',
        "1E2",
        '"1.5000000000000"',
    ],
    "price": ['"999.99"', "0.1"],
    "big": ['"0.00000000000000000000000000000000000001"'],
    "b": ["true", "false", '"true"', '"N"'],
    "d": ['"2026-02-28"', '"0001-01-01"', '"9999-12-31"', "null"],
    "t": ['"23:59:59.999999"', '"00:00:00"'],
    "dt": ['"2026-02-28 23:59:59"', '"2026-02-28T23:59:59.1"', '"2026-02-28"'],
    "ts": [
        '"2026-02-28 10:00:00"',
        '"2026-02-28T10:00:00Z"',
        '"2026-02-28T10:00:00.123456-03:00"',
        '"2026/02/28 10:00:00 UTC"',
        '"2026-02-28 10:00:00 America/Sao_Paulo"',
        '"2026-02-28"',
        "1700000000",
    ],
    "j": ["{}", "[1, null]", '"a"', "1.1", "18446744073709551615", "null", '{"a": {"b": [10.50]}}'],
    "l": ["[]", '["a", "b"]'],
    "r": ['{"id": 1}', "null", '{"id": 1, "tags": []}'],
    "rs": ["[]", '[{"id": 1}, {"id": 2, "nome": null}]'],
}
REFUSED = {
    "id": [
        "1.5",
        '"1.5"',
        "9223372036854775808",
        '"-9223372036854775809"',
        '"a"',
        '""',
        "true",
        "null",
        "[1]",
        "{}",
    ],
    "s": ["1", "true", "{}", "[]", '["a"]', '"\\ud800"', '"\\udc00a"'],
    "short": ['"abcd"'],
    "x": ['"YQ"', '"é"', "1"],
    "f": ['"a"', "true", '"1,5"', "{}"],
    "n": [
        '"a"',
        '"1,5"',
        '"NaN"',
        '"0.0000000001"',
        '"100000000000000000000000000000"',
        "true",
        "{}",
        "[1]",
    ],
    "price": ['"1000"', '"0.001"'],
    "big": ['"100000000000000000000000000000000000000"', '"0.000000000000000000000000000000000000001"'],
    "b": ['"maybe"', "2", "{}"],
    "d": [
        '"2026-02-30"',
        '"28/02/2026"',
        '"2026-02-28 00:00:00"',
        '"2026-02-28T00:00:00Z"',
        '"10000-01-01"',
        '"0000-01-01"',
        '"2026-2-8"',
        '"20260228"',
        "20260228",
        "{}",
    ],
    "t": ['"24:00:00"', '"10:00"', '"10:00:60"', "1"],
    "dt": ['"2026-02-30 10:00:00"', '"2026-02-28T10:00:00Z"', "1"],
    "ts": [
        '"hoje"',
        '"2026-02-30 10:00:00"',
        '"28/02/2026 10:00:00"',
        '"2026-02-28 25:00:00"',
        '"2026-02-28 10:00:00 Nowhere/City"',
        '"2026-02-28T10:00:00.1234567Z"',
        '""',
        "true",
    ],
    "j": ["1234567890123456789012345678901234567891", '{"a": [0.12345678901234567890123]}'],
    "l": ['"a"', "null", "[null]", '["a", null, "b"]', "[1]", '[["a"]]', "{}"],
    "r": ["[]", '"a"', "{}", '{"id": null}', '{"id": 1, "novo": 2}', '{"id": 1, "tags": "a"}', '[{"id": 1}]'],
    "rs": [
        '{"id": 1}',
        "[null]",
        '[{"id": 1}, {}]',
        '[{"id": 1}, {"id": 2}, {"id": 3, "novo": 1}]',
        '[{"id": 1, "tags": [null]}]',
    ],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, all_of in TAKEN.items() for value in all_of]
)
def test_what_a_column_takes(name: str, value: str) -> None:
    assert loaded(row(name, value)) == ""


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, all_of in REFUSED.items() for value in all_of]
)
@pytest.mark.parametrize("before", [0, 2])
def test_what_a_column_does_not_take(name: str, value: str, before: int) -> None:
    """Alone, and after rows and before rows that are good; what is said names the field and never the value."""
    lines = [GOOD] * before + [row(name, value)] + [GOOD] * before
    message = loaded(*lines)
    assert f"position {before * (len(GOOD) + 1)}:" in message
    if "surrogate" not in message:
        assert name in message
    if len(value) > 6:
        assert value.strip('"') not in message


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"id": 1, "novo": 2}', "No such field: novo."),
        ('{"id": 1, "novo": null}', "No such field: novo."),
        ('{"s": "a"}', "Missing required field: id."),
        ("{}", "Missing required field: id."),
        ('{"id": 1, "s": "a", "s": "b"}', "a name stands twice"),
        ('{"id": 1, "s": "a", "S": "b"}', "Duplicate field: S"),
        ('{"id": 1, "j": {"a": 1, "a": 2}}', "a name stands twice"),
        ('{"id": 1', "Parser terminated"),
        ('{"id": 1} {"id": 2}', "Extra data"),
        ("[1]", "A row is an object, and this is a list"),
        ("1", "A row is an object, and this is a number"),
        ("null", "A row is an object, and this is null"),
        ("{'id': 1}", "Parser terminated"),
        ('{"id": NaN}', "NaN is no JSON"),
        ('{"id": 1, "f": -Infinity}', "-Infinity is no JSON"),
        ('{"id": 1, "s": "a\tb"}', "Parser terminated"),
        ('{"id": 1, "j": ' + "[" * 501 + "]" * 501 + "}", "nested deeper"),
        ('{"id": 1, "j": ' + "[" * 200_000 + "]" * 200_000 + "}", "nested too deep"),
        ('{"id": 1,\n"s": "a"}', "Parser terminated"),
    ],
)
def test_what_is_no_row(line: str, said: str) -> None:
    assert said in loaded(GOOD, line, GOOD)


def test_what_is_no_utf_8_is_taken() -> None:
    assert loaded(b'{"id": 1, "s": "\xe7\xe3o"}') == ""


@pytest.mark.parametrize("parts", [1, 7, 100])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_files_come_in_parts(parts: int, pack: Any) -> None:
    """Lines are the same however the file is cut, with either end of a line and none at the last, and without rows."""
    content = b'{"id": 1}\r\n\n{"id": 2, "s": "\xc3\xa7"}\n  \n{"id": 3}'
    assert loaded(pack(content), parts=parts) == ""
    assert "No such field: q." in loaded(pack(content + b'\n{"id": 4, "q": 1}'), parts=parts)
    assert loaded(pack(b""), parts=parts) == ""


def test_a_broken_archive_is_refused() -> None:
    assert "gzip" in loaded(gzip.compress(b'{"id": 1}' * 9)[:2] + b"broken, not an archive")


def test_unknown_fields_may_be_passed_over() -> None:
    lines = ['{"id": 1, "novo": 2}', '{"id": 1, "r": {"id": 1, "novo": 2}}']
    assert loaded(*lines, ignoreUnknownValues=True) == ""
    assert "id" in loaded('{"novo": 1}', ignoreUnknownValues=True)


def test_some_bad_rows_may_be_passed_over() -> None:
    bad = [row("d", '"hoje"')] * 3
    assert loaded(GOOD, *bad, maxBadRecords=3) == ""
    assert "Field: d" in loaded(GOOD, *bad, maxBadRecords=2)


def test_a_row_has_100_mb(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ROW == 100 * 1024 * 1024
    monkeypatch.setattr("local.strict_front.rows.ROW", 100)
    assert loaded(row("s", f'"{"a" * 60}"')) == ""
    assert "Row size is larger than: 100" in loaded(GOOD, row("s", f'"{"a" * 100}"'))


@pytest.mark.parametrize(
    ("load", "said"),
    [
        ({"sourceFormat": "CSV"}, "sourceFormat CSV is not known here"),
        ({"encoding": "ISO-8859-1"}, "encoding"),
        ({"sourceUris": []}, "sourceUris"),
        ({"sourceUris": ["gs://bucket/a"] * 10_001}, "10,000"),
        ({"sourceUris": [URI, "https://bucket/a"]}, "gs://bucket/object"),
        ({"sourceUris": ["gs://bucket/*/*"]}, "at most one *"),
        ({"sourceUris": ["gs://buck*/a"]}, "at most one *"),
        ({"sourceUris": ["gs://bucket"]}, "gs://bucket/object"),
        ({"sourceUris": ["gs://bucket/a#123"]}, "no generation"),
        ({"sourceUris": [URI, URI, "gs://bucket/missing"]}, "Not found: URI gs://bucket/missing"),
        ({"sourceUris": ["gs://bucket/missing-*"]}, "Not found: URI"),
        ({"schema": None}, "No schema specified"),
        ({"schema": None, "autodetect": True}, "autodetect is not known here"),
        ({"createDisposition": "CREATE_NEVER"}, "Not found: Table p:d.t"),
        ({"schema": {"fields": [{"name": "a", "type": "NONSENSE"}]}}, "NONSENSE"),
    ],
)
def test_what_the_job_says(load: dict[str, Any], said: str) -> None:
    assert said in loaded(GOOD, **load)


STORED: list[dict[str, Any]] = [
    {"name": "id", "type": "INTEGER", "mode": "REQUIRED"},
    {"name": "s", "type": "STRING"},
    {"name": "r", "type": "RECORD", "mode": "REPEATED", "fields": _PARTS},
]
NEW = {"name": "novo", "type": "STRING"}
OF_RECORD = {**STORED[2], "fields": [*_PARTS, NEW]}


@pytest.mark.parametrize(
    ("fields", "options", "said"),
    [
        (STORED, [], ""),
        ([{**STORED[0], "type": "INT64", "description": "a"}, *STORED[1:]], [], ""),
        (STORED[::-1], [], ""),
        ([*STORED, NEW], [], "Cannot add fields (field: novo)"),
        ([*STORED, NEW], ["ALLOW_FIELD_ADDITION"], ""),
        ([*STORED, {**NEW, "mode": "REQUIRED"}], ["ALLOW_FIELD_ADDITION"], "Cannot add required fields"),
        ([*STORED[:2], OF_RECORD], [], "Cannot add fields (field: r.novo)"),
        ([*STORED[:2], OF_RECORD], ["ALLOW_FIELD_ADDITION"], ""),
        (STORED[:2], [], "Field r is missing in new schema"),
        ([*STORED[:2], {**STORED[2], "fields": _PARTS[:2]}], [], "Field r.tags is missing in new schema"),
        (
            [{**STORED[0], "type": "STRING"}, *STORED[1:]],
            [],
            "Field id has changed type from INTEGER to STRING",
        ),
        ([{**STORED[0], "mode": "NULLABLE"}, *STORED[1:]], [], "changed mode from REQUIRED to NULLABLE"),
        ([{**STORED[0], "mode": "NULLABLE"}, *STORED[1:]], ["ALLOW_FIELD_RELAXATION"], ""),
        (
            [STORED[0], {**STORED[1], "mode": "REQUIRED"}, STORED[2]],
            ["ALLOW_FIELD_RELAXATION"],
            "to REQUIRED",
        ),
        (
            [*STORED[:2], {**STORED[2], "mode": "NULLABLE"}],
            ["ALLOW_FIELD_RELAXATION"],
            "from REPEATED to NULLABLE",
        ),
    ],
)
def test_a_schema_that_is_given_for_a_table_that_has_one(
    fields: list[dict[str, Any]], options: list[str], said: str
) -> None:
    line = '{"id": "1", "s": "a", "novo": "a"}'
    given: dict[str, Any] = {"fields": fields, "ignoreUnknownValues": True, "schemaUpdateOptions": options}
    table = {"schema": {"fields": STORED}, "numRows": "1"}
    message = loaded(line, table=table, **given)
    assert message == "" if not said else said in message
    assert loaded(line, table=table, **given, writeDisposition="WRITE_TRUNCATE") == ""


def test_what_the_table_says() -> None:
    filled, empty = ({"schema": {"fields": STORED}, "numRows": rows} for rows in ("1", "0"))
    given: dict[str, Any] = {"fields": STORED}
    assert "Already Exists" in loaded(GOOD, table=filled, **given, writeDisposition="WRITE_EMPTY")
    assert loaded(GOOD, table=empty, **given, writeDisposition="WRITE_EMPTY") == ""
    assert loaded(GOOD, table=filled, **given) == ""
    assert "currently a VIEW" in loaded(GOOD, table=filled | {"type": "VIEW"}, **given)
    # Without a schema of the job the table's holds.
    assert loaded(GOOD, table=filled, schema=None) == ""
    assert "No such field: q." in loaded('{"id": 1, "q": 2}', table=filled, schema=None)


@pytest.mark.parametrize("kind", ["DATE", "TIMESTAMP"])
@pytest.mark.parametrize(("days", "said"), [(4_000, ""), (4_001, "Too many partitions")])
def test_partitions_a_job(kind: str, days: int, said: str) -> None:
    time = "T23:30:00-03:00" if kind == "TIMESTAMP" else ""
    lines = [
        json.dumps({"id": 1, "day": f"{date(2000, 1, 1) + timedelta(days=number)}{time}"})
        for number in range(days)
        for _ in range(2)
    ]
    fields = [FIELDS[0], {"name": "day", "type": kind}]
    partitioned: dict[str, Any] = {"timePartitioning": {"type": "DAY", "field": "day"}}
    assert said in loaded(*lines, fields=fields, **partitioned)
    assert bool(loaded(*lines, fields=fields, **partitioned)) == bool(said)
    table = {"schema": {"fields": fields}, **partitioned}
    assert bool(loaded(*lines, fields=fields, table=table)) == bool(said)
    assert loaded(*lines, fields=fields) == ""
    assert loaded(*lines, fields=fields, timePartitioning={"type": "MONTH", "field": "day"}) == ""


@pytest.mark.parametrize(
    ("unit", "named", "days", "said"),
    [
        ("DAY", "20260105", ["2026-01-05", "2026-01-05"], ""),
        ("DAY", "20260105", ["2026-01-04"], "different partitions"),
        *(
            (
                "DAY",
                "20260105",
                ["2026-01-05"] * at + ["2026-01-06"] + ["2026-01-05"] * (2 - at),
                "different partitions",
            )
            for at in range(3)
        ),
        ("MONTH", "202601", ["2026-01-05", "2026-01-31"], ""),
        ("MONTH", "202601", ["2026-01-05", "2026-02-01"], "different partitions"),
    ],
)
def test_rows_of_a_partition_are_of_it(unit: str, named: str, days: list[str], said: str) -> None:
    fields = [FIELDS[0], {"name": "day", "type": "DATE"}]
    table = {"schema": {"fields": fields}, "timePartitioning": {"type": unit, "field": "day"}}
    lines = [json.dumps({"id": 1, "day": day}) for day in days]
    into = {**REFERENCE, "tableId": f"t${named}"}
    found = loaded(*lines, fields=fields, table=table, destinationTable=into)
    assert found == "" if not said else said in found
    assert loaded(*lines, fields=fields, table=table) == ""
