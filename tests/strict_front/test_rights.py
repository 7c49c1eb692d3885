"""What the accounts may do: through the front, as their roles say; and that the documents give no role in vain."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests

from local.strict_front.rights import Need, Rights, load

STORE = {
    "webhook_bucket": "inbox",
    "api_bucket": "api",
    "dataset": "sales",
    "staging_dataset": "staging",
    "report_dataset": "reports",
    "personal_dataset": "personal",
    "keys_dataset": "keys",
}


@pytest.fixture
def rights() -> Rights:
    return load([STORE], "shop")


@pytest.mark.parametrize(
    ("account", "permission", "kind", "name", "may"),
    [
        ("receiver", "storage.objects.create", "bucket", "inbox", True),
        ("receiver", "storage.objects.create", "bucket", "api", False),
        ("receiver", "storage.objects.get", "bucket", "inbox", False),
        ("receiver", "storage.objects.delete", "bucket", "inbox", False),
        ("airflow", "storage.objects.delete", "bucket", "inbox", True),
        ("airflow", "storage.buckets.setIamPolicy", "bucket", "inbox", False),
        ("airflow", "bigquery.jobs.create", "project", "", True),
        ("airflow", "bigquery.tables.getData", "dataset", "sales", False),
        ("airflow", "bigquery.datasets.create", "project", "", True),
        ("setup", "storage.buckets.create", "project", "", True),
        ("setup", "storage.buckets.setIamPolicy", "bucket", "inbox", False),
        ("setup", "bigquery.datasets.create", "project", "", True),
        ("setup", "bigquery.tables.getData", "dataset", "keys", False),
        ("reader", "bigquery.jobs.create", "project", "", True),
        ("reader", "bigquery.tables.getData", "dataset", "reports", True),
        ("reader", "bigquery.tables.getData", "dataset", "keys", False),
        ("reader", "bigquery.tables.getData", "dataset", "sales", False),
        ("reader", "storage.objects.get", "bucket", "api", False),
        ("reader", "bigquery.tables.getData", "dataset", "personal", False),
        ("reader", "bigquery.tables.updateData", "dataset", "reports", False),
    ],
)
def test_an_account_may_what_its_roles_say(
    rights: Rights, account: str, permission: str, kind: str, name: str, *, may: bool
) -> None:
    assert rights.may(account, Need(permission, kind, name)) is may


@pytest.mark.parametrize(
    ("entry", "may"),
    [
        ({"role": "OWNER", "userByEmail": "airflow@shop.iam.gserviceaccount.com"}, True),
        ({"role": "roles/bigquery.dataOwner", "userByEmail": "airflow@shop.iam.gserviceaccount.com"}, True),
        ({"role": "READER", "userByEmail": "airflow@shop.iam.gserviceaccount.com"}, False),
        ({"role": "OWNER", "userByEmail": "reader@shop.iam.gserviceaccount.com"}, False),
        ({"role": "OWNER", "specialGroup": "projectOwners"}, False),
    ],
)
def test_a_datasets_access_list_gives_rights(rights: Rights, entry: dict[str, str], *, may: bool) -> None:
    need = Need("bigquery.tables.updateData", "dataset", "sales")
    assert rights.may("airflow", need, {"access": [entry]}) is may
    assert (rights.check("airflow", [need], {"sales": {"access": [entry]}}) is None) is may


@pytest.mark.parametrize("dataset", ["sales", "staging", "reports", "personal", "keys"])
def test_who_made_a_dataset_needs_no_role_on_it(rights: Rights, dataset: str) -> None:
    made = {dataset: {"access": [{"role": "OWNER", "userByEmail": "airflow@shop.iam.gserviceaccount.com"}]}}
    needs = [
        Need(f"bigquery.tables.{right}", "dataset", dataset) for right in ("create", "getData", "updateData")
    ]
    assert rights.check("setup", needs, made) is None
    assert rights.check("airflow", needs, made) is None
    assert rights.check("receiver", needs, made) is not None


@pytest.mark.parametrize(
    ("account", "place", "added"),
    [
        ("airflow", ("project", ""), "roles/storage.admin"),
        ("airflow", ("project", ""), "roles/storage.objectAdmin"),
        ("airflow", ("project", ""), "roles/bigquery.jobUser"),
        ("airflow", ("dataset", "sales"), "roles/bigquery.dataOwner"),
        ("reader", ("dataset", "personal"), "roles/bigquery.dataViewer"),
    ],
)
def test_a_role_that_adds_nothing_is_unneeded(
    rights: Rights, account: str, place: tuple[str, str], added: str
) -> None:
    needs = {
        "airflow": [
            Need("storage.objects.get", "bucket", "inbox"),
            Need("bigquery.jobs.create", "project"),
            Need("bigquery.datasets.create", "project"),
        ],
        "reader": [
            Need("bigquery.jobs.create", "project"),
            Need("bigquery.tables.getData", "dataset", "reports"),
        ],
    }
    assert rights.check(account, needs[account], {}) is None
    assert rights.unneeded(account) == []
    known = rights.accounts[account]
    roles = {**known.roles, place: (*known.roles.get(place, ()), added)}
    more = replace(rights, accounts={**rights.accounts, account: replace(known, roles=roles)})
    assert (*place, added) in more.unneeded(account)


def test_a_refusal_names_the_permission_and_the_place(rights: Rights) -> None:
    found = rights.check("reader", [Need("bigquery.tables.getData", "dataset", "sales")], {})
    assert found is not None
    assert (found.status, found.reason) == (403, "accessDenied")
    assert "bigquery.tables.getData" in found.message
    assert "sales" in found.message


@pytest.mark.parametrize(
    "needs",
    [
        [],
        [Need("storage.objects.get", "bucket", "inbox")],
        [Need("bigquery.tables.getData", "dataset", "sales"), Need("bigquery.jobs.create", "project")],
    ],
    ids=len,
)
def test_an_account_that_is_not_named_may_nothing(rights: Rights, needs: list[Need]) -> None:
    open_to_all = {"sales": {"access": [{"role": "OWNER", "specialGroup": "projectOwners"}]}}
    found = rights.check("stranger", needs, open_to_all)
    assert found is not None
    assert (found.status, found.reason) == (403, "accessDenied")
    assert "'stranger'" in found.message


@pytest.fixture
def inbox(emulators: dict[str, str], store: Any) -> Iterator[str]:
    yield store.webhook_bucket
    for name in ("once", "other"):
        requests.delete(
            f"{emulators['STORAGE_EMULATOR_HOST']}/storage/v1/b/{store.webhook_bucket}/o/{name}", timeout=30
        )


def insert(host: str, bucket: str, name: str) -> requests.Response:
    address = f"{host}/upload/storage/v1/b/{bucket}/o?uploadType=media&name={name}"
    return requests.post(address, data=b"{}", timeout=30)


@pytest.mark.stack
def test_the_receiver_may_drop_files_and_nothing_else(
    emulators: dict[str, str], store: Any, inbox: str
) -> None:
    host = emulators["STORAGE_AS_RECEIVER"]
    assert insert(host, inbox, "once").status_code == 200
    assert insert(host, inbox, "once").status_code == 403, "replacing needs the right to delete"
    assert insert(host, store.api_bucket, "other").status_code == 403
    assert requests.get(f"{host}/storage/v1/b/{inbox}/o", timeout=30).status_code == 403
    assert requests.delete(f"{host}/storage/v1/b/{inbox}/o/once", timeout=30).status_code == 403
    alone = emulators["STORAGE_WITHOUT_FRONT"]
    assert requests.get(f"{alone}/storage/v1/b/{inbox}/o", timeout=30).status_code == 200, (
        "an emulator lets all"
    )


def ask(host: str, sql: str, location: str) -> requests.Response:
    body = {"query": sql, "useLegacySql": False, "location": location}
    return requests.post(f"{host}/bigquery/v2/projects/z316-local/queries", json=body, timeout=60)


@pytest.mark.stack
def test_a_reader_reads_the_reports_and_no_table(emulators: dict[str, str], store: Any) -> None:
    host = emulators["BIGQUERY_AS_READER"]
    refused = ask(host, f"SELECT id FROM `{store.dataset}.pdv`", store.location)
    assert refused.status_code == 403
    assert json.loads(refused.content)["error"]["errors"][0]["reason"] == "accessDenied"
    assert ask(host, f"DELETE FROM `{store.dataset}.pdv` WHERE FALSE", store.location).status_code == 403
    assert ask(host, "SELECT 1 AS n", store.location).status_code == 200
    alone = emulators["BIGQUERY_WITHOUT_FRONT"]
    assert ask(alone, f"SELECT id FROM `{store.dataset}.pdv`", store.location).status_code == 200


@pytest.mark.stack
@pytest.mark.parametrize(
    "sql",
    [
        "INSERT {d}.mine SELECT 1 AS a",
        "UPDATE {d}.mine AS m SET a = 2 WHERE TRUE",
        "DELETE {d}.mine WHERE TRUE",
        "TRUNCATE TABLE {d}.mine",
        "ALTER TABLE {d}.mine ADD COLUMN z STRING",
        "CREATE TABLE {d}.yours AS SELECT 1 AS a",
        "SELECT 1 AS a; BEGIN TRUNCATE TABLE {d}.mine; END",
    ],
)
def test_a_reader_changes_no_report(emulators: dict[str, str], store: Any, sql: str) -> None:
    alone = emulators["BIGQUERY_WITHOUT_FRONT"]
    made = f"CREATE OR REPLACE TABLE {store.report_dataset}.mine AS SELECT 1 AS a"
    assert ask(alone, made, store.location).status_code == 200
    try:
        statement = sql.format(d=store.report_dataset)
        refused = ask(emulators["BIGQUERY_AS_READER"], statement, store.location)
        assert refused.status_code == 403
        assert "bigquery.tables." in refused.json()["error"]["message"]
        assert ask(alone, statement, store.location).status_code == 200
    finally:
        for name in ("mine", "yours"):
            ask(alone, f"DROP TABLE IF EXISTS {store.report_dataset}.{name}", store.location)


def asked_of_bucket(host: str, bucket: str, *permissions: str) -> requests.Response:
    address = f"{host}/storage/v1/b/{bucket}/iam/testPermissions"
    return requests.get(address, params={"permissions": permissions}, timeout=30)


def asked_of_table(host: str, table: str, *permissions: str) -> list[str]:
    dataset, name = table.split(".")
    address = f"{host}/bigquery/v2/projects/z316-local/datasets/{dataset}/tables/{name}:testIamPermissions"
    answer = requests.post(address, json={"permissions": permissions}, timeout=30)
    assert answer.status_code == 200
    found: list[str] = answer.json().get("permissions", [])
    return found


@pytest.mark.stack
def test_an_account_is_told_which_permissions_it_has(emulators: dict[str, str], store: Any) -> None:
    create, delete = "storage.objects.create", "storage.objects.delete"
    as_receiver, inbox = emulators["STORAGE_AS_RECEIVER"], store.webhook_bucket
    assert asked_of_bucket(as_receiver, inbox, create, delete).json() == {"permissions": [create]}
    assert asked_of_bucket(as_receiver, inbox, delete).json() == {}
    assert asked_of_bucket(as_receiver, store.api_bucket, create, delete).json() == {}
    assert asked_of_bucket(as_receiver, "nobodys-bucket", create).status_code == 404
    airflows = asked_of_bucket(emulators["STORAGE_EMULATOR_HOST"], inbox, create, delete).json()
    assert airflows == {"permissions": [create, delete]}
    reads, writes = "bigquery.tables.getData", "bigquery.tables.updateData"
    table = f"{store.dataset}.pdv"
    assert asked_of_table(emulators["BIGQUERY_EMULATOR_HOST"], table, reads, writes) == [reads, writes]
    assert asked_of_table(emulators["BIGQUERY_AS_READER"], table, reads, writes) == []
    assert asked_of_table(emulators["BIGQUERY_EMULATOR_HOST"], f"{store.dataset}.nothing", reads) == []


@pytest.mark.stack
def test_who_asks_is_known_to_statements(emulators: dict[str, str], store: Any) -> None:
    found = ask(emulators["BIGQUERY_EMULATOR_HOST"], "SELECT SESSION_USER() AS who", store.location).json()
    assert found["rows"][0]["f"][0]["v"] == "airflow@z316-local.iam.gserviceaccount.com"


@pytest.mark.stack
def test_setup_needs_its_roles_and_no_others(
    emulators: dict[str, str], store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It makes all that a store needs, and what it made it may fill, the keys as well."""
    from airflow.providers.google.cloud.hooks.bigquery import BigQueryHook
    from airflow.providers.google.cloud.hooks.gcs import GCSHook

    from tiny_operators.setup.provision import create_missing
    from tiny_operators.warehouse.views import create_views

    datasets = ("dataset", "staging_dataset", "report_dataset", "personal_dataset", "keys_dataset")
    names = {name: f"by_setup_{name}" for name in datasets}
    own = replace(store, webhook_bucket="by-setup-in", api_bucket="by-setup-api", **names)
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", emulators["STORAGE_AS_SETUP"])
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", emulators["BIGQUERY_AS_SETUP"])
    bigquery = BigQueryHook(location=store.location, use_legacy_sql=False).get_client()
    made = create_missing(own, GCSHook().get_conn(), bigquery)
    assert [len(made[kind]) for kind in ("buckets", "datasets")] == [2, 5]
    assert "segredo" in made["tables"]
    create_views(bigquery, own)
    for service in ("STORAGE_AS_SETUP", "BIGQUERY_AS_SETUP"):
        reported = requests.get(f"{emulators[service]}/_front/rights", timeout=30).json()
        assert reported["used"]
        assert reported["unneeded"] == []


