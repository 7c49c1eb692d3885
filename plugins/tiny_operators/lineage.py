"""What a task read and wrote, in OpenLineage's words: for those who have its provider, as Composer's images do.

Files and tables have the names that the Google provider gives them (``airflow.providers.google.cloud.openlineage``), so
that one line leads from the inbox through the loads to the tables.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple


class Place(NamedTuple):
    """A file, folder or table.

    Attributes:
        namespace: ``gs://bucket``, or ``bigquery``.
        name: The object or folder without a slash at its end; or ``project.dataset.table``.
    """

    namespace: str
    name: str


@dataclass(frozen=True)
class Lineage:
    """What a task reads, and what it writes."""

    reads: tuple[Place, ...] = ()
    writes: tuple[Place, ...] = ()


def in_bucket(bucket: str, name: str = "") -> Place:
    """Name an object or a folder; without a name the whole bucket."""
    return Place(f"gs://{bucket}", name.strip("/") or "/")


def in_bigquery(tables: Iterable[str]) -> tuple[Place, ...]:
    """Name tables, each given as ``project.dataset.table``."""
    return tuple(Place("bigquery", table) for table in tables)


def operator_lineage(lineage: Lineage, job_id: str = "") -> Any:
    """Return what OpenLineage's provider asks a task for; only that provider calls it.

    Args:
        lineage: What the task read and wrote.
        job_id: The job of BigQuery that did it.

    Returns:
        An ``airflow.providers.openlineage.extractors.OperatorLineage``.
    """
    from airflow.providers.common.compat.openlineage.facet import Dataset, ExternalQueryRunFacet
    from airflow.providers.openlineage.extractors import OperatorLineage

    job = {"externalQuery": ExternalQueryRunFacet(externalQueryId=job_id, source="bigquery")}
    return OperatorLineage(
        inputs=[Dataset(*place) for place in lineage.reads],
        outputs=[Dataset(*place) for place in lineage.writes],
        run_facets=job if job_id else {},
    )
