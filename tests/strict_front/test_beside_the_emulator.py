"""What the rules about SQL and rows refuse, and what the emulator alone does with it.

Most of it the emulator takes: that is what the rules are for. What it refuses too is asked of both, so that it is known
who keeps a rule.
"""

from __future__ import annotations

import json
import os
from typing import Any, NamedTuple

import pytest

from local.strict_front.loads import check_load
from tests.strict_front.asking import Rules
from tests.strict_front.plain_requests import PROJECT, Bq, Gcs, column, new_name

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


class Emulator:
    """The emulators alone, with tables of two rows."""

    def __init__(self) -> None:
        self.address = os.environ["BIGQUERY_WITHOUT_FRONT"]
        self.bigquery = Bq(self.address)
        self.storage = Gcs(os.environ["STORAGE_WITHOUT_FRONT"])
        days = {"timePartitioning": {"type": "DAY", "field": "d"}}
        for name, fields, more in (
            ("t", FIELDS, {}),
            ("u", FIELDS, {}),
            ("wider", [*FIELDS[:-1], _WIDER], {}),
            ("days", [column("id", "INTEGER"), column("d", "DATE")], days),
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

    def loaded(self, lines: list[str]) -> tuple[str, dict[str, Any]]:
        """What a load job's error says, and the load."""
        content = "\n".join(lines).encode(errors="surrogatepass")
        name = new_name("rows")
        assert self.storage.media(name, data=content) == 200
        load = {
            "sourceUris": [f"gs://{self.storage.bucket}/{name}"],
            "sourceFormat": "NEWLINE_DELIMITED_JSON",
            "schema": {"fields": FIELDS},
            "destinationTable": {
                "projectId": PROJECT,
                "datasetId": self.bigquery.dataset,
                "tableId": new_name("t"),
            },
        }
        return self._ended(self.bigquery.insert({"load": load}).json()), load

    def _ended(self, job: dict[str, Any]) -> str:
        if "error" in job:
            return str(job["error"]["message"])
        reference = job["jobReference"]
        while job["status"]["state"] != "DONE":
            path = f"/jobs/{reference['jobId']}"
            job = self.bigquery.ask("GET", path, query={"location": reference.get("location")}).json()
        return str(job["status"].get("errorResult", {}).get("message", ""))


@pytest.fixture(scope="module")
def emulator(emulators: dict[str, str]) -> Emulator:
    return Emulator()


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


def refused(rules: Rules, emulator: Emulator, sql: str) -> bool:
    default = {"datasetId": emulator.bigquery.dataset}
    return rules(sql, bigquery=emulator.address, defaultDataset=default).refusal is not None


@pytest.mark.parametrize("name", BAD)
def test_what_is_refused_here(rules: Rules, emulator: Emulator, name: str) -> None:
    sql, alone = BAD[name]
    assert refused(rules, emulator, sql)
    error = emulator.error(sql)
    assert (error == "") == alone, error


@pytest.mark.parametrize("name", KEPT)
def test_what_the_emulator_refuses_when_it_runs(rules: Rules, emulator: Emulator, name: str) -> None:
    assert not refused(rules, emulator, KEPT[name])
    assert emulator.error(KEPT[name]) != ""


@pytest.mark.parametrize("name", GOOD)
def test_what_both_take(rules: Rules, emulator: Emulator, name: str) -> None:
    default = {"datasetId": emulator.bigquery.dataset}
    answer = rules(GOOD[name], bigquery=emulator.address, defaultDataset=default)
    assert answer.refusal is None
    assert emulator.error(answer.script) == ""
    if answer.partitions:
        assert emulator.error(answer.partitions) == ""


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
    "form", ["DECLARE x {kind} DEFAULT {value}; SELECT 1 AS a", "DECLARE x {kind}; SET x = (SELECT {value})"]
)
def test_a_variable_has_1_mb(  # noqa: PLR0917  # each of pytest's parameters is one
    rules: Rules, emulator: Emulator, kind: str, made: str, few: int, many: int, form: str
) -> None:
    for count, fits in ((few, True), (many, False)):
        script = form.format(kind=kind, value=made.format(count))
        guarded = rules(script).script
        assert guarded.count("\n") == script.count("\n")
        assert emulator.error(script) == ""
        assert emulator.error(guarded) == ("" if fits else "The script variable x is larger than 1 MB")


def test_all_variables_have_10_mb(rules: Rules, emulator: Emulator) -> None:
    for count, fits in ((10, True), (11, False)):
        declared = "; ".join(
            f"DECLARE x{number} STRING DEFAULT REPEAT('a', 1000000)" for number in range(count)
        )
        error = emulator.error(rules(f"{declared}; SELECT 1 AS a").script)
        assert (error == "") == fits
    # Eleven that are small together, and each block for itself.
    small = "; ".join(f"DECLARE x{number} STRING DEFAULT 'a'" for number in range(11))
    assert emulator.error(rules(f"{small}; SELECT 1 AS a").script) == ""
    block = "BEGIN {}; SELECT 1 AS a; END".format(
        "; ".join(f"DECLARE x{n} STRING DEFAULT REPEAT('a', 1000000)" for n in range(9))
    )
    assert emulator.error(rules(f"{block}; {block}").script) == ""


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


@pytest.mark.parametrize("name", [*CHANGES, *TOUCHES])
def test_a_job_changes_4000_partitions(rules: Rules, emulator: Emulator, name: str) -> None:
    """As a job of one statement, whose partitions are counted before it; and in a script, which counts them itself."""
    default = {"datasetId": emulator.bigquery.dataset}
    for count, fits in ((4_000, True), (4_001, False)):
        assert emulator.error("TRUNCATE TABLE days") == ""
        if name in TOUCHES:
            assert emulator.error(CHANGES["insert"].format(5_000)) == ""
        statement = (CHANGES | TOUCHES)[name].format(count)
        counting = rules(statement, bigquery=emulator.address, defaultDataset=default).partitions
        assert counting
        too_many = f"SELECT IF(({counting}) > 4000, ERROR('too many'), 1) AS a"
        assert (emulator.error(too_many) == "") == fits
        script = rules(
            f"SELECT 1 AS a; {statement}", bigquery=emulator.address, defaultDataset=default
        ).script
        assert emulator.error(script) == (
            "" if fits else "Too many partitions produced by query, allowed 4000"
        )


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


def rules_of_load(emulator: Emulator, load: dict[str, Any], lines: list[str]) -> str:
    content = "\n".join(lines).encode()
    refusal = check_load(load, lambda uri: [content], None)
    return refusal.message if refusal else ""


@pytest.mark.parametrize("name", LINES)
def test_rows_that_are_refused_here(emulator: Emulator, name: str) -> None:
    line, alone = LINES[name]
    lines = ['{"id": 1}', line, '{"id": 2}']
    error, load = emulator.loaded(lines)
    assert rules_of_load(emulator, load, lines) != ""
    assert (error == "") == alone, error


@pytest.mark.parametrize(
    "lines", [[], ['{"id": 1}'], [json.dumps({"id": 1, "j": {"a": [1]}, "itens": [{"produto": 1}]})]]
)
def test_rows_that_both_take(emulator: Emulator, lines: list[str]) -> None:
    error, load = emulator.loaded(lines)
    assert error == rules_of_load(emulator, load, lines) == ""
