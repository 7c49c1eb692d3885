"""Orders that became old: their rows lose the customer's data and nothing else, and nothing brings it back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pytest

from local.demo.parts import Simulator, Warehouse
from tests.component.other_stores import dag_of, other_store
from tests.component.whole_runs import WholeRun
from tests.dates import TODAY, free_day
from tiny_operators._compat import AirflowSkipException
from tiny_operators.lake import names
from tiny_operators.lake.objects import Objects
from tiny_operators.operators.blank_old_orders import BlankOldOrdersOperator
from tiny_operators.schemas import TABLES
from tiny_operators.stores import Store
from tiny_operators.warehouse.personal_rows import OldRows

pytestmark = pytest.mark.stack

BLANK = {
    "pdv": ("observacoes", "contato", "enderecoEntrega", "payload"),
    "pesquisa": ("nome", "payload"),
    "produto": (),
}
Rows = dict[str, dict[Any, dict[str, Any]]]


@dataclass
class Old:
    """A store with orders of a day that is old, and of the next one, which is the first that is not.

    Attributes:
        store: The store, which keeps personal data for so many days.
        warehouse: Buckets and tables.
        run: A run by hand.
        old: Ids of the old orders.
        day: Their day.
    """

    store: Store
    warehouse: Warehouse
    run: Any
    old: set[int]
    day: date

    def blank(self) -> Any:
        return self.run.do(BlankOldOrdersOperator(task_id="blank", store=self.store))

    def daily(self, store: Store, day: date, **conf: Any) -> WholeRun:
        run = WholeRun(
            dag_of("daily", store), {"from_date": day.isoformat(), "to_date": day.isoformat(), **conf}
        )
        run.finish()
        return run

    def replay(self, store: Store) -> None:
        dates = {"from_date": self.day.isoformat(), "to_date": (self.day + timedelta(days=1)).isoformat()}
        WholeRun(dag_of("replay", store), dates).finish()

    def forget_rows(self) -> None:
        for table in TABLES:
            self.warehouse.bigquery_client().query_and_wait(
                f"DELETE FROM z316_tiny.{table} WHERE store = '{self.store.prefix}'"
            )

    def rows(self, *but: str) -> Rows:
        return {
            table: {
                (row.get("pedido_id"), row["id"]): {
                    name: value for name, value in row.items() if name not in but
                }
                for row in self.warehouse.rows(table)
                if row["store"] == self.store.prefix
            }
            for table in TABLES
        }

    def blanked(self, rows: Rows) -> Rows:
        """What the rows should be, by hand."""
        return {
            table: {
                key: row | dict.fromkeys(BLANK[table] if int(key[1]) in self.old else ())
                for key, row in found.items()
            }
            for table, found in rows.items()
        }


@pytest.fixture
def old(
    store: Store, simulator: Simulator, warehouse: Warehouse, run: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Old]:
    import os

    day = free_day()
    monkeypatch.setenv("AIRFLOW_CONN_TINY_VELHA", os.environ["AIRFLOW_CONN_TINY_Z316"])
    found = other_store(store, "velha", keep_personal_days=(TODAY - day).days - 1, keep_rows_days=7)
    sales = simulator.sell_on(day, 3)
    for sale in sales:
        simulator.edit(sale.pedido, observacoes="Ligar para Ana no 61 90000-0000")
    simulator.sell_on(day + timedelta(days=1), 2)
    made = Old(found, warehouse, run, {sale.pedido for sale in sales}, day)
    for one in (day, day + timedelta(days=1)):
        made.daily(replace(found, keep_personal_days=0), one)
    yield made
    made.forget_rows()
    Objects(warehouse.storage_client(), store.api_bucket).delete(names.blanked_object("velha"))


def test_old_rows_lose_the_customer_and_nothing_else(old: Old) -> None:
    before = old.rows("update_timestamp")
    assert len(before["pdv"]) == len(before["pesquisa"]) == 5
    filled = [row for row in before["pdv"].values() if row["contato"] and row["payload"]]
    assert len(filled) == 5
    assert old.blank() == {"pesquisa": 3, "pdv": 3, "rejeitados": 0}
    assert old.rows("update_timestamp") == old.blanked(before)
    after = old.rows()
    assert old.blank() == {"pesquisa": 0, "pdv": 0, "rejeitados": 0}
    assert old.rows() == after, "the second time changes nothing"


def test_nothing_brings_the_customer_back(old: Old, simulator: Simulator) -> None:
    before = old.rows("update_timestamp", "fetched_at", "source_id")
    wanted = old.blanked(before)
    old.blank()
    simulator.forget_calls()
    assert "fetch" in old.daily(old.store, old.day).skipped, "an old order without its name has not changed"
    assert set(simulator.calls()) == {"pedidos.pesquisa"}
    old.daily(old.store, old.day, force=True)
    assert old.rows("update_timestamp", "fetched_at", "source_id") == wanted
    old.forget_rows()
    old.replay(old.store)
    assert old.rows("update_timestamp", "fetched_at", "source_id") == wanted
    # The raw answers have it: rows that were made before their day became old are blanked by the next night.
    old.forget_rows()
    old.replay(replace(old.store, keep_personal_days=0))
    assert old.rows("update_timestamp", "fetched_at", "source_id") == before
    assert old.blank() == {"pesquisa": 3, "pdv": 3, "rejeitados": 0}
    assert old.rows("update_timestamp", "fetched_at", "source_id") == wanted


@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_run_that_dies_is_continued(old: Old, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    wanted = old.blanked(old.rows("update_timestamp"))
    blank, calls = OldRows.blank, []

    def die(rows: OldRows, table: str, first: date, last: date) -> int:
        calls.append(table)
        found = blank(rows, table, first, last)
        if len(calls) == after + 1:
            raise KeyboardInterrupt
        return found

    monkeypatch.setattr(OldRows, "blank", die)
    try:
        old.blank()
    except KeyboardInterrupt:
        old.blank()
    assert old.rows("update_timestamp") == wanted


def test_a_store_that_keeps_everything_is_skipped(store: Store, run: Any) -> None:
    assert store.keep_personal_days == 0
    with pytest.raises(AirflowSkipException, match="keep_personal_days"):
        run.do(BlankOldOrdersOperator(task_id="blank", store=store))
