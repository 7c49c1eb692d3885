"""What the statements of a batch read, told from their text."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from benchmarks.views.batches import queries_of
from benchmarks.views.reads import _scans

DAYS = [date(2026, 11, 1), date(2026, 11, 3), date(2026, 11, 20)]
LOOKUP = "SELECT DISTINCT data FROM `z316_tiny.pdv` WHERE id IN (1, 2)"
MERGE = """MERGE `z316_tiny.pdv` AS target USING (SELECT * FROM `z316_staging.s`) AS source
    ON target.id = source.id AND {condition}
    WHEN MATCHED THEN UPDATE SET numero = source.numero"""
OF_DAYS = "(target.data IN UNNEST(ARRAY<DATE>[DATE '2026-11-01']) OR target.data IS NULL)"
COLUMNS = {"id": "INT64", "numero": "INT64", "data": "DATE"}


def scan_of(query: str) -> dict[str, Any]:
    (found,) = _scans({
        "queries": {"query": query},
        "views": {},
        "schema": {"z316_tiny": {"pdv": COLUMNS}, "z316_staging": {"s": COLUMNS}},
        "partitions": {"pdv": "data"},
        "clusters": {"pdv": "id"},
    })["query"]
    return found


def selecting(where: str) -> str:
    return f"SELECT numero FROM `z316_tiny.pdv` WHERE {where}"


OTHER = "SELECT DISTINCT TIMESTAMP_TRUNC(timestamp, DAY) FROM `z316_tiny.produto` WHERE id IN (3)"


@pytest.mark.parametrize("count", [0, 1, 3])
def test_the_lookups_give_their_days_to_the_statements_after_them(count: int) -> None:
    script = f"""
    -- Two lookups;
    DECLARE pdv_days ARRAY<DATE>;
    DECLARE produto_days ARRAY<TIMESTAMP>;
    SET (pdv_days, produto_days) = (
      ARRAY(
        {LOOKUP}
      ),
      ARRAY(
        {OTHER}
      )
    );
    {MERGE.format(condition="target.data IN UNNEST(pdv_days)")};
    {MERGE.format(condition="target.data IN UNNEST(produto_days)")};
    """
    answers = iter([DAYS[:count], DAYS[-1:]])
    first, second, merge, other = queries_of(script, lambda _: next(answers))
    assert (first, second) == (LOOKUP, OTHER)
    days = ", ".join(f"DATE '{day}'" for day in DAYS[:count])
    assert f"target.data IN UNNEST(ARRAY<DATE>[{days}])" in merge
    assert "target.data IN UNNEST(ARRAY<TIMESTAMP>[TIMESTAMP '2026-11-20'])" in other


def test_one_lookup_stands_alone() -> None:
    script = f"DECLARE pdv_days ARRAY<DATE>;\nSET pdv_days = (\n  ARRAY(\n    {LOOKUP}\n  )\n);\nSELECT 1;\n"
    assert [*queries_of(script, lambda _: DAYS)] == [LOOKUP, "SELECT 1"]


def test_a_script_without_lookups_is_its_statements() -> None:
    script = "SELECT CONCAT('a; ', 'b');\nSELECT 2\n"
    assert [*queries_of(script, lambda _: DAYS)] == ["SELECT CONCAT('a; ', 'b')", "SELECT 2"]


def test_a_merge_reads_all_columns_of_the_partitions_that_it_names() -> None:
    found = scan_of(MERGE.format(condition=OF_DAYS))
    assert {*found["columns"]} == {*COLUMNS}
    (condition,) = found["filters"]
    assert "2026-11-01" in condition


@pytest.mark.parametrize(
    "condition", ["TRUE", "target.data = source.data", "source.data = DATE '2026-11-01'"]
)
def test_a_merge_that_names_no_partitions_reads_them_all(condition: str) -> None:
    assert scan_of(MERGE.format(condition=condition))["filters"] == []


@pytest.mark.parametrize(
    ("where", "ranges"),
    [
        ("id IN (7)", [["7", "7"]]),
        ("id IN (7, 9, 12)", [["7", "7"], ["9", "9"], ["12", "12"]]),
        ("id BETWEEN 7 AND 12 AND id IN (SELECT s.id FROM `z316_staging.s` AS s)", [["7", "12"]]),
        # What BigQuery does not know before it reads leaves out no block.
        ("id IN (SELECT s.id FROM `z316_staging.s` AS s)", []),
        ("id NOT IN (7, 9)", []),
        ("id IN (7, 9) OR numero = 1", []),
        ("numero IN (7, 9)", []),
        ("id BETWEEN numero AND 9", []),
    ],
)
def test_constants_of_the_column_that_clusters_leave_out_blocks(where: str, ranges: list[list[str]]) -> None:
    found = scan_of(selecting(where))
    assert found["ids"] == ranges
    assert found["filters"] == []
