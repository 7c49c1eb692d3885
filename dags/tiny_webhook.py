"""Webhook DAG of each store: from a file in the inbox to rows in BigQuery."""

import pendulum
from airflow.providers.google.cloud.operators.bigquery import BigQueryInsertJobOperator
from airflow.providers.google.cloud.transfers.gcs_to_bigquery import GCSToBigQueryOperator

from tiny_operators import names
from tiny_operators._compat import DAG
from tiny_operators.macros import merge_macros
from tiny_operators.operators.archive import ArchiveWebhooksOperator
from tiny_operators.operators.fetch import FetchOrdersOperator
from tiny_operators.operators.plan import PlanWebhooksOperator
from tiny_operators.operators.rows import MakeRowsOperator
from tiny_operators.rows.schema import TABLES, schema_fields
from tiny_operators.sensors.webhooks import WebhookFilesSensor
from tiny_operators.stores import Store, include_dir, load_stores

DOCS = """
Waits (deferred, no worker slot) for files in the webhook bucket, reads their orders from Tiny, and merges them into
`pdv`, `pesquisa` and `produto`. Runs without a break: as soon as one batch is done, the next run waits.

To start it by hand, upload Tiny's JSON to the webhook bucket, under any name.

### Triage
* **wait** failed: the bucket is missing or may not be listed. Run the setup DAG.
* **fetch** failed at once: the message names the setting (token, connection, account). Nothing is lost: the files wait;
  the next run takes them up.
* **fetch** failed after tries: Tiny is down. The next run goes on.
* **load** or **merge** failed: read the BigQuery job's error; when it is mended, clear the run from `load_pdv`,
  `load_pesquisa` and `load_produto` on (staging tables expire after a day).
* After a run that did not reach its end the next one pauses, 30 s to 15 min: see `hold_off` in the log of `wait`.
* `archive` counts `rejected`: see `rejected/` in the API bucket; the reason stands beside each file, with the command
  that puts it back.
"""


def webhook_dag(store: Store) -> DAG:
    """The webhook DAG of one store."""
    with DAG(
        dag_id=f"{store.prefix}_webhook",
        description=f"Webhooks of {store.name} into BigQuery, as they come",
        doc_md=DOCS,
        schedule="@continuous",
        start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
        catchup=False,
        max_active_runs=1,
        default_args={
            "owner": "tiny",
            "retries": 3,
            "retry_delay": pendulum.duration(seconds=30),
            "retry_exponential_backoff": True,
            "max_retry_delay": pendulum.duration(minutes=10),
            "execution_timeout": pendulum.duration(hours=2),
        },
        template_searchpath=[str(include_dir() / "sql")],
        user_defined_macros=merge_macros(store),
        tags=["tiny", store.prefix],
    ) as dag:
        key = "{{ run_key(dag, run_id) }}"
        wait = WebhookFilesSensor(
            task_id="wait",
            store=store,
            poke_interval=2,
            timeout=pendulum.duration(hours=12).total_seconds(),
            execution_timeout=None,
        )
        plan = PlanWebhooksOperator(task_id="plan", store=store)
        fetch = FetchOrdersOperator(task_id="fetch", store=store)
        rows = MakeRowsOperator(task_id="rows", store=store)
        loads = [
            GCSToBigQueryOperator(
                task_id=f"load_{table}",
                bucket=store.api_bucket,
                source_objects=[names.rows_object(table, key)],
                destination_project_dataset_table=names.staging_table(store.staging_dataset, table, key),
                source_format="NEWLINE_DELIMITED_JSON",
                schema_fields=schema_fields(table),
                autodetect=False,
                create_disposition="CREATE_IF_NEEDED",
                write_disposition="WRITE_TRUNCATE",
                location=store.location,
            )
            for table in TABLES
        ]
        merge = BigQueryInsertJobOperator(
            task_id="merge",
            configuration={"query": {"query": "merge.sql", "useLegacySql": False}},
            location=store.location,
            # BigQuery lets two merges that only insert run side by side, and both insert. So a later try joins the job
            # of a try that died instead of starting a second one; a third starts anew when that job is done.
            force_rerun=False,
            reattach_states={"PENDING", "RUNNING"},
        )
        archive = ArchiveWebhooksOperator(task_id="archive", store=store)
        wait >> plan >> fetch >> rows >> loads >> merge >> archive
    return dag


for _store in load_stores():
    globals()[f"{_store.prefix}_webhook"] = webhook_dag(_store)
