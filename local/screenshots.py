"""Take the pictures of Airflow's UI that README and docs show, of the stack that is up: `make screenshots`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from local.airflow_ui import ui
from local.stack.settings import REPO, Settings, StackError

PICTURES: Final = REPO / "docs" / "images"
_DAG: Final = "z316_webhook"


def main() -> int:
    """Take each picture; return the exit code."""
    settings = Settings.from_env()
    path = PICTURES / f"airflow-{settings.airflow}.png"
    try:
        take(settings, path)
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{path} is made")
    return 0


def take(settings: Settings, path: Path) -> None:
    """Take the picture of the DAG of sales: its runs and its graph.

    Raises:
        StackError: Chromium is not installed.
    """
    with ui(settings.airflow, settings.url("AIRFLOW_PORT"), width=1400, height=760) as seen:
        seen.graph(_DAG)
        seen.picture(path)


if __name__ == "__main__":
    sys.exit(main())
