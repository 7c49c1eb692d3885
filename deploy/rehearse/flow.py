"""The way of an order: raw answer, rows, load, merge, check, views; and whatever else asks the tables."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Final
from uuid import uuid4
from zoneinfo import ZoneInfo

from google.api_core.exceptions import GoogleAPICallError
from google.cloud.bigquery import DatasetReference, QueryJobConfig, ScalarQueryParameter

from tiny_operators.schemas import LOADED
from tiny_operators.situation.facts import LOOKED_AT_DAYS
from tiny_operators.stores import Store
from tiny_operators.warehouse.insert_rejects import insert_rejects
from tiny_operators.warehouse.known_orders import KnownOrders
from tiny_operators.warehouse.personal_rows import WITH_CUSTOMERS, OldRows
from tiny_operators.warehouse.views import View, views

from .batch import Batch
from .ground import BUCKET
from .jobs import Jobs, children, statement, try_statement, unpruned
from .orders import older_orders, order_of, rejected_file
from .preconditions import old_generation, two_creations
from .queries import documented_queries, page_queries
from .report import Outcome, Result, Said
from .scratch import Scratch
from .steps import NotTriedError, StepError, Steps, reason_of

OLDER: Final = "orders of the days before"
ROWS: Final = "order: raw answer and rows"
MERGE: Final = "merge.sql"
CHECK: Final = "check.sql"
STANDS: Final = "order: stands in the tables"
# The view whose sales are added up.
_MONEY: Final = "vendas_por_dia"
_SALES: Final = "SELECT faturamento FROM vendas_por_dia WHERE dia = @day"
_STANDS: Final = """
SELECT pdv.totalVenda AS total, ARRAY_LENGTH(pdv.itens) AS items, produto.preco_custo AS cost
FROM pdv
INNER JOIN pesquisa ON pesquisa.id = CAST(pdv.id AS STRING)
INNER JOIN produto ON produto.pedido_id = pdv.id
WHERE pdv.id = @pedido
"""
_REJECTS: Final = "SELECT field FROM rejeitados WHERE id = @id"
LOADS: Final = tuple(f"order: load {table}" for table in LOADED)


class Flow:
    """Sends invented orders through.

    Args:
        scratch: Where.
        steps: What runs the steps.
        tables: The step after which the tables are there.
    """

    def __init__(self, scratch: Scratch, steps: Steps, tables: str) -> None:
        self._scratch = scratch
        self._steps = steps
        self._tables = tables
        self._store: Store = scratch.store
        self._client = scratch.clients.bigquery
        self._today: date = datetime.now(ZoneInfo(self._store.timezone)).date()
        self._order = order_of(self._today)
        self._batch = Batch(scratch)
        self._jobs: dict[str, str] = {}

    def run(self) -> None:
        """Run the steps."""
        self._files()
        self._one_order()
        self._after_merge()
        self._questions()

    def _files(self) -> None:
        run = self._steps.run
        run("precondition: create once", lambda: two_creations(self._batch.objects), after=[BUCKET])
        run("precondition: old generation", partial(old_generation, self._scratch), after=[BUCKET])
        run("load of an empty file", self._empty_load, after=[BUCKET, self._tables])

    def _one_order(self) -> None:
        run = self._steps.run
        run(OLDER, self._older, after=[BUCKET, self._tables])
        run(ROWS, self._rows, after=[BUCKET])
        for table, name in zip(LOADED, LOADS, strict=True):
            run(name, partial(self._load, table), after=[ROWS, self._tables])
        run(MERGE, partial(self._task, "merge"), after=LOADS)
        run(STANDS, self._stands, after=[MERGE])

    def _after_merge(self) -> None:
        run = self._steps.run
        run("merge.sql, statements", partial(self._statements, MERGE, "merge"), after=[MERGE])
        run("merge.sql, partitions", self._partitions, after=[MERGE, OLDER])
        run("merge.sql, again", self._merge_again, after=[STANDS])
        run(CHECK, partial(self._task, "check"), after=[MERGE])
        run("check.sql, statements", partial(self._statements, CHECK, "check"), after=[CHECK])
        run("record_reconciliation.sql", self._record, after=[BUCKET, self._tables])
        run("insert_rejects.sql", self._rejects, after=[self._tables])
        run("watch_rejects.sql", partial(self._task, "rejects"), after=[self._tables])

    def _questions(self) -> None:
        run, tables = self._steps.run, [self._tables]
        known: dict[str, Callable[[KnownOrders], object]] = {
            "known_orders.sql": lambda known: known.of_date(self._today),
            "known_readings.sql": lambda known: known.of_ids([self._order.pedido]),
            "known_arrivals.sql": lambda known: known.arrivals([self._order.pedido]),
            "known_products.sql": lambda known: known.products(),
            "known_days.sql": lambda known: known.days(
                self._today - timedelta(days=LOOKED_AT_DAYS - 1), self._today
            ),
        }
        for name, ask in known.items():
            run(name, partial(self._known, ask), after=tables)
        for view in views(self._store):
            made = view_step(view)
            reading = f"SELECT * FROM `{view.path}`"  # noqa: S608  (a name of the package's own)
            run(f"read {made}", partial(self._sql, reading), after=[made])
            if view.name == _MONEY:
                run("order: money in the views", self._money, after=[STANDS, made])
        for name, sql, config in page_queries(self._store, self._today - timedelta(days=7), self._today):
            run(f"report page: {name}", partial(self._sql, sql, config), after=self._named(sql))
        for name, sql in documented_queries(self._store):
            run(f"documents: {name}", partial(self._sql, sql), after=self._named(sql))
        run("oldest_order.sql", self._first_days, after=[OLDER])
        # The last one: it takes from rows what the others read.
        run("blank_old_orders.sql", self._blank, after=[STANDS])

    def _named(self, sql: str) -> list[str]:
        """Build the steps that create what a query names."""
        return [self._tables, *(view_step(view) for view in views(self._store) if view.path in sql)]

    # --- one step each ---

    def _empty_load(self) -> str:
        table = self._batch.load_of_nothing()
        rows = self._client.get_table(f"{self._client.project}.{table}").num_rows
        if rows:
            raise StepError(f"an empty file gave {rows} rows")
        return "an empty table"

    def _older(self) -> Said:
        batch, orders = Batch(self._scratch), older_orders(self._today)
        batch.read(orders)
        batch.do("rows")
        for table in LOADED:
            batch.do(f"load_{table}")
        job = batch.do("merge")
        return self._said_of(job, f"{len(orders)} orders of {len(orders)} days merged")

    def _rows(self) -> str:
        self._batch.read([self._order])
        counts = self._batch.do("rows")
        made = {table: counts[table] for table in LOADED}
        if missing := [table for table, count in made.items() if not count]:
            raise StepError(f"no row was made of {', '.join(missing)}")
        return ", ".join(f"{count} of {table}" for table, count in made.items())

    def _load(self, table: str) -> str:
        task = self._batch.task(f"load_{table}")
        self._batch.execute(task)
        name = f"{self._client.project}.{task.destination_project_dataset_table}"
        return f"rows: {self._client.get_table(name).num_rows}"

    def _task(self, task_id: str) -> Said:
        """Run a query task: its statement as a dry run, then the task."""
        task = self._batch.task(task_id)
        refused: GoogleAPICallError | None = None
        try:
            try_statement(self._client, self._store, task.configuration["query"]["query"], only_dry=True)
        except GoogleAPICallError as error:
            refused = error
        job = self._batch.execute(task)
        self._jobs.setdefault(task_id, job)
        if refused is not None:
            raise StepError(f"runs, but not as a dry run: {reason_of(refused)}") from refused
        return self._said_of(job, "by dry run and for real")

    def _said_of(self, job_id: str, text: str) -> Said:
        jobs = Jobs(self._client, self._store)
        jobs.made.append(self._client.get_job(job_id, location=self._store.location))
        return jobs.said(text)

    def _stands(self) -> str:
        rows = self._rows_of(
            _STANDS, self._store.dataset, ScalarQueryParameter("pedido", "INT64", self._order.pedido)
        )
        wanted = [{"total": self._order.total, "items": 1, "cost": Decimal("11.4")}]
        if rows != wanted:
            raise StepError(f"the tables have {rows}, and not {wanted}")
        return f"in pdv, pesquisa and produto, {self._order.total} to the cent"

    def _statements(self, step: str, task_id: str) -> str:
        """Report each statement of a script on a line of its own: what it read, and what it is billed."""
        number = 0
        for number, job in enumerate(children(self._client, self._jobs[task_id]), 1):
            said, seconds = statement(job)
            self._steps.add(
                Outcome(f"{step}, statement {number}", Result.HELD, said, seconds=seconds, is_part=True)
            )
        return f"{number} statements"

    def _partitions(self) -> str:
        reported, whole = unpruned(self._client, self._jobs["merge"])
        if whole:
            raise StepError(
                f"reads whole tables to merge one day: {', '.join(whole)}",
                "each merge costs as much as all history has bytes: run no DAG yet, and report this line as a fault",
            )
        if not reported:
            raise NotTriedError("BigQuery does not say what the statements of the script read")
        return f"{reported} merges read less than half of their tables"

    def _merge_again(self) -> Said:
        before = self._contents()
        self._batch.made_again()
        said = self._task("merge")
        if changed := [table for table, rows in self._contents().items() if rows != before[table]]:
            raise StepError(f"a second merge changed {', '.join(changed)}")
        return said

    def _contents(self) -> dict[str, list[str]]:
        """Read all rows of the tables."""
        return {
            table: sorted(
                str(dict(row))
                for row in self._client.list_rows(f"{self._client.project}.{self._store.dataset}.{table}")
            )
            for table in LOADED
        }

    def _record(self) -> Said:
        self._batch.compared(self._today)
        self._batch.do("load_reconciliation")
        return self._task("record")

    def _rejects(self) -> Said:
        """Say again and again that a file cannot be used, at the end as a later try says it: one row."""
        real, now = Jobs(self._client, self._store), datetime.now(UTC)
        row, rehearsal = rejected_file(self._store, now), uuid4().hex
        for job in ("first", "second", "second"):
            insert_rejects(real, self._store, [row], now, f"{rehearsal}_{job}")  # type: ignore[arg-type]  # stands in for a client
        found = self._rows_of(_REJECTS, self._store.dataset, ScalarQueryParameter("id", "STRING", row["id"]))
        if len(found) != 1:
            raise StepError(f"{len(found)} rows stand for one file")
        return self._also_dry(real)

    def _known(self, ask: Callable[[KnownOrders], object]) -> Said:
        real = Jobs(self._client, self._store)
        ask(KnownOrders(real, self._store))  # type: ignore[arg-type]  # stands in for a client
        return self._also_dry(real)

    def _first_days(self) -> Said:
        real = Jobs(self._client, self._store)
        rows = OldRows(real, self._store)  # type: ignore[arg-type]  # stands in for a client
        days = {table: rows.first_day(table, self._today) for table in WITH_CUSTOMERS}
        if not days["pdv"]:
            raise StepError("finds no order before today, and there are some")
        return self._also_dry(real)

    def _blank(self) -> Said:
        real = Jobs(self._client, self._store)
        rows = OldRows(real, self._store)  # type: ignore[arg-type]  # stands in for a client
        days = (self._today - timedelta(days=1), self._today)
        first, second = (sum(rows.blank(table, *days) for table in WITH_CUSTOMERS) for _ in range(2))
        if not first or second:
            raise StepError(f"blanked {first} rows of customers, and then {second} once more")
        return self._also_dry(real)

    def _also_dry(self, real: Jobs) -> Said:
        for job in real.made:
            try_statement(self._client, self._store, job.query, job.configuration, only_dry=True)
        return real.said("for real, and by dry run")

    def _sql(self, sql: str, config: QueryJobConfig | None = None) -> Said:
        return try_statement(self._client, self._store, sql, config)

    def _money(self) -> str:
        rows = self._rows_of(
            _SALES, self._store.report_dataset, ScalarQueryParameter("day", "DATE", self._today)
        )
        found = [row["faturamento"] for row in rows]
        if found != [self._order.total]:
            raise StepError(f"the day has {found}, and not {self._order.total}")
        return f"{self._order.total} on {self._today}"

    def _rows_of(self, sql: str, dataset: str, parameter: ScalarQueryParameter) -> list[dict[str, Any]]:
        config = QueryJobConfig(
            default_dataset=DatasetReference(self._client.project, dataset), query_parameters=[parameter]
        )
        return Jobs(self._client, self._store).rows(sql, config)


def view_step(view: View) -> str:
    """Build the step that creates a view."""
    return f"view {view.name}{', personal' if any(column.personal for column in view.columns) else ''}"