@pytest.mark.stack
def test_a_reader_reads_by_a_view_what_its_dataset_lets_the_view_read(
    emulators: dict[str, str], store: Any
) -> None:
    """The tables and the keys let the views of the reports read them; without that, a report is refused."""
    from airflow.providers.google.cloud.hooks.bigquery import BigQueryHook

    from tiny_operators.warehouse.views import create_views

    client = BigQueryHook(location=store.location, use_legacy_sql=False).get_client()
    create_views(client, store)
    reader = emulators["BIGQUERY_AS_READER"]
    report = f"SELECT COUNT(DISTINCT cliente_chave) AS n FROM `{store.report_dataset}.pedidos`"
    assert ask(reader, report, store.location).status_code == 200
    assert ask(reader, f"SELECT chave FROM `{store.keys_dataset}.segredo`", store.location).status_code == 403
    for name in (store.keys_dataset, store.dataset):
        dataset = client.get_dataset(name)
        before = dataset.access_entries
        dataset.access_entries = [entry for entry in before if entry.entity_type != "dataset"]
        client.update_dataset(dataset, ["access_entries"])
        try:
            refused = ask(reader, report, store.location)
            assert refused.status_code == 403
            assert name in refused.json()["error"]["message"]
            assert ask(emulators["BIGQUERY_EMULATOR_HOST"], report, store.location).status_code == 200
        finally:
            dataset = client.get_dataset(name)
            dataset.access_entries = before
            client.update_dataset(dataset, ["access_entries"])
    assert ask(reader, report, store.location).status_code == 200


