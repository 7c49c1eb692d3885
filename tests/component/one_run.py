"""One whole run of the webhook DAG on the Airflow of this interpreter: ``python -m tests.component.one_run``."""

from __future__ import annotations

import json
import sys
from importlib.metadata import version

from tests.component.whole_runs import WholeRun
from tests.dag_files import REPO, dag_of
from tiny_operators.stores import load_stores


def main() -> None:
    """Run, and print what became of it."""
    run = WholeRun(dag_of(REPO / "dags" / "tiny_webhook.py", load_stores()[0]))
    run.finish()
    said = {"airflow": version("apache-airflow"), "failures": run.failures, "tasks": [*run.tries]}
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    main()
