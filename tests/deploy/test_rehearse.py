"""The rehearsal, on the emulators behind the strict front: what holds, what does not, and that nothing stays behind."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from google.auth.exceptions import RefreshError

from deploy.rehearse import connection
from deploy.rehearse.__main__ import main
from deploy.rehearse.jobs import is_pruned
from deploy.rehearse.report import Outcome, Result, Said, exit_code, report, size
from deploy.rehearse.rights import Connect
from deploy.rehearse.scratch import Clients
from deploy.rehearse.steps import NotTriedError, StepError, Steps
from local.report_page.queries import QUERIES
from tests.component.proxy import Spoil, proxy
from tests.component.refusals import refusal
from tiny_operators import stores
from tiny_operators.stores import Store
from tiny_operators.warehouse.views import create_views, views

REPO = Path(__file__).resolve().parents[2]
PROJECT = "z316-local"
CONNECTION = "AIRFLOW_CONN_GOOGLE_CLOUD_DEFAULT"
EMAIL = "{}@z316-local.iam.gserviceaccount.com"
ACCOUNTS = ("airflow", "setup", "receiver", "reader")


def connector(emulators: dict[str, str], location: str, ports: dict[str, str] | None = None) -> Connect:
    """Gives each account its own address, as the strict front knows accounts.

    Args:
        emulators: The addresses.
        location: Where jobs run.
        ports: Accounts that call by the addresses of others.
    """

    def connect(account: str, email: str | None) -> Clients:
        if email is None:
            return connection.connect(location)
        name = (ports or {}).get(account, account).upper()
        with pytest.MonkeyPatch.context() as patch:
            for service in ("STORAGE", "BIGQUERY"):
                usual = f"{service}_EMULATOR_HOST"
                patch.setenv(usual, emulators.get(f"{service}_AS_{name}", emulators[usual]))
            return connection.connect(location)

    return connect


@pytest.fixture
def clients(store: Store) -> Clients:
    return connection.connect(store.location)


@pytest.fixture(autouse=True)
def restored(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rehearsal chooses a project for the whole process."""
    monkeypatch.setenv(CONNECTION, os.environ[CONNECTION])


def left_behind(clients: Clients) -> list[str]:
    """What of a rehearsal is still there."""
    datasets = [dataset.dataset_id for dataset in clients.bigquery.list_datasets()]
    buckets = [bucket.name for bucket in clients.storage.list_buckets()]
    objects = [
        blob.name for bucket in buckets for blob in clients.storage.list_blobs(bucket, prefix="rehearsal")
    ]
    return [name for name in (*datasets, *buckets, *objects) if "rehearsal" in name]


def results(text: str) -> dict[str, str]:
    """Result of each step of the table, by its name."""
    table = text.partition("\nstep ")[2]
    rows = re.findall(r"^(\S.*?) {2,}(held|FAILED|not tried) ", table, re.MULTILINE)
    return dict(rows)


def failed(text: str) -> set[str]:
    return {step for step, result in results(text).items() if result == "FAILED"}


# --- all of it --------------------------------------------------------------------------------------------------


def test_all_holds_and_nothing_stays(
    emulators: dict[str, str], store: Store, clients: Clients, capsys: pytest.CaptureFixture[str]
) -> None:
    create_views(clients.bigquery, store)
    inbox = [blob.name for blob in clients.storage.list_blobs(store.webhook_bucket)]
    files = [blob.name for blob in clients.storage.list_blobs(store.api_bucket)]
    accounts = [word for name in ACCOUNTS for word in ("--impersonate", f"{name}={EMAIL.format(name)}")]
    code = main(["--project", PROJECT, *accounts], connector(emulators, store.location))
    said = capsys.readouterr().out
    found = results(said)
    assert failed(said) == set(), said
    assert code == 0
    not_tried = {step for step, result in found.items() if result == "not tried"}
    # The emulator bills nothing, an empty staging dataset says nothing of its rights, and setup made the datasets.
    assert not_tried <= {
        "merge.sql, partitions",
        f"airflow: tables of {store.staging_dataset}",
        *(f"{account}: create datasets" for account in ACCOUNTS),
    }
    statements = {path.name for path in (REPO / "include" / "sql").glob("*.sql")}
    # Macros, which stand in the other files.
    assert statements - {"batch.sql"} <= set(found)
    assert {f"report page: {name}" for name in QUERIES} <= set(found)
    assert {f"view {view.name}" for view in views(store)} <= set(found)
    assert "receiver: objects of gs://z316-tiny-webhook" in found
    assert left_behind(clients) == []
    assert [blob.name for blob in clients.storage.list_blobs(store.webhook_bucket)] == inbox
    assert [blob.name for blob in clients.storage.list_blobs(store.api_bucket)] == files


