"""Whether an UPDATE with a FROM would change a row twice: a query that the emulator can run before the statement.

Of a MERGE the emulator looks at this itself.
"""

from __future__ import annotations

from typing import Any, Final

from local.strict_front.sql.googlesql import kind, place

SOURCE: Final = "https://cloud.google.com/bigquery/docs/reference/standard-sql/dml-syntax#update_statement"
MESSAGE: Final = "UPDATE/MERGE must match at most one source row for each target row"
_ROW: Final = "`number of the row`"


def twice(node: Any, name: str, script: bytes) -> str | None:
    """Build a query that has a row where a statement matches one row of its table with several others.

    Args:
        node: The statement's node in the syntax tree.
        name: The node's name.
        script: The script that it stands in.

    Returns:
        The query; None where the statement matches its rows with no others.
    """
    if name != "ASTUpdateStatementProto" or not node.HasField("from_clause"):
        return None
    path = _text(node.target_path, script)
    alias = path.replace("`", "").rpartition(".")[2]
    if node.HasField("alias"):
        alias = node.alias.identifier.id_string
    rows = f"SELECT *, ROW_NUMBER() OVER () AS {_ROW} FROM {path}"  # noqa: S608  # part of a script that is run as it is
    return (
        f"SELECT 1 FROM ({rows}) AS `{alias}`, {_text(node.from_clause.table_expression, script)}"  # noqa: S608
        f"\nWHERE {_text(node.where, script)}\nGROUP BY `{alias}`.{_ROW} HAVING COUNT(*) > 1"
    )


def _text(node: Any, script: bytes) -> str:
    start, end = place(kind(node))
    return script[start:end].decode()
