"""``python -m deploy.gcloud_script --project my-project``: see the package's own description."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Final

from deploy.console import REPOSITORY
from deploy.settings import SettingsError, checked_project, load_platform, load_settings
from tiny_operators.stores import StoresError, load_stores

from . import access, data, running
from .context import Context

_HEAD: Final = """#!/usr/bin/env bash
# Made by: python -m deploy.gcloud_script. Run it from the root of the repository; deploy/README.md has the roles that it needs.
# It asks for the token of Tiny's API of each store, and nothing else. Alerts and the dashboard are made by Terraform only.
set -euo pipefail
"""  # noqa: E501
_PARTS: Final = (
    ("APIs", access.apis),
    ("Accounts, and roles on the project", access.accounts),
    ("Buckets", data.buckets),
    ("Datasets: they belong to the project's owners and to Airflow's account", data.datasets),
    ("Secrets", access.secrets),
    ("Addresses of webhooks hold a secret: the log leaves them out", running.exclusion),
    ("The receiver", running.receiver),
    ("What queries may read a day, and the budget", running.limits),
    ("The environment: 25 to 45 minutes", running.environment),
)


def script(its: Context) -> str:
    """Return the whole script of a project."""
    lines = [line for title, part in _PARTS for line in ("", f"# {title}.", *part(its))]
    return "\n".join([_HEAD.rstrip(), *lines]) + "\n"


def main(words: Sequence[str] | None = None) -> int:
    """Print the script; 0, or 2 with a message when an argument or a setting is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m deploy.gcloud_script",
        description="Print gcloud commands that create what Terraform would.",
    )
    parser.add_argument("--project", required=True, help="id of the Google Cloud project")
    given = parser.parse_args(words)
    dags = sorted(path.stem.removeprefix("tiny_") for path in (REPOSITORY / "dags").glob("tiny_*.py"))
    try:
        its = Context(checked_project(given.project), load_settings(), load_platform(), load_stores(), dags)
    except (SettingsError, StoresError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(script(its))
    return 0


if __name__ == "__main__":
    sys.exit(main())
