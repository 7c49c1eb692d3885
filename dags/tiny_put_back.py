"""Airflow DAG of each store: what was rejected goes back into the inbox, when a person asks for it."""

from tiny_operators._compat import DAG
from tiny_operators.operators.put_back import PutBackOperator
from tiny_operators.params import put_back_form
from tiny_operators.run_notes import note_work
from tiny_operators.stores import Store
from tiny_operators.task_factories.dags import dag_arguments, describe_tasks, stores_to_build

DOCS = """
Puts rejects back after their cause is fixed. A webhook file moves from `rejected/dt=…/` of the API bucket into the
inbox, under its own name; its reason is deleted. An order that was rejected without a file (by the daily or the
reconcile DAG), or that was loaded without a product, gets an event file. The webhook DAG reads them like any other.

What was rejected, and why, is in the table `rejeitados`, and stays there after it was put back.

* All rejects of yesterday and today: trigger it.
* Those of one field, of one day (`to_date` for more days):
  `airflow dags trigger z316_put_back --conf '{"from_date": "2026-01-01", "field": "pdv.frete"}'`
* One order, of one day: `airflow dags trigger z316_put_back --conf '{"from_date": "2026-01-01", "order": "910024741"}'`

### Triage
* **put_back** failed at once: its error says what to do. "No reject of …": there is none of that order or field on
  these days. The order is Tiny's id, not its number; the field must be spelled as in the reason. Without order and
  field, `files` and `orders` are 0 then.
* **put_back** failed after its tries: clear the task. It continues where it was; what is put back twice is read twice,
  and changes nothing.
* What was put back is rejected again: its cause still exists; the new reason says where.
"""


def put_back_dag(store: Store) -> DAG:
    """Create the put-back DAG of one store."""
    with DAG(
        dag_id=store.dag_id("put_back"),
        dag_display_name=f"{store.prefix}_put_back · put rejects back",
        description=f"Rejects of {store.name}, back into the inbox",
        doc_md=DOCS,
        schedule=None,
        # Only a person starts it, and a run of a paused DAG would wait.
        is_paused_upon_creation=False,
        max_active_runs=1,
        params=put_back_form(),
        **dag_arguments(store, priority=10),
    ) as dag:
        PutBackOperator(task_id="put_back", store=store, on_success_callback=note_work)
    return describe_tasks(dag)


for _store in stores_to_build("put_back"):
    globals()[_store.dag_id("put_back")] = put_back_dag(_store)
