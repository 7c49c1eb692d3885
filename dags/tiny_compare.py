"""Airflow DAG of each store: Tiny's orders of some dates against BigQuery, when a person asks; nothing is repaired."""

from tiny_operators._compat import DAG
from tiny_operators.operators.all_listed import AllListedOperator
from tiny_operators.operators.compare import CompareOperator
from tiny_operators.operators.plan_dates import PlanReconcileOperator
from tiny_operators.operators.setup import CheckSetupOperator
from tiny_operators.params import compare_form
from tiny_operators.run_notes import note_plan, note_work
from tiny_operators.stores import Store
from tiny_operators.task_factories.dags import dag_arguments, describe_tasks, stores_to_build
from tiny_operators.task_factories.into_tables import into_reconciliation

DOCS = """
**Is everything in?** Trigger this DAG with dates, both ends included; without dates it takes the last five weeks. It
compares Tiny's order search with BigQuery, and leaves a row for each date in the table `reconciliation`. It repairs
nothing, and it starts no other run, whether other DAGs are paused or not.

* In a shell, on both Airflows:
  `airflow dags trigger z316_compare --conf '{"from_date": "2026-01-01", "to_date": "2026-01-31"}'`

The XCom `plan` of `plan` also says what a repair would take: orders, calls and hours.

### Triage
* **plan** is skipped: it never passes work on. **compare** and **record** green: Tiny and BigQuery agree.
* **ready** failed at once: its error says what to do.
* **ready** failed after its tries: clear the task when BigQuery and Airflow answer again.
* **plan** failed at once: its error says what to do.
* **plan** failed after its tries: clear the task when Tiny and Google Cloud answer again.
* **compare** failed: read the end of its log; when the cause is fixed, clear the task.
* **load** failed: read the BigQuery job's error; when it is fixed, clear the task.
* **record** failed at once: trigger `z316_orders` for some of the orders that its error lists, or `z316_reconcile`,
  which repairs a range of dates.
* **record** failed after its tries: read the BigQuery job's error, then clear the task.
* **all_listed** failed at once: its error says what to do. Tiny gave no answer to the search of the dates that it
  names, or one that cannot be used.
* **all_listed** failed after its tries: clear the task; it only looks.
"""


def compare_dag(store: Store) -> DAG:
    """Create the compare DAG of one store."""
    with DAG(
        dag_id=store.dag_id("compare"),
        dag_display_name=f"{store.prefix}_compare · is everything in?",
        description=f"Orders of {store.name} in Tiny and in BigQuery: compares, and repairs nothing",
        doc_md=DOCS,
        schedule=None,
        # Only a person starts it, and a run of a paused DAG would wait.
        is_paused_upon_creation=False,
        max_active_runs=1,
        params=compare_form(),
        **dag_arguments(store, priority=10),
    ) as dag:
        plan = PlanReconcileOperator(
            task_id="plan",
            store=store,
            gives_way=True,
            only_asks=True,
            execution_timeout=None,
            on_skipped_callback=note_plan,
        )
        compare = CompareOperator(
            task_id="compare", store=store, trigger_rule="none_failed", on_success_callback=note_work
        )
        CheckSetupOperator(task_id="ready", store=store) >> plan >> compare
        plan >> AllListedOperator(
            task_id="all_listed",
            store=store,
            of_task=plan.task_id,
            only_asks=True,
            on_success_callback=note_work,
        )
        into_reconciliation(store, compare)
    return describe_tasks(dag)


for _store in stores_to_build("compare"):
    globals()[_store.dag_id("compare")] = compare_dag(_store)
