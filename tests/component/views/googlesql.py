"""Runs queries as GoogleSQL, BigQuery's language, is run by its reference implementation.

Runs in the emulator's environment, which has it. Reads one request a line from standard input, a JSON object with ``sql``,
and writes one answer a line: the ``types`` of the columns; or, of a request that also has ``columns``, the ``rows``, whose
values are text as ``CAST`` makes it; or an ``error``.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from local.strict_front.sql.googlesql import bigquery_options, keep_compiled


class GoogleSQL:
    """The language with its functions, and no tables."""

    def __init__(self) -> None:
        from zetasql.api import CatalogBuilder
        from zetasql.types import (
            AnalyzerOptions,
            LanguageOptions,
            ZetaSQLBuiltinFunctionOptions,
            parse_proto,
        )

        language = parse_proto(bigquery_options()).as_type(LanguageOptions)
        functions = ZetaSQLBuiltinFunctionOptions(language_options=language)
        self._options = AnalyzerOptions(language_options=language)
        self._catalog = CatalogBuilder("tables").with_builtin_functions(functions).build()

    def types(self, sql: str) -> dict[str, str]:
        """Columns of a query with their types."""
        from zetasql.types import TypeKind

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
        from zetasql.api import PreparedQuery

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


def main() -> None:
    """Answer until there are no more requests."""
    keep_compiled()
    language = GoogleSQL()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(language.answer(json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
