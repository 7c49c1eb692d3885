"""What setup makes in Google Cloud, closed, and what it leaves alone."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.component.provision.stores import Clients, clients_of, own
from tests.component.proxy import Proxy, Spoil
from tests.component.refusals import refusal
from tiny_operators._compat import AirflowFailException
from tiny_operators.operators.setup import CheckAccessOperator
from tiny_operators.setup.provision import create_missing, open_to_others
from tiny_operators.stores import Store
from tiny_operators.warehouse.views import create_views

pytestmark = pytest.mark.stack


def test_a_second_setup_writes_nothing(store: Store, proxies: dict[str, Proxy]) -> None:
    clients = clients_of(store)
    create_views(clients[1], store)
    for server in proxies.values():
        server.seen.clear()
    assert create_missing(store, *clients) == {"buckets": [], "datasets": [], "tables": []}
    assert create_views(clients[1], store) == []
    seen = [request for server in proxies.values() for request in server.seen]
    assert seen
    assert [request for request in seen if not request.startswith("GET ")] == []


def test_what_is_there_needs_no_right_to_create_it(store: Store, proxies: dict[str, Proxy]) -> None:
    """Setup looks first: an account that may create nothing is enough where a person made all."""

    def refuse(request: str, number: int) -> Spoil | None:
        return None if request.startswith("GET ") else refusal("accessDenied")

    for server in proxies.values():
        server.rule = refuse
    assert create_missing(store, *clients_of(store)) == {"buckets": [], "datasets": [], "tables": []}


def test_a_new_dataset_is_closed_and_belongs_to_who_made_it(store: Store, proxies: dict[str, Proxy]) -> None:
    other = own(store, "closed")
    clients = clients_of(other)
    create_missing(other, *clients)
    (me,) = (row["u"] for row in clients[1].query_and_wait("SELECT SESSION_USER() AS u"))
    views = [other.report_dataset, other.personal_dataset]
    for name in (other.dataset, other.keys_dataset, other.staging_dataset, *views):
        entries = clients[1].get_dataset(name).access_entries
        people = {(entry.role, entry.entity_type, entry.entity_id) for entry in entries if entry.role}
        assert people == {("OWNER", "specialGroup", "projectOwners"), ("OWNER", "userByEmail", me)}, name
        let = [entry.entity_id["dataset"]["datasetId"] for entry in entries if entry.entity_type == "dataset"]
        assert sorted(let) == (sorted(views) if name in {other.dataset, other.keys_dataset} else [])
    assert open_to_others(other, *clients) == []


ENTRIES = {
    "report_dataset": "projectReaders",
    "keys_dataset": "projectWriters",
    "dataset": "allAuthenticatedUsers",
    "staging_dataset": "projectReaders",
    "personal_dataset": "projectReaders",
}


def test_datasets_that_people_may_read_without_being_named_are_told_and_left(
    store: Store, clients: Clients
) -> None:
    from google.cloud.bigquery import AccessEntry

    other = own(store, "opened")
    create_missing(other, *clients)
    closed = {field: clients[1].get_dataset(getattr(other, field)).access_entries for field in ENTRIES}

    def give(field: str, *entries: AccessEntry) -> None:
        dataset = clients[1].get_dataset(getattr(other, field))
        dataset.access_entries = [*closed[field], *entries]
        clients[1].update_dataset(dataset, ["access_entries"])

    for number, (field, group) in enumerate(ENTRIES.items(), 1):
        give(field, AccessEntry("READER", "specialGroup", group))
        found = open_to_others(other, *clients)
        assert len(found) == number
        assert any(f":{getattr(other, field)}: {group} has READER. Run: bq show" in line for line in found)
    assert create_missing(other, *clients) == {"buckets": [], "datasets": [], "tables": []}
    with pytest.raises(AirflowFailException, match=r"by 5 rights\. End each"):
        CheckAccessOperator(task_id="access", store=other).execute({})
    for field in ENTRIES:
        assert len(clients[1].get_dataset(getattr(other, field)).access_entries) == len(closed[field]) + 1
        give(field)
    assert CheckAccessOperator(task_id="access", store=other).execute({}) == {"open": 0}


# A policy as Cloud Storage gives it for a new bucket with uniform access.
POLICY = {
    "version": 1,
    "etag": "CAE=",
    "bindings": [
        {"role": "roles/storage.legacyBucketOwner", "members": ["projectEditor:p", "projectOwner:p"]},
        {"role": "roles/storage.legacyBucketReader", "members": ["projectViewer:p"]},
        {"role": "roles/storage.legacyObjectOwner", "members": ["projectEditor:p", "projectOwner:p"]},
        {"role": "roles/storage.legacyObjectReader", "members": ["projectViewer:p"]},
        {"role": "roles/storage.objectViewer", "members": ["user:ana@example.com"]},
    ],
}


def with_policies(policy: dict[str, Any]) -> Callable[[str, int], Spoil | None]:
    """The object store with access lists, which the emulator has not."""
    return lambda request, number: (200, policy) if "/iam" in request else None


def test_a_new_bucket_is_closed(store: Store, proxies: dict[str, Proxy]) -> None:
    other = own(store, "closing")
    proxies["gcs"].rule = with_policies(POLICY)
    create_missing(other, *clients_of(other))
    made = [
        json.loads(body)
        for request, body in proxies["gcs"].bodies
        if re.match(r"POST /storage/v1/b\?", request)
    ]
    assert [bucket["name"] for bucket in made] == [other.webhook_bucket, other.api_bucket]
    for bucket in made:
        assert bucket["iamConfiguration"]["uniformBucketLevelAccess"]["enabled"] is True
        assert bucket["iamConfiguration"]["publicAccessPrevention"] == "enforced"
    set_policies = [
        json.loads(body)
        for request, body in proxies["gcs"].bodies
        if request.startswith("PUT ") and "/iam" in request
    ]
    assert len(set_policies) == 2
    for policy in set_policies:
        assert policy["etag"] == POLICY["etag"], "what somebody else changed meanwhile is not undone"
        assert {binding["role"]: binding["members"] for binding in policy["bindings"]} == {
            "roles/storage.legacyBucketOwner": ["projectOwner:p"],
            "roles/storage.legacyObjectOwner": ["projectOwner:p"],
            "roles/storage.objectViewer": ["user:ana@example.com"],
        }


def test_a_bucket_that_people_may_read_without_being_named_is_told_and_left(
    store: Store, proxies: dict[str, Proxy]
) -> None:
    proxies["gcs"].rule = with_policies(POLICY)
    found = open_to_others(store, *clients_of(store))
    assert len(found) == 2 * 4
    command = (
        f"buckets remove-iam-policy-binding gs://{store.api_bucket} --member projectViewer:p --role roles/sto"
    )
    assert any(command in line for line in found)
    assert not any("ana@" in line for line in found)
    proxies["gcs"].rule = with_policies({
        "bindings": [{"role": "roles/storage.objectViewer", "members": ["allUsers"]}]
    })
    assert len(open_to_others(store, *clients_of(store))) == 2
    assert not [request for request in proxies["gcs"].seen if request.startswith("PUT ")]


def test_who_may_not_see_access_lists_is_not_stopped(store: Store, proxies: dict[str, Proxy]) -> None:
    proxies["gcs"].rule = lambda request, number: refusal("forbidden") if "/iam" in request else None
    assert open_to_others(store, *clients_of(store)) == []


def test_a_bucket_that_could_be_made_but_not_closed_is_told(
    store: Store, proxies: dict[str, Proxy], caplog: pytest.LogCaptureFixture
) -> None:
    other = own(store, "halfway")
    proxies["gcs"].rule = lambda request, number: refusal("forbidden") if "/iam" in request else None
    with caplog.at_level("WARNING", logger="tiny_operators"):
        assert create_missing(other, *clients_of(other))["datasets"]
    reported = [record.getMessage() for record in caplog.records if "bucket_left_open" in record.getMessage()]
    assert [
        name in line for name, line in zip((other.webhook_bucket, other.api_bucket), reported, strict=True)
    ] == [True, True]
    assert all(line.count("gcloud storage buckets remove-iam-policy-binding") == 4 for line in reported)
