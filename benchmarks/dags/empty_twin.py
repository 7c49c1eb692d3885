"""The webhook DAG with nothing in it: as many tasks, in the same order. What Airflow itself costs."""

import pendulum
from airflow.providers.standard.operators.python import PythonOperator

from tiny_operators._compat import DAG


def nothing() -> None:
    """Do nothing, in a task's own process."""


with DAG(
    dag_id="empty_twin",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    is_paused_upon_creation=False,
) as dag:
    wait, plan, fetch, rows, load_produto, load_pesquisa, load_pdv, merge, archive = (
        PythonOperator(task_id=name, python_callable=nothing)
        for name in (
            *("wait", "plan", "fetch", "rows"),
            *("load_produto", "load_pesquisa", "load_pdv"),
            *("merge", "archive"),
        )
    )
    wait >> plan >> fetch >> rows >> [load_produto, load_pesquisa, load_pdv] >> merge >> archive