@pytest.mark.stack
def test_no_role_is_given_in_vain(emulators: dict[str, str], store: Any) -> None:
    """Setup, a webhook, and a report: of each role that the documents give, something was needed."""
    from airflow.providers.google.cloud.hooks.bigquery import BigQueryHook

    from tiny_operators.warehouse.views import create_views

    create_views(BigQueryHook(location=store.location, use_legacy_sql=False).get_client(), store)
    event = {"tipo": "atualizacao_pedido", "cnpj": store.cnpj, "dados": {"id": "1"}}
    assert requests.post(emulators["WEBHOOK_URL"], json=event, timeout=30).status_code == 200
    report = f"SELECT COUNT(*) AS n FROM `{store.report_dataset}.vendas_por_dia`"
    assert ask(emulators["BIGQUERY_AS_READER"], report, store.location).status_code == 200
    hosts = {
        "airflow": ("STORAGE_EMULATOR_HOST", "BIGQUERY_EMULATOR_HOST"),
        "receiver": ("STORAGE_AS_RECEIVER",),
        "reader": ("BIGQUERY_AS_READER",),
    }
    for account, names in hosts.items():
        for name in names:
            reported = requests.get(f"{emulators[name]}/_front/rights", timeout=30).json()
            assert reported["used"], account
            assert reported["unneeded"] == [], account
