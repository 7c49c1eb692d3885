"""Airflow DAG of each store: alerts people of problems that fail no other run."""

from tiny_operators._compat import DAG
from tiny_operators.operators.check import CheckOperator
from tiny_operators.operators.situation import SituationOperator
from tiny_operators.operators.watch import (
    WatchAirflowOperator,
    WatchCompleteOperator,
    WatchInboxOperator,
    WatchWebhooksOperator,
)
from tiny_operators.schedules import EACH_HOUR
from tiny_operators.stores import Store
from tiny_operators.task_factories.descriptions import describe_tasks
from tiny_operators.task_factories.into_tables import dag_arguments
from tiny_operators.task_factories.jobs import query_task
from tiny_operators.task_factories.stores import stores_to_build

DOCS = """
Looks each hour for problems that make no other run fail: no webhooks come though the store is open, files are stuck in
the inbox, Airflow does not run the webhook DAG, yesterday is not complete by 06:00, or much was set aside and nobody
put it back. Each problem fails its task. The variable `tiny_alerts` says who is alerted.

It also writes the page *Está tudo dentro?*, which Airflow's menu *Browse* opens: what is in of each day.

When the store is open, and what is too much, are fields of `include/stores.yaml`. Without `opening_hours` no webhooks
are expected, and `webhooks` is skipped.

### Triage
* **webhooks** failed: no sale was announced for some time. See whether the receiver answers and what its log says, and
  whether Tiny still has its address (Configurações, Webhooks). What was missed comes with the night's run.
* **inbox** failed: files wait longer than `waiting_minutes` and no run makes progress. Look at the last runs of
  `z316_webhook`: a failed task says what to do. Nothing is lost: the files wait.
* **airflow** failed: its error says whether `z316_webhook` is paused, has no run, or no triggerer is alive, and what to
  do. Skipped (Airflow 3): Airflow's API could not be asked, and the message says what it needs.
* **complete** failed: no run of `z316_daily` for yesterday succeeded. Open its last run: a failed task says what to do.
  While the DAG is paused, which may be meant, it fails once a day, at that hour, and is skipped after it: unpause the
  DAG, and it runs for yesterday at once. Skipped: it is too early, or as **airflow**.
* **rejects** failed: its error names orders. See the table `rejeitados` for the reasons; when the cause is fixed, run
  `z316_put_back` (its name begins with the store's prefix).
* **situation** failed: the page is old, and says so. Read the error of BigQuery or Cloud Storage; the next hour tries
  again.
"""


def watch_dag(store: Store) -> DAG:
    """Create the watch DAG of one store."""
    with DAG(
        dag_id=store.dag_id("watch"),
        dag_display_name=f"{store.prefix}_watch · each hour: is all well?",
        description=f"Alerts when no webhooks of {store.name} come, files are stuck, or many orders are set aside",
        doc_md=DOCS,
        schedule=EACH_HOUR,
        max_active_runs=1,
        **dag_arguments(store, priority=5),
    ) as dag:
        WatchWebhooksOperator(task_id="webhooks", store=store)
        WatchInboxOperator(task_id="inbox", store=store, webhook_dag=f"{store.prefix}_webhook")
        WatchAirflowOperator(task_id="airflow", store=store, webhook_dag=f"{store.prefix}_webhook")
        WatchCompleteOperator(task_id="complete", store=store, daily_dag=f"{store.prefix}_daily")
        SituationOperator(task_id="situation", store=store)
        query_task(store, "rejects", "watch_rejects.sql", operator=CheckOperator)
    return describe_tasks(dag)


for _store in stores_to_build("watch"):
    globals()[_store.dag_id("watch")] = watch_dag(_store)
