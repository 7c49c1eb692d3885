"""Statements and rows that BigQuery refuses, asked through the front; and, as the control, of the emulator alone.

Most of them the emulator takes: that is what the rules are for. What it refuses too is asked of both, so that it is known
who keeps a rule.
"""

from __future__ import annotations

import json
import os
from typing import Any, NamedTuple

import pytest

from tests.strict_front.plain_requests import PROJECT, SOUTH, Bq, Gcs, column, new_name

pytestmark = pytest.mark.stack

_ITEM = column("itens", "RECORD", "REPEATED", fields=[column("produto", "INTEGER")])
_WIDER = _ITEM | {"fields": [column("produto", "INTEGER"), column("novo")]}
FIELDS = [
    column("id", "INTEGER", "REQUIRED"),
    column("s"),
    column("n", "NUMERIC"),
    column("d", "DATE"),
    column("ts", "TIMESTAMP"),
    column("j", "JSON"),
    column("l", mode="REPEATED"),
    column("r", "RECORD", fields=[column("a")]),
    _ITEM,
]


class Service:
    """BigQuery at an address, with tables of two rows.

    Args:
        bigquery: The address.
        storage: Cloud Storage's.
    """

    def __init__(self, bigquery: str, storage: str) -> None:
        self.bigquery = Bq(bigquery)
        self.storage = Gcs(storage)
        self.bucket = new_name("b-")
        assert self.storage.make_bucket(name=self.bucket, location=SOUTH) == 200
        days = {"timePartitioning": {"type": "DAY", "field": "d"}}
        for name, fields, more in (
            ("t", FIELDS, {}),
            ("u", FIELDS, {}),
            ("wider", [*FIELDS[:-1], _WIDER], {}),
            ("days", [column("id", "INTEGER"), column("d", "DATE")], days),
            ("dated", [column("id", "INTEGER"), column("d", "DATE")], days),
            ("twice", FIELDS, {}),
        ):
            assert self.bigquery.make_table(fields, name=name, **more) == 200
        rows = "(1, 'a', DATE '2026-01-01'), (2, 'b', DATE '2026-01-02')"
        for name in ("t", "u"):
            assert self.error(f"INSERT {name} (id, s, d) VALUES {rows}") == ""
        assert self.error("INSERT twice (id, s) VALUES (1, 'a'), (1, 'b')") == ""

    def error(self, sql: str) -> str:
        """What a query job's error says; nothing where it has none."""
        configuration = {"query": sql, "useLegacySql": False}
        default = {"projectId": PROJECT, "datasetId": self.bigquery.dataset}
        answer = self.bigquery.insert({"query": configuration | {"defaultDataset": default}}).json()
        return self._ended(answer)

    def loaded(self, lines: list[str]) -> str:
        """What a load job's error says; nothing where it has none."""
        name = new_name("rows")
        assert self.storage.media(name, bucket=self.bucket, data="\n".join(lines).encode()) == 200
        job = self.bigquery.load(sourceUris=[f"gs://{self.bucket}/{name}"], schema={"fields": FIELDS})
        return self._ended(job.json())

    def _ended(self, job: dict[str, Any]) -> str:
        if "error" in job:
            return str(job["error"]["message"])
        reference = job["jobReference"]
        while job["status"]["state"] != "DONE":
            path = f"/jobs/{reference['jobId']}"
            job = self.bigquery.ask("GET", path, query={"location": reference.get("location")}).json()
        return str(job["status"].get("errorResult", {}).get("message", ""))


@pytest.fixture(scope="module")
def front(emulators: dict[str, str]) -> Service:
    return Service(os.environ["BIGQUERY_EMULATOR_HOST"], os.environ["STORAGE_EMULATOR_HOST"])


@pytest.fixture(scope="module")
def alone(emulators: dict[str, str]) -> Service:
    return Service(os.environ["BIGQUERY_WITHOUT_FRONT"], os.environ["STORAGE_WITHOUT_FRONT"])


