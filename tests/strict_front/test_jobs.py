"""What BigQuery refuses of statements and rows, as jobs through the front; and, as the control, to the emulator alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pytest

from tests.strict_front.plain_requests import PROJECT, SOUTH, Bq, Gcs, column, new_name

pytestmark = pytest.mark.stack

FIELDS: Final = [
    column("id", "INTEGER", "REQUIRED"),
    column("s"),
    column("n", "NUMERIC"),
    column("d", "DATE"),
    column("t", "TIMESTAMP"),
    column("j", "JSON"),
    column("l", mode="REPEATED"),
    column("r", "RECORD", fields=[column("a")]),
]
WIDE: Final = [column("id", "INTEGER"), column("r", "RECORD", "REPEATED", fields=[column("a"), column("b")])]
NARROW: Final = [column("id", "INTEGER"), column("r", "RECORD", "REPEATED", fields=[column("a")])]
DAYS: Final = [column("day", "DATE"), column("id", "INTEGER")]

# A row, whether the service takes it, and whether the emulator alone does.
ROWS: Final = [
    ("good", '{"id": 1, "s": "a", "n": "1.5", "d": "2026-01-31", "l": ["a"], "r": {"a": "b"}}', True, True),
    ("none at all", "", True, True),
    ("unknown field", '{"id": 1, "colour": "blue"}', False, True),
    ("unknown field in a record", '{"id": 1, "r": {"colour": "blue"}}', False, True),
    ("REQUIRED missing", '{"s": "a"}', False, True),
    ("REQUIRED null", '{"id": null}', False, True),
    ("null in a list", '{"id": 1, "l": ["a", null]}', False, False),
    ("text for a list", '{"id": 1, "l": "a"}', False, False),
    ("1.5 for INTEGER", '{"id": 1.5}', False, True),
    ("2^63 for INTEGER", '{"id": 9223372036854775808}', False, False),
    ("DATE as dd/mm/yyyy", '{"id": 1, "d": "31/01/2026"}', False, False),
    ("DATE with a time", '{"id": 1, "d": "2026-01-31 10:00:00"}', False, True),
    ("DATE that is none", '{"id": 1, "d": "2026-02-30"}', False, False),
    ("TIMESTAMP that is none", '{"id": 1, "t": "soon"}', False, False),
    ("NUMERIC that is text", '{"id": 1, "n": "much"}', False, False),
    ("NUMERIC with a comma", '{"id": 1, "n": "1,5"}', False, False),
    ("object for STRING", '{"id": 1, "s": {"a": 1}}', False, True),
    ("a name twice", '{"id": 1, "s": "a", "s": "b"}', False, False),
    ("broken JSON", '{"id": 1, ', False, False),
    ("JSON number of 40 digits", '{"id": 1, "j": {"a": ' + "1" * 40 + "}}", False, True),
]

# A statement over the tables below, whether the service takes it, and whether the emulator alone does.
STATEMENTS: Final = [
    ("a record with a field that the target's lacks", """MERGE {d}.narrow AS o USING {d}.wide AS n ON o.id = n.id
        WHEN MATCHED THEN UPDATE SET r = n.r WHEN NOT MATCHED THEN INSERT ROW""", False, True),
    ("a record of the target's fields", """MERGE {d}.narrow AS o USING {d}.narrow AS n ON o.id = n.id
        WHEN MATCHED THEN UPDATE SET r = n.r WHEN NOT MATCHED THEN INSERT ROW""", True, True),
    ("a window function in SELECT * REPLACE",
     "SELECT * REPLACE (MIN(s) OVER (PARTITION BY id) AS s) FROM {d}.t", False, True),
    ("an aggregation of an aggregation",
     "SELECT SUM(id) AS id FROM {d}.t GROUP BY s ORDER BY SUM(id)", False, True),
    ("null into a REQUIRED column", "INSERT INTO {d}.t (id) VALUES (NULL)", False, False),
    ("DATE = TIMESTAMP", "SELECT id FROM {d}.t WHERE d = t", False, True),
    ("UNION of STRING and INT64", "SELECT s FROM {d}.t UNION ALL SELECT id FROM {d}.t", False, True),
    ("JSON = JSON", "SELECT id FROM {d}.t WHERE j = j", False, False),
    ("ORDER BY a JSON column", "SELECT id FROM {d}.t ORDER BY j", False, True),
    ("a column that is not grouped", "SELECT s, id FROM {d}.t GROUP BY id", False, False),
    ("DECLARE after a statement", "SELECT 1 AS one; DECLARE x INT64; SELECT x AS x", False, False),
    ("FULL JOIN without an equality",
     "SELECT a.id FROM {d}.t AS a FULL JOIN {d}.t AS b ON a.id < b.id", False, True),
    ("a correlated subquery over a table",
     "SELECT id, (SELECT MAX(b.id) FROM {d}.t AS b WHERE b.id < a.id) AS m FROM {d}.t AS a", False, True),
    ("division by zero", "SELECT 1 / 0 AS x", False, False),
    ("overflow of INT64", "SELECT 9223372036854775807 + id AS x FROM {d}.one", False, False),
    ("a scalar subquery of two rows", "SELECT (SELECT x FROM UNNEST([1, 2]) AS x) AS x", False, False),
    ("two columns of one name", "SELECT 1 AS a, 2 AS a", False, True),
    ("a window function in WHERE", "SELECT id FROM {d}.t WHERE ROW_NUMBER() OVER () = 1", False, False),
    ("DuckDB's cast", "SELECT '1'::INT64 AS x", False, True),
    ("a variable of 1 MB and more",
     "DECLARE x STRING DEFAULT REPEAT('x', 1100000); SELECT LENGTH(x) AS x", False, True),
    ("a variable of less than 1 MB",
     "DECLARE x STRING DEFAULT REPEAT('x', 900000); SELECT LENGTH(x) AS x", True, True),
    ("a view over what is not there", "CREATE VIEW {d}.v1 AS SELECT a FROM {d}.nothing", False, False),
    ("a view's label of capitals",
     "CREATE VIEW {d}.v2 OPTIONS (labels = [('A', 'b')]) AS SELECT id FROM {d}.t", False, True),
    ("a view's unknown option", "CREATE VIEW {d}.v3 OPTIONS (colour = 'blue') AS SELECT id FROM {d}.t", False, True),
    ("a view with more names than columns", "CREATE VIEW {d}.v4 (a, b) AS SELECT id FROM {d}.t", False, False),
    ("a view in the place of a table", "CREATE OR REPLACE VIEW {d}.t AS SELECT 1 AS one", False, False),
    ("a view's column with a description of 2,000 letters",
     "CREATE VIEW {d}.v5 (a OPTIONS (description = '" + "x" * 2000 + "')) AS SELECT id FROM {d}.t", False, True),
    ("5,000 partitions in one job", """INSERT INTO {d}.days (day, id)
        SELECT DATE_ADD(DATE '2000-01-01', INTERVAL n DAY), n FROM UNNEST(GENERATE_ARRAY(1, 5000)) AS n""", False, True),
    ("5,000 partitions in a script", """DECLARE x INT64 DEFAULT 5000; INSERT INTO {d}.days (day, id)
        SELECT DATE_ADD(DATE '2000-01-01', INTERVAL n DAY), n FROM UNNEST(GENERATE_ARRAY(1, x)) AS n""", False, True),
    ("100 partitions in one job", """INSERT INTO {d}.days (day, id)
        SELECT DATE_ADD(DATE '2000-01-01', INTERVAL n DAY), n FROM UNNEST(GENERATE_ARRAY(1, 100)) AS n""", True, True),
    ("a MERGE that matches a row twice", """MERGE {d}.one AS o USING (SELECT 1 AS id UNION ALL SELECT 1) AS n
        ON o.id = n.id WHEN MATCHED THEN UPDATE SET s = 'x'""", False, False),
    ("a MERGE that matches each row once", """MERGE {d}.one AS o USING (SELECT 1 AS id UNION ALL SELECT 2) AS n
        ON o.id = n.id WHEN MATCHED THEN UPDATE SET s = 'x'""", True, True),
    ("a read without the filter that its table requires", "SELECT id FROM {d}.filtered WHERE id = 1", False, False),
    ("a filter that leaves out no partition",
     "SELECT id FROM {d}.filtered WHERE day = DATE '2026-01-02' OR id = 1", False, True),
    ("the filter that its table requires", "SELECT id FROM {d}.filtered WHERE day = DATE '2026-01-02'", True, True),
    ("partitions that cannot be counted",
     "INSERT INTO {d}.days (day, id) SELECT PARSE_DATE('%F', s), id FROM {d}.one", False, False),
]  # fmt: skip


@dataclass
class Place:
    """Both services at their addresses, with tables."""

    bq: Bq
    gcs: Gcs

    def __post_init__(self) -> None:
        made = self.bq.make_table
        assert made(FIELDS, name="t") == made(WIDE, name="wide") == made(NARROW, name="narrow") == 200
        assert made([column("id", "INTEGER"), column("s")], name="one") == 200
        by_day = {"type": "DAY", "field": "day"}
        assert made(DAYS, name="days", timePartitioning=by_day) == 200
        assert made(DAYS, name="filtered", timePartitioning=by_day, requirePartitionFilter=True) == 200
        assert self.ended(self.bq.query(f"INSERT INTO {self.bq.dataset}.one (id, s) VALUES (1, 'a')")) is None

    def ended(self, answer: Any) -> str | None:
        """The reason of a job's failure, when it has ended; none when it did what it should."""
        assert answer.status_code == 200, answer.text
        job = answer.json()
        while job["status"]["state"] != "DONE":
            path = f"/jobs/{job['jobReference']['jobId']}"
            job = self.bq.ask("GET", path, query={"location": SOUTH}).json()
        error = job["status"].get("errorResult")
        return str(error["reason"]) if error else None

    def run(self, sql: str) -> bool:
        return self.ended(self.bq.query(sql.replace("{d}", self.bq.dataset))) is None

    def load(self, *files: bytes, **settings: Any) -> bool:
        folder = new_name("rows-")
        for number, content in enumerate(files):
            assert self.gcs.media(f"{folder}/{number}", data=content) == 200
        table = {
            "projectId": PROJECT,
            "datasetId": self.bq.dataset,
            "tableId": settings.pop("into", new_name("t")),
        }
        uris = [f"gs://{self.gcs.bucket}/{folder}/*"]
        usual = {"sourceUris": uris, "destinationTable": table, "schema": {"fields": FIELDS}}
        return self.ended(self.bq.load(**{**usual, **settings})) is None


