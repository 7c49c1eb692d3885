"""Tables against truth: what the simulator knows, held against what stands in BigQuery, field by field."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

Row = Mapping[str, Any]
Key = tuple[Any, ...]

KEYS: dict[str, Callable[[Row], Key]] = {
    "pdv": lambda row: (int(row["id"]),),
    "pesquisa": lambda row: (int(row["id"]),),
    "produto": lambda row: (int(row["pedido_id"]), int(row["id"])),
}


def order_of(table: str, row: Row) -> int:
    """Return the order that a row of a table is about."""
    order: int = KEYS[table](row)[0]
    return order


def truth_rows(truth: Row) -> dict[str, list[dict[str, Any]]]:
    """Build the rows that the tables must hold for the simulator's truth.

    Args:
        truth: Answer of ``/_sim/truth``: rows of each table, and which order has which product (``snapshots``).
    """
    products = {int(product["id"]): product for product in truth["produto"]}
    snapshots = [{**products[int(pair["id"])], "pedido_id": pair["pedido_id"]} for pair in truth["snapshots"]]
    return {"pdv": list(truth["pdv"]), "pesquisa": list(truth["pesquisa"]), "produto": snapshots}


def table_differences(table: str, truth: list[dict[str, Any]], rows: list[dict[str, Any]]) -> Iterator[str]:
    """Find each place where a table differs from the truth; none when it is right.

    Args:
        table: Name of the table.
        truth: Rows that it must hold, with the columns that come from Tiny.
        rows: Rows that it holds.
    """
    key_of = KEYS[table]
    wanted = {key_of(row): row for row in truth}
    found: dict[Key, dict[str, Any]] = {}
    for row in rows:
        if key_of(row) in found:
            yield f"{table} {key_of(row)}: stands twice"
        found[key_of(row)] = row
    for key in sorted(wanted.keys() | found.keys()):
        if key not in found:
            yield f"{table} {key}: missing"
        elif key not in wanted:
            yield f"{table} {key}: nobody sold it"
        else:
            yield from (f"{table} {key}: {text}" for text in _row_differences(wanted[key], found[key], ""))


def _row_differences(truth: Row, row: Row, path: str) -> Iterator[str]:
    for name, value in truth.items():
        yield from _value_differences(value, row.get(name), f"{path}{name}")


def _value_differences(truth: Any, value: Any, path: str) -> Iterator[str]:
    if isinstance(truth, dict):
        # A record of nothing but empty fields may stand as null.
        yield from _row_differences(truth, value or {}, f"{path}.")
    elif isinstance(truth, list) and not isinstance(value, str):
        items = value or []
        if len(truth) != len(items):
            yield f"{path} has {len(items)} entries, not {len(truth)}"
            return
        for index, (wanted, found) in enumerate(zip(truth, items, strict=True)):
            yield from _value_differences(wanted, found, f"{path}[{index}]")
    elif not _equal(truth, value):
        yield f"{path} is {value!r}, not {truth!r}"


def _equal(truth: Any, value: Any) -> bool:
    if isinstance(value, Decimal):
        try:
            return truth is not None and Decimal(str(truth)) == value
        except InvalidOperation:
            return False
    if isinstance(value, date):
        return bool(truth == value.isoformat())
    if isinstance(truth, list):
        # The column variacoes is text: the list as Tiny sent it, each entry in a wrapper.
        return [_ids(item) for item in truth] == [_ids(item) for item in json.loads(value)]
    return bool(truth == value)


def _ids(variation: Row) -> str:
    return str(variation.get("variacao", variation)["id"])
