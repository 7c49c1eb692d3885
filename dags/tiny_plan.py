"""Airflow DAG of each store: what it would take to read some dates, when a person asks; no order is read."""

from tiny_operators._compat import DAG
from tiny_operators.operators.all_listed import AllListedOperator
from tiny_operators.operators.plan_dates import PlanDailyOperator
from tiny_operators.operators.setup import CheckSetupOperator
from tiny_operators.params import plan_form
from tiny_operators.run_notes import note_plan
from tiny_operators.stores import Store
from tiny_operators.task_factories.dags import dag_arguments, describe_tasks, stores_to_build

DOCS = """
**What would a range take?** Trigger this DAG with dates, both ends included; without dates it takes yesterday. It pages
through Tiny's order search, compares with BigQuery, and says how many orders and calls `z316_daily` would need for the
dates, and how long. The run's note has the answer, and the XCom `plan` of `plan`.

It reads no order, and it starts no other run, whether other DAGs are paused or not. It takes a range of any length at
once: a date costs its search pages.

* In a shell, on both Airflows:
  `airflow dags trigger z316_plan --conf '{"from_date": "2026-01-01", "to_date": "2026-01-31"}'`
* **Read everything again** (`"force": true`) counts the orders that did not change, too.

### Triage
* **plan** and **all_listed** are skipped in a run that succeeds: they never pass work on.
* **ready** failed at once: its error says what to do.
* **ready** failed after its tries: clear the task when BigQuery and Airflow answer again.
* **plan** failed at once: its error says what to do.
* **plan** failed after its tries: clear the task when Tiny and Google Cloud answer again. Dates that were searched are
  not searched again.
* **all_listed** failed at once: its error says what to do. Tiny gave no answer to the search of the dates that it
  names, or one that cannot be used; the plan has the others.
* **all_listed** failed after its tries: clear the task; it only looks.
"""


def plan_dag(store: Store) -> DAG:
    """Create the plan DAG of one store."""
    with DAG(
        dag_id=store.dag_id("plan"),
        dag_display_name=f"{store.prefix}_plan · what would a range take?",
        description=f"Past orders of {store.name}: how many calls and hours they would take; none is read",
        doc_md=DOCS,
        schedule=None,
        # Only a person starts it, and a run of a paused DAG would wait.
        is_paused_upon_creation=False,
        max_active_runs=1,
        params=plan_form(),
        **dag_arguments(store, priority=10),
    ) as dag:
        # A long range has many search pages.
        plan = PlanDailyOperator(
            task_id="plan",
            store=store,
            gives_way=True,
            only_asks=True,
            execution_timeout=None,
            on_skipped_callback=note_plan,
        )
        CheckSetupOperator(task_id="ready", store=store) >> plan
        # It has no note of its own: it is skipped, or fails.
        plan >> AllListedOperator(task_id="all_listed", store=store, of_task=plan.task_id, only_asks=True)
    return describe_tasks(dag)


for _store in stores_to_build("plan"):
    globals()[_store.dag_id("plan")] = plan_dag(_store)