class Asked(NamedTuple):
    """A statement, and whether the emulator alone takes it."""

    sql: str
    alone: bool


BAD = {
    "record with a field more": Asked(
        "MERGE t USING wider AS w ON t.id = w.id WHEN MATCHED THEN UPDATE SET itens = w.itens", True
    ),
    "window function in replace": Asked("SELECT * REPLACE (MIN(id) OVER () AS id) FROM t", True),
    "order by a sum of a sum": Asked("SELECT SUM(n) AS n FROM t ORDER BY SUM(n)", True),
    "date and timestamp": Asked("SELECT id FROM t WHERE d = ts", True),
    "union of text and number": Asked("SELECT s FROM t UNION ALL SELECT id FROM t", True),
    "json equality": Asked("SELECT id FROM t WHERE j = j", False),
    "order by json": Asked("SELECT id FROM t ORDER BY j", True),
    "group by json": Asked("SELECT COUNT(*) AS c FROM t GROUP BY j", True),
    "distinct json": Asked("SELECT DISTINCT j FROM t", True),
    "not grouped": Asked("SELECT id, s FROM t GROUP BY id", False),
    "declare after a statement": Asked("SELECT 1 AS a; DECLARE x INT64; SELECT x", False),
    "full join": Asked("SELECT t.id FROM t FULL JOIN u ON t.id > u.id", True),
    "left join": Asked("SELECT t.id FROM t LEFT JOIN u ON t.id > u.id", True),
    "correlated subquery": Asked("SELECT (SELECT u.s FROM u WHERE u.id = t.id LIMIT 1) AS x FROM t", True),
    "correlated inequality": Asked("SELECT (SELECT MAX(u.s) FROM u WHERE u.id < t.id) AS x FROM t", True),
    "exists": Asked("SELECT id FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.id <= t.id)", True),
    "two columns of one name": Asked("SELECT id, s AS id FROM t", True),
    "window function in where": Asked("SELECT id FROM t WHERE ROW_NUMBER() OVER () = 1", False),
    "duckdb cast": Asked("SELECT '1'::INT AS a", True),
    "duckdb function": Asked("SELECT list_sum([1, 2]) AS a", True),
    "duckdb days": Asked("SELECT strptime('2026', '%Y') AS a", True),
    "long query": Asked(f"SELECT 1 AS a -- {'a' * 1024 * 1024}", True),
    "view of nothing": Asked("CREATE VIEW x1 AS SELECT * FROM nothing", False),
    "view with a label of capitals": Asked(
        "CREATE VIEW x2 OPTIONS (labels = [('A', 'b')]) AS SELECT 1 AS a", True
    ),
    "view with two names": Asked("CREATE VIEW x3 (a, b) AS SELECT 1 AS a", False),
    "view with an unknown option": Asked("CREATE VIEW x4 OPTIONS (nonsense = 'a') AS SELECT 1 AS a", True),
    "view with a long description": Asked(
        f"CREATE VIEW x5 (a OPTIONS (description = '{'a' * 2000}')) AS SELECT 1 AS a", True
    ),
    "intersect all": Asked("SELECT id FROM t INTERSECT ALL SELECT id FROM u", True),
    "explain": Asked("EXPLAIN SELECT 1 AS a", True),
    "show": Asked("SHOW TABLES", True),
    "sample of rows": Asked("SELECT id FROM t TABLESAMPLE BERNOULLI (10 PERCENT)", True),
    "table partitioned by a text": Asked("CREATE TABLE x6 (s STRING) PARTITION BY s", True),
    "table partitioned by an instant": Asked("CREATE TABLE x7 (ts TIMESTAMP) PARTITION BY ts", True),
    "table clustered by five columns": Asked(
        "CREATE TABLE x8 (a INT64, b INT64, c INT64, d INT64, e INT64) CLUSTER BY a, b, c, d, e", True
    ),
    "table clustered by a list": Asked("CREATE TABLE x9 (a ARRAY<STRING>) CLUSTER BY a", True),
    "table with a reserved column": Asked("CREATE TABLE x10 (_PARTITIONTIME STRING)", True),
    "column of partitions dropped": Asked("ALTER TABLE dated DROP COLUMN d", True),
    "temporary view": Asked("CREATE TEMP VIEW x11 AS SELECT 1 AS a", True),
    "index": Asked("CREATE INDEX x12 ON t (s)", True),
    "undeclared": Asked("SET nothing = 1", False),
    "declared twice": Asked("DECLARE x INT64; DECLARE x INT64; SELECT x", True),
    "number into text": Asked("UPDATE t SET s = 1 WHERE FALSE", True),
    "update without where": Asked("UPDATE u SET s = s", False),
}
# What is only known when it runs: the emulator keeps these itself.
KEPT = {
    "null into a required column": "INSERT t (id) VALUES (NULL)",
    "overflow of a number": "SELECT 9223372036854775807 + id AS a FROM t",
    "overflow of a decimal": "SELECT NUMERIC '99999999999999999999999999999' * 10 AS a",
    "division by zero": "SELECT 1 / (id - id) AS a FROM t",
    "two rows": "SELECT (SELECT id FROM u) AS a FROM t",
    "merge of a row that matches twice": (
        "MERGE t USING twice ON t.id = twice.id WHEN MATCHED THEN UPDATE SET s = twice.s"
    ),
    "view in the place of a table": "CREATE OR REPLACE VIEW t AS SELECT 1 AS a",
    "table that is there": "CREATE TABLE t (a INT64)",
    "error": "SELECT ERROR('a') AS a",
}
GOOD = {
    "merge": "MERGE t USING u ON t.id = u.id WHEN MATCHED THEN UPDATE SET s = u.s WHEN NOT MATCHED THEN INSERT ROW",
    "partitions": "INSERT days (d, id) SELECT DATE_ADD(DATE '2020-01-01', INTERVAL x DAY), x FROM UNNEST(GENERATE_ARRAY(1, 100)) AS x",
    "script": "DECLARE ids ARRAY<INT64> DEFAULT (SELECT ARRAY_AGG(id) FROM t); SELECT s FROM t WHERE id IN UNNEST(ids)",
    "view": "CREATE OR REPLACE VIEW v (a OPTIONS (description = 'a')) OPTIONS (labels = [('a', 'b')]) AS SELECT 1 AS a",
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_refused(front: Service, alone: Service, name: str) -> None:
    sql, taken = BAD[name]
    assert "https://cloud.google.com/bigquery/" in front.error(sql)
    error = alone.error(sql)
    assert (error == "") == taken, error


@pytest.mark.parametrize("name", KEPT)
def test_what_the_emulator_refuses_when_it_runs(front: Service, alone: Service, name: str) -> None:
    expected = alone.error(KEPT[name]).replace(alone.bigquery.dataset, front.bigquery.dataset)
    assert front.error(KEPT[name]) == expected != ""


MATCHES = {
    "one": "UPDATE t SET s = u.s FROM u WHERE t.id = u.id",
    "one, by another name": "UPDATE t AS o SET s = n.s FROM u AS n JOIN u AS m ON n.id = m.id WHERE o.id = n.id",
    "twice": "UPDATE t SET s = twice.s FROM twice WHERE t.id = twice.id",
    "twice, by another name": "UPDATE t AS o SET s = n.s FROM twice AS n WHERE o.id = n.id AND o.id > 0",
    "twice in a script": "SELECT 1 AS a; UPDATE t SET s = twice.s FROM twice WHERE t.id = twice.id",
    "twice in a branch": "IF TRUE THEN UPDATE t SET s = twice.s FROM twice WHERE t.id = twice.id; END IF",
}


@pytest.mark.parametrize("name", MATCHES)
def test_an_update_matches_each_row_once(front: Service, alone: Service, name: str) -> None:
    said = "UPDATE/MERGE must match at most one source row for each target row"
    assert front.error(MATCHES[name]) == (said if name.startswith("twice") else "")
    assert alone.error(MATCHES[name]) == ""


@pytest.mark.parametrize("name", GOOD)
def test_what_is_taken(front: Service, name: str) -> None:
    assert front.error(GOOD[name]) == ""


@pytest.mark.parametrize(
    ("kind", "made", "few", "many"),
    [
        ("STRING", "REPEAT('a', {})", 1_048_574, 1_048_575),
        ("STRING", "REPEAT('ç', {})", 524_287, 524_288),
        ("ARRAY<INT64>", "GENERATE_ARRAY(1, {})", 131_072, 131_073),
        ("ARRAY<STRING>", "ARRAY(SELECT 'abcdef' FROM UNNEST(GENERATE_ARRAY(1, {})))", 131_072, 131_073),
        (
            "ARRAY<STRUCT<a INT64, b DATE>>",
            "ARRAY(SELECT AS STRUCT 1 AS a, DATE '2026-01-01' AS b FROM UNNEST(GENERATE_ARRAY(1, {})))",
            65_536,
            65_537,
        ),
    ],
)
@pytest.mark.parametrize(
    "form",
    [
        "DECLARE x {kind} DEFAULT {value}; SELECT 1 AS a",
        "DECLARE x {kind}; SET x = (SELECT {value})",
        "DECLARE x {kind}; SET x = {value}",
    ],
)
def test_a_variable_has_1_mb(  # noqa: PLR0917  # each of pytest's parameters is one
    front: Service, alone: Service, kind: str, made: str, few: int, many: int, form: str
) -> None:
    fits, does_not = (form.format(kind=kind, value=made.format(count)) for count in (few, many))
    assert front.error(fits) == ""
    assert "The script variable x is larger than 1 MB" in front.error(does_not)
    assert alone.error(does_not) == ""


def test_all_variables_have_10_mb(front: Service, alone: Service) -> None:
    def declared(count: int, length: int = 1_000_000) -> str:
        return "; ".join(f"DECLARE x{number} STRING DEFAULT REPEAT('a', {length})" for number in range(count))

    assert front.error(f"{declared(10)}; SELECT 1 AS a") == ""
    assert "larger than 10 MB in all" in front.error(f"{declared(11)}; SELECT 1 AS a")
    assert alone.error(f"{declared(11)}; SELECT 1 AS a") == ""
    # Eleven that are small together, and each block for itself.
    assert front.error(f"{declared(11, 1)}; SELECT 1 AS a") == ""
    block = f"BEGIN {declared(9)}; SELECT 1 AS a; END"
    assert front.error(f"{block}; {block}") == ""


DAYS = (
    "SELECT x AS id, DATE_ADD(DATE '2000-01-01', INTERVAL x DAY) AS d FROM UNNEST(GENERATE_ARRAY(1, {})) AS x"
)
CHANGES = {
    "insert": "INSERT days (d, id) SELECT d, id FROM (" + DAYS + ")",
    "insert all columns": "INSERT days " + DAYS,
    "create": "CREATE OR REPLACE TABLE made PARTITION BY d AS " + DAYS,
    "merge that inserts": "MERGE days USING ("
    + DAYS
    + ") AS s ON FALSE WHEN NOT MATCHED THEN INSERT (id, d) VALUES (s.id, s.d)",
    "merge that inserts rows": "MERGE days USING ("
    + DAYS
    + ") AS s ON days.id = -s.id WHEN NOT MATCHED THEN INSERT ROW",
}
TOUCHES = {
    "delete": "DELETE FROM days WHERE id <= {}",
    "update": "UPDATE days SET id = -id WHERE id <= {}",
    "merge that updates": "MERGE days AS t USING (SELECT * FROM days WHERE id <= {}) AS s ON t.d = s.d WHEN MATCHED THEN UPDATE SET id = s.id",
    "merge that deletes": "MERGE days AS t USING (SELECT -1 AS id) AS s ON t.id = s.id WHEN NOT MATCHED BY SOURCE AND t.id <= {} THEN DELETE",
}


# The count is the same in both forms.
SCRIPTS = ("insert", "delete", "merge that updates")


@pytest.mark.parametrize(
    ("name", "form"),
    [*((name, "{}") for name in (*CHANGES, *TOUCHES)), *((name, "SELECT 1 AS a; {}") for name in SCRIPTS)],
)
def test_a_job_changes_4000_partitions(front: Service, alone: Service, name: str, form: str) -> None:
    """As a job of one statement, whose partitions are counted before it; and in a script, which counts them itself."""
    statement = form.format((CHANGES | TOUCHES)[name])
    for count, fits in ((4_000, True), (4_001, False)):
        _fill(front, filled=name in TOUCHES)
        error = front.error(statement.format(count))
        assert error == "" if fits else "Too many partitions produced by query, allowed 4000" in error
    _fill(alone, filled=name in TOUCHES)
    assert alone.error(statement.format(4_001)) == ""


def _fill(service: Service, *, filled: bool) -> None:
    """Empty the table of days, or fill it with more than a job may change."""
    assert service.error("TRUNCATE TABLE days") == ""
    for first in (1, 2_501) if filled else ():
        array = f"GENERATE_ARRAY({first}, {first + 2_499})"
        days = "DATE_ADD(DATE '2000-01-01', INTERVAL x DAY)"
        assert service.error(f"INSERT days (id, d) SELECT x, {days} FROM UNNEST({array}) AS x") == ""


LINES = {
    "unknown field": Asked('{"id": 1, "q": 1}', True),
    "unknown field in a record": Asked('{"id": 1, "r": {"q": 1}}', True),
    "required missing": Asked('{"s": "a"}', True),
    "required null": Asked('{"id": null}', True),
    "null in a list": Asked('{"id": 1, "l": ["a", null]}', False),
    "text for a list": Asked('{"id": 1, "l": "a"}', False),
    "1.5 for a whole number": Asked('{"id": 1.5}', True),
    "2^63": Asked('{"id": 9223372036854775808}', False),
    "day in another form": Asked('{"id": 1, "d": "28/02/2026"}', False),
    "day with a time": Asked('{"id": 1, "d": "2026-02-28 10:00:00"}', True),
    "day of the year 10000": Asked('{"id": 1, "d": "10000-01-01"}', True),
    "day that is none": Asked('{"id": 1, "d": "2026-02-30"}', False),
    "instant that is none": Asked('{"id": 1, "ts": "hoje"}', False),
    "decimal that is text": Asked('{"id": 1, "n": "a"}', False),
    "decimal with a comma": Asked('{"id": 1, "n": "1,5"}', False),
    "object for text": Asked('{"id": 1, "s": {"a": 1}}', True),
    "list for text": Asked('{"id": 1, "s": ["a"]}', True),
    "name twice": Asked('{"id": 1, "s": "a", "s": "b"}', False),
    "broken": Asked('{"id": 1', False),
    "number of 40 digits in json": Asked('{"id": 1, "j": 1234567890123456789012345678901234567891}', True),
    "lone surrogate": Asked('{"id": 1, "s": "\\ud800"}', False),
}


@pytest.mark.parametrize("name", LINES)
@pytest.mark.parametrize("before", [0, 1, 3])
def test_rows_that_are_refused(front: Service, alone: Service, name: str, before: int) -> None:
    line, taken = LINES[name]
    lines = ['{"id": 1}'] * before + [line, '{"id": 2}']
    place = before * len('{"id": 1}\n')
    assert f"JSON parsing error in row starting at position {place}: " in front.loaded(lines)
    if before == 1:
        error = alone.loaded(lines)
        assert (error == "") == taken, error


@pytest.mark.parametrize(
    "lines", [[], ['{"id": 1}'], [json.dumps({"id": 1, "j": {"a": [1]}, "itens": [{"produto": 1}]})]]
)
def test_rows_that_are_taken(front: Service, alone: Service, lines: list[str]) -> None:
    assert front.loaded(lines) == alone.loaded(lines) == ""
