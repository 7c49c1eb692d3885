"""Airflow DAG of each store: the tables of past dates, rebuilt from the raw answers alone."""

from tiny_operators._compat import DAG
from tiny_operators.operators.next_slice import NextSliceOperator
from tiny_operators.operators.replay import ReplayRowsOperator
from tiny_operators.params import date_range_form
from tiny_operators.run_notes import note_work
from tiny_operators.schedules import DAILY
from tiny_operators.stores import Store
from tiny_operators.task_factories.dags import dag_arguments, describe_tasks, stores_to_build
from tiny_operators.task_factories.into_tables import into_tables

DOCS = """
Builds the rows of past dates again from the answers in the API bucket, and merges them: no call of Tiny's API. A
scheduled run is skipped: it works only when a person asks. A date is the day on which orders arrived, in the store's
time zone; history that came by backfill arrived on the order's own date. Answers of the older layout (a folder for each
reading of an order) are read as well.

* By hand: trigger it with dates, both ends included; without dates it takes yesterday. In a shell, on both Airflows:
  `airflow dags trigger z316_replay --conf '{"from_date": "2026-01-01", "to_date": "2026-03-31"}'`
* A run for each day, on Airflow 2: `airflow dags backfill -s 2026-01-01 -e 2026-01-31 z316_replay`
* On Airflow 3: `airflow backfill create --dag-id z316_replay --from-date 2026-01-01 --to-date 2026-01-31`

A long range is replayed in slices, the oldest dates first: a run ends with the date on which it has 20,000 orders or
1,000 days, and its last task, `next_slice`, triggers the run of the dates that are left, `from_…_of_…`. One trigger is
enough for any number of years; the slices come one after another.

Dates without raw answers change nothing: `rows` counts them as `dates_without_answers`, and their rows stay in the
tables. When no date has any, what follows `rows` is skipped. Where raw answers expire (`keep_raw_days`), older dates
cannot be built from nothing: see `docs/retention.md` before a table is dropped. Replaying again changes nothing.

### To rebuild the tables
* When they exist: replay the dates. Rows that are right stay as they are; a newer reading is never overwritten.
* From nothing: pause the other DAGs, drop the tables, run `z316_setup` by hand (it creates them again), replay from the
  first date of the bucket to today, and unpause the others when the last slice is done. Do it by one trigger. With
  one run for each day, side by side, the run that finds an order gone may come before the run that has the order, and
  would have nothing to mark.

### Triage
* **rows** failed at once: its error says what to do.
* **rows** failed after its tries: clear the task; it starts its slice again.
* **rows** takes long: its XCom `progress` says how many dates are left.
* A slice failed: nothing newer follows it. When the cause is fixed, clear it, and the rest continues from there.
* `rows` counts `rejects`: see the table `rejeitados`, or the run's file in `rejected/` of the API bucket, on the first
  date; each reason names the object.
* **load** or **merge** failed: read the BigQuery job's error; when it is fixed, clear the run from the `load_…`
  tasks on (staging tables expire after a day).
* **check** failed at once: look up in `docs/validation.md` what the checks mean that its error names; the rows are in
  the tables, and nothing else waits.
* **check** failed after its tries: read the BigQuery job's error, then clear the task.
* **next_slice** failed: clear the task; it triggers the run of the dates that are left.
"""


def replay_dag(store: Store) -> DAG:
    """Create the replay DAG of one store."""
    with DAG(
        dag_id=store.dag_id("replay"),
        dag_display_name=f"{store.prefix}_replay · build the tables again",
        description=f"Tables of {store.name}, rebuilt from raw answers",
        doc_md=DOCS,
        schedule=DAILY,
        max_active_runs=4,
        params=date_range_form(),
        **dag_arguments(store, priority=1),
    ) as dag:
        # A day may have so many orders that reading them takes longer than any bound.
        rows = ReplayRowsOperator(
            task_id="rows", store=store, execution_timeout=None, on_success_callback=note_work
        )
        into_tables(store, rows) >> NextSliceOperator(
            task_id="next_slice", store=store, of_task=rows.task_id, trigger_dag_id=dag.dag_id
        )
    return describe_tasks(dag)


for _store in stores_to_build("replay"):
    globals()[_store.dag_id("replay")] = replay_dag(_store)
