"""Runs queries as GoogleSQL, BigQuery's language, is run by its reference implementation.

Runs in the emulator's environment, which has it. Reads one request a line from standard input, a JSON object with ``sql``,
and writes one answer a line: the ``types`` of the columns; or, of a request that also has ``columns``, the ``rows``, whose
values are text as ``CAST`` makes it; or an ``error``.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

# These are of the emulator's environment, which no type checker looks into.
from wasmtime import Engine, Module  # type: ignore[import-not-found]
from zetasql.api import CatalogBuilder, PreparedQuery  # type: ignore[import-not-found]
from zetasql.types import (  # type: ignore[import-not-found]
    AnalyzerOptions,
    LanguageOptions,
    ProductMode,
    TypeKind,
    ZetaSQLBuiltinFunctionOptions,
)


class GoogleSQL:
    """The language with its functions, and no tables."""

    def __init__(self) -> None:
        language = LanguageOptions.maximum_features()
        # The dialect of BigQuery, without the types that Google has for itself.
        language.product_mode = ProductMode.PRODUCT_EXTERNAL
        # A keyword of BigQuery's, so that the clause may stand without WHERE.
        language.reserved_keywords = ["QUALIFY"]
        functions = ZetaSQLBuiltinFunctionOptions(language_options=language)
        self._options = AnalyzerOptions(language_options=language)
        self._catalog = CatalogBuilder("tables").with_builtin_functions(functions).build()

    def types(self, sql: str) -> dict[str, str]:
        """Columns of a query with their types."""
        with self._prepare(sql) as prepared:
            return {
                column.name: TypeKind(column.type.type_kind).name.removeprefix("TYPE_")
                for column in prepared.columns
            }

    def rows(self, sql: str, columns: list[str]) -> list[list[str | None]]:
        """Rows of a query, as text."""
        texts = ", ".join(f"CAST(`{name}` AS STRING)" for name in columns)
        with self._prepare(f"SELECT {texts} FROM (\n{sql}\n)") as prepared:
            found = prepared.execute().content.table_data
        return [[cell.string_value for cell in row.cell] for row in found.row] if found else []

    def _prepare(self, sql: str) -> Any:
        query = PreparedQuery.builder().set_analyzer_options(self._options).set_catalog(self._catalog)
        return query.set_sql(sql).prepare()

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """The answer to one request."""
        try:
            if "columns" in request:
                return {"rows": self.rows(request["sql"], request["columns"])}
            return {"types": self.types(request["sql"])}
        except Exception as error:
            return {"error": str(error)}


def keep_compiled(compile_file: Any) -> Any:
    """Loading the library takes half a minute of compiling; what comes of it is kept beside it for the next time."""

    def load(engine: Engine, path: str) -> Module:
        kept = Path(path).with_suffix(".compiled")
        if not kept.exists():
            # Two programs may be at it at once.
            part = kept.with_suffix(f".{os.getpid()}")
            part.write_bytes(compile_file(engine, path).serialize())
            part.replace(kept)
        return Module.deserialize_file(engine, str(kept))

    return load


def main() -> None:
    """Answer until there are no more requests."""
    Module.from_file = keep_compiled(Module.from_file)
    language = GoogleSQL()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(language.answer(json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
