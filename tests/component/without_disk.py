"""One whole run of the webhook DAG in a process that cannot write a byte to any file: its worker's disk is full."""

from __future__ import annotations

import errno
import importlib
import resource
import signal
import sys
import tempfile
from pathlib import Path

from tests.component.effects import effects
from tests.component.whole_runs import WholeRun

REPO = Path(__file__).resolve().parents[2]


def main() -> None:
    """Parse the DAG, fill the disk, run it."""
    try:
        module = importlib.import_module("airflow.dag_processing.dagbag")
    except ImportError:
        module = importlib.import_module("airflow.models.dagbag")
    dag = module.DagBag(dag_folder=str(REPO / "dags" / "tiny_webhook.py")).dags["z316_webhook"]
    # As a full disk does, the limit makes a write fail with an error, instead of ending the process by a signal.
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    try:
        with tempfile.TemporaryFile(buffering=0) as file:
            file.write(b"x")
    except OSError as error:
        if error.errno != errno.EFBIG:
            raise
    else:
        sys.exit("a byte was written")
    with effects() as counted:
        WholeRun(dag).go_on(counted)


if __name__ == "__main__":
    main()
