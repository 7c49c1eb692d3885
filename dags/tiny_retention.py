"""Airflow DAG of each store: personal data of customers leaves the rows of old orders."""

from tiny_operators._compat import DAG
from tiny_operators.operators.blank_old_orders import BlankOldOrdersOperator
from tiny_operators.run_notes import note_kept, note_result, retention_story
from tiny_operators.schedules import retention_timetable
from tiny_operators.stores import Store
from tiny_operators.task_factories.dags import dag_arguments, describe_tasks, stores_to_build

DOCS = """
Blanks names, documents, addresses, telephones, e-mails, free text and `payload` in the rows of orders that are older
than `keep_personal_days` of `include/stores.yaml`. Sales figures, items, payments and the seller stay. With 0, the
default, it is skipped.

Each night it takes the days that became old since the last run, and a quarter before them again. The first run takes
all older ones, a quarter at a time; one that dies continues where it was. Running it again changes nothing.

Files of the buckets expire by rules that `z316_setup` sets: see `docs/retention.md`.

### Triage
* **blank** is skipped: the store keeps personal data for good.
* **blank** failed: read the BigQuery job's error, then clear the task. "Query exceeded limit for bytes billed": a
  quarter has more than `maximum_bytes_billed` of `include/stores.yaml`; set more.
"""


def retention_dag(store: Store) -> DAG:
    """Create the retention DAG of one store."""
    with DAG(
        dag_id=store.dag_id("retention"),
        dag_display_name=f"{store.prefix}_retention · each night: blank old orders",
        description=f"Personal data of customers of {store.name} leaves the rows of old orders",
        doc_md=DOCS,
        schedule=retention_timetable(store.timezone),
        max_active_runs=1,
        **dag_arguments(store, priority=5),
    ) as dag:
        BlankOldOrdersOperator(
            task_id="blank",
            store=store,
            on_success_callback=note_result(retention_story),
            on_skipped_callback=note_kept,
        )
    return describe_tasks(dag)


for _store in stores_to_build("retention"):
    globals()[_store.dag_id("retention")] = retention_dag(_store)
