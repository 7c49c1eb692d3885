"""No role in `deploy/` is wider than what the strict front of the local stack has seen in use, and none is missing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import requests

from deploy.settings import load_platform
from local.strict_front.rights import Account, Need, Rights, load
from tests.deploy.terraforming import FOLDER
from tiny_operators.stores import Store, load_stores

PLATFORM: Final = load_platform()
ACCOUNTS: Final[Mapping[str, Any]] = PLATFORM["accounts"]
OWNER: Final = "roles/bigquery.dataOwner"
# What of the roles of the documents is not needed where Terraform has created the datasets: to create others, and to see
# all those of the project. Its own the account sees as their owner.
NOT_NEEDED: Final = {
    "bigquery.datasets.create",
    "bigquery.datasets.get",
    "bigquery.datasets.getIamPolicy",
    "bigquery.jobs.list",
    "bigquery.tables.list",
}
# Roles in the files themselves: of the project's owners, and of Tiny, which cannot sign in.
WRITTEN_OUT: Final = {
    "roles/storage.legacyBucketOwner",
    "roles/storage.legacyObjectOwner",
    "roles/run.invoker",
}
BASIC: Final = {"roles/owner", "roles/editor", "roles/viewer"}


@pytest.fixture
def store() -> Store:
    return load_stores()[0]


@pytest.fixture
def rights(store: Store) -> Rights:
    """What the documents give to the accounts."""
    return load([vars(store)], "shop")


def given(name: str, store: Store) -> dict[tuple[str, str], tuple[str, ...]]:
    """The roles of an account in `platform.yaml`, by place, as the strict front knows them."""
    account = ACCOUNTS[name]
    found = {("project", ""): tuple(account.get("project", ()))}
    found |= {("dataset", getattr(store, kind)): (OWNER,) for kind in account.get("owns", ())}
    if role := account.get("webhook_bucket"):
        found["bucket", store.webhook_bucket] = (role,)
    return found


def permissions(rights: Rights, roles: tuple[str, ...]) -> set[str]:
    return {permission for role in roles for permission in rights.permissions[role]}


@pytest.mark.parametrize("name", ["airflow", "receiver"])
def test_an_account_may_no_more_than_the_documents_give_it(rights: Rights, store: Store, name: str) -> None:
    documented = rights.accounts[name].roles
    for place, roles in given(name, store).items():
        if place[0] == "dataset":
            # What setup makes belongs to the account as well.
            assert roles == (OWNER,)
            continue
        assert permissions(rights, roles) <= permissions(rights, documented.get(place, ())), place
    assert {place for place in documented if place not in given(name, store)} == set()


def test_airflow_lacks_only_what_terraform_does_for_it(rights: Rights, store: Store) -> None:
    place = ("project", "")
    documented = permissions(rights, rights.accounts["setup"].roles[place])
    assert documented - permissions(rights, given("airflow", store)[place]) == NOT_NEEDED


def test_roles_on_other_services_are_those_of_the_documents() -> None:
    import tomllib

    path = Path(__file__).resolve().parents[2] / "local" / "strict_front" / "accounts.toml"
    documented = tomllib.loads(path.read_text())
    airflow, receiver = ACCOUNTS["airflow"], ACCOUNTS["receiver"]
    assert {airflow["token"], *airflow["project_airflow_3"]} == set(documented["airflow"]["elsewhere"])
    assert [receiver["address"]] == documented["receiver"]["elsewhere"]
    assert [PLATFORM["reader"]["project"]] == documented["reader"]["project"]


def test_the_build_reaches_no_data() -> None:
    build = ACCOUNTS["build"]
    assert build["project"] == ["roles/logging.logWriter"]
    # Of buckets only that of Google's, by a condition.
    text = (FOLDER / "accounts.tf").read_text()
    block = text[text.index('resource "google_project_iam_member" "sources"') :].partition("\n}\n")[0]
    assert "condition {" in block
    assert 'startsWith(\\"projects/_/buckets/gcf-v2-sources-\\")' in block


def test_the_files_give_no_role_that_is_not_in_the_list() -> None:
    written = {
        role for path in FOLDER.glob("*.tf") for role in re.findall(r'"(roles/[\w.]+)"', path.read_text())
    }
    assert written == WRITTEN_OUT
    listed = re.findall(r"roles/[\w.]+", (FOLDER.parent / "platform.yaml").read_text())
    assert not BASIC & set(listed)
    assert not [role for role in listed if role.lower().endswith("admin")]


@pytest.mark.stack
def test_what_the_pipeline_asks_for_is_given(
    emulators: dict[str, str], request: pytest.FixtureRequest
) -> None:
    """Setup a second time, when all is there, and a question: each need that the front saw is met by these roles."""
    from airflow.providers.google.cloud.hooks.bigquery import BigQueryHook
    from airflow.providers.google.cloud.hooks.gcs import GCSHook

    from tiny_operators.setup.provision import check_tables, create_missing, open_to_others
    from tiny_operators.warehouse.views import create_views

    store = load_stores()[0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STORAGE_EMULATOR_HOST", emulators["STORAGE_AS_SETUP"])
        patch.setenv("BIGQUERY_EMULATOR_HOST", emulators["BIGQUERY_AS_SETUP"])
        storage = GCSHook().get_conn()
        bigquery = BigQueryHook(location=store.location, use_legacy_sql=False).get_client()
        for _ in range(2):
            create_missing(store, storage, bigquery)
            create_views(bigquery, store)
        check_tables(bigquery, store)
        open_to_others(store, storage, bigquery)
        bigquery.query_and_wait(f"SELECT COUNT(*) FROM `{store.dataset}.pdv`", location=store.location)
    used = {
        Need(*need)
        for service in ("STORAGE_AS_SETUP", "BIGQUERY_AS_SETUP")
        for need in requests.get(f"{emulators[service]}/_front/rights", timeout=30).json()["used"]
    }
    places = {value for name, value in vars(store).items() if name.endswith(("bucket", "dataset"))}
    ours = {need for need in used if need.name in places or need.permission == "bigquery.jobs.create"}
    assert len(ours) > 10
    rights = load([vars(store)], "z316-local")
    terraformed = Rights(
        "z316-local", {"setup": Account("airflow@…", given("airflow", store))}, rights.permissions
    )
    missing = {need.permission for need in ours if not terraformed.may("setup", need)}
    # Who may see a bucket's policy is asked, and a no is an answer; new buckets are not made here.
    assert missing <= {"storage.buckets.getIamPolicy", "storage.buckets.setIamPolicy"}
