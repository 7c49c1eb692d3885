"""The schema files: one list of columns for the tables, the load jobs and the typing of rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Final

from tiny_operators.stores import include_dir

TABLES: Final = ("produto", "pesquisa", "pdv")
# What each run loads: its rows, and what it set aside.
LOADED: Final = (*TABLES, "rejeitados")
# What the pipeline reports about itself: what it set aside, how complete the tables are, and what it has forgotten.
RECORDS: Final = ("rejeitados", "reconciliation", "esquecimentos")

# Columns that the pipeline fills itself; all others hold what Tiny answered, under Tiny's own names.
OWN_COLUMNS: Final = frozenset({
    "store",
    "uuid",
    "timestamp",
    "pedido_id",
    "source_id",
    "update_timestamp",
    "fetched_at",
    "deleted_at",
    "refreshed_at",
    "payload",
})

# Ends the description of a column that holds personal data, or may.
PERSONAL_MARK: Final = "dado pessoal)"
# Whose name it is works in the store, and the sales by seller need it: it does not go with the customers' data.
_OF_SELLERS: Final = frozenset({"nome_vendedor"})


@dataclass(frozen=True, eq=False)
class Column:
    """One column, or one field of a record. One is equal to itself only: what is known of columns is kept by them.

    Attributes:
        name: Name, which is also Tiny's name of the field.
        type: BigQuery type, such as ``NUMERIC``.
        repeated: Whether it is a list.
        fields: What a ``RECORD`` holds.
    """

    name: str
    type: str
    repeated: bool
    fields: tuple[Column, ...]

    @cached_property
    def names(self) -> frozenset[str]:
        """Names of its fields."""
        return frozenset(field.name for field in self.fields)


@dataclass(frozen=True)
class Layout:
    """How a table is stored.

    Attributes:
        cluster: Columns that sort a table's blocks and identify its rows: a merge finds its rows by them.
        partition: Column whose day partitions the table: readers filter by it.
        description: What the table holds, for people.
    """

    cluster: tuple[str, ...]
    partition: str
    description: str


LAYOUTS: Final[dict[str, Layout]] = {
    "pdv": Layout(
        ("id", "store"),
        "data",
        "Pedidos com itens e parcelas: uma linha por pedido (pdv.pedido.obter ou pedido.obter)",
    ),
    "pesquisa": Layout(
        ("id", "store"), "data_pedido", "Linha da busca de cada pedido, com o vendedor (pedidos.pesquisa)"
    ),
    "produto": Layout(
        ("pedido_id", "id", "store"),
        "timestamp",
        "Produto como era na venda: uma linha por produto e pedido, com o custo do dia (produto.obter)",
    ),
    "rejeitados": Layout(
        ("id", "store"),
        "rejected_at",
        "Pedidos, produtos e arquivos postos de lado, cada um com a razão; e valores que não puderam ser lidos",
    ),
    "reconciliation": Layout(
        ("run", "store"), "date", "Comparações da Tiny com o BigQuery: uma linha por dia de cada comparação"
    ),
    "esquecimentos": Layout(
        ("run", "store"),
        "forgotten_at",
        "Pedidos de titulares atendidos: quanto foi apagado e onde; uma linha por lugar de cada execução",
    ),
}


def partition(table: str) -> dict[str, Any]:
    """Return what statements need to know of a table's partitions.

    Returns:
        ``column``: the column whose day partitions the table; ``moment``: whether it is no day but a moment, in UTC.
    """
    column = LAYOUTS[table].partition
    return {"column": column, "moment": {one.name: one.type for one in columns(table)}[column] == "TIMESTAMP"}


def schema_fields(table: str) -> list[dict[str, Any]]:
    """Read the schema of a table in the form of BigQuery's API.

    Args:
        table: One of ``TABLES`` or ``RECORDS``.
    """
    path = include_dir() / "schemas" / f"{table}.json"
    fields: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return fields


@cache
def columns(table: str) -> tuple[Column, ...]:
    """Return the columns of a table, as values."""
    return tuple(_column(field) for field in schema_fields(table))


@cache
def tiny_columns(table: str) -> tuple[Column, ...]:
    """Return the columns of a table that hold what Tiny answered."""
    return tuple(column for column in columns(table) if column.name not in OWN_COLUMNS)


@cache
def customer_columns(table: str) -> tuple[str, ...]:
    """Return the columns of a table that hold personal data of customers, or may; a record as a whole."""
    return tuple(
        field["name"]
        for field in schema_fields(table)
        if PERSONAL_MARK in field["description"] and field["name"] not in _OF_SELLERS
    )


def personal_fields(table: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the columns of a table that hold personal data, or may, with their paths; of a record its fields."""
    yield from _personal("", schema_fields(table))


def _personal(above: str, fields: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for field in fields:
        path = f"{above}{field['name']}"
        if field["type"] == "RECORD":
            yield from _personal(f"{path}.", field["fields"])
        elif PERSONAL_MARK in field["description"]:
            yield path, field


def column_names(table: str) -> list[str]:
    """Return the names of a table's columns, in the order of the schema file."""
    return [column.name for column in columns(table)]


def _column(field: dict[str, Any]) -> Column:
    inner = tuple(_column(item) for item in field.get("fields", ()))
    return Column(field["name"], field["type"], field.get("mode") == "REPEATED", inner)
