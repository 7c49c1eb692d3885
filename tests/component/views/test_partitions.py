"""A dashboard of one month reads that month's partitions: where a filter by day arrives, for each view."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from local.stack.settings import venv
from tests.component.views.rows import table
from tiny_operators.schemas import LAYOUTS, schema_fields
from tiny_operators.stores import Store
from tiny_operators.warehouse.datasets import KEYS_TABLE
from tiny_operators.warehouse.views import views

pytestmark = pytest.mark.stack

# By view, table and kind, the columns.
Reads = dict[str, dict[str, dict[str, list[str]]]]

# What each view reads of each table when it is filtered by its day: "filter": those days; "own": a year at most,
# which the view itself names; "whole": all days, but then only the columns below.
READS = table("""
    view                       | dia        | pdv           | pesquisa | produto | reconciliation | rejeitados
    pedidos                    | pedido_dia | filter        | filter   | whole   | -              | -
    itens_pedido               | pedido_dia | filter        | filter   | whole   | -              | -
    pedidos_fora_das_vendas    | pedido_dia | filter        | filter   | whole   | -              | -
    vendas_por_produto_dia     | dia        | filter        | filter   | whole   | -              | -
    vendas_por_vendedor        | dia        | filter        | filter   | whole   | -              | -
    vendas_por_hora            | dia        | filter        | -        | -       | -              | -
    vendas_por_forma_pagamento | dia        | filter        | -        | -       | -              | -
    vendas_por_dia             | dia        | filter, whole | filter   | whole   | -              | -
    produtos                   | -          | own           | own      | whole   | -              | -
    atualizacao                | -          | own           | own      | whole   | own            | own
    clientes                   | -          | whole         | -        | -       | -              | -
    reconciliacao              | dia        | -             | -        | -       | filter         | -
""")
# The cost of a product stands in the partition of the day when the sale arrived, which no filter by the order's day can
# tell. Who is a new customer only all orders together can tell.
WHOLE = {
    "produto": {"store", "pedido_id", "id", "nome", "categoria", "preco_custo", "preco_custo_medio"},
    "pdv": {"store", "data", "contato", "situacao", "deleted_at", "totalvenda"},
}


@pytest.fixture(scope="module")
def reads(viewed_store: Store) -> Reads:
    made = [view for view in views(viewed_store) if view.dataset == viewed_store.report_dataset]
    request: dict[str, Any] = {
        "views": {view.path: view.query for view in made},
        "partitions": {
            f"{viewed_store.dataset}.{name}": layout.partition for name, layout in LAYOUTS.items()
        },
        "schema": {
            viewed_store.dataset: {
                name: {f["name"]: kind(f) for f in schema_fields(name)} for name in LAYOUTS
            },
            viewed_store.keys_dataset: {KEYS_TABLE: {"store": "STRING", "chave": "BYTES"}},
        },
        "days": {f"{viewed_store.report_dataset}.{row['view']}": row["dia"] for row in READS},
    }
    program = [str(venv("bigquery") / "bin" / "python"), str(Path(__file__).with_name("lineage.py"))]
    done = subprocess.run(
        program, check=False, input=json.dumps(request), capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    found: Reads = json.loads(done.stdout)
    return found


def kind(field: dict[str, Any]) -> str:
    """The type of a column in GoogleSQL."""
    fields = ", ".join(f"{inner['name']} {kind(inner)}" for inner in field.get("fields", ()))
    name = f"STRUCT<{fields}>" if fields else field["type"]
    return f"ARRAY<{name}>" if field["mode"] == "REPEATED" else name


def test_all_views_are_here(viewed_store: Store) -> None:
    names = {view.name for view in views(viewed_store) if view.dataset == viewed_store.report_dataset}
    assert names == {row["view"] for row in READS}


@pytest.mark.parametrize("row", READS, ids=lambda row: row["view"])
def test_what_a_filter_by_day_leaves_to_read(
    reads: Reads, viewed_store: Store, row: dict[str, str | None]
) -> None:
    found = reads[f"{viewed_store.report_dataset}.{row['view']}"]
    kinds = {name: found.get(f"{viewed_store.dataset}.{name}", {}) for name in LAYOUTS}
    assert {name: ", ".join(sorted(read)) or None for name, read in kinds.items()} == {
        name: row.get(name) for name in LAYOUTS
    }
    assert all(WHOLE[name] >= set(read["whole"]) for name, read in kinds.items() if "whole" in read)


def test_a_year_is_the_most_that_a_view_names(viewed_store: Store) -> None:
    by_name = {view.name: view.query for view in views(viewed_store)}
    for row in READS:
        if "own" in row.values():
            query = by_name[str(row["view"])]
            assert "INTERVAL 365 DAY" in query
