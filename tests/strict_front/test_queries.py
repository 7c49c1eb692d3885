"""The rules about queries: of each, what is refused and what stands beside it and is taken."""

from __future__ import annotations

import pytest

from tests.strict_front.asking import Rules
from tests.strict_front.cases import TABLES, Case, all_of

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
STATEMENTS = {
    "explain": Case("EXPLAIN SELECT 1 AS a", "Statement not supported: ExplainStatement"),
    "describe": Case("DESCRIBE t", "Statement not supported"),
    "show": Case("SHOW TABLES", "Statement not supported"),
    "sequence": Case("CREATE SEQUENCE x", "Statement not supported"),
    "analyze, after another": Case(
        "SELECT 1 AS a; ANALYZE", "Statement not supported", "SELECT 1 AS a; ASSERT TRUE AS 'a'"
    ),
    "intersect all": Case(
        "SELECT id FROM t INTERSECT ALL SELECT id FROM u",
        "INTERSECT ALL is not supported",
        "SELECT id FROM t INTERSECT DISTINCT SELECT id FROM u",
    ),
    "except all, inside": Case(
        "SELECT id FROM (SELECT id FROM t EXCEPT ALL SELECT id FROM u)",
        "EXCEPT ALL is not supported",
        "SELECT id FROM t EXCEPT DISTINCT SELECT id FROM u",
    ),
    "sample of rows": Case(
        "SELECT id FROM t TABLESAMPLE BERNOULLI (10 PERCENT)",
        "Unsupported sampling method",
        "SELECT id FROM t TABLESAMPLE SYSTEM (10 PERCENT)",
    ),
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


CASES = all_of(SYNTAX, STATEMENTS, TYPES, AGGREGATES, RECORDS, JOINS, CORRELATED, RESULTS)


@pytest.mark.parametrize("name", CASES)
def test_what_bigquery_refuses_is_refused(rules: Rules, name: str) -> None:
    CASES[name].ask(rules)


def test_a_long_sum_is_taken_and_one_that_is_too_deep_refused(rules: Rules) -> None:
    """Each term is a level of the tree. Also after one that was too deep, and after many, the rules answer."""
    assert rules(f"SELECT {' + '.join(['id'] * 150)} AS a FROM t", TABLES).refusal is None
    for number in (1, 2, 3):
        deep = " + ".join([str(number)] * 2_000)
        assert "too complex" in rules(f"SELECT {deep} AS a", TABLES).message
        assert rules(f"SELECT id + {number} AS a FROM t", TABLES).refusal is None


def test_the_number_of_tables_is_told_before_they_are_read(rules: Rules) -> None:
    many = ", ".join(f"t{number}" for number in range(1_001))
    assert "At most 1,000 tables" in rules(f"SELECT 1 AS a FROM {many}", TABLES).message
