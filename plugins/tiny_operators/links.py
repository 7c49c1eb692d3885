"""Links from a task to what it read and wrote.

A task leaves the address as an XCom, so nobody is asked when the page is shown, and Airflow 3's API server runs no code
of ours. On a local stack, which the variables of the emulators tell, the addresses lead there, not to Google.
"""

from __future__ import annotations

import os
from typing import Any, ClassVar
from urllib.parse import quote, urlencode

from airflow.providers.google.cloud.links.base import BASE_LINK
from airflow.providers.google.cloud.links.bigquery import BIGQUERY_JOB_DETAIL_LINK, BIGQUERY_TABLE_LINK

from tiny_operators._compat import BaseOperatorLink, Context, XCom


class KeptLink(BaseOperatorLink):
    """A link whose address the task left."""

    name = ""
    key: ClassVar[str]

    @property
    def xcom_key(self) -> str:
        """Key by which Airflow 3 reads the address."""
        return self.key

    @classmethod
    def persist(cls, context: Context, url: str) -> None:
        """Leave the address for the link; called by the task."""
        context["ti"].xcom_push(key=cls.key, value=url)

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Return the address that the task left; empty before it ran."""
        return str(XCom.get_value(key=self.key, ti_key=ti_key) or "")


class RunFolderLink(KeptLink):
    """Opens the folder of the run: its plan, and what became of each order."""

    name = "Run folder"
    key = "run_folder"


class RejectsLink(KeptLink):
    """Opens what was rejected on the days of the run, with the reasons."""

    name = "Rejects"
    key = "rejects_folder"


class RowsLink(KeptLink):
    """Opens the file of rows that a load reads."""

    name = "Rows"
    key = "rows_file"


class StagingLink(KeptLink):
    """Opens the staging table of a load; it expires after a day."""

    name = "Staging table (for a day)"
    key = "staging_table"


class TableLink(KeptLink):
    """Opens the table into which rows are merged."""

    name = "Table"
    key = "table"


class JobLink(KeptLink):
    """Opens the BigQuery job."""

    name = "BigQuery job"
    key = "bigquery_job"


LINKS = (RunFolderLink, RejectsLink, RowsLink, StagingLink, TableLink, JobLink)


def folder_url(bucket: str, prefix: str) -> str:
    """Return where a person sees the objects of a bucket that begin with a prefix."""
    if emulator := os.environ.get("STORAGE_EMULATOR_HOST"):
        return f"{emulator}/storage/v1/b/{bucket}/o?{urlencode({'prefix': prefix})}"
    return f"{BASE_LINK}/storage/browser/{bucket}/{quote(prefix.rstrip('/'))}"


def object_url(bucket: str, name: str) -> str:
    """Return where a person sees an object."""
    if emulator := os.environ.get("STORAGE_EMULATOR_HOST"):
        return f"{emulator}/storage/v1/b/{bucket}/o/{quote(name, safe='')}?alt=media"
    return f"{BASE_LINK}/storage/browser/_details/{bucket}/{quote(name)}"


def table_url(project: str, table: str) -> str:
    """Return where a person sees a table, named ``dataset.table``."""
    dataset, _, name = table.partition(".")
    if emulator := os.environ.get("BIGQUERY_EMULATOR_HOST"):
        return (
            f"{emulator}/bigquery/v2/projects/{project}/datasets/{dataset}/tables/{name}/data?maxResults=100"
        )
    return BASE_LINK + BIGQUERY_TABLE_LINK.format(project_id=project, dataset_id=dataset, table_id=name)


def job_url(project: str, location: str, job: str) -> str:
    """Return where a person sees a job."""
    if emulator := os.environ.get("BIGQUERY_EMULATOR_HOST"):
        return f"{emulator}/bigquery/v2/projects/{project}/jobs/{job}?{urlencode({'location': location})}"
    return BASE_LINK + BIGQUERY_JOB_DETAIL_LINK.format(project_id=project, job_id=job, location=location)
