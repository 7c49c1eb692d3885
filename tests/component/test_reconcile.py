"""The comparison of Tiny with BigQuery, task by task: what it finds, repairs and records, and what it cannot repair."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.google.cloud.hooks.bigquery import BigQueryHook

from local.demo.parts import Simulator, Warehouse
from tiny_operators._compat import AirflowSkipException
from tiny_operators.batches.live_priority import LivePriority
from tiny_operators.lake import names
from tiny_operators.lake.objects import Objects
from tiny_operators.stores import Store

pytestmark = pytest.mark.stack

NEXT = timedelta(days=1)
DOCS = (Path(__file__).resolve().parents[2] / "docs" / "reconcile.md").read_text(encoding="utf-8")
REPAIR = ("plan", "fetch", "rows", "load", "merge")
REPORT = ("compare", "load_reconciliation", "record")


class Reconcile:
    """A run of the reconcile DAG, its tasks one by one; ``form`` is what a person fills in."""

    def __init__(self, store: Store, dag: Any, **form: Any) -> None:
        self.store, self.dag = store, dag
        self.form = {"to_date": None, **form}
        self.run_id = f"manual__{uuid.uuid4()}"
        self.key = names.run_key(dag.dag_id, self.run_id)
        self.hook = BigQueryHook(location=store.location, use_legacy_sql=False)
        self._done: set[str] = set()
        self._said: dict[tuple[str, str], Any] = {}

    def all(self) -> dict[str, Any]:
        """All tasks in their order, as Airflow runs them; what ``compare`` returns."""
        with suppress(AirflowSkipException):
            for name in REPAIR:
                self.step(name)
        found: dict[str, Any]
        found, *_ = [self.step(name) for name in REPORT]
        return found

    def step(self, name: str) -> Any:
        """Run a task, or try it again; the loads of one batch of rows are one step."""
        first, tasks = name not in self._done, self.dag.tasks
        self._done.add(name)
        match name:
            case "load":
                for task in tasks:
                    if task.task_id.startswith("load_") and task.task_id not in REPORT:
                        self._load(task)
            case "load_reconciliation":
                self._load(self.dag.get_task(name))
            case "merge" | "record":
                task = self._rendered(self.dag.get_task(name))
                self.hook.insert_job(configuration=task.configuration, location=self.store.location).result()
            case _:
                task = self.dag.get_task(name).prepare_for_execution()
                said = task.execute(self._context(name, first=first))
                self._said[name, "return_value"] = said
                return said
        return None

    def rows(self, warehouse: Warehouse) -> dict[date, dict[str, Any]]:
        """What the run left in the table, by date."""
        found = [row for row in warehouse.rows("reconciliation") if row["run"] == self.key]
        assert len({row["date"] for row in found}) == len(found), "one row a date"
        return {row["date"]: row for row in found}

    def _context(self, name: str, *, first: bool) -> Any:
        ti = SimpleNamespace(
            try_number=1 if first else 2,
            max_tries=3,
            task=SimpleNamespace(retries=3),
            xcom_push=lambda key, value: self._said.update({(name, key): value}),
        )
        run = SimpleNamespace(run_id=self.run_id, run_type="manual", conf=self.form, queued_at=None)
        return {"dag_run": run, "ti": ti, "run_id": self.run_id, "params": self.form}

    def _rendered(self, task: Any) -> Any:
        ready = task.prepare_for_execution()
        ready.render_template_fields({
            "dag": self.dag,
            "run_id": self.run_id,
            "task": ready,
            "ti": SimpleNamespace(
                xcom_pull=lambda task_ids, key="return_value": self._said.get((task_ids, key))
            ),
            "params": self.form,
        })
        return ready

    def _load(self, task: Any) -> None:
        from google.cloud import bigquery

        load = self._rendered(task)
        if str(load.rows) == "0":
            return
        config = bigquery.LoadJobConfig(
            schema=[bigquery.SchemaField.from_api_repr(field) for field in load.schema_fields],
            source_format=load.source_format,
            write_disposition=load.write_disposition,
        )
        (source,) = load.source_objects
        target = load.destination_project_dataset_table
        client = self.hook.get_client()
        client.load_table_from_uri(
            f"gs://{self.store.api_bucket}/{source}", target, job_config=config
        ).result()


@pytest.fixture
def reconcile(store: Store, dags: Any, warehouse: Warehouse) -> Callable[..., Reconcile]:
    """Makes runs, when no live order waits."""
    LivePriority(Objects(warehouse.storage_client(), store.api_bucket), store.prefix).done()

    def make(first: date, last: date | None = None, dag_id: str = "z316_reconcile") -> Reconcile:
        return Reconcile(store, dags[dag_id], from_date=str(first), to_date=str(last or first))

    return make


def value(simulator: Simulator, day: date) -> Decimal:
    """What the orders of a date cost in Tiny."""
    rows = simulator.truth_of_dates(day, day)["pesquisa"]
    return sum((Decimal(row["valor"]) for row in rows), Decimal(0))


def counts(row: dict[str, Any]) -> tuple[int, ...]:
    names = (
        "orders_in_tiny",
        "orders_in_bigquery",
        "missing",
        "changed",
        "vanished",
        "repaired",
    )
    return tuple(row[name] for name in names)


def test_all_that_can_differ_is_found_repaired_and_recorded(
    simulator: Simulator, warehouse: Warehouse, reconcile: Callable[..., Reconcile], day: date
) -> None:
    sold = [sale.pedido for sale in simulator.sell_on(day, 7)]
    kept, edited, invoiced, cancelled, deleted, moved, kept_too = sold
    # Some are sold as invoiced, some as cancelled: a change must change something.
    for order in (invoiced, cancelled):
        simulator.edit(order, situacao="aprovado")
    first = reconcile(day)
    found = first.all()
    assert Decimal(found.pop("value_difference")) == value(simulator, day)
    one_day = {"days": 1, "first": str(day), "last": str(day)}
    assert found == {**one_day, "differences": 7, "repaired": 7, "unrepaired": 0}
    assert counts(first.rows(warehouse)[day]) == (7, 0, 7, 0, 0, 7)
    before = value(simulator, day)
    simulator.change(edited, "edit")
    simulator.change(invoiced, "invoice")
    simulator.change(cancelled, "cancel")
    simulator.delete(deleted)
    simulator.edit(moved, data=str(day + NEXT))
    (new,) = (sale.pedido for sale in simulator.sell_on(day, 1))
    simulator.forget_calls()
    second = reconcile(day, day + NEXT)
    found = second.all()
    assert (found["differences"], found["repaired"], found["unrepaired"]) == (7, 7, 0)
    assert simulator.keys("pdv.pedido.obter") == sorted([
        new,
        edited,
        invoiced,
        cancelled,
        deleted,
        moved,
        moved,
    ])
    rows = second.rows(warehouse)
    assert counts(rows[day]) == (6, 7, 1, 3, 2, 6)
    assert counts(rows[day + NEXT]) == (1, 0, 1, 0, 0, 1)
    assert rows[day]["value_difference"] == value(simulator, day) - before
    assert rows[day + NEXT]["value_difference"] == value(simulator, day + NEXT)
    assert [row["unrepaired"] for row in rows.values()] == [[], []]
    there = [kept, edited, invoiced, cancelled, moved, kept_too, new]
    assert warehouse.differences(simulator.truth(there), there) == []
    (gone,) = [row for row in warehouse.rows("pdv") if row["id"] == deleted]
    assert gone["deleted_at"] is not None

    simulator.forget_calls()
    third = reconcile(day, day + NEXT)
    found = third.all()
    assert Decimal(found.pop("value_difference")) == 0
    two_days = {"days": 2, "first": str(day), "last": str(day + NEXT)}
    assert found == {**two_days, "differences": 0, "repaired": 0, "unrepaired": 0}
    assert simulator.calls() == {"pedidos.pesquisa": 2}
    assert counts(third.rows(warehouse)[day]) == (6, 6, 0, 0, 0, 0)
    assert set(rows) == set(second.rows(warehouse)), "each run keeps its own rows"


def test_an_order_that_is_there_again_counts_as_missing_and_is_repaired(
    simulator: Simulator, warehouse: Warehouse, reconcile: Callable[..., Reconcile], day: date
) -> None:
    (sale,) = simulator.sell_on(day, 1)
    reconcile(day).all()
    hook = BigQueryHook(use_legacy_sql=False)
    for table, key in (("pdv", f"{sale.pedido}"), ("pesquisa", f"'{sale.pedido}'")):
        mark = f"UPDATE z316_tiny.{table} SET deleted_at = fetched_at WHERE id = {key}"
        hook.get_client().query_and_wait(mark)
    run = reconcile(day)
    run.all()
    assert counts(run.rows(warehouse)[day]) == (1, 0, 1, 0, 0, 1)
    assert warehouse.differences(simulator.truth([sale.pedido]), [sale.pedido]) == []
    assert [row["deleted_at"] for row in warehouse.rows("pdv") if row["id"] == sale.pedido] == [None]


@pytest.mark.usefixtures("impatient")
def test_what_cannot_be_repaired_fails_the_run_with_the_list(
    simulator: Simulator,
    warehouse: Warehouse,
    reconcile: Callable[..., Reconcile],
    day: date,
    caplog: pytest.LogCaptureFixture,
) -> None:
    from google.api_core.exceptions import BadRequest

    good, bad, also_good = (sale.pedido for sale in simulator.sell_on(day, 3))
    simulator.fault(service="pdv.pedido.obter", faults=["html_502"], key=str(bad), times=None)
    run = reconcile(day)
    with (
        caplog.at_level(logging.INFO, "tiny_operators"),
        pytest.raises(BadRequest, match=rf"checks failed: 1 order still differs .*{day}: {bad}"),
    ):
        run.all()
    (row,) = run.rows(warehouse).values()
    assert (counts(row), row["unrepaired"]) == ((3, 0, 3, 0, 0, 2), [bad])
    assert warehouse.differences(simulator.truth([good, also_good]), [good, also_good]) == []
    reported = [
        record.getMessage() for record in caplog.records if "event=date_reconciled" in record.getMessage()
    ]
    assert len(reported) == 1
    assert f"orders={bad}" in reported[0]
    reasons = run.hook.get_client().query_and_wait(re.findall(r"```sql\n(.+?)```", DOCS, re.DOTALL)[0])
    assert [(row["pedido"], row["step"]) for row in reasons if row["date"] == day] == [(bad, "fetch")]


def test_a_question_repairs_nothing_and_alerts(
    simulator: Simulator,
    warehouse: Warehouse,
    reconcile: Callable[..., Reconcile],
    day: date,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reported: list[str] = []
    monkeypatch.setattr(
        "tiny_operators.operators.compare.alert", lambda context, message, **fields: reported.append(message)
    )
    sold = sorted(sale.pedido for sale in simulator.sell_on(day, 2))
    run = reconcile(day, dag_id="z316_compare")
    with pytest.raises(Exception, match=f"2 orders still differ .*{sold[0]}, {sold[1]}"):
        run.all()
    (row,) = run.rows(warehouse).values()
    assert (counts(row), row["unrepaired"]) == ((2, 0, 2, 0, 0, 0), sold)
    assert reported == ["z316: 2 orders differed between Tiny and BigQuery, 2 still do"]
    assert reconcile(day + NEXT, dag_id="z316_compare").all()["differences"] == 0
    assert len(reported) == 1, "no difference, no alert"
    assert simulator.calls() == {"pedidos.pesquisa": 2}


def test_an_order_that_is_deleted_before_it_could_be_read_is_no_difference(
    simulator: Simulator, warehouse: Warehouse, reconcile: Callable[..., Reconcile], day: date
) -> None:
    _, deleted = (sale.pedido for sale in simulator.sell_on(day, 2))
    run = reconcile(day)
    run.step("plan")
    simulator.delete(deleted)
    for name in (*REPAIR[1:], *REPORT):
        run.step(name)
    (row,) = run.rows(warehouse).values()
    assert (counts(row), row["unrepaired"]) == ((2, 0, 2, 0, 0, 2), [])


@pytest.mark.parametrize("again", [*REPAIR, *REPORT])
def test_a_try_again_of_any_task_leaves_one_row_a_date(
    simulator: Simulator, warehouse: Warehouse, reconcile: Callable[..., Reconcile], day: date, again: str
) -> None:
    sold = [sale.pedido for date in (day, day + NEXT) for sale in simulator.sell_on(date, 2)]
    run = reconcile(day, day + NEXT)
    for name in (*REPAIR, *REPORT):
        run.step(name)
        if name == again:
            run.step(name)
    rows = run.rows(warehouse)
    assert {date: counts(row) for date, row in rows.items()} == dict.fromkeys(
        (day, day + NEXT), (2, 0, 2, 0, 0, 2)
    )
    assert warehouse.differences(simulator.truth(sold), sold) == []
    assert simulator.keys("pdv.pedido.obter") == sorted(sold), "each is read once"
