"""What the statements of a run read of the tables does not grow with the history, and how much BigQuery bills for them
at least: promised in docs/promises.md and priced in docs/cost.md."""

from __future__ import annotations

import re
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from tiny_operators.batches.row_files import BatchBounds
from tiny_operators.schemas import LAYOUTS, LOADED, TABLES
from tiny_operators.stores import include_dir

# How a read of a table is bounded: by ids, by which the tables are clustered, or by the partitions that hold them.
BOUNDS = r"id (?:IN \((?:\d|')|(?:BETWEEN \S+ AND \S+ AND \w+ )?IN \(SELECT)"
# One order of today, three among which one is old, as many as a rebuild takes at once, and a run that an older version
# of the code began: it says nothing of its orders. Each order is of a day of its own, up to some years of them.
BATCHES = {
    "one": [940_000_001],
    "three": [17, 940_000_001, 940_000_002],
    "many": range(1, 200_001),
    "untold": [],
}
FIRST_DAY = date(2020, 1, 1)
ALL = dict.fromkeys(LOADED, 1)
SOLD = ALL | {"rejeitados": 0}


@pytest.fixture(scope="module")
def rendered(dags: Any) -> Any:
    def render(dag_id: str, name: str, counts: dict[str, int] = ALL, batch: str = "one") -> str:
        bounds = BatchBounds()
        for number, pedido in enumerate(BATCHES[batch]):
            bounds.add(pedido, [FIRST_DAY + timedelta(days=number % 2_000)])
        said = {"return_value": counts, "batch_bounds": None if batch == "untold" else bounds.to_xcom()}
        ti = SimpleNamespace(xcom_pull=lambda task_ids, key="return_value": said[key])
        template = dags[dag_id].get_template_env().get_template(name)
        text: str = template.render(dag=dags[dag_id], run_id="manual", ti=ti, task_instance=ti)
        return re.sub(r"--.*", "", text)

    return render


def statements(script: str) -> list[set[str]]:
    """The tables that each statement of a script names: BigQuery bills 10 MB for each of them, at least."""
    found = (set(re.findall(r"`(\w+\.\w+)`", statement)) for statement in script.split(";"))
    return [tables for tables in found if tables]


def reads(script: str, table: str) -> list[str]:
    """What stands after each read of a table, up to where its SELECT ends."""
    path = rf"`z316_tiny\.{table}`"
    return [
        re.split(r"\n *(?:\)[;,]?|UNION DISTINCT)\n", script[found.end() :], maxsplit=1)[0]
        for found in re.finditer(rf"(?:FROM|JOIN) {path}", script)
    ]


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("table", TABLES)
def test_a_merge_reads_the_partitions_of_its_batch(rendered: Any, table: str, batch: str) -> None:
    text = rendered("z316_daily", "merge.sql", batch=batch)
    (merge,) = re.findall(rf"MERGE `z316_tiny\.{table}` AS target.*?WHEN", text, re.DOTALL)
    assert re.search(rf"ON\s.*target\.\w+(?:, DAY\))? IN UNNEST\({table}_days\)", merge, re.DOTALL)
    (lookup,) = reads(text, table)
    assert re.search(BOUNDS, lookup)


@pytest.mark.parametrize("batch", BATCHES)
def test_a_merge_reads_the_days_of_its_own_rows_too(rendered: Any, batch: str) -> None:
    """Another merge may have put the same new orders there since the lookup. Too many days are looked up."""
    lookup = rendered("z316_daily", "merge.sql", batch=batch).split("MERGE")[0]
    for table in LOADED:
        column = LAYOUTS[table].partition
        own = re.search(
            rf"ARRAY\(((?:(?!ARRAY\().)*)UNION DISTINCT(?:(?!UNION).)*`z316_tiny\.{table}`", lookup, re.DOTALL
        )
        assert own, table
        if batch in ("one", "three") and table != "rejeitados":
            days = [FIRST_DAY + timedelta(days=number) for number in range(len(BATCHES[batch]))]
            assert re.findall(r"(?:DATE|TIMESTAMP) '([\d-]+)'", own[1]) == [str(day) for day in days]
        else:
            assert re.search(
                rf"SELECT DISTINCT \S*{column}\S*.*FROM `z316_tiny_staging\.{table}_", own[1], re.DOTALL
            ), own[1]


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("table", TABLES)
def test_a_check_reads_the_partitions_of_its_batch(rendered: Any, table: str, batch: str) -> None:
    lookup, rows = reads(rendered("z316_daily", "check.sql", batch=batch), table)
    assert re.search(BOUNDS, lookup)
    assert re.search(BOUNDS, rows)
    assert f"IN UNNEST({table}_days)" in rows


