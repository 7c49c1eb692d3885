"""A line about each task, for the page of the task in Airflow's UI."""

from __future__ import annotations

from typing import Any, Final

from tiny_operators._compat import DAG
from tiny_operators.triage import lines_about

_LINES: Final = {
    "access": "Looks who may read the datasets and buckets, and names people that nobody named.",
    "airflow": "Looks whether Airflow runs the webhook DAG: not paused, with a run, and with a triggerer.",
    "all_listed": "Fails when Tiny did not list the orders of a date. The other dates are done by then.",
    "archive": "Moves the files out of the inbox: done ones to `webhook/`, rejected ones to `rejected/`.",
    "ask": "Writes an event into the inbox for each order that was asked for.",
    "blank": "Blanks the customer in the rows of orders that became old.",
    "blank_files": "Remembers who is forgotten, so that nothing brings them back, and blanks the files.",
    "blank_rows": "Blanks the rows of the tables, while no merge runs.",
    "check": "Checks the orders of this run in the tables. Nothing waits for it.",
    "compare": "Asks BigQuery again for the orders that differed, and counts what still differs.",
    "complete": "Looks whether yesterday's orders are in BigQuery, from 06:00 in the store on.",
    "fetch": "Reads the planned orders from Tiny. The XCom `progress` says how far it is and when it is done.",
    "find": "Looks through all files and tables for the people of the request; changes nothing.",
    "inbox": "Looks whether files are stuck in the inbox.",
    "load": "Loads this run's rows of one table into a staging table; skipped when there are none.",
    "merge": "Merges the staging tables into the tables, one run at a time.",
    "next_slice": "Triggers the run of the dates that are left.",
    "plan": "Finds out what to read, and what it will cost.",
    "put_back": "Puts the chosen rejects back into the inbox.",
    "ready": "Checks that the store's pools and tables exist, as this version needs them.",
    "record": "Merges the comparison into the table `reconciliation`; fails when orders still differ.",
    "record_forgotten": "Counts what was blanked in the table `esquecimentos`, and deletes the request.",
    "rejects": "Looks whether more orders and files are set aside than the stores file allows.",
    "report": "Waits until the orders are through, and reports what became of each.",
    "rows": "Makes typed rows of the answers, or a reason for each order that has none.",
    "setup": "Creates the buckets, datasets, tables, views and pools that are missing.",
    "show": "Writes all that is stored of each person to a private object that expires.",
    "situation": "Looks what is in of each day, and writes the page *Está tudo dentro?*.",
    "wait": "Waits, deferred, for files in the inbox.",
    "webhooks": "Looks whether webhooks come while the store is open.",
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