BROKEN = {
    "check.sql": "SELECT pedido FROM",
    "known_products.sql": "SELECT COUNT(DISTINCT nothing) AS products FROM produto WHERE store = @store",
    "views/produtos.sql": "SELECT nothing FROM `{{ target('produto') }}`",
    "watch_rejects.sql": "SELECT 'ok' AS result FROM `{{ target('nowhere') }}`",
}


@pytest.fixture
def include(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the folder that is deployed."""
    folder = tmp_path / "include"
    shutil.copytree(REPO / "include", folder)
    monkeypatch.setattr(stores, "_INCLUDE_CANDIDATES", (folder,))
    return folder


def test_many_broken_things_are_each_named_and_the_rest_is_tried(
    emulators: dict[str, str],
    store: Store,
    clients: Clients,
    include: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from google.cloud.bigquery import Dataset, SchemaField, Table

    create_views(clients.bigquery, store)
    for name, sql in BROKEN.items():
        (include / "sql" / name).write_text(sql)
    # A store whose tables are older than its schema files, and one dataset of which is elsewhere.
    text = (include / "stores.yaml").read_text().replace("dataset: z316_tiny\n", "dataset: older_tiny\n")
    (include / "stores.yaml").write_text(text)
    for name, location in {"older_tiny": store.location, "older_tiny_pessoal": "US"}.items():
        dataset = Dataset(f"{PROJECT}.{name}")
        dataset.location = location
        clients.bigquery.create_dataset(dataset, exists_ok=True)
    clients.bigquery.create_table(
        Table(f"{PROJECT}.older_tiny.pdv", [SchemaField("id", "INTEGER")]), exists_ok=True
    )
    clients.storage.create_bucket("elsewhere-rehearsed", location="US")
    ports = connector(emulators, store.location, {"airflow": "receiver", "reader": "receiver"})
    accounts = [word for name in ACCOUNTS for word in ("--impersonate", f"{name}={EMAIL.format(name)}")]
    code = main(["--project", PROJECT, "--bucket", "elsewhere-rehearsed", *accounts], ports)
    said = capsys.readouterr().out
    found = results(said)
    assert code == 1
    assert failed(said) == {
        "--bucket elsewhere-rehearsed",
        "dataset older_tiny_pessoal",
        "tables of older_tiny",
        "check.sql",
        "known_products.sql",
        "watch_rejects.sql",
        "view produtos",
        f"airflow: objects of gs://{store.webhook_bucket}",
        f"airflow: objects of gs://{store.api_bucket}",
    }, said
    for text in (
        "Bucket gs://elsewhere-rehearsed is in US",
        "Dataset older_tiny_pessoal is in US",
        "missing in older_tiny: produto",
        "lacks storage.objects.delete",
        "gcloud projects add-iam-policy-binding z316-local --member serviceAccount:airflow@",
        "Unrecognized name: nothing",
    ):
        assert text in said, text
    held = {step for step, result in found.items() if result == "held"}
    assert {"merge.sql", "merge.sql, again", "order: money in the views", "read view pedidos"} <= held
    assert "read view produtos" not in held
    assert [name for name in left_behind(clients) if name != "elsewhere-rehearsed"] == []


# --- the first steps, which decide about the others ---------------------------------------------------------------


@contextmanager
def spoiled(
    emulators: dict[str, str], service: str, rule: Callable[[str, int], Spoil | None]
) -> Iterator[None]:
    with proxy(emulators[service]) as server, pytest.MonkeyPatch.context() as patch:
        server.rule = rule
        patch.setenv(service, server.url)
        yield


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


# --- interrupted -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("scratch bucket", signal.SIGINT),
        ("setup: datasets", signal.SIGTERM),
        ("setup: customers' key", signal.SIGINT),
    ],
)
def test_a_rehearsal_that_is_ended_tidies_up(
    line: str, number: int, emulators: dict[str, str], store: Store, clients: Clients
) -> None:
    program = [sys.executable, "-m", "deploy.rehearse", "--project", PROJECT]
    with subprocess.Popen(
        program, cwd=REPO, env={**os.environ}, text=True, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        seen = ""
        for text in process.stdout:
            seen += text
            if f"  {line}: " in text:
                process.send_signal(number)
        assert process.wait() == 1, seen
    assert "interrupted" in seen
    assert failed(seen) == {"rehearsal"}
    assert left_behind(clients) == []


def test_scratch_things_can_be_kept(
    emulators: dict[str, str], store: Store, clients: Clients, capsys: pytest.CaptureFixture[str]
) -> None:
    """All but the bucket's folder and one dataset is refused, so that it is soon over."""

    def rule(request: str, number: int) -> Spoil | None:
        return refusal("accessDenied") if number > 20 and request.startswith("POST") else None

    with spoiled(emulators, "BIGQUERY_EMULATOR_HOST", rule):
        assert main(["--project", PROJECT, "--keep"]) == 1
    said = capsys.readouterr().out
    names = re.findall(r"remove it later by: bq rm -r -f -d z316-local:(\w+)", said)
    kept = {dataset.dataset_id for dataset in clients.bigquery.list_datasets()} & set(names)
    assert kept
    (folder,) = set(re.findall(rf"gcloud storage rm -r gs://{store.api_bucket}/(rehearsal_\w+/)", said))
    objects = list(clients.storage.list_blobs(store.api_bucket, prefix=folder))
    assert objects
    for name in kept:
        clients.bigquery.delete_dataset(name, delete_contents=True)
    for blob in objects:
        blob.delete()


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


# --- steps, and the report ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [{0}, {1}, {4}, {0, 2, 4}, {0, 1, 2, 3, 4}])
def test_whatever_fails_the_other_steps_are_tried(bad: set[int]) -> None:
    lines: list[str] = []
    steps, tried = Steps(PROJECT, lines.append), []

    def action(number: int) -> str:
        tried.append(number)
        if number in bad:
            raise ValueError(f"broken {number}")
        return "seen"

    for number in range(5):
        steps.run(f"step {number}", lambda number=number: action(number))
    assert tried == [0, 1, 2, 3, 4]
    assert len(lines) == 5
    assert {n for n, outcome in enumerate(steps.outcomes) if outcome.result is Result.FAILED} == bad
    assert exit_code(steps.outcomes) == 1
    text = report(steps.outcomes)
    assert all(f"broken {number}" in text for number in bad)


def test_a_step_is_left_out_when_one_that_it_needs_did_not_hold() -> None:
    steps = Steps(PROJECT, lambda line: None)

    def missing() -> str:
        raise NotTriedError("nothing is there. Run: make it")

    def wrong() -> str:
        raise StepError("wrong", "mend it")

    steps.run("first", missing)
    steps.run("second", wrong)
    steps.run("third", lambda: "never", after=["first"])
    steps.run("fourth", lambda: "never", after=["first", "second"])
    steps.run("fifth", lambda: Said("seen", 12_300_000, 0))
    assert [outcome.result.value for outcome in steps.outcomes] == [
        "not tried", "FAILED", "not tried", "not tried", "held",
    ]  # fmt: skip
    assert [outcome.do for outcome in steps.outcomes] == ["run: make it", "mend it", "", "", ""]
    assert steps.outcomes[3].said.text == "needs: first, second"
    text = report(steps.outcomes)
    assert "12.3 MB" in text
    assert "5 steps" in text
    assert "1 held, 1 failed, 3 not tried" in text


def test_nothing_failed_when_something_was_not_tried() -> None:
    outcomes = [Outcome("one", Result.HELD, Said("")), Outcome("two", Result.NOT_TRIED, Said(""))]
    assert exit_code(outcomes) == 0


@pytest.mark.parametrize(
    ("read", "whole", "pruned"),
    [
        (100, 1_000, True),
        (499, 1_000, True),
        (500, 1_000, False),
        (1_000, 1_000, False),
        (3_000, 1_000, False),
        (None, 1_000, None),
        (0, 1_000, None),
        (100, 0, None),
        (100, None, None),
    ],
)
def test_whether_partitions_were_left_out(read: int | None, whole: int | None, pruned: bool | None) -> None:
    assert is_pruned(read, whole) is pruned


@pytest.mark.parametrize(
    ("count", "text"),
    [(None, "-"), (0, "0 B"), (999, "999 B"), (10_485_760, "10.5 MB"), (2 * 10**15, "2000.0 TB")],
)
def test_sizes(count: int | None, text: str) -> None:
    assert size(count) == text


def test_a_connection_keeps_what_it_says_besides_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {
        "conn_type": "google_cloud_platform",
        "extra": {"is_anonymous": True, "project": "a"},
    }
    for extra in (given, given | {"extra": json.dumps(given["extra"])}):
        monkeypatch.setenv(CONNECTION, json.dumps(extra))
        connection.use_project("b")
        assert json.loads(os.environ[CONNECTION])["extra"] == {"is_anonymous": True, "project": "b"}