@pytest.mark.parametrize("name", ["merge.sql", "check.sql", "watch_rejects.sql"])
def test_no_variable_holds_what_a_batch_may_have_any_number_of(rendered: Any, name: str) -> None:
    """A variable may have a megabyte. Of days there are 4,000 at most in a job, of ids any number."""
    dag_id = "z316_watch" if name.startswith("watch") else "z316_daily"
    script = rendered(dag_id, name, batch="many")
    declared = re.findall(r"DECLARE (\w+) (\S+?)(?:;| DEFAULT)", script)
    assert declared
    assert {kind for _, kind in declared} <= {"INT64", "ARRAY<DATE>", "ARRAY<TIMESTAMP>"}
    arrays = [variable for variable, kind in declared if kind != "INT64"]
    (found,) = re.findall(r"SET \(([^)]*)\) = \((.*?)\n\);", script, re.DOTALL) or [("", "")]
    assert found[0].split(", ") == arrays or not arrays
    queries = re.split(r"\n  ARRAY\(", found[1])[1:]
    assert len(queries) == len(arrays)
    for variable, query in zip(arrays, queries, strict=True):
        assert "ARRAY_AGG" not in query
        selected = re.findall(r"(?m)^ *SELECT (.*)", query)
        moment = dict(declared)[variable] == "ARRAY<TIMESTAMP>"
        assert selected
        assert all(
            one.startswith("DISTINCT TIMESTAMP_TRUNC(" if moment else "DISTINCT ") for one in selected
        ), query


@pytest.mark.parametrize("name", ["merge.sql", "check.sql"])
def test_a_batch_of_any_size_fits_a_statement(rendered: Any, name: str) -> None:
    """A statement may have a megabyte; ids stand in it only while they are few."""
    sizes = {batch: len(rendered("z316_daily", name, batch=batch)) for batch in BATCHES}
    assert max(sizes.values()) < 60_000


def test_a_batch_of_sales_is_billed_for_eighteen_tables(rendered: Any) -> None:
    """Of each table: its lookup, its merge with the staging table, and both in the checks."""
    merge = statements(rendered("z316_webhook", "merge.sql", SOLD))
    check = statements(rendered("z316_webhook", "check.sql", SOLD))
    assert [len(tables) for tables in merge] == [3, 2, 2, 2]
    assert [len(tables) for tables in check] == [3, 6]
    assert not {table for tables in (*merge, *check) for table in tables if "rejeitados" in table}


def test_what_the_page_of_the_days_reads_does_not_grow_with_the_history() -> None:
    """Four tables, each named once, and of each the partitions of the days that are looked at."""
    text = (include_dir() / "sql" / "known_days.sql").read_text(encoding="utf-8")
    found = re.findall(r"(?:FROM|JOIN) (pesquisa|pdv|produto|reconciliation|rejeitados)\b", text)
    assert sorted(found) == ["pdv", "pesquisa", "reconciliation", "rejeitados"]
    for table in found:
        bound = {"rejeitados": r"rejected_at >= @midnight"}.get(
            table, rf"{LAYOUTS[table].partition} BETWEEN @first AND @last"
        )
        assert re.search(rf"FROM {table}\b[^;]*?WHERE\s[^)]*?{bound}", text), table


def test_rejects_cost_what_they_need(rendered: Any) -> None:
    merge = statements(rendered("z316_webhook", "merge.sql"))
    assert [len(tables) for tables in merge] == [5, 2, 2, 2, 2]
    assert [len(tables) for tables in statements(rendered("z316_webhook", "check.sql"))] == [3, 7]


@pytest.mark.parametrize("table", LOADED)
def test_a_table_without_rows_is_not_merged_and_has_no_staging_table(rendered: Any, table: str) -> None:
    counts = ALL | {table: 0}
    assert not re.search(rf"_staging\.{table}_", rendered("z316_webhook", "merge.sql", counts))
    assert f"MERGE `z316_tiny.{table}`" not in rendered("z316_webhook", "merge.sql", counts)
    for batch in BATCHES:
        assert not re.search(rf"_staging\.{table}_", rendered("z316_webhook", "check.sql", counts, batch))


def test_a_run_that_made_nothing_merges_nothing(rendered: Any) -> None:
    nothing = dict.fromkeys(LOADED, 0)
    assert statements(rendered("z316_webhook", "merge.sql", nothing)) == []
    assert "SELECT" in rendered("z316_webhook", "merge.sql", nothing), (
        "a script without a statement is an error"
    )


def test_rows_come_in_the_order_that_what_stands_is_whole(rendered: Any) -> None:
    order = re.findall(r"MERGE `z316_tiny\.(\w+)`", rendered("z316_webhook", "merge.sql"))
    assert order == ["rejeitados", "produto", "pesquisa", "pdv"]
