"""The first steps of a rehearsal, which decide about the others; and what it cannot even begin with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from google.auth.exceptions import RefreshError

from deploy.rehearse import connection
from deploy.rehearse.__main__ import main
from deploy.rehearse.jobs import Jobs, children, statement, unpruned
from deploy.rehearse.report import Outcome, Result
from deploy.rehearse.scratch import Clients
from deploy.rehearse.steps import Steps
from tests.component.proxy import Spoil
from tests.component.refusals import refusal
from tests.deploy.rehearsals import CONNECTION, PROJECT, failed, left_behind, results, spoiled
from tiny_operators.stores import Store

pytestmark = pytest.mark.stack

REPO = Path(__file__).resolve().parents[2]

NO_PROJECT = "Not found: Project other-project"
PROJECT_REFUSALS = {
    "missing": (refusal("notFound", NO_PROJECT, 404), "there is no project"),
    "no right": (
        refusal(
            "accessDenied", "Access Denied: Project p: User does not have bigquery.jobs.create permission"
        ),
        "gcloud projects add-iam-policy-binding other-project --member serviceAccount:$ACCOUNT "
        "--role roles/bigquery.user",
    ),
    "API off": (refusal("accessNotConfigured"), "gcloud services enable bigquery.googleapis.com"),
    "billing off": (refusal("billingNotEnabled"), "gcloud billing projects link other-project"),
}


@pytest.mark.parametrize("kind", PROJECT_REFUSALS)
def test_a_project_that_cannot_be_used_is_named_with_the_way_out(
    kind: str, emulators: dict[str, str], store: Store, clients: Clients, capsys: pytest.CaptureFixture[str]
) -> None:
    answer, way_out = PROJECT_REFUSALS[kind]
    with spoiled(emulators, "BIGQUERY_EMULATOR_HOST", lambda *_: answer):
        assert main(["--project", "other-project"]) == 1
    said = capsys.readouterr().out
    assert failed(said) == {"project"}
    assert way_out in said
    # What needs no BigQuery was tried.
    assert results(said)["precondition: old generation"] == "held"
    assert results(said)["merge.sql"] == "not tried"
    assert left_behind(clients) == []


def test_without_a_right_on_files_the_rest_is_tried(
    emulators: dict[str, str], store: Store, clients: Clients, capsys: pytest.CaptureFixture[str]
) -> None:
    with spoiled(emulators, "STORAGE_EMULATOR_HOST", lambda *_: refusal("forbidden")):
        assert main(["--project", PROJECT]) == 1
    said = capsys.readouterr().out
    buckets = {f"bucket {name}" for name in (store.webhook_bucket, store.api_bucket)}
    assert failed(said) == {*buckets, "scratch bucket", *rights_on_files(store)}, said
    assert "gcloud projects add-iam-policy-binding z316-local" in said
    assert "--role roles/storage.admin" in said
    found = results(said)
    assert found["order: raw answer and rows"] == "not tried"
    assert {found[step] for step in ("setup: tables", "known_orders.sql", "watch_rejects.sql")} == {"held"}
    assert left_behind(clients) == []


def rights_on_files(store: Store) -> set[str]:
    inbox, api = (f"objects of gs://{name}" for name in (store.webhook_bucket, store.api_bucket))
    return {f"airflow: {inbox}", f"airflow: {api}", f"setup: {inbox}", f"setup: {api}", f"receiver: {inbox}"}


def first_steps(given: str, store: Store, clients: Clients) -> list[Outcome]:
    """The choice of a bucket."""
    from deploy.rehearse.ground import choose_bucket, look_around
    from deploy.rehearse.scratch import Scratch, scratch_store

    steps = Steps(PROJECT, lambda line: None)
    scratch = Scratch(scratch_store(store, "rehearsal_first", store.location), clients)
    look_around(steps, clients, store, scratch)
    choose_bucket(steps, clients, store, scratch, given)
    assert scratch.store.api_bucket == store.api_bucket
    return [outcome for outcome in steps.outcomes if outcome.result is Result.FAILED]


def test_a_bucket_that_is_missing_is_named(store: Store, clients: Clients) -> None:
    (found,) = first_steps("nobodys-bucket", store, clients)
    assert found.step == "--bucket nobodys-bucket"
    assert "There is no bucket gs://nobodys-bucket" in found.said.text
    assert found.do.startswith("run: gcloud storage buckets create gs://nobodys-bucket")


def test_buckets_that_may_not_be_seen_are_named(emulators: dict[str, str], store: Store) -> None:
    def rule(request: str, number: int) -> Spoil | None:
        return (
            refusal("forbidden")
            if "/somebodys-bucket" in request or store.webhook_bucket in request
            else None
        )

    with spoiled(emulators, "STORAGE_EMULATOR_HOST", rule):
        found = first_steps("somebodys-bucket", store, connection.connect(store.location))
    assert [outcome.step for outcome in found] == [
        f"bucket {store.webhook_bucket}",
        "--bucket somebodys-bucket",
    ]
    for outcome, name in zip(found, (store.webhook_bucket, "somebodys-bucket"), strict=True):
        assert f"gcloud storage buckets add-iam-policy-binding gs://{name}" in outcome.do
        assert "roles/storage.objectAdmin" in outcome.do


# --- what cannot be used -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--store", "other"], "--store other: include/stores.yaml has z316"),
        (["--bucket", "z316-tiny-webhook"], "--bucket z316-tiny-webhook is an inbox"),
        (["--impersonate", "nobody=a@b"], "--impersonate nobody=a@b: expected ACCOUNT=EMAIL"),
        (["--impersonate", "airflow"], "--impersonate airflow: expected ACCOUNT=EMAIL"),
    ],
)
def test_arguments_that_cannot_be_used(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--project", PROJECT, *words]) == 2
    said = capsys.readouterr()
    assert message in said.err
    assert said.out == ""


def test_without_credentials_it_says_how_to_get_some(tmp_path: Path) -> None:
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {CONNECTION, "GOOGLE_APPLICATION_CREDENTIALS"} and not name.endswith("_HOST")
    } | {"HOME": str(tmp_path), "CLOUDSDK_CONFIG": str(tmp_path), "NO_GCE_CHECK": "true"}
    program = [sys.executable, "-m", "deploy.rehearse", "--project", PROJECT]
    ended = subprocess.run(program, cwd=REPO, env=environment, text=True, capture_output=True, check=False)
    assert ended.returncode == 2, ended
    assert "gcloud auth application-default login" in ended.stderr


def test_credentials_that_are_not_valid(capsys: pytest.CaptureFixture[str]) -> None:
    def connect(account: str, email: str | None) -> Clients:
        raise RefreshError("invalid_grant")  # type: ignore[no-untyped-call]

    assert main(["--project", PROJECT], connect) == 2
    assert "invalid_grant" in capsys.readouterr().err


def test_a_connection_keeps_what_it_says_besides_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {
        "conn_type": "google_cloud_platform",
        "extra": {"is_anonymous": True, "project": "a"},
    }
    for extra in (given, given | {"extra": json.dumps(given["extra"])}):
        monkeypatch.setenv(CONNECTION, json.dumps(extra))
        connection.use_project("b")
        assert json.loads(os.environ[CONNECTION])["extra"] == {"is_anonymous": True, "project": "b"}


def test_statements_of_a_script_are_told_one_by_one(store: Store, clients: Clients) -> None:
    found = Jobs(clients.bigquery, store)
    script = found.query("DECLARE n INT64 DEFAULT 1; SELECT n AS first; SELECT n + 1 AS second;")
    script.result()
    reported = [statement(job) for job in children(clients.bigquery, script.job_id)]
    assert [said.text for said, _ in reported][-2:] == ["SELECT", "SELECT"]
    assert all(seconds >= 0 for _, seconds in reported)
    assert script.maximum_bytes_billed == store.maximum_bytes_billed
    assert [(one.key, one.value) for one in script.connection_properties] == [("time_zone", "UTC")]
    assert unpruned(clients.bigquery, script.job_id) == (0, [])
