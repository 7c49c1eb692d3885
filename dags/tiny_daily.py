"""Airflow DAG of each store: the orders of past dates, each night and by backfill."""

from tiny_operators._compat import DAG
from tiny_operators.operators.all_listed import AllListedOperator
from tiny_operators.operators.fetch import FetchOrdersOperator
from tiny_operators.operators.next_slice import NextSliceOperator
from tiny_operators.operators.plan_dates import PlanDailyOperator
from tiny_operators.operators.rows import MakeRowsOperator
from tiny_operators.operators.setup import CheckSetupOperator
from tiny_operators.params import daily_form
from tiny_operators.run_notes import note_plan, note_work
from tiny_operators.schedules import DAILY
from tiny_operators.stores import Store
from tiny_operators.task_factories.dags import dag_arguments, describe_tasks, stores_to_build
from tiny_operators.task_factories.into_tables import into_tables

DOCS = """
Each night takes the day before (in the store's time zone): pages through Tiny's order search, compares with BigQuery,
and reads the orders that are new, whose search line differs, or that Tiny no longer lists. History comes by backfill.

* Fill January, on Airflow 2: `airflow dags backfill -s 2026-01-01 -e 2026-01-31 z316_daily`
* On Airflow 3: `airflow backfill create --dag-id z316_daily --from-date 2026-01-01 --to-date 2026-01-31`
* By hand: trigger it with dates. A run takes 366 dates at most; its last task, `next_slice`, triggers the run of those
  that are left, `from_…_of_…`. What a range would take, `z316_plan` says first.

The run of a day is created at midnight UTC; `plan` waits, deferred, until the day is over in the store and late changes
have come. A day that is loaded costs its search pages when it runs again, and changes nothing: `fetch` and what follows
are skipped.

### Triage
* **ready** failed at once: its error says what to do.
* **ready** failed after its tries: clear the task when BigQuery and Airflow answer again.
* **plan** failed at once: its error says what to do.
* **plan** failed after its tries: clear the task when Tiny and Google Cloud answer again.
* **fetch** takes long: its XCom `progress` says how far it is and when it will be done. It gives way to live sales.
* **fetch** failed at once: its error says what to do.
* **fetch** failed after its tries: clear the task when Tiny answers again. Chunks that were read are not read again.
* **rows** failed: its error says what to do.
* **rows** failed after its tries: clear the task; it builds all rows again from the answers in the API bucket.
* **load** or **merge** failed: read the BigQuery job's error; when it is fixed, clear the run from the `load_…`
  tasks on (staging tables expire after a day).
* **check** failed at once: look up in `docs/validation.md` what the checks mean that its error names; the rows are in
  the tables, and nothing else waits.
* **check** failed after its tries: read the BigQuery job's error, then clear the task.
* **next_slice** failed: clear the task; it triggers the run of the dates that are left.
* **all_listed** failed at once: its error says what to do. Tiny gave no answer to the search of the dates that it
  names, or one that cannot be used; the others are done.
* **all_listed** failed after its tries: clear the task; it only looks.
* `rows` counts `rejects`: see the table `rejeitados`, or the run's file in `rejected/` of the API bucket. When the
  cause is fixed, `z316_put_back` puts them back.
"""


def daily_dag(store: Store) -> DAG:
    """Create the daily DAG of one store."""
    with DAG(
        dag_id=store.dag_id("daily"),
        dag_display_name=f"{store.prefix}_daily · each night, and history",
        description=f"Orders of past dates of {store.name}: what is new or has changed",
        doc_md=DOCS,
        schedule=DAILY,
        # While one run reads, others build rows and merge: the account is never idle.
        max_active_runs=4,
        params=daily_form(),
        **dag_arguments(store, priority=10),
    ) as dag:
        # It waits, deferred, for the end of the store's day, hours after the run was created at midnight UTC.
        plan = PlanDailyOperator(
            task_id="plan", store=store, gives_way=True, execution_timeout=None, on_skipped_callback=note_plan
        )
        # A day may have so many orders that reading them takes longer than any bound.
        fetch = FetchOrdersOperator(task_id="fetch", store=store, gives_way=True, execution_timeout=None)
        rows = MakeRowsOperator(task_id="rows", store=store, on_success_callback=note_work)
        CheckSetupOperator(task_id="ready", store=store) >> plan >> fetch >> rows
        merge = into_tables(store, rows)
        merge >> NextSliceOperator(
            task_id="next_slice", store=store, of_task=plan.task_id, trigger_dag_id=dag.dag_id
        )
        merge >> AllListedOperator(
            task_id="all_listed", store=store, of_task=plan.task_id, on_success_callback=note_work
        )
    return describe_tasks(dag)


for _store in stores_to_build("daily"):
    globals()[_store.dag_id("daily")] = daily_dag(_store)
