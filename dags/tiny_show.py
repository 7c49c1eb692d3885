"""Airflow DAG of each store: all that is stored of a person, for the person who asked for it."""

from tiny_operators._compat import DAG
from tiny_operators.operators.people import ShowPeopleOperator
from tiny_operators.run_notes import note_result, show_story
from tiny_operators.stores import Store
from tiny_operators.task_factories.dags import dag_arguments, describe_tasks, stores_to_build

DOCS = """
Collects all that the store has of a person, from both buckets and all tables, into one private JSON object that
expires after a week. It changes nothing.

The people are named in a file that the run deletes, so that no one is named in Airflow. One a line: CPF, CNPJ, or `id`
and Tiny's id of the contact. Each has an object of their own; the XCom of `show` says which. BUCKET is the store's
API bucket.

    echo 'CPF' | gcloud storage cp - gs://BUCKET/people/show/request.txt
    airflow dags trigger z316_show

The whole task: `docs/people.md`.

### Triage
* **show** failed at once: its error says what to do. A file with a line: upload the corrected file under the same name,
  then clear the task. "Nothing is stored of this person": so answer the person, unless the number is wrong, and delete
  the file. "No order is stored under this contact id": orders may be stored without the id; name the person by CPF or
  CNPJ, if they have one, before you answer.
* **show** failed after its tries: clear the task when Google Cloud answers again.
"""


def show_dag(store: Store) -> DAG:
    """Create the show DAG of one store."""
    with DAG(
        dag_id=store.dag_id("show"),
        dag_display_name=f"{store.prefix}_show · all that is stored of a person",
        description=f"All that {store.name} has stored of a person",
        doc_md=DOCS,
        schedule=None,
        # Only a person starts it, and a run of a paused DAG would wait.
        is_paused_upon_creation=False,
        max_active_runs=1,
        **dag_arguments(store, priority=10),
    ) as dag:
        ShowPeopleOperator(task_id="show", store=store, on_success_callback=note_result(show_story))
    return describe_tasks(dag)


for _store in stores_to_build("show"):
    globals()[_store.dag_id("show")] = show_dag(_store)
