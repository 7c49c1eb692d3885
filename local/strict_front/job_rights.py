"""Which permissions a job needs, by what it reads and what it changes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from local.strict_front.rights import Need
from local.strict_front.sql import changes

_READ: Final = "bigquery.tables.getData"
# https://cloud.google.com/bigquery/docs/writing-results#permissions
_WRITE_RESULTS: Final = ("bigquery.tables.create", "bigquery.tables.updateData")
# https://cloud.google.com/bigquery/docs/managing-tables#copy-table: of what is copied, and of where it goes.
_COPIED: Final = ("bigquery.tables.get", _READ)
_COPY_INTO: Final = ("bigquery.tables.create", "bigquery.tables.update")
# https://cloud.google.com/bigquery/docs/loading-data-cloud-storage-json#permissions
_LOAD_INTO: Final = ("bigquery.tables.create", "bigquery.tables.update", "bigquery.tables.updateData")
# https://cloud.google.com/bigquery/docs/information-schema-jobs#required_permissions
_ABOUT_JOBS: Final = re.compile(r"\bINFORMATION_SCHEMA`?\.`?JOBS(_BY_USER)?", re.IGNORECASE)


def needs_of_job(
    configuration: Mapping[str, Any],
    named: Iterable[tuple[str, str]],
    changed: Iterable[changes.Change],
) -> list[Need]:
    """List what a job needs, besides the right to create jobs.

    Args:
        configuration: What it is to do.
        named: Dataset and name of each table and view that its statements name.
        changed: What its statements change.
    """
    if query := configuration.get("query"):
        return sorted(_of_query(query, named, changed))
    if load := configuration.get("load"):
        return needs_of_load(load)
    if copy := configuration.get("copy"):
        sources = copy.get("sourceTables") or [copy.get("sourceTable")]
        into = _on(copy.get("destinationTable"), _COPY_INTO)
        return sorted(into.union(*(_on(source, _COPIED) for source in sources)))
    if extract := configuration.get("extract"):
        # https://cloud.google.com/bigquery/docs/exporting-data#required_permissions
        return sorted(_on(extract.get("sourceTable"), ("bigquery.tables.export",)))
    return []


def needs_of_load(load: Mapping[str, Any]) -> list[Need]:
    """List what a load job needs."""
    uris = [str(uri).removeprefix("gs://") for uri in load.get("sourceUris") or ()]
    objects = {Need("storage.objects.get", "bucket", uri.split("/")[0]) for uri in uris}
    lists = {Need("storage.objects.list", "bucket", uri.split("/")[0]) for uri in uris if "*" in uri}
    return sorted({*_on(load["destinationTable"], _LOAD_INTO), *objects, *lists})


def _of_query(
    query: Mapping[str, Any], named: Iterable[tuple[str, str]], changed: Iterable[changes.Change]
) -> set[Need]:
    """Return what a query needs: all tables that it names are read."""
    default = str((query.get("defaultDataset") or {}).get("datasetId", ""))
    found = {Need(_READ, "dataset", dataset) for dataset, _ in named} | changes.needs(changed, default)
    for match in _ABOUT_JOBS.finditer(str(query.get("query") or "")):
        found.add(Need(f"bigquery.jobs.list{'' if match[1] else 'All'}", "project"))
    return found | _on(query.get("destinationTable"), _WRITE_RESULTS)


def _on(table: Mapping[str, Any] | None, permissions: Iterable[str]) -> set[Need]:
    dataset = (table or {}).get("datasetId")
    return {Need(permission, "dataset", dataset) for permission in permissions} if dataset else set()
