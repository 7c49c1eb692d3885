"""Airflow DAG of each store: people who asked to be forgotten are blanked in all files and tables; the sales stay."""

from tiny_operators._compat import DAG
from tiny_operators.operators.people import (
    BlankFilesOperator,
    BlankRowsOperator,
    FindPeopleOperator,
    RecordForgottenOperator,
)
from tiny_operators.run_notes import forget_story, note_result
from tiny_operators.stores import Store
from tiny_operators.task_factories.dags import dag_arguments, describe_tasks, stores_to_build

DOCS = """
Blanks people in everything that the store has: both buckets and all tables. Sales, amounts and ids of orders stay.
What is stored of these people again later, by a replay, a webhook of an old order or a reading of an old date, is
blanked before it is stored.

The people are named in a file that the run deletes, so that no one is named in Airflow. One a line: CPF, CNPJ, or `id`
and Tiny's id of the contact. BUCKET is the store's API bucket.

    echo 'CPF' | gcloud storage cp - gs://BUCKET/people/forget/request.txt
    airflow dags trigger z316_forget

The whole task, with what remains and for how long: `docs/people.md`.

### Triage
* **find** failed at once: its error says what to do. Nothing was changed. A file with a line: upload the corrected file
  under the same name, then clear `find`. "Nothing is stored of this person": the number is wrong, or they were
  forgotten before; show them first (`z316_show`) when you are not sure. "No order is stored under this contact id":
  orders may be stored without the id; name the person by CPF or CNPJ, if they have one. When nobody is left to name,
  delete the file.
* **find** failed after its tries: clear the task when Google Cloud answers again; nothing was changed.
* **blank_files**, **blank_rows** or **record_forgotten** failed: clear the task. It goes on where it was; blanking
  again changes nothing.
* Show the person again after the run, by the same number: it must say that nothing is stored.
"""


def forget_dag(store: Store) -> DAG:
    """Create the forget DAG of one store."""
    with DAG(
        dag_id=store.dag_id("forget"),
        dag_display_name=f"{store.prefix}_forget · blank people who asked for it",
        description=f"People whom {store.name} forgets on their request",
        doc_md=DOCS,
        schedule=None,
        # Only a person starts it, and a run of a paused DAG would wait.
        is_paused_upon_creation=False,
        max_active_runs=1,
        **dag_arguments(store, priority=10),
    ) as dag:
        find = FindPeopleOperator(task_id="find", store=store)
        files = BlankFilesOperator(task_id="blank_files", store=store)
        rows = BlankRowsOperator(task_id="blank_rows", store=store, pool=store.merge_pool)
        record = RecordForgottenOperator(
            task_id="record_forgotten", store=store, on_success_callback=note_result(forget_story)
        )
        find >> files >> rows >> record
    return describe_tasks(dag)


for _store in stores_to_build("forget"):
    globals()[_store.dag_id("forget")] = forget_dag(_store)
