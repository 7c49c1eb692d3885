"""What a statement reads: tables that require a filter on their partitions, and what a job may be billed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.strict_front.asking import DATASET, Rules

FIELDS = [
    {"name": "id", "type": "INTEGER"},
    {"name": "s", "type": "STRING"},
    {"name": "d", "type": "DATE"},
    {"name": "e", "type": "DATE"},
]


def table(**more: Any) -> dict[str, Any]:
    return {"type": "TABLE", "schema": {"fields": FIELDS}, **more}


BY_DAY = {"type": "DAY", "field": "d"}
TABLES = {
    **{f"{DATASET}.{name}": table() for name in ("a", "b", "c")},
    f"{DATASET}.days": table(timePartitioning=BY_DAY, requirePartitionFilter=True),
    f"{DATASET}.older": table(timePartitioning={**BY_DAY, "requirePartitionFilter": True}),
    f"{DATASET}.arrived": table(timePartitioning={"type": "DAY"}, requirePartitionFilter=True),
    f"{DATASET}.free": table(timePartitioning=BY_DAY),
}
DAY = "DATE '2026-01-02'"

BOUNDED = {
    "a day": f"SELECT id FROM days WHERE d = {DAY}",
    "days": f"SELECT id FROM days WHERE d IN ({DAY}, DATE '2026-01-03')",
    "a span": f"SELECT id FROM days WHERE id = 1 AND d BETWEEN {DAY} AND CURRENT_DATE()",
    "two days": f"SELECT id FROM days WHERE d = {DAY} OR d IS NULL",
    "each part of OR": f"SELECT id FROM days WHERE (id = 1 AND d = {DAY}) OR (s = 'x' AND d > {DAY})",
    "a function of it": f"SELECT id FROM days WHERE DATE_TRUNC(d, MONTH) = {DAY}",
    "a variable": "DECLARE x ARRAY<DATE> DEFAULT [CURRENT_DATE()]; SELECT id FROM days WHERE d IN UNNEST(x)",
    "above a subquery": f"SELECT id FROM (SELECT id, d FROM days) WHERE d = {DAY}",
    "above a WITH": f"WITH x AS (SELECT * FROM days), y AS (SELECT id, d FROM x) SELECT id FROM y WHERE d = {DAY}",
    "above a UNION": f"SELECT id FROM (SELECT id, d FROM days UNION ALL SELECT id, d FROM a) WHERE d = {DAY}",
    "a subquery": "SELECT id FROM days WHERE d = (SELECT MAX(d) FROM a)",
    "a join": f"SELECT a.id FROM a JOIN days ON a.id = days.id AND days.d = {DAY}",
    "an update": f"UPDATE days SET id = 1 WHERE d = {DAY}",
    "a deletion": f"DELETE FROM days WHERE d = {DAY}",
    "rows that are added": "INSERT INTO days (id, d) SELECT id, d FROM a",
    "rows that a merge adds": "MERGE days USING a ON FALSE WHEN NOT MATCHED THEN INSERT ROW",
    "a merge's condition": f"""MERGE days AS o USING a AS n ON o.id = n.id AND o.d IN ({DAY})
        WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT ROW""",
    "a merge's one clause": f"MERGE days AS o USING a AS n ON o.id = n.id WHEN MATCHED AND o.d = {DAY} THEN DELETE",
    "a merge's source": f"""MERGE a USING (SELECT * FROM days WHERE d = {DAY}) AS n ON a.id = n.id
        WHEN MATCHED THEN DELETE""",
    "a view": "CREATE VIEW x AS SELECT id FROM days",
    "as it was once set": f"SELECT id FROM older WHERE d = {DAY}",
    "when it arrived": "SELECT id FROM arrived WHERE _PARTITIONTIME > TIMESTAMP '2026-01-02'",
    "a table that requires none": "SELECT id FROM free",
}
UNBOUNDED = {
    "nothing": "SELECT id FROM days",
    "another column": "SELECT id FROM days WHERE id = 1",
    "one part of OR": f"SELECT id FROM days WHERE d = {DAY} OR id = 1",
    "one part of OR, nested": f"SELECT id FROM days WHERE (d = {DAY} AND id = 1) OR (id = 2 AND s = 'x')",
    "another column of the table": "SELECT id FROM days WHERE d = e",
    "another table's column": "SELECT a.id FROM a JOIN days ON a.id = days.id AND a.d = days.d",
    "the first of two": f"SELECT x.id FROM days AS x JOIN days AS y ON x.id = y.id WHERE x.d = {DAY}",
    "the second of two": f"SELECT x.id FROM days AS x JOIN days AS y ON x.id = y.id WHERE y.d = {DAY}",
    "in a subquery": f"SELECT id FROM a WHERE d = {DAY} AND id IN (SELECT id FROM days)",
    "in a WITH": f"WITH x AS (SELECT id FROM days) SELECT x.id FROM x, a WHERE a.d = {DAY}",
    "one half of a UNION": f"SELECT id FROM days WHERE d = {DAY} UNION ALL SELECT id FROM days",
    "an update": "UPDATE days SET id = 1 WHERE id = 2",
    "a deletion": "DELETE FROM days WHERE TRUE",
    "what is added": "INSERT INTO a (id) SELECT id FROM days",
    "a table of it": "CREATE TABLE x AS SELECT id FROM days",
    "a merge": "MERGE days USING a ON days.id = a.id WHEN MATCHED THEN DELETE",
    "a merge by the source's day": """MERGE days USING a ON days.id = a.id AND days.d = a.d
        WHEN NOT MATCHED THEN INSERT ROW""",
    "one of a merge's clauses": f"""MERGE days AS o USING a AS n ON o.id = n.id
        WHEN MATCHED AND o.d = {DAY} THEN DELETE WHEN NOT MATCHED BY SOURCE THEN DELETE""",
    "a merge's source": "MERGE a USING days ON a.id = days.id WHEN MATCHED THEN DELETE",
    "a variable": "DECLARE x INT64 DEFAULT (SELECT MAX(id) FROM days); SELECT x AS x",
    "the last statement": f"SELECT id FROM days WHERE d = {DAY}; SELECT 1 AS one; SELECT id FROM days",
    "as it was once set": "SELECT id FROM older",
    "when it arrived": f"SELECT id FROM arrived WHERE d = {DAY}",
}


@pytest.mark.parametrize("name", BOUNDED)
def test_a_filter_on_the_partitions_is_enough(rules: Rules, name: str) -> None:
    assert rules(BOUNDED[name], TABLES).refusal is None


@pytest.mark.parametrize("name", UNBOUNDED)
def test_a_table_that_requires_a_filter_is_not_read_without_one(rules: Rules, name: str) -> None:
    answer = rules(UNBOUNDED[name], TABLES)
    assert answer.rule == "partition_filter"
    assert "can be used for partition elimination" in answer.message


def test_a_statement_is_judged_again_when_its_table_comes_to_require_a_filter(rules: Rules) -> None:
    sql = f"SELECT id FROM `{DATASET}.same`"
    for required in (False, True, False):
        same = {f"{DATASET}.same": table(timePartitioning=BY_DAY, requirePartitionFilter=required)}
        assert rules(sql, same).rule == ("partition_filter" if required else "")


# A statement, and how many tables one statement of it reads at most.
READS = [
    ("SELECT 1 AS one", 0),
    ("SELECT id FROM a", 1),
    ("SELECT x.id FROM a AS x JOIN a AS y ON x.id = y.id", 1),
    ("SELECT id FROM a UNION ALL SELECT id FROM b UNION ALL SELECT id FROM c", 3),
    ("SELECT id FROM a WHERE id IN (SELECT id FROM b)", 2),
    ("INSERT INTO a (id) VALUES (1)", 0),
    ("INSERT INTO a (id) SELECT id FROM b", 1),
    ("UPDATE a SET id = 1 WHERE id = 2", 1),
    ("MERGE a USING b ON a.id = b.id WHEN MATCHED THEN DELETE", 2),
    ("CREATE VIEW v AS SELECT id FROM a JOIN b USING (id)", 0),
    ("CREATE TABLE made AS SELECT id FROM a JOIN b USING (id)", 2),
    ("SELECT id FROM a; SELECT id FROM b; SELECT id FROM c", 1),
    ("SELECT id FROM a; SELECT id FROM a JOIN b USING (id); SELECT id FROM c", 2),
    ("DECLARE x INT64 DEFAULT (SELECT MAX(a.id) FROM a JOIN b USING (id)); SELECT x AS x", 2),
    ("IF TRUE THEN SELECT id FROM a JOIN b USING (id); END IF; SELECT id FROM c", 1),
]


@pytest.mark.parametrize(("sql", "reads"), READS)
def test_a_job_is_billed_for_ten_megabytes_of_each_table(rules: Rules, sql: str, reads: int) -> None:
    needed = reads * 10 * 1024**2
    for most, refused in ((needed - 1, True), (needed, False), (needed + 1, False)):
        answer = rules(sql, TABLES, maximumBytesBilled=str(most))
        assert (answer.rule == "bytes_billed") is (refused and reads > 0), most
        assert not answer.refusal or f"{most}. {needed} or higher required" in answer.message


def test_without_a_limit_nothing_is_counted(rules: Rules) -> None:
    assert rules(READS[3][0], TABLES).refusal is None
