"""Airflow DAG of each store: from a webhook file in the inbox to rows in BigQuery."""

import pendulum

from tiny_operators._compat import DAG
from tiny_operators.operators.archive import ArchiveWebhooksOperator
from tiny_operators.operators.fetch import FetchOrdersOperator
from tiny_operators.operators.plan_webhooks import PlanWebhooksOperator
from tiny_operators.operators.rows import MakeRowsOperator
from tiny_operators.run_notes import note_work
from tiny_operators.sensors.webhooks import WebhookFilesSensor
from tiny_operators.stores import Store
from tiny_operators.task_factories.dags import dag_arguments, describe_tasks, stores_to_build
from tiny_operators.task_factories.into_tables import UNLESS_NOTHING, into_tables

DOCS = """
Waits (deferred, no worker slot) for files in the webhook bucket, reads their orders from Tiny, and merges them into
`pdv`, `pesquisa` and `produto`. Runs without a break: as soon as one batch is done, the next run waits.

A load is skipped when its table gets no row. When the batch has no row at all, as when all its orders wait for Tiny,
`merge` and `check` are skipped too, and `archive` runs. When no file is about an order, nothing runs between `plan`
and `archive`, which writes the reasons into `rejeitados`.

To start it by hand, upload Tiny's JSON to the webhook bucket, under any name.

### Triage
* **wait** or **plan** failed: its error says what to do. Something is missing (the bucket, a pool, a table), or older
  than this version; the next run continues.
* **wait** or **plan** failed after its tries: see whether the next run goes on. If not, read the end of the task's log.
* **fetch** failed at once: its error says what to do. It names the setting (token, connection, account). Nothing is
  lost: the files wait; the next run reads them.
* **fetch** failed after its tries: wait for the next run, which continues as soon as Tiny answers. Tiny is down, or the
  protection in front of it refuses the calls ("refused by the edge").
* **fetch** says `unanswered`: Tiny does not answer about an order, a product, or the search for an order, but answers
  other calls. The others are loaded. Such an order is asked for again after 15 s, then at longer and longer pauses,
  up to 15 min. After a day it is rejected. When a product has no answer, only its own row is missing.
* **plan** is skipped and says "is due": the files in the inbox wait for their next try.
* **rows** failed: its error says what to do.
* **rows** failed after its tries: wait for the next run, which reads these orders again. When it fails too, read the
  end of the task's log.
* **load** or **merge** failed: read the BigQuery job's error and fix its cause. Clear nothing: the next run takes the
  same files.
* **check** failed at once: look up in `docs/validation.md` what the checks mean that its error names; the rows are in
  the tables, and nothing else waits.
* **check** failed after its tries: read the BigQuery job's error. Clear nothing: the rows are in the tables.
* After a failed run, the next one pauses for 30 s to 15 min; after a run that left files in the inbox, for 15 s: see
  `run_backoff` in the log of `wait`.
* **archive** failed at once: its error says what to do. Files could not be moved, or many of them cannot be used. All
  else is done, and the next run continues. What was not moved is tried again at longer and longer pauses, up to 15 min.
* **archive** failed after its tries: wait for the next run, which continues.
* `archive` counts `rejected`: see the table `rejeitados`, or `rejected/` in the API bucket, where the reason is beside
  each file. When the cause is fixed, `z316_put_back` puts them back.
* **check** says `reject_share`: Tiny's answers have changed. Fix the code, then put the rejects back by their field.
"""


def webhook_dag(store: Store) -> DAG:
    """Create the webhook DAG of one store."""
    with DAG(
        dag_id=store.dag_id("webhook"),
        dag_display_name=f"{store.prefix}_webhook · sales, as they come",
        description=f"Webhooks of {store.name} into BigQuery, as they come",
        doc_md=DOCS,
        schedule="@continuous",
        max_active_runs=1,
        **dag_arguments(store, priority=100),
    ) as dag:
        wait = WebhookFilesSensor(
            task_id="wait",
            store=store,
            poke_interval=2,
            timeout=pendulum.duration(hours=12).total_seconds(),
            execution_timeout=None,
            # On Airflow 3 a sale that comes within seconds of the deferral can make Airflow treat this task as failed.
            retry_delay=pendulum.duration(seconds=5),
        )
        plan = PlanWebhooksOperator(task_id="plan", store=store)
        fetch = FetchOrdersOperator(task_id="fetch", store=store)
        rows = MakeRowsOperator(task_id="rows", store=store)
        # Also when nothing was merged: all orders of the batch wait for Tiny, or no file is about one.
        archive = ArchiveWebhooksOperator(
            task_id="archive", store=store, trigger_rule=UNLESS_NOTHING, on_success_callback=note_work
        )
        wait >> plan >> fetch >> rows
        # Also after `plan`: files without an order need no more than that.
        [plan, rows, into_tables(store, rows)] >> archive
    return describe_tasks(dag)


for _store in stores_to_build("webhook"):
    globals()[_store.dag_id("webhook")] = webhook_dag(_store)
