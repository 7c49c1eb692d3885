"""``python -m local.report_page``: read the report views and write the page."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from google.api_core.exceptions import GoogleAPICallError
from google.auth.exceptions import GoogleAuthError
from google.cloud import bigquery

from local.report_page.page import FILE_NAME, render
from local.report_page.queries import read_report
from local.stack.settings import Settings
from tiny_operators.stores import load_stores


def main() -> int:
    """Write the page of one store; 0 when it is written."""
    stores = {store.prefix: store for store in load_stores()}
    parser = argparse.ArgumentParser(prog="python -m local.report_page", description=__doc__)
    parser.add_argument("--store", choices=stores, default=next(iter(stores)), help="prefix of the store")
    parser.add_argument("--days", type=int, default=30, help="days, today included (default 30)")
    parser.add_argument("--page", type=Path, help=f"where to write it (default {FILE_NAME} in .local)")
    arguments = parser.parse_args()
    if arguments.days < 1:
        parser.error("--days must be at least 1")
    store, path = stores[arguments.store], arguments.page or Settings.from_env().home / FILE_NAME
    try:
        report = read_report(bigquery.Client(), store, arguments.days)
    except (GoogleAPICallError, GoogleAuthError, OSError) as error:
        print(f"the views of {store.report_dataset} cannot be read: {error}", file=sys.stderr)
        return 1
    path.write_text(render(report), encoding="utf-8")
    print(path.resolve().as_uri())
    return 0


if __name__ == "__main__":
    sys.exit(main())