@pytest.fixture(scope="module")
def front(bq: Bq, emulators: dict[str, str]) -> Place:
    return Place(bq, south(emulators["STORAGE_EMULATOR_HOST"]))


@pytest.fixture(scope="module")
def alone(bq_alone: Bq, emulators: dict[str, str]) -> Place:
    return Place(bq_alone, south(emulators["STORAGE_WITHOUT_FRONT"]))


def south(url: str) -> Gcs:
    """Cloud Storage with a bucket where the tables are."""
    gcs = Gcs(url)
    gcs.bucket = new_name("b-")
    assert gcs.make_bucket(name=gcs.bucket, location=SOUTH) == 200
    return gcs


@pytest.mark.parametrize(
    ("row", "taken"), [(row, taken) for _, row, taken, _ in ROWS], ids=[row[0] for row in ROWS]
)
def test_rows_through_the_front(front: Place, row: str, taken: bool) -> None:
    assert front.load(row.encode()) is taken


@pytest.mark.parametrize("at", range(3))
def test_a_bad_row_is_found_wherever_it_stands(front: Place, at: int) -> None:
    files = [
        b'{"id": 1}\n{"id": 2}\n' if n != at else b'{"id": 1}\n{"id": 2, "colour": "blue"}\n'
        for n in range(3)
    ]
    assert not front.load(*files)
    assert front.load(*(file for n, file in enumerate(files) if n != at))


