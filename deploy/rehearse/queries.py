"""The queries that the package ships beside those of its tasks: of the report page, and of the documents."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Final

from google.cloud.bigquery import QueryJobConfig

from local.report_page.queries import QUERIES, query
from tiny_operators.stores import Store

REPO: Final = Path(__file__).resolve().parents[2]
# Datasets as the documents name them, by what follows "z316_tiny".
_DOCUMENTED: Final = re.compile(r"\bz316_tiny(|_staging|_relatorios|_pessoal|_chaves)(?=\.)")


def page_queries(store: Store, first: date, last: date) -> Iterator[tuple[str, str, QueryJobConfig]]:
    """Read the queries of the report page: name, text and parameters of each."""
    for name in QUERIES:
        yield name, *query(name, store, first, last)


def documented_queries(store: Store, folder: Path = REPO / "docs") -> Iterator[tuple[str, str]]:
    """Read the queries that documents show, over this store's tables: name and text of each."""
    names = {
        "": store.dataset,
        "_staging": store.staging_dataset,
        "_relatorios": store.report_dataset,
        "_pessoal": store.personal_dataset,
        "_chaves": store.keys_dataset,
    }
    for path in sorted(folder.glob("*.md")):
        for number, sql in enumerate(sql_blocks(path.read_text(encoding="utf-8")), 1):
            yield f"{path.name} {number}", _DOCUMENTED.sub(lambda found: names[found[1]], sql)


def sql_blocks(text: str) -> list[str]:
    """Find the blocks of SQL of a document."""
    return re.findall(r"```sql\n(.*?)```", text, re.DOTALL)
