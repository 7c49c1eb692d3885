"""The report page asks what BigQuery answers: its queries are valid in its own language."""

from __future__ import annotations

import re
from pathlib import Path

import jinja2
import pytest

from local.report_page import queries
from tests.component.views.reference import Ask, Reference
from tiny_operators.stores import Store
from tiny_operators.warehouse.views import report_macros

QUERIES = sorted((Path(queries.__file__).parent / "sql").glob("*.sql"))


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_a_query_of_the_page_is_taken(language: Ask, viewed_store: Store, path: Path) -> None:
    sql = jinja2.Template(path.read_text(encoding="utf-8")).render(report_macros(viewed_store))
    sql = re.sub("(?m)--.*$", "", sql)
    for name in ("first", "last"):
        sql = sql.replace(f"@{name}", "DATE '2024-07-08'")
    assert Reference(language, viewed_store).problem(sql) is None
