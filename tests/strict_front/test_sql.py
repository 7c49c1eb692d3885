"""The rules about SQL: of each, what is refused and what stands beside it and is taken."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from tests.strict_front.asking import DATASET, Rules

_ITEM: dict[str, Any] = {
    "name": "itens",
    "type": "RECORD",
    "mode": "REPEATED",
    "fields": [{"name": "produto", "type": "INTEGER"}, {"name": "valor", "type": "NUMERIC"}],
}
_FIELDS: list[dict[str, Any]] = [
    {"name": "id", "type": "INTEGER", "mode": "REQUIRED"},
    {"name": "s", "type": "STRING"},
    {"name": "n", "type": "NUMERIC"},
    {"name": "d", "type": "DATE"},
    {"name": "ts", "type": "TIMESTAMP"},
    {"name": "j", "type": "JSON"},
    _ITEM,
]
_WIDER: dict[str, Any] = {**_ITEM, "fields": [*_ITEM["fields"], {"name": "novo", "type": "STRING"}]}


def resource(fields: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {"type": "TABLE", "schema": {"fields": fields}, **more}


TABLES = {
    f"{DATASET}.t": resource(_FIELDS),
    f"{DATASET}.u": resource(_FIELDS),
    f"{DATASET}.days": resource(_FIELDS, timePartitioning={"type": "DAY", "field": "d"}),
    f"{DATASET}.wider": resource([*_FIELDS[:-1], _WIDER]),
    f"{DATASET}.v": resource(_FIELDS[:3], type="VIEW"),
}


class Case(NamedTuple):
    """A statement that is refused, what is said of it, and one like it that is taken."""

    bad: str
    message: str
    good: str = "SELECT 1"


SYNTAX = {
    "duckdb cast": Case("SELECT 1::INT64", "Syntax error", "SELECT CAST('1' AS INT64)"),
    "duckdb function": Case("SELECT list_sum([1])", "Function not found"),
    "function of other products": Case(
        "SELECT IFERROR(1, 2)", "Function not found: IFERROR", "SELECT SAFE.LN(-1)"
    ),
    "strptime": Case("SELECT strptime('1', '%d')", "Function not found", "SELECT PARSE_DATE('%d', '1')"),
    "qualify is a word": Case("SELECT id AS qualify FROM t", "Syntax error", "SELECT id AS `qualify` FROM t"),
    "unknown type": Case("SELECT CAST(1 AS VARCHAR)", "Type not found", "SELECT CAST(1 AS BIGINT)"),
    "unfinished": Case("SELECT 1; SELECT", "Syntax error"),
    "graph": Case("GRAPH g MATCH (n) RETURN n", "", "FROM t |> WHERE id = 1 |> SELECT id"),
}
TYPES = {
    "date and timestamp": Case(
        "SELECT id FROM t WHERE d = ts", "DATE, TIMESTAMP", "SELECT id FROM t WHERE d = DATE(ts)"
    ),
    "union": Case(
        "SELECT s FROM t UNION ALL SELECT id FROM t",
        "incompatible types",
        "SELECT n FROM t UNION ALL SELECT id FROM t",
    ),
    "json equality": Case("SELECT id FROM t WHERE j = j", "Equality is not defined"),
    "json order": Case(
        "SELECT id FROM t ORDER BY j", "ORDER BY does not support", "SELECT id FROM t ORDER BY s"
    ),
    "json group": Case("SELECT COUNT(*) AS c FROM t GROUP BY j", "type JSON is not allowed"),
    "json distinct": Case("SELECT DISTINCT j FROM t", "SELECT DISTINCT"),
    "json partition": Case("SELECT ROW_NUMBER() OVER (PARTITION BY j) AS r FROM t", "type JSON"),
    "json text": Case("SELECT id FROM t WHERE j = 'a'", "", "SELECT id FROM t WHERE STRING(j) = 'a'"),
    "insert": Case("INSERT t (id) VALUES ('a')", "cannot be inserted", "INSERT t (id) VALUES (1)"),
    "insert a float": Case("INSERT t (id) VALUES (1.5)", "FLOAT64", "INSERT t (id, n) VALUES (1, 1.5)"),
    "update": Case(
        "UPDATE t SET d = ts WHERE TRUE", "cannot be assigned", "UPDATE t SET d = NULL WHERE TRUE"
    ),
    "ungrouped": Case("SELECT id, s FROM t GROUP BY id", "neither grouped nor aggregated"),
    "sum of text": Case("SELECT SUM(s) AS x FROM t", "No matching signature", "SELECT SUM(n) AS x FROM t"),
    "unknown column": Case("SELECT nothing FROM t", "Unrecognized name"),
    "unknown field": Case("SELECT i.nothing FROM t, t.itens AS i", "does not exist"),
    "ambiguous": Case("SELECT id FROM t, u", "ambiguous", "SELECT t.id FROM t, u"),
}
AGGREGATES = {
    "window in replace": Case(
        "SELECT * REPLACE (MIN(ts) OVER () AS ts) FROM t",
        "analytic functions inside SELECT * REPLACE",
        "SELECT * EXCEPT (first) REPLACE (first AS ts) FROM (SELECT *, MIN(ts) OVER () AS first FROM t)",
    ),
    "aggregation of an aggregation": Case(
        "SELECT SUM(n) AS n FROM t ORDER BY SUM(n)",
        "Aggregations of aggregations",
        "SELECT SUM(n) AS n FROM t ORDER BY n",
    ),
    "window in where": Case(
        "SELECT id FROM t WHERE ROW_NUMBER() OVER () = 1",
        "not allowed in WHERE",
        "SELECT id FROM t QUALIFY ROW_NUMBER() OVER (ORDER BY id) = 1",
    ),
    "aggregate in where": Case("SELECT id FROM t WHERE SUM(n) > 1", "not allowed in WHERE"),
}
RECORDS = {
    "update of wider records": Case(
        "MERGE t USING wider AS w ON t.id = w.id WHEN MATCHED THEN UPDATE SET itens = w.itens",
        "cannot be assigned to itens",
        "MERGE t USING u ON t.id = u.id WHEN MATCHED THEN UPDATE SET itens = u.itens",
    ),
    "update of narrower records": Case(
        "MERGE wider USING t ON t.id = wider.id WHEN MATCHED THEN UPDATE SET itens = t.itens",
        "cannot be assigned to itens",
    ),
    "insert of wider records": Case(
        "INSERT t (id, itens) SELECT id, itens FROM wider",
        "cannot be inserted into column itens",
        "INSERT t (id, itens) SELECT id, itens FROM u",
    ),
    "insert of a row": Case(
        "MERGE t USING wider AS w ON t.id = w.id WHEN NOT MATCHED THEN INSERT ROW",
        "cannot be inserted into column itens",
    ),
    "set of wider records": Case(
        "DECLARE x DEFAULT (SELECT itens FROM t LIMIT 1); SET x = (SELECT itens FROM wider LIMIT 1)",
        "cannot be coerced",
    ),
}
JOINS = {
    "full": Case(
        "SELECT t.id FROM t FULL JOIN u ON t.id > u.id",
        "FULL OUTER JOIN cannot be used without",
        "SELECT t.id FROM t FULL JOIN u ON t.id = u.id AND t.n > u.n",
    ),
    "left": Case(
        "SELECT t.id FROM t LEFT JOIN u ON t.id = u.id OR t.s = u.s",
        "LEFT OUTER JOIN cannot be used without",
        "SELECT t.id FROM t LEFT JOIN u USING (id)",
    ),
    "right": Case(
        "SELECT t.id FROM t RIGHT JOIN u ON t.id = u.id + t.id",
        "RIGHT OUTER JOIN cannot be used without",
        "SELECT t.id FROM t RIGHT JOIN u ON t.id + 1 = u.id * 2",
    ),
    "one side alone": Case(
        "SELECT t.id FROM t LEFT JOIN u ON t.id = 1",
        "LEFT OUTER JOIN cannot be used without",
        "SELECT t.id FROM t LEFT JOIN u ON TRUE",
    ),
    "null-safe expressions": Case(
        "SELECT t.id FROM t FULL JOIN u ON IFNULL(t.n, 0) = u.n OR (t.n IS NULL AND u.n IS NULL)",
        "FULL OUTER JOIN cannot be used without",
        "SELECT t.id FROM t FULL JOIN u ON t.n = u.n OR (t.n IS NULL AND u.n IS NULL)",
    ),
    "inside a view": Case(
        "CREATE VIEW x AS SELECT t.id FROM t FULL JOIN u ON t.id > u.id",
        "FULL OUTER JOIN cannot be used without",
        "CREATE VIEW x AS SELECT t.id FROM t JOIN u ON t.id > u.id",
    ),
    "merge": Case(
        "MERGE t USING u ON t.id > u.id WHEN NOT MATCHED THEN INSERT ROW",
        "OUTER JOIN cannot be used without",
        "MERGE t USING u ON FALSE WHEN NOT MATCHED THEN INSERT ROW",
    ),
}
CORRELATED = {
    "limit": Case(
        "SELECT (SELECT u.s FROM u WHERE u.id = t.id LIMIT 1) AS x FROM t",
        "Correlated subqueries",
        "SELECT (SELECT MAX(u.s) FROM u WHERE u.id = t.id) AS x FROM t",
    ),
    "inequality": Case(
        "SELECT (SELECT MAX(u.s) FROM u WHERE u.id < t.id) AS x FROM t",
        "Correlated subqueries",
        "SELECT (SELECT COUNTIF(u.id < t.id) FROM u) AS x FROM t",
    ),
    "list": Case(
        "SELECT ARRAY(SELECT u.s FROM u WHERE u.id > t.id) AS x FROM t",
        "Correlated subqueries",
        "SELECT ARRAY(SELECT u.s FROM u WHERE u.id = t.id) AS x FROM t",
    ),
    "a list of the row with a table": Case(
        "SELECT (SELECT SUM(u.n) FROM UNNEST(t.itens) AS i JOIN u ON u.id = i.produto) AS x FROM t",
        "Correlated subqueries",
        "SELECT (SELECT SUM(i.valor) FROM UNNEST(t.itens) AS i) AS x FROM t",
    ),
    "exists": Case(
        "SELECT id FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.id <= t.id)",
        "SEMI JOIN cannot be used without",
        "SELECT id FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.id = t.id AND u.n < t.n)",
    ),
}
RESULTS = {
    "two of one name": Case(
        "SELECT id, s AS ID FROM t", "Duplicate column names in the result", "SELECT id, s AS x, 1, 2 FROM t"
    ),
    "two tables": Case("SELECT t.*, u.* FROM t JOIN u USING (id)", "Duplicate column names in the result"),
    "in a script": Case("DECLARE x INT64; SELECT 1 AS a, 2 AS a", "Duplicate column names in the result"),
}
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
KINDS = (SYNTAX, TYPES, AGGREGATES, RECORDS, JOINS, CORRELATED, RESULTS, SCRIPTS, DML, DDL)
CASES = {name: case for kind in KINDS for name, case in kind.items()}


def test_no_case_hides_another() -> None:
    assert len(CASES) == sum(map(len, KINDS))


@pytest.mark.parametrize("name", CASES)
def test_what_bigquery_refuses_is_refused(rules: Rules, name: str) -> None:
    case = CASES[name]
    answer = rules(case.bad, TABLES)
    assert case.message in answer.message
    assert answer.refusal
    assert answer.refusal["source"].startswith("https://cloud.google.com/bigquery/")
    assert rules(case.good, TABLES).refusal is None


def test_the_place_of_an_error_is_that_in_the_script(rules: Rules) -> None:
    script = "DECLARE x INT64;\n-- ação\nSELECT 1 AS ação;\n  SELECT nothing FROM t"
    assert rules(script.replace("AS ação", "AS a"), TABLES).message.endswith(" at [4:10]")
    assert rules("SELECT 1; SET x = 1;", TABLES).rule == "undeclared"
    assert rules("DECLARE x INT64 DEFAULT\n  nothing", TABLES).message.endswith(" at [2:3]")


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
    tables = TABLES | {f"{DATASET}.run_{number}": resource(_FIELDS) for number in range(3)}
    made = [rules(script.format(f"run_{number}"), tables) for number in range(3)]
    assert "4000" in made[0].script
    assert all(answer.refusal is None for answer in made)
    assert [answer.script.replace(f"run_{number}", "run_0") for number, answer in enumerate(made)] == [
        made[0].script
    ] * 3
    changed = tables | {f"{DATASET}.run_1": resource([*_FIELDS[:-1], _WIDER])}
    assert "itens" in rules(script.format("run_1"), changed).message
    gone = {name: table for name, table in tables.items() if name != f"{DATASET}.run_2"}
    assert rules(script.format("run_2"), gone).rule == "table_not_found"
    unpartitioned = tables | {f"{DATASET}.days": resource(_FIELDS)}
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
        "SELECT itens[OFFSET(0)].novo AS x FROM wider", TABLES | {f"{DATASET}.wider": resource(_FIELDS)}
    ).refusal
