"""Asks the strict front's rules about SQL, in the environment that has GoogleSQL's analyzer.

Reads one request a line from standard input, a JSON object with ``query``, the configuration of a query job, and either
``tables``, resources by ``dataset.table``, or ``bigquery``, the address of a service that has them; writes one answer a line:
``refusal``, ``script`` and ``partitions``.
"""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from dataclasses import asdict
from typing import Any

from local.strict_front.sql.catalog import Tables
from local.strict_front.sql.queries import examine

PROJECT = "z316-local"


def of_service(address: str) -> Tables:
    """Tables of a service."""

    def table(project: str, dataset: str, name: str) -> dict[str, Any] | None:
        url = f"{address}/bigquery/v2/projects/{project}/datasets/{dataset}/tables/{name}"
        try:
            with urllib.request.urlopen(url) as answer:
                found: dict[str, Any] = json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise
        return found

    return table


def of_resources(resources: dict[str, Any]) -> Tables:
    """Tables that the request has in it."""
    return lambda project, dataset, name: resources.get(f"{dataset}.{name}")


def main() -> None:
    """Answer until there are no more requests."""
    for line in sys.stdin:
        request = json.loads(line)
        where = request.get("bigquery")
        tables = of_service(where) if where else of_resources(request["tables"])
        examined = examine(request["query"], PROJECT, tables)
        sys.stdout.write(json.dumps(asdict(examined)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
