"""What jobs need rights for: what their statements read and change, wherever and however it is written."""

from __future__ import annotations

from typing import Any

import pytest

from local.strict_front.job_rights import needs_of_job, needs_of_load
from local.strict_front.rights import Need
from tests.strict_front.asking import DATASET, Rules
from tests.strict_front.cases import FIELDS, TABLES, resource

CHANGES = [
    (
        "MERGE `sales.pdv` AS t USING u ON FALSE WHEN NOT MATCHED THEN INSERT ROW",
        "tables.updateData",
        "sales",
    ),
    ("INSERT INTO sales.pdv (id) VALUES (1)", "tables.updateData", "sales"),
    ("INSERT sales.pdv SELECT * FROM u", "tables.updateData", "sales"),
    ("INSERT /* all */ INTO `sales.pdv` SELECT * FROM u", "tables.updateData", "sales"),
    ("UPDATE `z316-local.sales.pdv` SET id = 1 WHERE TRUE", "tables.updateData", "sales"),
    ("UPDATE sales.pdv AS p SET id = 1 WHERE TRUE", "tables.updateData", "sales"),
    ("DELETE FROM t WHERE TRUE", "tables.updateData", "rules"),
    ("DELETE sales.pdv WHERE TRUE", "tables.updateData", "sales"),
    ("TRUNCATE TABLE sales.pdv", "tables.updateData", "sales"),
    ("SELECT 1 AS a; BEGIN TRUNCATE TABLE sales.pdv; END", "tables.updateData", "sales"),
    (
        "SELECT 1 AS a; IF TRUE THEN SELECT 2 AS a; ELSE DROP TABLE sales.pdv; END IF",
        "tables.delete",
        "sales",
    ),
    ("EXECUTE IMMEDIATE 'TRUNCATE TABLE sales.pdv'", "tables.updateData", "sales"),
    ("CREATE OR REPLACE VIEW `reports.one` AS SELECT 1 AS n", "tables.create", "reports"),
    ("CREATE TABLE reports.one AS SELECT 1 AS n", "tables.create", "reports"),
    (
        "CREATE MATERIALIZED VIEW reports.one AS SELECT id, COUNT(*) AS n FROM t GROUP BY id",
        "tables.create",
        "reports",
    ),
    ("ALTER TABLE sales.pdv ADD COLUMN z STRING", "tables.update", "sales"),
    ("ALTER VIEW reports.v SET OPTIONS (description = 'x')", "tables.update", "reports"),
    ("DROP TABLE IF EXISTS sales.pdv", "tables.delete", "sales"),
    ("DROP VIEW reports.v", "tables.delete", "reports"),
    ("DROP SCHEMA sales", "datasets.delete", "sales"),
    ("CREATE FUNCTION sales.f(x INT64) AS (x)", "routines.create", "sales"),
    ("CREATE PROCEDURE sales.p() BEGIN SELECT 1 AS a; END", "routines.create", "sales"),
    ("DROP FUNCTION sales.f", "routines.delete", "sales"),
]


@pytest.mark.parametrize(("sql", "change", "dataset"), CHANGES)
def test_statements_need_rights_on_what_they_change(
    rules: Rules, sql: str, change: str, dataset: str
) -> None:
    tables = TABLES | {"sales.pdv": resource(FIELDS), "reports.v": resource(FIELDS[:1], type="VIEW")}
    found = rules(sql, tables)
    assert found.refusal is None
    query = {"query": sql, "defaultDataset": {"datasetId": DATASET}}
    changed = [(permission, named) for permission, named in found.changes]
    assert Need(f"bigquery.{change}", "dataset", dataset) in needs_of_job({"query": query}, [], changed)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT id FROM t",
        "SELECT 'INSERT INTO t (id) VALUES (1)' AS text -- UPDATE t SET id = 1",
        "CREATE TEMP TABLE x AS SELECT 1 AS a; INSERT x VALUES (2); DROP TABLE x",
        "CREATE TEMP FUNCTION f() AS (1); SELECT f() AS a",
    ],
)
def test_what_only_reads_changes_nothing(rules: Rules, sql: str) -> None:
    assert rules(sql, TABLES).changes == []


def test_a_new_dataset_needs_a_right_on_the_project(rules: Rules) -> None:
    sql = "CREATE SCHEMA sales"
    changed = [(permission, named) for permission, named in rules(sql).changes]
    needs = needs_of_job({"query": {"query": sql}}, [], changed)
    assert needs == [Need("bigquery.datasets.create", "project")]


def test_what_changes_is_known_of_a_statement_that_was_read_before(rules: Rules) -> None:
    """With other names, the same statement changes other tables."""
    for name in ("one", "two", "three"):
        tables = {f"{name}.pdv": resource(FIELDS), f"{DATASET}.u": resource(FIELDS)}
        sql = f"INSERT INTO `{name}.pdv` SELECT * FROM `{DATASET}.u`"
        assert rules(sql, tables).changes == [["bigquery.tables.updateData", f"`{name}.pdv`"]]


def test_a_query_needs_to_read_what_it_names() -> None:
    query = {"query": {"query": "SELECT 1"}}
    needs = needs_of_job(query, [("reports", "pedidos"), ("reports", "clientes")], [])
    assert needs == [Need("bigquery.tables.getData", "dataset", "reports")]


@pytest.mark.parametrize(
    ("job", "needed"),
    [
        (
            {"query": {"query": "SELECT 1 AS a", "destinationTable": {"datasetId": "out", "tableId": "t"}}},
            Need("bigquery.tables.updateData", "dataset", "out"),
        ),
        (
            {"query": {"query": "SELECT job_id FROM `region-us`.INFORMATION_SCHEMA.JOBS"}},
            Need("bigquery.jobs.listAll", "project"),
        ),
        (
            {"query": {"query": "SELECT job_id FROM `region-us.INFORMATION_SCHEMA.JOBS_BY_USER`"}},
            Need("bigquery.jobs.list", "project"),
        ),
        (
            {"copy": {"sourceTable": {"datasetId": "sales"}, "destinationTable": {"datasetId": "out"}}},
            Need("bigquery.tables.getData", "dataset", "sales"),
        ),
        (
            {
                "copy": {
                    "sourceTables": [{"datasetId": "a"}, {"datasetId": "b"}],
                    "destinationTable": {"datasetId": "out"},
                }
            },
            Need("bigquery.tables.getData", "dataset", "b"),
        ),
        (
            {"copy": {"sourceTable": {"datasetId": "sales"}, "destinationTable": {"datasetId": "out"}}},
            Need("bigquery.tables.create", "dataset", "out"),
        ),
        (
            {"extract": {"sourceTable": {"datasetId": "sales"}}},
            Need("bigquery.tables.export", "dataset", "sales"),
        ),
    ],
)
def test_jobs_need_rights_on_what_they_read_and_write(job: dict[str, Any], needed: Need) -> None:
    assert needed in needs_of_job(job, [], [])


def test_a_load_needs_rights_on_its_table_and_its_objects() -> None:
    load_job = {
        "destinationTable": {"datasetId": "staging", "tableId": "t"},
        "sourceUris": ["gs://api/rows/*"],
    }
    found = {(need.permission, need.name) for need in needs_of_load(load_job)}
    assert {("storage.objects.get", "api"), ("storage.objects.list", "api")} < found
    assert ("bigquery.tables.updateData", "staging") in found
