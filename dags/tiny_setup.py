"""Airflow DAG of each store: what the others need, created."""

import pendulum

from tiny_operators._compat import DAG
from tiny_operators.alerts import failure_callback
from tiny_operators.operators.setup import CheckAccessOperator, SetupStoreOperator
from tiny_operators.run_notes import note_result, setup_story
from tiny_operators.stores import Store, dag_tags
from tiny_operators.task_factories.dags import describe_tasks, stores_to_build

DOCS = """
Looks for the buckets, datasets, tables, views and pools of the store, and creates what is missing; safe to run again:
what exists is not touched, except that tables get the columns that they lack. It runs once by itself when it is
deployed. Run it again by hand after a deployment that adds columns or tables: until then the DAGs that plan, load,
compare or blank fail at their first task (`ready`, `wait`, `rows`, `blank` or `find`), before they change anything, and
say which thing is missing.

### Triage
* **setup** failed at once: its error says what to do. These are the usual ones:
* **No right to …**: run the command that the message shows (`$ACCOUNT` is the e-mail of Airflow's service account),
  then clear the task. An API or billing that is off, a project that does not exist and a quota that is used up are
  named as such.
* **… is in …, include/stores.yaml says …**: the bucket or dataset is in another location; correct the file.
* **Tables that cannot become what include/schemas says**: the message names each column, what exists, what is
  wanted and what to do. What could be added was added.
* **The secret of customers' keys**: see `docs/operations.md`, The key of the pseudonyms.
* **Variable tiny_alerts**: it says who is alerted of failures; correct what the message names, then clear the task.
* **Pool … can neither be found nor created** (Airflow 3): run the command that the message shows, then
  clear the task. Until the pool exists, the DAGs that need it fail at their first task.
* **setup** failed after its tries: clear the task when Google Cloud answers again; what exists is not touched.
* **access** failed at once: its error says what to do. People who were not named may read personal data. Each right is
  listed with the command that ends it; mark the task as success if it is meant.
* **access** failed after its tries: clear the task when Google Cloud answers again; it only looks.
"""


def setup_dag(store: Store) -> DAG:
    """Create the setup DAG of one store."""
    with DAG(
        dag_id=store.dag_id("setup"),
        dag_display_name=f"{store.prefix}_setup · create what is missing",
        description=f"Buckets, datasets, tables, views and pools of {store.name}",
        doc_md=DOCS,
        schedule="@once",
        start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
        catchup=False,
        max_active_runs=1,
        is_paused_upon_creation=False,
        default_args={
            "owner": "tiny",
            "retries": 3,
            "retry_delay": pendulum.duration(seconds=30),
            "on_failure_callback": failure_callback(store),
        },
        tags=dag_tags(store),
    ) as dag:
        setup = SetupStoreOperator(
            task_id="setup",
            store=store,
            execution_timeout=pendulum.duration(minutes=10),
            on_success_callback=note_result(setup_story),
        )
        access = CheckAccessOperator(
            task_id="access", store=store, execution_timeout=pendulum.duration(minutes=10)
        )
        setup >> access
    return describe_tasks(dag)


for _store in stores_to_build("setup"):
    globals()[_store.dag_id("setup")] = setup_dag(_store)
