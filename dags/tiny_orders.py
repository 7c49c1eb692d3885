"""Airflow DAG of each store: orders that a person asks for, fetched now."""

from tiny_operators._compat import DAG
from tiny_operators.operators.ask_orders import AskedOrdersOperator, AskForOrdersOperator
from tiny_operators.operators.setup import CheckSetupOperator
from tiny_operators.params import orders_form
from tiny_operators.run_notes import note_work
from tiny_operators.stores import Store
from tiny_operators.task_factories.dags import dag_arguments, describe_tasks, stores_to_build

DOCS = """
**An order is missing?** Trigger this DAG with its id or its number. It writes an event into the inbox, as Tiny's
webhook does, so `z316_webhook` fetches the order within seconds. Then it reports what became of it.

* In a shell, on both Airflows: `airflow dags trigger z316_orders --conf '{"orders": ["910024741"]}'`
* By number: `airflow dags trigger z316_orders --conf '{"numbers": ["1042"]}'`

It starts nothing else. `z316_webhook` must not be paused.

### Triage
* All green: the orders are in BigQuery. The XCom `orders` of `report` has a sentence for each.
* **ready** failed at once: its error says what to do.
* **ready** failed after its tries: clear the task when BigQuery and Airflow answer again.
* **ask** failed at once: its error says what to do. It names the entry of the form that is no id or number, or the
  numbers, when Tiny lists none of them.
* **ask** failed after its tries: clear the task when Tiny and Google Cloud answer again.
* **report** failed at once: its error says what to do. It has the reason for each order: Tiny does not know it, or does
  not list its number, or it was rejected (with the field and what to do), or it still waits for an answer from Tiny.
* **report** failed after its tries: clear the task; it only looks.
"""


def orders_dag(store: Store) -> DAG:
    """Create the orders DAG of one store."""
    with DAG(
        dag_id=store.dag_id("orders"),
        dag_display_name=f"{store.prefix}_orders · fetch these orders now",
        description=f"Fetches orders of {store.name} that a person names, and reports what became of them",
        doc_md=DOCS,
        schedule=None,
        # Only a person starts it, and a run of a paused DAG would wait.
        is_paused_upon_creation=False,
        max_active_runs=4,
        params=orders_form(),
        **dag_arguments(store, priority=100),
    ) as dag:
        ask = AskForOrdersOperator(task_id="ask", store=store)
        report = AskedOrdersOperator(
            task_id="report", store=store, of_task=ask.task_id, on_success_callback=note_work
        )
        CheckSetupOperator(task_id="ready", store=store) >> ask >> report
    return describe_tasks(dag)


for _store in stores_to_build("orders"):
    globals()[_store.dag_id("orders")] = orders_dag(_store)
