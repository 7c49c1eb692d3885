"""Airflow DAG of each store: what the others need, created."""

import pendulum

from tiny_operators._compat import DAG
from tiny_operators.alerts import failure_callback
from tiny_operators.operators.setup import SetupStoreOperator
from tiny_operators.stores import Store, load_stores

DOCS = """
Creates the buckets, datasets, tables, views and pools of the store; safe to run again. It runs once by itself when it
is deployed. Run it again by hand after a deployment that adds columns or tables.

### Triage
* **No right to create …**: give Airflow's service account the role that the message names, then clear the task.
* **Variable tiny_alerts**: it says who is told of failures; correct what the message names, then clear the task.
* **Pool cannot be made** (Airflow 3): set the connection `airflow_api`, or create the pool by the command that the
  message shows. Until the pool exists, fetch tasks are not scheduled.
"""


def setup_dag(store: Store) -> DAG:
    """The setup DAG of one store."""
    with DAG(
        dag_id=f"{store.prefix}_setup",
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
        tags=["tiny", store.prefix],
    ) as dag:
        SetupStoreOperator(task_id="setup", store=store, execution_timeout=pendulum.duration(minutes=10))
    return dag


for _store in load_stores():
    globals()[f"{_store.prefix}_setup"] = setup_dag(_store)
