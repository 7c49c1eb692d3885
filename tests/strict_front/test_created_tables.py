"""The rules about tables that a statement creates or changes: of each, what is refused and what stands beside it."""

from __future__ import annotations

import pytest

from tests.strict_front.asking import DATASET, Rules
from tests.strict_front.cases import FIELDS, TABLES, Case, all_of, resource

PARTITIONS = {
    "a text": Case(
        "CREATE TABLE x (s STRING) PARTITION BY s",
        "PARTITION BY expression must be",
        "CREATE TABLE x (d DATE) PARTITION BY d",
    ),
    "an instant itself": Case(
        "CREATE TABLE x (ts TIMESTAMP) PARTITION BY ts",
        "PARTITION BY expression must be",
        "CREATE TABLE x (ts TIMESTAMP) PARTITION BY DATE(ts)",
    ),
    "a number itself": Case(
        "CREATE TABLE x (a INT64) PARTITION BY a",
        "PARTITION BY expression must be",
        "CREATE TABLE x (a INT64) PARTITION BY RANGE_BUCKET(a, GENERATE_ARRAY(0, 100, 10))",
    ),
    "the week": Case(
        "CREATE TABLE x (d DATE) PARTITION BY DATE_TRUNC(d, WEEK)",
        "its type is one of",
        "CREATE TABLE x (d DATE) PARTITION BY DATE_TRUNC(d, MONTH)",
    ),
    "the hour of a day": Case(
        "CREATE TABLE x (d DATE) PARTITION BY TIMESTAMP_TRUNC(TIMESTAMP(d), HOUR)",
        "PARTITION BY expression must be",
        "CREATE TABLE x (ts TIMESTAMP) PARTITION BY TIMESTAMP_TRUNC(ts, HOUR)",
    ),
    "another function": Case(
        "CREATE TABLE x (d DATE) PARTITION BY LAST_DAY(d)",
        "PARTITION BY expression must be",
        "CREATE TABLE x (t DATETIME) PARTITION BY DATETIME_TRUNC(t, YEAR)",
    ),
    "of a query": Case(
        "CREATE TABLE x PARTITION BY s AS SELECT s, d FROM t",
        "PARTITION BY expression must be",
        "CREATE TABLE x PARTITION BY d CLUSTER BY s AS SELECT s, d FROM t",
    ),
    "in a script": Case(
        "SELECT 1 AS a; CREATE TABLE x (s STRING) PARTITION BY s", "PARTITION BY expression must be"
    ),
}
CLUSTERS = {
    "five": Case(
        "CREATE TABLE x (a INT64, b INT64, c INT64, d INT64, e INT64) CLUSTER BY a, b, c, d, e",
        "At most 4 clustering columns",
        "CREATE TABLE x (a INT64, b INT64, c INT64, d INT64) CLUSTER BY a, b, c, d",
    ),
    "a list": Case("CREATE TABLE x (a ARRAY<STRING>) CLUSTER BY a", "Clustering is not supported"),
    "an expression": Case(
        "CREATE TABLE x (a STRING) CLUSTER BY UPPER(a)",
        "must be a column",
        "CREATE TABLE x (a STRING) CLUSTER BY a",
    ),
}
COLUMNS = {
    "reserved": Case(
        "CREATE TABLE x (_PARTITIONTIME STRING)", "reserved", "CREATE TABLE x (partitiontime STRING)"
    ),
    "reserved, of a query": Case("CREATE TABLE x AS SELECT s AS _TABLE_s FROM t", "reserved"),
    "last of three": Case("CREATE TABLE x (a INT64, b INT64, `c!` INT64)", "Invalid field name"),
    "added with a default value": Case(
        "ALTER TABLE t ADD COLUMN a STRING, ADD COLUMN b STRING DEFAULT 'x'",
        "default value cannot be added",
        "ALTER TABLE t ADD COLUMN a STRING, ADD COLUMN b STRING",
    ),
    "of partitions dropped": Case(
        "ALTER TABLE days DROP COLUMN d", "Cannot drop column d", "ALTER TABLE days DROP COLUMN s"
    ),
    "of partitions dropped in a script": Case(
        "SELECT 1 AS a; ALTER TABLE days DROP COLUMN s, DROP COLUMN D", "Cannot drop column d"
    ),
}
OTHERS = {
    "temporary view": Case(
        "CREATE TEMP VIEW x AS SELECT 1 AS a", "temporary views", "CREATE VIEW x AS SELECT 1 AS a"
    ),
    "index": Case("CREATE INDEX i ON t (s)", "SEARCH INDEX", "CREATE SEARCH INDEX i ON t (s)"),
}
CASES = all_of(
    {f"partitioned by {name}": case for name, case in PARTITIONS.items()},
    {f"clustered by {name}": case for name, case in CLUSTERS.items()},
    {f"column {name}": case for name, case in COLUMNS.items()},
    OTHERS,
)


@pytest.mark.parametrize("name", CASES)
def test_what_bigquery_refuses_is_refused(rules: Rules, name: str) -> None:
    CASES[name].ask(rules)


@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_column_of_clusters_is_not_dropped(rules: Rules, at: int) -> None:
    clustered = resource(FIELDS, clustering={"fields": ["s", "n", "d"]})
    tables = TABLES | {f"{DATASET}.c": clustered}
    name = clustered["clustering"]["fields"][at]
    assert f"Cannot drop column {name}" in rules(f"ALTER TABLE c DROP COLUMN {name}", tables).message
    assert rules("ALTER TABLE c DROP COLUMN ts", tables).refusal is None
