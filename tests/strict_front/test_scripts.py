"""The rules about scripts, DML and DDL: of each, what is refused and what stands beside it and is taken."""

from __future__ import annotations

import pytest

from tests.strict_front.asking import Rules
from tests.strict_front.cases import TABLES, Case, all_of

SCRIPTS = {
    "declare after a statement": Case(
        "SELECT 1; DECLARE x INT64", "only at the start", "DECLARE x INT64; SELECT x"
    ),
    "declared twice": Case("DECLARE x INT64; DECLARE X STRING", "redeclaration"),
    "declared in a block around": Case("DECLARE x INT64; BEGIN DECLARE x INT64; END", "redeclaration"),
    "undeclared": Case("SET x = 1", "Undeclared variable: x"),
    "out of its block": Case(
        "BEGIN DECLARE x INT64; SELECT x; END; SELECT x",
        "Unrecognized name: x",
        "BEGIN DECLARE x INT64; SELECT x; END",
    ),
    "default": Case(
        "DECLARE x INT64 DEFAULT 'a'", "cannot be coerced", "DECLARE x INT64 DEFAULT (SELECT MAX(id) FROM t)"
    ),
    "set": Case("DECLARE x DATE; SET x = CURRENT_TIMESTAMP()", "cannot be coerced"),
    "set many": Case(
        "DECLARE x, y INT64; SET (x, y) = (1, 'a')",
        "cannot be coerced",
        "DECLARE x, y INT64; SET (x, y) = (1, 2)",
    ),
    "set too few": Case("DECLARE x, y INT64; SET (x, y) = (1, 2, 3)", "cannot be coerced"),
    "default of another variable": Case(
        "DECLARE ids ARRAY<STRING>; DECLARE days DEFAULT (SELECT MAX(d) FROM t WHERE id IN UNNEST(ids))",
        "IN",
        "DECLARE ids ARRAY<INT64>; DECLARE days DEFAULT (SELECT MAX(d) FROM t WHERE id IN UNNEST(ids))",
    ),
    "if": Case("IF 1 THEN SELECT 1; END IF", "BOOL", "IF 1 = 1 THEN SELECT 1; ELSE SELECT 2; END IF"),
    "in a branch": Case(
        "IF FALSE THEN SELECT 1; ELSEIF TRUE THEN SELECT nothing FROM t; END IF", "Unrecognized name"
    ),
    "in an else": Case("IF FALSE THEN SELECT 1; ELSE SELECT nothing FROM t; END IF", "Unrecognized name"),
    "in a loop": Case("LOOP SELECT nothing FROM t; END LOOP", "Unrecognized name", "LOOP BREAK; END LOOP"),
    "while": Case("WHILE 'a' DO SELECT 1; END WHILE", "BOOL", "WHILE FALSE DO SELECT 1; END WHILE"),
    "until": Case("REPEAT SELECT 1; UNTIL 2 END REPEAT", "BOOL", "REPEAT SELECT 1; UNTIL TRUE END REPEAT"),
    "for": Case(
        "FOR r IN (SELECT id FROM t) DO SELECT r.nothing; END FOR",
        "does not exist",
        "FOR r IN (SELECT id FROM t) DO SELECT r.id; END FOR",
    ),
    "case": Case(
        "CASE 1 WHEN 'a' THEN SELECT 1; END CASE",
        "No matching signature",
        "CASE WHEN TRUE THEN SELECT 1; END CASE",
    ),
    "handler": Case(
        "BEGIN SELECT 1; EXCEPTION WHEN ERROR THEN SELECT nothing FROM t; END",
        "Unrecognized name",
        "BEGIN SELECT 1; EXCEPTION WHEN ERROR THEN SELECT @@error.message; END",
    ),
    "raise": Case("RAISE USING MESSAGE = 1", "STRING", "RAISE USING MESSAGE = 'a'"),
    "dynamic": Case("EXECUTE IMMEDIATE 'SELECT 1::INT64'", "Syntax error", "EXECUTE IMMEDIATE 'SELECT 1'"),
    "dynamic parameter": Case(
        "EXECUTE IMMEDIATE 'SELECT @b' USING 1 AS a",
        "parameter 'b' not found",
        "EXECUTE IMMEDIATE 'SELECT @a' USING 1 AS a",
    ),
    "last of many": Case("SELECT 1; SELECT 2; SELECT 3; SELECT nothing FROM t", "Unrecognized name"),
    "made before": Case(
        "CREATE TEMP TABLE x AS SELECT 1 AS a; SELECT b FROM x",
        "Unrecognized name: b",
        "CREATE TEMP TABLE x AS SELECT 1 AS a; SELECT a FROM x",
    ),
    "made in the dataset": Case(
        "CREATE TABLE rules.x (a INT64); INSERT rules.x (a) VALUES ('b')",
        "cannot be inserted",
        "CREATE TABLE rules.x (a INT64); ALTER TABLE rules.x ADD COLUMN b STRING; INSERT rules.x (a, b) VALUES (1, 'b')",
    ),
    "dropped before": Case("DROP TABLE t; SELECT id FROM t", "Not found", "DROP TABLE t; SELECT id FROM u"),
    "function": Case(
        "CREATE TEMP FUNCTION f(x INT64) AS (x + 1); SELECT f('a')",
        "STRING",
        "CREATE TEMP FUNCTION f(x INT64) AS (x + 1); SELECT f(1)",
    ),
}
DML = {
    "update without where": Case(
        "UPDATE t SET s = 'a'", "must have a WHERE", "UPDATE t SET s = 'a' WHERE TRUE"
    ),
    "delete without where": Case("DELETE FROM t", "must have a WHERE", "DELETE FROM t WHERE TRUE"),
    "column twice": Case("INSERT t (id, id) VALUES (1, 2)", "duplicate"),
    "too few values": Case("INSERT t (id, s) VALUES (1)", "column count", "INSERT t (id, s) VALUES (1, 'a')"),
    "merge condition": Case(
        "MERGE t USING u ON t.id WHEN MATCHED THEN DELETE",
        "BOOL",
        "MERGE t USING u ON t.id = u.id WHEN MATCHED THEN DELETE",
    ),
    "merge of what is not there": Case(
        "MERGE t USING u ON t.id = u.id WHEN NOT MATCHED THEN INSERT (nothing) VALUES (1)", "nothing"
    ),
    "not there": Case("SELECT 1 AS x FROM missing", "Not found: Table"),
    "without a dataset": Case("SELECT 1 AS x FROM other.missing", "Not found: Table"),
}
DDL = {
    "label of capitals": Case(
        "CREATE VIEW x OPTIONS (labels = [('A', 'b')]) AS SELECT 1 AS a",
        "labels",
        "CREATE VIEW x OPTIONS (labels = [('a', 'b')]) AS SELECT 1 AS a",
    ),
    "second label of capitals": Case(
        "CREATE VIEW x OPTIONS (labels = [('a', 'b'), ('c', 'D')]) AS SELECT 1 AS a", "labels"
    ),
    "label twice": Case(
        "CREATE VIEW x OPTIONS (labels = [('a', 'b'), ('a', 'c')]) AS SELECT 1 AS a", "labels"
    ),
    "unknown option": Case(
        "CREATE VIEW x OPTIONS (nonsense = 1) AS SELECT 1 AS a",
        "Unknown option",
        "CREATE VIEW x OPTIONS (description = 'a') AS SELECT 1 AS a",
    ),
    "unknown option of a column": Case(
        "CREATE VIEW x (a OPTIONS (nonsense = 'a')) AS SELECT 1 AS a",
        "Unknown option",
        "CREATE VIEW x (a OPTIONS (description = 'a')) AS SELECT 1 AS a",
    ),
    "option of another type": Case(
        "CREATE VIEW x OPTIONS (description = 1) AS SELECT 1 AS a", "cannot be coerced"
    ),
    "two names": Case("CREATE VIEW x (a, a) AS SELECT 1 AS a, 2 AS b", "duplicate name"),
    "more names": Case("CREATE VIEW x (a, b) AS SELECT 1 AS a", "number of view column names"),
    "fewer names": Case("CREATE VIEW x (a) AS SELECT 1 AS a, 2 AS b", "number of view column names"),
    "no name": Case("CREATE VIEW x AS SELECT 1", "must be named"),
    "description of a column": Case(
        f"CREATE VIEW x (a OPTIONS (description = '{'a' * 1025}')) AS SELECT 1 AS a",
        "at most 1,024",
        f"CREATE VIEW x (a OPTIONS (description = '{'a' * 1024}')) AS SELECT 1 AS a",
    ),
    "description": Case(
        f"CREATE VIEW x OPTIONS (description = '{'a' * 16385}') AS SELECT 1 AS a",
        "at most 16,384",
        f"CREATE VIEW x OPTIONS (description = '{'a' * 16384}') AS SELECT 1 AS a",
    ),
    "over what is not there": Case("CREATE VIEW x AS SELECT 1 AS a FROM missing", "Not found: Table"),
    "parameter in a view": Case("CREATE VIEW x AS SELECT @a AS a", "parameter"),
    "table of two columns of one name": Case("CREATE TABLE x AS SELECT 1 AS a, 2 AS a", "duplicate name"),
    "role": Case(
        "GRANT `roles/bigquery.dataViewer` ON SCHEMA rules 'user:a@example.com'",
        "Syntax error",
        "GRANT `roles/bigquery.dataViewer` ON SCHEMA rules TO 'user:a@example.com'",
    ),
}


CASES = all_of(SCRIPTS, DML, DDL)


@pytest.mark.parametrize("name", CASES)
def test_what_bigquery_refuses_is_refused(rules: Rules, name: str) -> None:
    CASES[name].ask(rules)


def test_the_place_of_an_error_is_that_in_the_script(rules: Rules) -> None:
    script = "DECLARE x INT64;\n-- ação\nSELECT 1 AS ação;\n  SELECT nothing FROM t"
    assert rules(script.replace("AS ação", "AS a"), TABLES).message.endswith(" at [4:10]")
    assert rules("SELECT 1; SET x = 1;", TABLES).rule == "undeclared"
    assert rules("DECLARE x INT64 DEFAULT\n  nothing", TABLES).message.endswith(" at [2:3]")
