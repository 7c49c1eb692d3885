"""Batches of invented orders, through the tasks that the package's DAGs share: rows, loads, merge, check, record."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any, Final

from tiny_operators._compat import DAG
from tiny_operators.batches.comparison import RECONCILIATION, Comparison
from tiny_operators.batches.dates import DatePlan
from tiny_operators.lake import names
from tiny_operators.lake.objects import Objects
from tiny_operators.lake.raw_writer import RawWriter, now
from tiny_operators.operators.base import ROWS_VERSION
from tiny_operators.operators.bigquery import CheckOperator, LoadRowsOperator
from tiny_operators.operators.compare import CompareOperator
from tiny_operators.operators.rows import MakeRowsOperator
from tiny_operators.orders.json_values import row_line
from tiny_operators.orders.plan import Plan, PlannedOrder, chunks
from tiny_operators.stores import Store
from tiny_operators.task_factories.dags import dag_arguments
from tiny_operators.task_factories.into_tables import into_reconciliation, into_tables, query_task
from tiny_operators.tiny.api import PDV_PEDIDO_OBTER

from .orders import PRODUCT, Invented, order_answer, product_answer, search_answer
from .scratch import Scratch

_ROWS: Final = "rows"
_COMPARE: Final = "compare"


class _MakeRows(MakeRowsOperator):
    """Makes rows in the folder of a rehearsal."""

    scratch: Scratch

    def objects(self, bucket: str) -> Objects:
        """Return the objects of the folder."""
        return Objects(self.scratch.storage, bucket)


class Batch:
    """One run of a DAG that has the last tasks of all of them, and a store that is not there for long.

    Args:
        scratch: Where it writes.

    Attributes:
        run_id: Id of the run.
        key: Key of the run: see :func:`tiny_operators.lake.names.run_key`.
    """

    def __init__(self, scratch: Scratch) -> None:
        self._scratch = scratch
        self._dag = _dag(scratch)
        self._said: dict[tuple[str, str], Any] = {}
        self.run_id = f"manual__{uuid.uuid4()}"
        self.key = names.run_key(self._dag.dag_id, self.run_id)
        begun = datetime.now(UTC)
        self._run = SimpleNamespace(
            run_id=self.run_id, run_type="manual", start_date=begun, run_after=begun, logical_date=begun
        )

    @property
    def store(self) -> Store:
        """The store of the rehearsal."""
        return self._scratch.store

    @property
    def objects(self) -> Objects:
        """The objects of the folder."""
        return Objects(self._scratch.storage, self.store.api_bucket)

    def read(self, orders: list[Invented]) -> None:
        """Write what Tiny would have answered about some orders, and the plan that they belong to."""
        writer = RawWriter(self.objects, self.store, "webhook", self.key)
        planned = [_planned(order) for order in orders]
        page = writer.search_page(search_answer(orders), {"dataInicial": "01/01/2026"}, 1)
        product = writer.product(PRODUCT, product_answer)
        writer.finish_references()
        answers = {order.pedido: order_answer(order) for order in orders}
        plan = Plan(self.store.prefix, "webhook", tuple(planned))
        for chunk in chunks(plan.orders, plan.chunk_orders):
            lines = [
                writer.order_line(
                    order,
                    {"service": PDV_PEDIDO_OBTER, "id": str(order.pedido)},
                    now(),
                    answers[order.pedido],
                    pesquisa=page,
                    produtos={str(PRODUCT): product},
                )
                for order in chunk.orders
            ]
            self.objects.create(names.raw_orders_object(self.key, chunk.day, chunk.number), "".join(lines))
        self.objects.write_json(names.plan_object(self.key), plan.to_json())

    def compared(self, day: date) -> None:
        """Write what a comparison without differences says of one date."""
        plan = DatePlan(day.isoformat(), 1, 1, 0, 0, 0, "", 1, "0", now())
        row = Comparison(plan, ()).row(self.store.prefix, self.key)
        self.objects.create(names.rows_object(RECONCILIATION, self.key), row_line(row))
        self._said[_COMPARE, "return_value"] = {"days": 1}
        self.made_again()

    def made_again(self) -> None:
        """Let merges take what was made for another making, as in a run that was cleared."""
        for task in (_ROWS, _COMPARE):
            self._said[task, ROWS_VERSION] = uuid.uuid4().hex

    def task(self, task_id: str) -> Any:
        """Return a task, rendered as in this run."""
        task: Any = self._dag.get_task(task_id).prepare_for_execution()
        if isinstance(task, LoadRowsOperator):
            task.source_objects = [self._scratch.folder + name for name in task.source_objects]
        task.render_template_fields(self._context(task))
        return task

    def do(self, task_id: str) -> Any:
        """Run a task; what it returns."""
        return self.execute(self.task(task_id))

    def execute(self, task: Any) -> Any:
        """Run a task that is rendered; what it returns."""
        context = self._context(task)
        task.pre_execute(context)
        found = task.execute(context)
        self._said[task.task_id, "return_value"] = found
        return found

    def load_of_nothing(self) -> str:
        """Load a file without rows, by the task that loads orders; the table."""
        name = names.rows_object("pdv", f"{self.key}_empty")
        self.objects.create(name, "")
        task = self.task("load_pdv")
        table = names.staging_table(self.store.staging_dataset, "pdv", f"{self.key}_empty")
        task.source_objects, task.rows = [self._scratch.folder + name], None
        task.destination_project_dataset_table = table
        self.execute(task)
        return table

    def _context(self, task: Any) -> Any:
        def push(key: str, value: Any) -> None:
            self._said[task.task_id, key] = value

        def pull(task_ids: str, key: str = "return_value") -> Any:
            return self._said.get((task_ids, key))

        ti = SimpleNamespace(
            try_number=1, max_tries=task.retries, task=task, stats_tags={}, xcom_push=push, xcom_pull=pull
        )
        return {
            "dag": self._dag,
            "dag_run": self._run,
            "params": {},
            "run_id": self.run_id,
            "task": task,
            "task_instance": ti,
            "ti": ti,
        }


def _dag(scratch: Scratch) -> DAG:
    store = scratch.store
    with DAG(dag_id=store.prefix, schedule=None, **dag_arguments(store, priority=1)) as dag:
        rows = _MakeRows(task_id=_ROWS, store=store)
        rows.scratch = scratch
        into_tables(store, rows)
        into_reconciliation(store, CompareOperator(task_id=_COMPARE, store=store))
        query_task(store, "rejects", "watch_rejects.sql", operator=CheckOperator)
    return dag


def _planned(order: Invented) -> PlannedOrder:
    noon = datetime(order.day.year, order.day.month, order.day.day, 12, tzinfo=UTC)
    return PlannedOrder(order.pedido, noon.isoformat(), order.day.isoformat(), order.day.isoformat())
