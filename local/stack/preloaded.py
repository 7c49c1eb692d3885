"""Airflow's own command, such as `airflow scheduler`, in a process that has imported what every task needs.

LocalExecutor forks each task from the scheduler, and Celery from the worker: what is imported here, a task finds in
memory instead of reading a second of modules again. (The Celery workers of Composer keep their modules too.) Run it
with `python -P`: this folder holds an `airflow.py` of its own.
"""

import importlib
import sys

NEEDED_BY_TASKS = (
    "pandas",
    "google.cloud.bigquery",
    "google.cloud.storage",
    "airflow.providers.google.cloud.operators.bigquery",
    "airflow.providers.google.cloud.sensors.gcs",
    "airflow.providers.google.cloud.transfers.gcs_to_bigquery",
    "airflow.providers.http.hooks.http",
)

if __name__ == "__main__":
    for name in NEEDED_BY_TASKS:
        importlib.import_module(name)
    sys.argv[0] = "airflow"
    sys.exit(importlib.import_module("airflow.__main__").main())
