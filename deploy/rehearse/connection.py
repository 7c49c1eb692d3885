"""Google's clients, as Airflow's hooks make them: with the credentials of who rehearses, or of an account."""

from __future__ import annotations

import json
import os
from typing import Final

import google.auth
from airflow.providers.google.cloud.hooks.bigquery import BigQueryHook
from airflow.providers.google.cloud.hooks.gcs import GCSHook

from .scratch import Clients

_CONNECTION: Final = "AIRFLOW_CONN_GOOGLE_CLOUD_DEFAULT"


def use_project(project: str) -> None:
    """Let all hooks work on a project, by the credentials that Google's libraries find.

    Raises:
        DefaultCredentialsError: When they find none.
    """
    connection = {"conn_type": "google_cloud_platform", "extra": {**_given(), "project": project}}
    os.environ[_CONNECTION] = json.dumps(connection)
    if not _given().get("is_anonymous"):
        google.auth.default()


def connect(location: str, email: str | None = None) -> Clients:
    """Connect to the services.

    Args:
        location: Where jobs run.
        email: The account to impersonate; None for who rehearses.
    """
    bigquery = BigQueryHook(location=location, use_legacy_sql=False, impersonation_chain=email)
    # Without a project the client would take that of the environment.
    client = bigquery.get_client(project_id=bigquery.project_id)
    return Clients(GCSHook(impersonation_chain=email).get_conn(), client)


def _given() -> dict[str, object]:
    """Read what a connection in the environment says besides the project, as that of the local stack does."""
    try:
        extra = json.loads(os.environ.get(_CONNECTION, "")).get("extra") or {}
    except (ValueError, AttributeError):
        return {}
    found: dict[str, object] = json.loads(extra) if isinstance(extra, str) else extra
    return found
