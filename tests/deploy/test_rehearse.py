"""The rehearsal, on the emulators behind the strict front: what holds, what does not, and that nothing stays behind."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.rehearse.__main__ import main
from deploy.rehearse.scratch import Clients
from local.report_page.queries import QUERIES
from tests.component.proxy import Spoil
from tests.component.refusals import refusal
from tests.deploy.rehearsals import PROJECT, connector, failed, left_behind, results, spoiled
from tiny_operators import stores
from tiny_operators.stores import Store
from tiny_operators.warehouse.views import create_views, views

pytestmark = pytest.mark.stack

REPO = Path(__file__).resolve().parents[2]
EMAIL = "{}@z316-local.iam.gserviceaccount.com"
ACCOUNTS = ("airflow", "setup", "receiver", "reader")


# --- all of it --------------------------------------------------------------------------------------------------


@pytest.mark.timeout(1800)
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


@pytest.mark.timeout(1800)
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
        "missing in older_tiny: pesquisa, produto, rejeitados, reconciliation, esquecimentos",
        "not as include/schemas says in older_tiny: pdv",
        "lacks storage.objects.delete",
        "gcloud projects add-iam-policy-binding z316-local --member serviceAccount:airflow@",
        "Unrecognized name: nothing",
    ):
        assert text in said, text
    held = {step for step, result in found.items() if result == "held"}
    assert {"merge.sql", "merge.sql, again", "order: money in the views", "read view pedidos"} <= held
    assert "read view produtos" not in held
    assert left_behind(clients) == []


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
