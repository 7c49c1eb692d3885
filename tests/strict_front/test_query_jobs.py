"""What a query depends on beside its text: the job's settings, its parameters, and the tables as they are."""

from __future__ import annotations

from typing import Any

import pytest

from tests.strict_front.asking import DATASET, Rules
from tests.strict_front.cases import FIELDS, TABLES, WIDER, resource


@pytest.mark.parametrize(
    ("configuration", "rule"),
    [
        ({"useLegacySql": True}, "legacy_sql"),
        ({"query": " "}, "query_missing"),
        ({"query": f"SELECT 1 -- {'a' * 1024 * 1024}"}, "query_length"),
        (
            {
                "queryParameters": [
                    {"name": f"p{n}", "parameterType": {"type": "INT64"}} for n in range(10_001)
                ]
            },
            "parameter_count",
        ),
        ({"query": "SELECT 1; SELECT 2", "destinationTable": {"tableId": "x"}}, "destination_of_script"),
        (
            {"query": "DELETE FROM t WHERE TRUE", "destinationTable": {"tableId": "x"}},
            "destination_of_script",
        ),
        ({"query": "SELECT id FROM t", "defaultDataset": None}, "table_not_found"),
        ({"query": "SELECT @a"}, "googlesql"),
    ],
)
def test_what_the_job_says_besides_its_query(rules: Rules, configuration: dict[str, Any], rule: str) -> None:
    sql = configuration.pop("query", "SELECT 1 AS a")
    assert rules(sql, TABLES, **configuration).rule == rule


def test_parameters_have_types(rules: Rules) -> None:
    ids = {"name": "ids", "parameterType": {"type": "ARRAY", "arrayType": {"type": "INT64"}}}
    sql = "SELECT id FROM t WHERE id IN UNNEST(@ids)"
    assert rules(sql, TABLES, queryParameters=[ids]).refusal is None
    ids["parameterType"] = {"type": "ARRAY", "arrayType": {"type": "STRING"}}
    assert rules(sql, TABLES, queryParameters=[ids]).rule == "googlesql"
    one = {"parameterType": {"type": "DATE"}}
    assert rules("SELECT id FROM t WHERE d = ?", TABLES, queryParameters=[one]).refusal is None


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1 AS a FROM missing",
        "INSERT missing (a) VALUES (1)",
        "DECLARE x INT64 DEFAULT (SELECT 1 FROM missing); SELECT x",
        "DECLARE x DEFAULT (SELECT 1 FROM missing); SELECT x + 1",
        "IF EXISTS (SELECT 1 FROM missing) THEN SELECT 1; END IF",
        "FOR r IN (SELECT 1 AS a FROM missing) DO SELECT r.a; END FOR",
        "EXECUTE IMMEDIATE 'SELECT 1 AS a FROM missing'",
        "MERGE t USING missing AS m ON t.id = m.id WHEN MATCHED THEN DELETE",
        "ALTER TABLE missing ADD COLUMN a INT64",
    ],
)
def test_a_table_that_is_missing(rules: Rules, statement: str) -> None:
    """Where the statement runs it is refused; where it may not run, the service tells when it does."""
    assert rules(statement, TABLES).rule == "table_not_found"
    assert rules(f"BEGIN {statement}; END", TABLES).rule == "table_not_found"
    assert rules(f"IF FALSE THEN BEGIN {statement}; END; END IF", TABLES).refusal is None
    assert rules(f"BEGIN {statement}; EXCEPTION WHEN ERROR THEN SELECT 1; END", TABLES).refusal is None
    assert rules(f"IF FALSE THEN BEGIN {statement}; END; END IF; SELECT nothing", TABLES).rule == "googlesql"


def test_the_tables_of_another_run_have_other_columns(rules: Rules) -> None:
    """What is known of a statement is known by the columns of its tables, not by their names."""
    for name, good in (("t", True), ("wider", False), ("u", True), ("wider", False)):
        sql = f"INSERT `rules.t` (id, itens) SELECT id, itens FROM `rules.{name}`"
        assert (rules(sql, TABLES).refusal is None) == good


def test_a_script_of_another_run_is_known(rules: Rules) -> None:
    """What was made of it names its own tables; with other columns, it is read again."""
    script = (
        "DECLARE ids ARRAY<STRING> DEFAULT (SELECT ARRAY_AGG(s) FROM `rules.{0}`);"
        " MERGE `rules.days` AS target USING `rules.{0}` AS source ON target.id = source.id"
        " WHEN NOT MATCHED THEN INSERT (id, d, itens) VALUES (source.id, source.d, source.itens)"
    )
    tables = TABLES | {f"{DATASET}.run_{number}": resource(FIELDS) for number in range(3)}
    made = [rules(script.format(f"run_{number}"), tables) for number in range(3)]
    assert "4000" in made[0].script
    assert all(answer.refusal is None for answer in made)
    assert [answer.script.replace(f"run_{number}", "run_0") for number, answer in enumerate(made)] == [
        made[0].script
    ] * 3
    changed = tables | {f"{DATASET}.run_1": resource([*FIELDS[:-1], WIDER])}
    assert "itens" in rules(script.format("run_1"), changed).message
    gone = {name: table for name, table in tables.items() if name != f"{DATASET}.run_2"}
    assert rules(script.format("run_2"), gone).rule == "table_not_found"
    unpartitioned = tables | {f"{DATASET}.days": resource(FIELDS)}
    assert "4000" not in rules(script.format("run_0"), unpartitioned).script


def test_what_depends_on_names_is_read_again(rules: Rules) -> None:
    """A table without an alias is called by its name in what is added to the script."""
    tables = TABLES | {f"{DATASET}.run_{number}": TABLES[f"{DATASET}.days"] for number in range(2)}
    for number in range(2):
        answer = rules(f"SELECT 1 AS a; DELETE FROM `rules.run_{number}` WHERE id = 1", tables)
        assert answer.script.count(f"run_{number}") == 4
        assert f"run_{1 - number}" not in answer.script
    # A table without backticks is no part of what a query is known by.
    assert rules("SELECT itens[OFFSET(0)].novo AS x FROM wider", TABLES).refusal is None
    assert rules(
        "SELECT itens[OFFSET(0)].novo AS x FROM wider", TABLES | {f"{DATASET}.wider": resource(FIELDS)}
    ).refusal
