"""The checks after a merge, as the DAG's own task renders them, on BigQuery's emulator."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest
from google.api_core.exceptions import NotFound

from tests.component.batches import Merge, at, gone, line, order, snapshot
from tiny_operators.operators.bigquery import what_failed
from tiny_operators.schemas import LOADED, TABLES
from tiny_operators.stores import include_dir

pytestmark = pytest.mark.stack

_COUNTS = ("orders", "rejected")
Rows = dict[str, list[dict[str, Any]]]


@dataclass
class Checked:
    """Merges batches and checks them.

    Attributes:
        batch: Loads and merges.
    """

    batch: Merge

    def merge(self, **rows: list[dict[str, Any]]) -> None:
        """Load and merge a batch."""
        self.batch(**{
            table: [owned(row) for row in own] if table in TABLES else own for table, own in rows.items()
        })

    def found(self, **counts: int) -> str:
        """What the checks find in the last batch; empty for nothing."""
        from google.api_core.exceptions import BadRequest

        reported = dict.fromkeys(_COUNTS, 0) | {"orders": self.batch.said["return_value"]["pdv"]} | counts
        try:
            self.batch.do("check", **reported)
        except BadRequest as error:
            return what_failed(error) or f"not by a check: {error}"
        return ""

    def change(self, statement: str, table: str) -> None:
        """Run a statement on a table of the store."""
        self.batch.client.query_and_wait(statement.format(table=f"`{self.batch.store.dataset}.{table}`"))

    def change_made(self, statement: str, table: str) -> None:
        """Run a statement on a staging table of the last batch."""
        self.batch.client.query_and_wait(statement.format(table=f"`{self.batch.staging(table)}`"))


def owned(row: dict[str, Any]) -> dict[str, Any]:
    """A row of a table of sales, with all columns that the pipeline fills."""
    return {"uuid": "uuid", "source_id": "webhook-0.1.0", **row}


@pytest.fixture(scope="module")
def checked(store: Any, dags: Any) -> Checked:
    from airflow.providers.google.cloud.hooks.bigquery import BigQueryHook

    hook = BigQueryHook(location=store.location, use_legacy_sql=False)
    return Checked(Merge(store, hook, dags["z316_webhook"]))


@pytest.fixture
def pedido(request: pytest.FixtureRequest) -> int:
    """An order that no other test has."""
    _numbers.update(["orders"])
    return 7_000_000 + 100 * _numbers["orders"]


_numbers: Counter[str] = Counter()


def item(produto: int | None, valor: str, quantidade: str = "1") -> dict[str, Any]:
    return {"idProduto": produto, "valor": valor, "quantidade": quantidade}


def sale(pedido: int, hour: int = 13, **fields: Any) -> Rows:
    """Rows of an order with two products and a line of free text."""
    itens = [item(71, "5.05", "2"), item(72, "0.335", "3"), item(None, "1.00")]
    about = {"itens": itens, "totalProdutos": "12.11", "totalVenda": "12.11", **fields}
    return {
        "pdv": [order(pedido, at(hour), **about)],
        "pesquisa": [line(pedido, at(hour))],
        "produto": [snapshot(pedido, produto, at(hour), "1.00") for produto in (71, 72)],
    }


def both(*batches: Rows) -> Rows:
    return {table: [row for batch in batches for row in batch.get(table, [])] for table in LOADED}


def reject(number: int, pedido: int | None, produto: int | None = None, **fields: Any) -> dict[str, Any]:
    return {
        "store": "z316",
        "id": f"reject-{number}",
        "rejected_at": at(13),
        "pedido": pedido,
        "produto": produto,
        "step": "rows",
        "field": "pdv.data",
        **fields,
    }


def test_every_check_is_asked() -> None:
    statement = (include_dir() / "sql" / "check.sql").read_text("utf-8")
    asked = set(re.findall(r"^  '(\w+)': '", statement, re.M))
    assert asked == {path.stem for path in (include_dir() / "sql" / "checks").glob("*.sql")}


def test_a_good_batch_passes_also_beside_orders_that_are_not_good(checked: Checked, pedido: int) -> None:
    other = pedido + 1
    checked.merge(**sale(other, totalProdutos="99.99"))
    assert "items_add_up" in checked.found()
    checked.merge(**sale(pedido))
    assert checked.found() == ""


def test_a_batch_of_nothing_passes(checked: Checked) -> None:
    checked.merge()
    assert checked.found() == ""


def test_a_batch_that_comes_late_or_again_passes(checked: Checked, pedido: int) -> None:
    checked.merge(**sale(pedido, hour=15))
    for hour in (14, 15, 16):
        checked.merge(**sale(pedido, hour=hour))
        assert checked.found() == ""


def test_readings_of_any_order_and_marks_pass(checked: Checked, pedido: int) -> None:
    never_loaded = pedido + 1
    marks = {table: [gone(table, pedido, at(14)), gone(table, never_loaded, at(14))] for table in TABLES[1:]}
    checked.merge(**both(sale(pedido, hour=13), marks))
    assert checked.found() == ""
    checked.merge(**marks)
    assert checked.found() == ""
    checked.merge(**both(sale(pedido, hour=15), sale(pedido, hour=16)))
    assert checked.found() == ""


def test_rows_that_were_not_loaded_are_found(checked: Checked, pedido: int) -> None:
    checked.merge(**sale(pedido))
    assert checked.found(pdv=2) == (
        "checks failed: counts: rows were lost between the files and the staging tables, 1 found: "
        "(pdv: 2 built, 1 loaded)"
    )
    loaded = len(sale(pedido)["produto"])
    assert f"(pdv: 2 built, 1 loaded, produto: 9 built, {loaded} loaded)" in checked.found(pdv=2, produto=9)


def test_a_table_that_was_counted_and_not_loaded_at_all_fails_the_check(
    checked: Checked, pedido: int
) -> None:
    checked.merge(**sale(pedido))
    with pytest.raises(NotFound, match="rejeitados"):
        checked.found(rejeitados=4)


# What is done to an order's row after the merge: which part of the statement, on which table.
STALE = {
    "lost": ("DELETE FROM {table} WHERE id = KEY", "pdv"),
    "lost from pesquisa": ("DELETE FROM {table} WHERE id = 'KEY'", "pesquisa"),
    "older": ("UPDATE {table} SET fetched_at = '2026-03-14 12:59:59Z' WHERE id = KEY", "pdv"),
    "later arrival": ("UPDATE {table} SET timestamp = '2026-03-15 12:00:00Z' WHERE id = KEY", "pdv"),
    "marked": ("UPDATE {table} SET deleted_at = '2026-03-14 11:00:00Z' WHERE id = KEY", "pdv"),
    "lost product": ("DELETE FROM {table} WHERE pedido_id = KEY AND id = 71", "produto"),
    "later cost": (
        "UPDATE {table} SET fetched_at = '2026-03-14 13:00:01Z' WHERE pedido_id = KEY AND id = 71",
        "produto",
    ),
}


def test_rows_that_the_merge_should_have_made_are_missed(checked: Checked, pedido: int) -> None:
    orders = {case: pedido + n for n, case in enumerate(STALE)}
    checked.merge(**both(*(sale(one) for one in orders.values())))
    assert checked.found() == ""
    for case, (statement, table) in STALE.items():
        checked.change(statement.replace("KEY", str(orders[case])), table)
    wrong = ", ".join(
        f"{orders[case]} ({'produto 71' if table == 'produto' else table})"
        for case, (_, table) in STALE.items()
    )
    assert f"merged: the table lacks the newest reading, {len(STALE)} found: {wrong}" in checked.found()


def test_an_order_that_is_gone_and_not_marked_is_found(checked: Checked, pedido: int) -> None:
    checked.merge(**sale(pedido))
    checked.merge(pdv=[gone("pdv", pedido, at(14))], pesquisa=[gone("pesquisa", pedido, at(14))])
    checked.change(f"UPDATE {{table}} SET deleted_at = NULL WHERE id = {pedido}", "pdv")
    assert f"merged: the table lacks the newest reading, 1 found: {pedido} (pdv)" in checked.found()


def test_a_row_that_stands_twice_is_found(checked: Checked, pedido: int) -> None:
    rows = sale(pedido)
    checked.merge(**rows)
    for table in TABLES:
        checked.batch.put(table, {**owned(rows[table][0]), "update_timestamp": at(14)})
    found = checked.found()
    assert f"keys_unique: a key stands twice, 1 found: {pedido} (pdv, pesquisa, produto 71)" in found


def test_columns_that_are_empty_are_found(checked: Checked, pedido: int) -> None:
    checked.merge(**sale(pedido))
    for table, column in (("pdv", "uuid"), ("pesquisa", "source_id"), ("produto", "timestamp")):
        checked.change_made(f"UPDATE {{table}} SET {column} = NULL WHERE TRUE", table)
    checked.change(f"UPDATE {{table}} SET update_timestamp = NULL WHERE id = {pedido}", "pdv")
    what = "batch_pdv, batch_pesquisa, batch_produto, pdv"
    assert f"no_nulls: a required column is empty, 1 found: {pedido} ({what})" in checked.found()


def test_a_key_that_is_empty_is_found(checked: Checked, pedido: int) -> None:
    checked.merge(**sale(pedido))
    checked.change_made("UPDATE {table} SET id = NULL WHERE TRUE", "pdv")
    assert "no_nulls: a required column is empty, 1 found: (batch_pdv)" in checked.found()


def test_an_order_needs_its_day_where_tiny_gives_one(checked: Checked, pedido: int) -> None:
    reported: list[Any] = ["14/03/2026", "2026-03-14", "00/00/0000", "", None]
    payloads = [{name: day} for name in ("data", "data_pedido") for day in reported]
    checked.merge(
        **both(*(sale(pedido + n, data=None, payload=payload) for n, payload in enumerate(payloads)))
    )
    wrong = ", ".join(f"{pedido + n} (batch_pdv.data)" for n in (0, 1, 5, 6))
    assert f"no_nulls: a required column is empty, 4 found: {wrong}" in checked.found()


def test_items_that_do_not_add_up_are_found(checked: Checked, pedido: int) -> None:
    checked.merge(**both(*(sale(pedido + n, totalProdutos="10.10") for n in range(12))))
    found = checked.found()
    assert "items_add_up: the items do not add up to the order, 12 found: " in found
    assert found.count("(totalProdutos)") == 10, "ten orders are named"
    checked.merge(**sale(pedido + 20, totalProdutos="12.13"))
    assert checked.found() == "", "Tiny may round an item otherwise"
    checked.merge(**sale(pedido + 21, totalProdutos="12.15"))
    assert "items_add_up" in checked.found()
    checked.merge(**sale(pedido + 22, totalProdutos=None))
    assert checked.found() == "", "nothing to compare with"


@pytest.mark.parametrize("lost", [1, 3])
def test_orders_that_lost_all_their_items_are_found(checked: Checked, pedido: int, lost: int) -> None:
    checked.merge(**both(sale(pedido), *(sale(pedido + n, itens=[]) for n in range(1, lost + 1))))
    assert f"items_add_up: the items do not add up to the order, {lost} found: " in checked.found()
    checked.merge(**sale(pedido + 9, itens=[], totalProdutos="0.00"))
    assert checked.found() == "", "an order may have none"


def test_an_order_of_one_table_only_is_found(checked: Checked, pedido: int) -> None:
    rows = both(sale(pedido), sale(pedido + 1))
    rows["pdv"].pop()
    rows["pesquisa"].pop(0)
    checked.merge(**rows)
    assert (
        f"orders_listed: the order stands in one of pdv and pesquisa only, 2 found: "
        f"{pedido} (not in pesquisa), {pedido + 1} (not in pdv)" in checked.found()
    )


def test_a_product_without_row_and_reason_is_found(checked: Checked, pedido: int) -> None:
    rows = sale(pedido)
    rows["produto"] = rows["produto"][:1]
    checked.merge(**rows)
    assert f"1 found: {pedido} (product 72)" in checked.found()
    checked.merge(**rows, rejeitados=[reject(1, pedido, 71), reject(2, pedido + 1, 72)])
    assert f"1 found: {pedido} (product 72)" in checked.found()
    checked.merge(**rows, rejeitados=[reject(1, pedido, 72, kind="note")])
    assert f"1 found: {pedido} (product 72)" in checked.found()
    checked.merge(**rows, rejeitados=[reject(1, pedido, 72)])
    assert checked.found() == ""


# Rejected orders, good orders; whether that is too much.
SHARES = [
    ((5, 19), True),
    ((5, 20), False),
    ((4, 0), False),
    ((5, 0), True),
    ((6, 24), False),
]


def test_more_than_a_share_of_rejects_fails(checked: Checked, pedido: int) -> None:
    rejects = [reject(n, pedido + n) for n in range(1, 3)]
    # An order that was loaded without a product is no rejected order, and a value that could not be read is no reject.
    reported = [*rejects, reject(9, pedido, 72), reject(10, pedido + 9, kind="note")]
    checked.merge(**sale(pedido), rejeitados=reported)
    for (orders, good), fails in SHARES:
        found = checked.found(orders=good + orders, rejected=orders)
        assert found == fails * (
            "checks failed: reject_share: so many were rejected that it is not a bad order but a change of the API, "
            f"2 found: {pedido + 1} (rows pdv.data), {pedido + 2} (rows pdv.data)"
        ), (orders, good)
