"""Every statement that the project ships is valid on BigQuery: those of the tasks, of the views, and of the documents."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import jinja2
import pytest

from deploy.rehearse.queries import sql_blocks
from tests.strict_front.asking import REPO, Rules
from tiny_operators.batches.row_files import BatchBounds
from tiny_operators.schemas import LAYOUTS, LOADED, schema_fields
from tiny_operators.stores import load_stores
from tiny_operators.warehouse.datasets import keys_table
from tiny_operators.warehouse.insert_rejects import insert_statement
from tiny_operators.warehouse.personal_rows import WITH_CUSTOMERS, blanked_statement, statement
from tiny_operators.warehouse.views import report_macros, views

STORE = load_stores()[0]
OF_OLD_ROWS = ("blank_old_orders", "oldest_order")
RUN = "manual__2026-01-02T03:04:05"
COUNTS = dict.fromkeys((*LOADED, "orders", "rejected"), 1)
DOCUMENTS = [*(REPO / "docs").glob("*.md"), REPO / "README.md", REPO / "webhook" / "README.md"]
# Statements that are read as they are, with their parameters.
PARAMETERS = {
    "date": "DATE",
    "store": "STRING",
    "timezone": "STRING",
    "midnight": "TIMESTAMP",
    "first": "DATE",
    "last": "DATE",
    "since": "DATE",
    "first_arrival": "TIMESTAMP",
    "rejects": "STRING",
    "dates": ["DATE"],
    "ids": ["STRING"],
    "pedidos": ["INT64"],
    "orders": ["INT64"],
    "products": ["INT64"],
}


def parameter(name: str) -> dict[str, Any]:
    kind = PARAMETERS[name]
    found = {"type": "ARRAY", "arrayType": {"type": kind[0]}} if isinstance(kind, list) else {"type": kind}
    return {"name": name, "parameterType": found}


def of_layout(table: str) -> dict[str, Any]:
    partitioning = {"type": "DAY", "field": LAYOUTS[table].partition}
    return {"schema": {"fields": schema_fields(table)}, "timePartitioning": partitioning}


def stored() -> dict[str, Any]:
    """Tables and views of the store, as BigQuery would have them."""
    keys = [{"name": "store", "type": "STRING"}, {"name": "chave", "type": "BYTES"}]
    found: dict[str, Any] = {f"{STORE.dataset}.{table}": of_layout(table) for table in LAYOUTS}
    found[keys_table(STORE)] = {"schema": {"fields": keys}}
    for view in views(STORE):
        fields = [{"name": column.name, "type": column.type} for column in view.columns]
        found[view.path] = {"type": "VIEW", "schema": {"fields": fields}}
    return found


TABLES = stored()


def valid(
    rules: Rules, sql: str, tables: dict[str, Any] | None = None, *, dataset: str | None = None
) -> None:
    """Hold a statement against the rules; it names the dataset of its tables, or the job does."""
    named = [parameter(name) for name in dict.fromkeys(re.findall(r"(?<!@)@(\w+)", _no_strings(sql)))]
    default = {"datasetId": dataset} if dataset else None
    answer = rules(sql, TABLES if tables is None else tables, queryParameters=named, defaultDataset=default)
    assert answer.refusal is None, (answer.message, sql)


def _no_strings(sql: str) -> str:
    return re.sub(r"\"[^\"\n]*\"|'[^'\n]*'|--[^\n]*", "", sql)


def of_tasks(dags: Any) -> Iterator[tuple[str, Any, Any]]:
    """Files of the tasks that are query jobs, each with its DAG and the task."""
    for dag in dags.values():
        for task in dag.tasks:
            configuration = getattr(task, "configuration", None) or {}
            if "query" in configuration:
                yield configuration["query"]["query"], dag, task


def rendered(dag: Any, file: str, counts: dict[str, int], orders: Iterable[int]) -> str:
    bounds = BatchBounds()
    for pedido in orders:
        bounds.add(pedido, [date(2000, 1, 1) + timedelta(days=pedido % 1_000)])
    said = {"return_value": counts, "batch_bounds": bounds.to_xcom()}
    ti = SimpleNamespace(xcom_pull=lambda task_ids, key="return_value": said[key])
    params = dict.fromkeys(dag.params, False)
    template = dag.get_template_env().get_template(file)
    text: str = template.render(dag=dag, run_id=RUN, ti=ti, task_instance=ti, params=params)
    return text


def with_staging(dag: Any, counts: dict[str, int]) -> dict[str, Any]:
    """Tables of the store, and the staging tables of a run of a DAG: of a table without rows there is none."""
    macros = dag.user_defined_macros or {}
    if "staging" not in macros:
        return TABLES
    return TABLES | {
        macros["staging"](table, dag, RUN): {"schema": {"fields": schema_fields(table)}}
        for table in LAYOUTS
        if counts.get(table, 1)
    }


NOTHING = dict.fromkeys(COUNTS, 0)
BATCHES: dict[str, tuple[dict[str, int], Iterable[int]]] = {
    "all": (COUNTS, [31]),
    "many": (COUNTS, range(1, 100_001)),
    "old and new": (COUNTS, [17, 940_000_001, 940_000_002]),
    "nothing": (NOTHING, []),
    **{f"{table} alone": (NOTHING | {table: 1, "orders": 1}, [31]) for table in LOADED},
    **{f"without {table}": (COUNTS | {table: 0}, [31]) for table in LOADED},
}


@pytest.mark.parametrize("batch", BATCHES)
def test_statements_of_all_tasks(dags: Any, rules: Rules, batch: str) -> None:
    counts, orders = BATCHES[batch]
    for file, dag, _ in of_tasks(dags):
        valid(rules, rendered(dag, file, counts, orders), with_staging(dag, counts))


def test_all_files_are_statements_of_tasks_or_in_them(dags: Any) -> None:
    folder = REPO / "include" / "sql"
    asked = ("known_", "insert_rejects", *OF_OLD_ROWS)
    files = {path.name for path in folder.glob("*.sql") if not path.name.startswith(asked)}
    used = {file for file, _, _ in of_tasks(dags)}
    texts = [path.read_text(encoding="utf-8") for path in folder.rglob("*.sql")]
    assert len(used) >= 4
    assert used <= files
    assert all(any(f"'{name}'" in text for text in texts) for name in files - used)


@pytest.mark.parametrize("file", OF_OLD_ROWS)
@pytest.mark.parametrize("table", WITH_CUSTOMERS)
def test_what_is_done_with_old_rows(rules: Rules, file: str, table: str) -> None:
    valid(rules, statement(file, table, STORE))


@pytest.mark.parametrize("name", sorted(path.name for path in (REPO / "include" / "sql").glob("known_*.sql")))
def test_what_is_asked_before_reading(rules: Rules, name: str) -> None:
    text = (REPO / "include" / "sql" / name).read_text(encoding="utf-8")
    valid(rules, text, dataset=STORE.dataset)


def test_files_that_cannot_be_used(rules: Rules) -> None:
    valid(rules, insert_statement(STORE))


@pytest.mark.parametrize("table", LOADED)
def test_rows_without_a_forgotten_person(rules: Rules, table: str) -> None:
    staging = f"{STORE.staging_dataset}.blanked"
    tables = TABLES | {staging: {"schema": {"fields": schema_fields(table)}}}
    valid(rules, blanked_statement(f"{STORE.dataset}.{table}", staging, table), tables)


def _path(view: Any) -> str:
    return str(view.path)


@pytest.mark.parametrize("view", sorted(views(STORE), key=_path), ids=_path)
def test_views(rules: Rules, view: Any) -> None:
    valid(rules, view.statement())


@pytest.mark.parametrize(
    "name", sorted(path.name for path in (REPO / "local" / "report_page" / "sql").glob("*.sql"))
)
def test_the_report_page(rules: Rules, name: str) -> None:
    text = (REPO / "local" / "report_page" / "sql" / name).read_text(encoding="utf-8")
    valid(rules, jinja2.Template(text).render(report_macros(STORE)))


def documented() -> list[tuple[str, str]]:
    """Statements in documents: blocks of SQL, and what ``bq query`` is given."""
    found = []
    for path in DOCUMENTS:
        text = path.read_text(encoding="utf-8")
        blocks = sql_blocks(text)
        given = [
            one
            for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
            for one in re.findall(r"bq query[^']*'([^']*)'", block)
        ]
        found += [(f"{path.name} {number}", sql) for number, sql in enumerate([*blocks, *given])]
    return found


@pytest.mark.parametrize(("where", "sql"), documented(), ids=lambda value: value if len(value) < 40 else "")
def test_statements_in_the_documents(rules: Rules, where: str, sql: str) -> None:
    valid(rules, sql)


def test_statements_in_the_documents_are_found() -> None:
    assert {where.split()[0] for where, _ in documented()} >= {
        "reconcile.md",
        "validation.md",
        "looker-studio.md",
    }
