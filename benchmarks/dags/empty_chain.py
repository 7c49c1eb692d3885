"""A DAG that does nothing, in as many tasks in sequence as the webhook DAG has: what Airflow itself costs."""

import pendulum
from airflow.providers.standard.operators.python import PythonOperator

from tiny_operators._compat import DAG

TASKS_IN_SEQUENCE = 7


def nothing() -> None:
    """Do nothing, in a task's own process."""


with DAG(
    dag_id="empty_chain",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    is_paused_upon_creation=False,
) as dag:
    previous = None
    for number in range(TASKS_IN_SEQUENCE):
        task = PythonOperator(task_id=f"nothing_{number}", python_callable=nothing)
        if previous is not None:
            previous >> task
        previous = task