@pytest.mark.parametrize(
    ("row", "taken"),
    [(row, alone) for _, row, taken, alone in ROWS if taken != alone],
    ids=[row[0] for row in ROWS if row[2] != row[3]],
)
def test_rows_to_the_emulator_alone(alone: Place, row: str, taken: bool) -> None:
    assert alone.load(row.encode()) is taken


@pytest.mark.parametrize(
    ("sql", "taken"), [(one[1], one[2]) for one in STATEMENTS], ids=[one[0] for one in STATEMENTS]
)
def test_statements_through_the_front(front: Place, sql: str, taken: bool) -> None:
    assert front.run(sql) is taken


@pytest.mark.parametrize(
    ("sql", "taken"),
    [(one[1], one[3]) for one in STATEMENTS if one[2] != one[3]],
    ids=[one[0] for one in STATEMENTS if one[2] != one[3]],
)
def test_statements_to_the_emulator_alone(alone: Place, sql: str, taken: bool) -> None:
    assert alone.run(sql) is taken


def test_dispositions(front: Place) -> None:
    row, table = b'{"id": 1}', new_name("t")
    assert not front.load(row, into=table, createDisposition="CREATE_NEVER")
    assert front.load(row, into=table, writeDisposition="WRITE_EMPTY")
    assert not front.load(row, into=table, writeDisposition="WRITE_EMPTY")
    assert not front.load(
        row, into=table, writeDisposition="WRITE_APPEND", schema={"fields": [*FIELDS, column("q")]}
    )
    assert front.load(row, into=table, writeDisposition="WRITE_APPEND")
    stricter = [column("id", "INTEGER", "REQUIRED"), column("s", mode="REQUIRED"), *FIELDS[2:]]
    assert not front.load(
        b'{"id": 1, "s": "a"}', into=table, writeDisposition="WRITE_APPEND", schema={"fields": stricter}
    )


