"""What all DAG files start from: their stores, their DAG's arguments, and a line about each task."""

from __future__ import annotations

from typing import Any, Final

import pendulum

from tiny_operators._compat import DAG, get_parsing_context, let_scheduler_watch
from tiny_operators.alerts import failure_callback
from tiny_operators.stores import Store, dag_tags, include_dir, load_stores
from tiny_operators.task_factories.macros import check_macros, merge_macros
from tiny_operators.triage import lines_about

_LINES: Final = {
    "access": "Checks who may read the datasets and buckets, and names people that nobody named.",
    "airflow": "Checks whether Airflow runs the webhook DAG: not paused, with a run, and with a triggerer.",
    "all_listed": "Fails when Tiny did not list the orders of a date. The other dates are done by then.",
    "archive": "Moves the files out of the inbox: done ones to `webhook/`, rejected ones to `rejected/`.",
    "ask": "Writes an event into the inbox for each order that was asked for.",
    "blank": "Blanks the customer in the rows of orders that became old.",
    "blank_files": "Remembers who is forgotten, so that nothing brings them back, and blanks the files.",
    "blank_rows": "Blanks the rows of the tables, while no merge runs.",
    "check": "Checks the orders of this run in the tables. Nothing waits for it.",
    "compare": "Asks BigQuery again for the orders that differed, and counts what still differs.",
    "complete": "Checks whether yesterday's orders are in BigQuery, from `complete_by_hour` of the stores file on.",
    "fetch": "Reads the planned orders from Tiny. The XCom `progress` says how far it is and when it is done.",
    "find": "Looks through all files and tables for the people of the request; changes nothing.",
    "inbox": "Checks whether files are stuck in the inbox.",
    "load": "Loads this run's rows of one table into a staging table; skipped when there are none.",
    "merge": "Merges the staging tables into the tables, one run at a time.",
    "next_slice": "Triggers the run of the dates that are left.",
    "plan": "Finds out what to read, and what it will cost.",
    "put_back": "Puts the chosen rejects back into the inbox.",
    "ready": "Checks that the store's pools and tables exist, as this version needs them.",
    "record": "Merges the comparison into the table `reconciliation`; fails when orders still differ.",
    "record_forgotten": "Counts what was blanked in the table `esquecimentos`, and deletes the request.",
    "rejects": "Checks whether more orders and files are set aside than the stores file allows.",
    "report": "Waits until the orders are through, and reports what became of each.",
    "rows": "Makes typed rows of the answers, or a reason for each order that has none.",
    "setup": "Creates the buckets, datasets, tables, views and pools that are missing.",
    "show": "Writes all that is stored of each person to a private object that expires.",
    "situation": "Finds out which days are complete, and writes the page *Está tudo dentro?*.",
    "wait": "Waits, deferred, for files in the inbox.",
    "webhooks": "Checks whether webhooks come while the store is open.",
}


def stores_to_build(kind: str) -> list[Store]:
    """Return the stores whose DAG of a kind this process needs.

    The scheduler needs all of them. A task reads its DAG file again, in a process of its own, and needs one DAG: the
    others would only delay its start, the longer the more stores there are. Airflow names that DAG there.

    Args:
        kind: What the DAG is, such as ``daily``.

    Returns:
        The store of the DAG that Airflow names; all stores when it names none, or none of this kind.
    """
    stores, asked = load_stores(), get_parsing_context().dag_id
    return [store for store in stores if store.dag_id(kind) == asked] or stores


def dag_arguments(store: Store, *, priority: int) -> dict[str, Any]:
    """Return the arguments that all DAGs but setup have in common.

    Args:
        store: The store.
        priority: Priority of their tasks in the store's pools: live sales go before history, history before a replay.
    """
    return {
        "start_date": pendulum.datetime(2026, 1, 1, tz="UTC"),
        "catchup": False,
        "default_args": {
            "owner": "tiny",
            # A task that was killed is back soon. One that fails again and again has some minutes: Airflow doubles the
            # delay, and adds up to as much by chance: after one failure 5 to 10 s, after three 35 to 70 s in all, after
            # the last one 155 to 310 s.
            "retries": 5,
            "retry_delay": pendulum.duration(seconds=5),
            "retry_exponential_backoff": True,
            "max_retry_delay": pendulum.duration(minutes=10),
            "execution_timeout": pendulum.duration(hours=2),
            "priority_weight": priority,
            "weight_rule": "absolute",
            "on_execute_callback": let_scheduler_watch,
            "on_failure_callback": failure_callback(store),
        },
        "template_searchpath": [str(include_dir() / "sql")],
        "user_defined_macros": check_macros(store) | merge_macros(store),
        "tags": dag_tags(store),
    }


def describe_tasks(dag: DAG) -> DAG:
    """Give each task of a DAG its line, and what the DAG's triage says about it.

    Raises:
        KeyError: When a task has no line here.
    """
    tasks: Any = dag.tasks
    for task in tasks:
        line = _LINES["load" if task.task_id.startswith("load_") else task.task_id]
        task.doc_md = f"{line}\n{_triage(dag.doc_md or '', task.task_id)}"
    return dag


def _triage(docs: str, task_id: str) -> str:
    found = lines_about(docs, task_id)
    failures = [f"* {f'{line.when}: ' if line.when else ''}{line.advice}" for line in found if line.advice]
    others = [f"* {line.text}" for line in found if not line.advice]
    return "\n".join(["\n**When it fails:**\n", *failures, *(["\n**Also:**\n", *others] if others else [])])
