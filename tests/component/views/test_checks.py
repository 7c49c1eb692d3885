"""The checks after a merge are valid GoogleSQL, and find in it what they find on the emulator."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from benchmarks.views.batches import queries_of
from tests.component.batches import reported_of
from tests.component.views.reference import Ask, literal_table
from tests.component.views.rows import Tables, line, order, product, search_line
from tiny_operators.schemas import LOADED, TABLES, schema_fields
from tiny_operators.stores import Store, include_dir
from tiny_operators.task_factories.macros import check_macros, merge_macros

pytestmark = pytest.mark.stack


def check_query(ask: Ask, store: Store, made: Tables, stored: Tables, counts: dict[str, int]) -> str:
    """The statement of the task ``check``, with its tables as literals and its variables in their places.

    The reference implementation runs queries, and no scripts.

    Args:
        ask: The language's program.
        store: The store.
        made: Rows of the staging tables.
        stored: Rows of the tables.
        counts: What the task ``rows`` counted, where it is not the rows that were made.
    """
    said = reported_of(made)
    reported = said["return_value"] | {
        "orders": len(made["pdv"]),
        "rejected": 0,
        **counts,
    }
    environment = Environment(loader=FileSystemLoader(include_dir() / "sql"), undefined=StrictUndefined)
    environment.globals.update(check_macros(store) | merge_macros(store))
    context: Any = {"dag": SimpleNamespace(dag_id="x"), "run_id": "y"}
    said["return_value"] = reported
    ti = SimpleNamespace(xcom_pull=lambda task_ids, key="return_value": said[key])
    text = environment.get_template("check.sql").render(context, ti=ti)
    text = re.sub(r"(?m)--.*$", "", text)
    staging = merge_macros(store)["staging"]
    for table in LOADED:
        for path, rows in ((f"{store.dataset}.{table}", stored), (staging(table, **context), made)):
            text = text.replace(f"`{path}`", literal_table(fields(table), rows[table]))

    def days(lookup: str) -> list[Any]:
        return [
            day
            for (day,) in ask({"sql": f"SELECT day FROM UNNEST(ARRAY({lookup})) AS day", "columns": ["day"]})[
                "rows"
            ]
        ]

    *lookups, query = queries_of(text, days)
    assert len(lookups) == len(TABLES)
    return query


def fields(table: str) -> list[dict[str, Any]]:
    """Columns of a table; those of JSON as text, of which its functions take values too."""
    return [field | {"type": field["type"].replace("JSON", "STRING")} for field in schema_fields(table)]


def checked(ask: Ask, store: Store, made: Tables, stored: Tables, **counts: int) -> str:
    """What the checks say of a batch that was made, and of what stands in the tables."""
    answer = ask({"sql": check_query(ask, store, made, stored, counts), "columns": ["result"]})
    return str(answer["rows"][0][0] if "rows" in answer else answer["error"])


def batch(**of_order: Any) -> Tables:
    sale = order(31, "2024-07-08", "30.00", [line(7, "10.00"), line(None, "20.00")], **of_order)
    rejected = {"store": sale["store"], "id": "r", "rejected_at": "2024-07-08T08:00:00Z", "pedido": 32}
    return {
        "pdv": [sale],
        "pesquisa": [search_line(sale)],
        "produto": [product(sale, 7, "4.00")],
        "rejeitados": [{**rejected, "step": "rows", "field": "pdv.data"}],
    }


def test_a_good_batch_passes(language: Ask, viewed_store: Store) -> None:
    assert checked(language, viewed_store, batch(), batch()) == "ok"
    nothing: Tables = {table: [] for table in LOADED}
    assert checked(language, viewed_store, nothing, batch()) == "ok"


WRONG: dict[str, tuple[Tables, Tables, dict[str, int], str]] = {
    "counts": (batch(), batch(), {"pdv": 2}, "(pdv: 2 built, 1 loaded)"),
    "merged": (batch(), batch() | {"pdv": []}, {}, "31 (pdv)"),
    "keys_unique": (batch(), batch() | {"pesquisa": batch()["pesquisa"] * 2}, {}, "31 (pesquisa)"),
    "no_nulls": (batch(data=None, payload='{"data": "08/07/2024"}'), batch(), {}, "31 (batch_pdv.data)"),
    "items_add_up": (batch(), batch(totalProdutos="29.00"), {}, "31 (totalProdutos)"),
    "orders_listed": (batch(), batch() | {"pesquisa": []}, {}, "31 (not in pesquisa)"),
    "products_known": (batch(), batch() | {"produto": []}, {}, "31 (product 7)"),
    "reject_share": (batch(), batch(), {"rejected": 5, "orders": 6}, "32 (rows pdv.data)"),
}


@pytest.mark.parametrize("check", WRONG)
def test_what_is_wrong_is_found(language: Ask, viewed_store: Store, check: str) -> None:
    made, stored, counts, what = WRONG[check]
    found = checked(language, viewed_store, made, stored, **counts)
    assert f"{check}: " in found
    assert f", 1 found: {what}" in found[found.index(f"{check}: ") :].split(";")[0]