def test_jobs_query_answers_with_the_refusal(front: Place) -> None:
    body = {"query": "SELECT 1 AS a, 2 AS a", "useLegacySql": False, "location": SOUTH}
    answer = front.bq.ask("POST", "/queries", body=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["errors"][0]["reason"] == "invalidQuery"


def test_partitions_that_cannot_be_counted_are_told(front: Place) -> None:
    """The rows that would tell them fail, so the statement is refused before it runs."""
    d = front.bq.dataset
    job = front.bq.query(f"INSERT INTO {d}.days (day, id) SELECT PARSE_DATE('%F', s), id FROM {d}.one").json()
    assert "could not be counted" in job["status"]["errorResult"]["message"]


def test_a_job_is_not_billed_for_more_than_it_may(front: Place, alone: Place) -> None:
    needed = 2 * 10 * 1024**2

    def reason(place: Place, most: int) -> str | None:
        sql = "SELECT a.id FROM {d}.one AS a JOIN {d}.t AS b ON a.id = b.id".replace("{d}", place.bq.dataset)
        query = {"query": sql, "useLegacySql": False, "maximumBytesBilled": str(most)}
        return place.ended(place.bq.insert({"query": query}))

    assert reason(front, needed - 1) == "bytesBilledLimitExceeded"
    assert reason(front, needed) is None
    assert reason(alone, needed - 1) is None


def test_a_view_that_is_made_by_the_api_is_judged(front: Place) -> None:
    reference = {"projectId": PROJECT, "datasetId": front.bq.dataset, "tableId": new_name("v")}

    def made(query: str) -> int:
        view = {"query": query, "useLegacySql": False}
        body = {"tableReference": reference, "view": view}
        return front.bq.ask("POST", f"/datasets/{front.bq.dataset}/tables", body=body).status_code

    assert made(f"SELECT id, s FROM {front.bq.dataset}.t WHERE d = t") == 400
    assert made(f"SELECT id, s FROM {front.bq.dataset}.t") == 200
