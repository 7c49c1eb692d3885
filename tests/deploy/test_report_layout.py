"""The written layout of the report names views and fields that exist."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.looker_link import VIEWS

REPO = Path(__file__).resolve().parents[2]
PAGE = (REPO / "docs" / "looker-studio.md").read_text(encoding="utf-8")
CHART_COLUMNS = ["chart", "source", "dimension", "metric", "sort", "filter, style", "date range"]


def columns_of(view: str) -> dict[str, str]:
    """Type of each column that everybody may see."""
    content = json.loads(
        (REPO / "include" / "schemas" / "views" / f"{view}.json").read_text(encoding="utf-8")
    )
    return {column["name"]: column["type"] for column in content["columns"] if not column.get("personal")}


def tables() -> Iterator[tuple[list[str], list[dict[str, str]]]]:
    """Headings and rows of each table of the page."""
    for block in re.findall(r"(?:^\|.*\n)+", PAGE, flags=re.MULTILINE):
        headings, _, *rows = [
            [cell.strip() for cell in line.strip()[1:-1].split("|")] for line in block.splitlines()
        ]
        for row in rows:
            assert len(row) == len(headings), f"row with {len(row)} of {len(headings)} cells: {row}"
        yield headings, [dict(zip(headings, row, strict=True)) for row in rows]


def with_headings(*wanted: str) -> list[dict[str, str]]:
    return [row for headings, rows in tables() if headings == list(wanted) for row in rows]


def quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


CHARTS = with_headings(*CHART_COLUMNS)
FORMULAS = with_headings("source", "name", "formula", "type")


def fields_of(view: str) -> set[str]:
    own = {name for row in FORMULAS if view in quoted(row["source"]) for name in quoted(row["name"])}
    return own | set(columns_of(view))


def test_the_page_lays_out_six_pages_of_charts() -> None:
    pages = re.findall(r"^### Page \d: (.+)$", PAGE, flags=re.MULTILINE)
    assert pages == ["Resumo", "Produtos", "Vendedores", "Pagamentos", "Clientes", "Qualidade dos dados"]
    assert len(CHARTS) > 20


def test_the_list_of_views_is_that_of_the_link() -> None:
    listed = [quoted(row["view"])[0] for row in with_headings("view", "one row", "date range by", "what for")]
    assert sorted(listed) == sorted(VIEWS)


@pytest.mark.parametrize("row", CHARTS, ids=lambda row: f"{row['source']} {row['chart']}")
def test_a_chart_uses_fields_of_its_view(row: dict[str, str]) -> None:
    [view] = quoted(row["source"])
    assert view in VIEWS
    named = [name for cell in CHART_COLUMNS[2:] for name in quoted(row[cell])]
    assert set(named) <= fields_of(view)
    assert set(quoted(row["sort"])) <= {*quoted(row["dimension"]), *quoted(row["metric"])}


@pytest.mark.parametrize("row", CHARTS, ids=lambda row: f"{row['source']} {row['chart']}")
def test_each_chart_says_what_the_date_control_filters(row: dict[str, str]) -> None:
    [view] = quoted(row["source"])
    days = [name for name in ("dia", "pedido_dia") if name in columns_of(view)]
    if row["chart"].startswith("Controle"):
        assert row["date range"] == "empty"
    else:
        assert quoted(row["date range"]) == days
        assert days or row["date range"] == "empty"


@pytest.mark.parametrize("row", FORMULAS, ids=lambda row: row["name"])
def test_a_formula_reads_columns_of_its_views(row: dict[str, str]) -> None:
    formula = re.sub(r'"[^"]*"', "", row["formula"])
    read = set(re.findall(r"\b[a-z][a-z_]+\b", formula))
    assert read
    for view in quoted(row["source"]):
        assert read <= set(columns_of(view))


def test_money_is_set_to_reais_where_it_is_shown() -> None:
    money, others = (
        "set *Tipo* to **Moeda > BRL - Real (R$)**",
        {"unidades", "itens", "dias_entre_compras", "participacao"},
    )
    rows = with_headings("source", money, "other")
    typed = {view: set(quoted(row[money])) for row in rows for view in quoted(row["source"])}
    for view, fields in typed.items():
        assert fields <= set(columns_of(view))
    for row in CHARTS:
        [view] = quoted(row["source"])
        numeric = {name for name in quoted(row["metric"]) if columns_of(view).get(name) == "NUMERIC"}
        assert numeric - others <= typed[view], view
