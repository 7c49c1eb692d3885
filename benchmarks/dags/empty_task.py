"""One task with nothing in it: what Airflow itself costs."""

import pendulum
from airflow.providers.standard.operators.python import PythonOperator

from tiny_operators._compat import DAG


def nothing() -> None:
    """Do nothing, in a task's own process."""


with DAG(
    dag_id="empty_task",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    is_paused_upon_creation=False,
) as dag:
    PythonOperator(task_id="nothing", python_callable=nothing)
