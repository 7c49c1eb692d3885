"""Airflow DAG of each store: alerts people of problems that fail no other run."""

from tiny_operators._compat import DAG
from tiny_operators.operators.bigquery import CheckOperator
from tiny_operators.operators.situation import SituationOperator
from tiny_operators.operators.watch import (
    WatchAirflowOperator,
    WatchCompleteOperator,
    WatchInboxOperator,
    WatchWebhooksOperator,
)
from tiny_operators.run_notes import note_watch
from tiny_operators.schedules import HOURLY
from tiny_operators.stores import Store
from tiny_operators.task_factories.dags import dag_arguments, describe_tasks, stores_to_build
from tiny_operators.task_factories.into_tables import query_task

DOCS = """
Looks each hour for problems that make no other run fail: no webhooks come though the store is open, files are stuck in
the inbox, Airflow does not run the webhook DAG, yesterday is not complete by `complete_by_hour`, or much was set aside
and nobody put it back. Each problem fails its task. The variable `tiny_alerts` says who is alerted.

It also finds out which days are complete, and writes the page *Está tudo dentro?*, which Airflow's menu *Browse* opens.

When the store is open, by which hour yesterday must be complete, and what is too much, are fields of
`include/stores.yaml`. Without `opening_hours` no webhooks are expected, and `webhooks` is skipped.

### Triage
* **webhooks** failed at once: its error says what to do. No sale was announced for some time. See whether the receiver
  answers and what its log says, and whether Tiny still has its address (Configurações, Webhooks). What was missed comes
  with the night's run.
* **inbox** failed: its error says what to do. Files wait longer than `waiting_minutes` and no run makes progress. Look
  at the last runs of `z316_webhook`: a failed task says what to do. Nothing is lost: the files wait.
* **airflow** failed at once: its error says what to do. `z316_webhook` is paused, has no run, or no triggerer is alive.
* **airflow** is skipped (Airflow 3): Airflow's API could not be asked, and the message says what it needs.
* **complete** failed at once: its error says what to do. No run of `z316_daily` for yesterday succeeded. While that DAG
  is paused, which may be meant, this fails once a day, at that hour: unpause it, and it runs for yesterday at once.
* **complete** is skipped: it is too early, or `z316_daily` is paused and people were told, or Airflow's API could not
  be asked.
* **rejects** failed at once: see the table `rejeitados` for the reasons of the orders that its error names; when the
  cause is fixed, trigger `z316_put_back` (its name begins with the store's prefix).
* **webhooks**, **inbox**, **airflow**, **complete** or **rejects** failed after its tries: wait for the next hour,
  which looks again. When it fails too, read the end of the task's log.
* **situation** failed: read the error of BigQuery or Cloud Storage at the end of its log; the next hour tries again.
  Until then the page is old, and says so.
"""


def watch_dag(store: Store) -> DAG:
    """Create the watch DAG of one store."""
    arguments = dag_arguments(store, priority=5)
    # A task that was cleared may be skipped now: then its failure is no longer the note.
    arguments["default_args"] |= {"on_success_callback": note_watch, "on_skipped_callback": note_watch}
    with DAG(
        dag_id=store.dag_id("watch"),
        dag_display_name=f"{store.prefix}_watch · each hour: is all well?",
        description=f"Alerts when no webhooks of {store.name} come, files are stuck, or many orders are set aside",
        doc_md=DOCS,
        schedule=HOURLY,
        max_active_runs=1,
        **arguments,
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
