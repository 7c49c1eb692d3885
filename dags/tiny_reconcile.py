"""Airflow DAG of each store: Tiny's orders of the last weeks against BigQuery, both ways; what differs is repaired."""

from tiny_operators._compat import DAG
from tiny_operators.operators.all_listed import AllListedOperator
from tiny_operators.operators.compare import CompareOperator
from tiny_operators.operators.fetch import FetchOrdersOperator
from tiny_operators.operators.plan_dates import PlanReconcileOperator
from tiny_operators.operators.rows import MakeRowsOperator
from tiny_operators.operators.setup import CheckSetupOperator
from tiny_operators.params import compare_form
from tiny_operators.run_notes import note_plan, note_work
from tiny_operators.schedules import reconcile_timetable
from tiny_operators.stores import Store
from tiny_operators.task_factories.dags import dag_arguments, describe_tasks, stores_to_build
from tiny_operators.task_factories.into_tables import into_reconciliation, into_tables

DOCS = """
Each Sunday compares Tiny's order search of the last five weeks with BigQuery: which orders are missing, which changed,
which Tiny no longer lists. It reads those and merges them, asks BigQuery again, and leaves a row for each date in the
table `reconciliation`. When an order still differs, the run fails with the list.

* By hand: trigger it with dates, both ends included. To repair nothing, trigger `z316_compare` instead.
* In a shell, on both Airflows:
  `airflow dags trigger z316_reconcile --conf '{"from_date": "2026-01-01", "to_date": "2026-01-31"}'`

Without differences `plan` and the tasks up to `merge` are skipped; `compare` and what follows run in any case.

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
* **load**, **merge** or **compare** failed: read the BigQuery job's error; when it is fixed, clear the run from `rows`
  on, or from `compare` when that comes first (staging tables expire after a day).
* **check** failed at once: look up in `docs/validation.md` what the checks mean that its error names; the rows are in
  the tables, and nothing else waits.
* **check** failed after its tries: read the BigQuery job's error, then clear the task.
* **all_listed** failed at once: its error says what to do. Tiny gave no answer to the search of the dates that it
  names, or one that cannot be used: they have no row, the others are compared.
* **all_listed** failed after its tries: clear the task; it only looks.
* **record** failed at once: see the table `rejeitados`, which says of the orders in its error which were rejected, and
  why; fix them in Tiny, then trigger the DAG for their dates.
* **record** failed after its tries: read the BigQuery job's error, then clear the task.
"""


def reconcile_dag(store: Store) -> DAG:
    """Create the reconcile DAG of one store."""
    with DAG(
        dag_id=store.dag_id("reconcile"),
        dag_display_name=f"{store.prefix}_reconcile · each Sunday: compare and repair",
        description=f"Orders of {store.name} in Tiny and in BigQuery: compares, repairs, and says what it found",
        doc_md=DOCS,
        schedule=reconcile_timetable(store.timezone),
        max_active_runs=1,
        params=compare_form(),
        **dag_arguments(store, priority=10),
    ) as dag:
        # Weeks may have so many orders that listing or reading them takes longer than any bound.
        plan = PlanReconcileOperator(
            task_id="plan", store=store, gives_way=True, execution_timeout=None, on_skipped_callback=note_plan
        )
        fetch = FetchOrdersOperator(task_id="fetch", store=store, gives_way=True, execution_timeout=None)
        rows = MakeRowsOperator(task_id="rows", store=store, on_success_callback=note_work)
        # Also when there was nothing to repair.
        compare = CompareOperator(
            task_id="compare", store=store, trigger_rule="none_failed", on_success_callback=note_work
        )
        CheckSetupOperator(task_id="ready", store=store) >> plan >> fetch >> rows
        merge = into_tables(store, rows)
        merge >> compare
        merge >> AllListedOperator(
            task_id="all_listed", store=store, of_task=plan.task_id, on_success_callback=note_work
        )
        into_reconciliation(store, compare)
    return describe_tasks(dag)


for _store in stores_to_build("reconcile"):
    globals()[_store.dag_id("reconcile")] = reconcile_dag(_store)
