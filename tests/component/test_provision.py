"""What setup makes in Google Cloud, what it leaves alone, and what it says when it may not."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from tests.component.proxy import Proxy, Spoil, proxy
from tests.component.refusals import refusal
from tiny_operators import names
from tiny_operators._compat import AirflowException, AirflowFailException
from tiny_operators.gcp import provision
from tiny_operators.gcp.customer_keys import forget_older_key, keys_table
from tiny_operators.gcp.provision import check_tables, create_missing, open_to_others
from tiny_operators.gcp.refusals import SetupError
from tiny_operators.gcp.views import create_views
from tiny_operators.operators.setup import CheckAccessOperator, SetupStoreOperator
from tiny_operators.rows.schema import LAYOUTS, schema_fields
from tiny_operators.stores import Store

pytestmark = pytest.mark.stack

SERVICES = {"gcs": "STORAGE_EMULATOR_HOST", "bigquery": "BIGQUERY_EMULATOR_HOST"}
Clients = tuple[Any, Any]


def own(store: Store, name: str, location: str = "") -> Store:
    """A store with buckets and datasets of its own, of which nothing is there."""
    return replace(
        store,
        location=location or store.location,
        webhook_bucket=f"{name}-in",
        api_bucket=f"{name}-api",
        dataset=f"{name}_tiny",
        staging_dataset=f"{name}_staging",
        report_dataset="",
        personal_dataset="",
        keys_dataset="",
    )


def clients_of(store: Store) -> Clients:
    from airflow.providers.google.cloud.hooks.bigquery import BigQueryHook
    from airflow.providers.google.cloud.hooks.gcs import GCSHook

    return GCSHook().get_conn(), BigQueryHook(location=store.location, use_legacy_sql=False).get_client()


@pytest.fixture
def clients(store: Store) -> Clients:
    return clients_of(store)


@contextmanager
def behind_proxies(emulators: dict[str, str]) -> Iterator[dict[str, Proxy]]:
    with (
        proxy(emulators[SERVICES["gcs"]]) as gcs,
        proxy(emulators[SERVICES["bigquery"]]) as bigquery,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv(SERVICES["gcs"], gcs.url)
        patch.setenv(SERVICES["bigquery"], bigquery.url)
        yield {"gcs": gcs, "bigquery": bigquery}


@pytest.fixture
def proxies(emulators: dict[str, str], store: Store) -> Iterator[dict[str, Proxy]]:
    with behind_proxies(emulators) as found:
        yield found


# --- made, and made again -------------------------------------------------------------------------------------------


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
    told = [record.getMessage() for record in caplog.records if "bucket_left_open" in record.getMessage()]
    assert [
        name in line for name, line in zip((other.webhook_bucket, other.api_bucket), told, strict=True)
    ] == [True, True]
    assert all(line.count("gcloud storage buckets remove-iam-policy-binding") == 4 for line in told)


# --- columns --------------------------------------------------------------------------------------------------------


def nested(fields: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The columns without the last field of each record; one that has a single field keeps it."""
    return [
        {**field, "fields": nested(field["fields"])[: -1 if len(field["fields"]) > 1 else None]}
        if "fields" in field
        else field
        for field in fields
    ]


@pytest.mark.parametrize(
    "older", [lambda fields: fields[:-1], nested], ids=["a column", "a field of each record"]
)
def test_what_a_schema_file_has_more_is_added(
    older: Callable[[list[dict[str, Any]]], list[dict[str, Any]]],
    store: Store,
    clients: Clients,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    other = own(store, f"growing{len(request.node.name)}")
    with monkeypatch.context() as patch:
        patch.setattr(provision, "schema_fields", lambda table: older(schema_fields(table)))
        create_missing(other, *clients)
        before = {name: len(clients[1].get_table(f"{other.dataset}.{name}").schema) for name in LAYOUTS}
    if older is not nested:
        with pytest.raises(SetupError, match=r"not as include/schemas says in \w+: pdv, pesquisa"):
            check_tables(clients[1], other)
    assert create_missing(other, *clients)["tables"] == []
    check_tables(clients[1], other)
    for name in LAYOUTS:
        schema = clients[1].get_table(f"{other.dataset}.{name}").schema
        assert [(shape(field.to_api_repr())) for field in schema] == [
            shape(field) for field in schema_fields(name)
        ]
        assert len(schema) >= before[name]


def shape(field: dict[str, Any]) -> Any:
    mode = "NULLABLE" if field.get("mode") == "REQUIRED" else field.get("mode", "NULLABLE")
    return field["name"], field["type"], mode, [shape(inner) for inner in field.get("fields", ())]


def test_a_new_required_column_is_added_as_nullable(
    store: Store, proxies: dict[str, Proxy], monkeypatch: pytest.MonkeyPatch
) -> None:
    """BigQuery: "Cannot add required fields to an existing schema"; the emulator takes them."""
    other = own(store, "required")
    clients = clients_of(other)
    create_missing(other, *clients)
    new = [
        {"name": "novo", "type": "STRING", "mode": "REQUIRED"},
        {
            "name": "lista",
            "type": "RECORD",
            "mode": "REPEATED",
            "fields": [{"name": "x", "type": "DATE", "mode": "REQUIRED"}],
        },
    ]
    monkeypatch.setattr(provision, "schema_fields", lambda table: [*schema_fields(table), *new])
    proxies["bigquery"].bodies.clear()
    create_missing(other, *clients)
    patches = [
        json.loads(body) for request, body in proxies["bigquery"].bodies if request.startswith("PATCH ")
    ]
    assert len(patches) == len(LAYOUTS)
    for body in patches:
        added = {field["name"]: field for field in body["schema"]["fields"]}
        assert added["novo"]["mode"] == "NULLABLE"
        assert added["lista"]["fields"][0]["mode"] == "NULLABLE"
    check_tables(clients[1], other)
    assert create_missing(other, *clients) == {"buckets": [], "datasets": [], "tables": []}


@pytest.mark.parametrize("tables", [["pdv"], ["produto", "pesquisa", "rejeitados"], list(LAYOUTS)], ids=len)
def test_columns_that_cannot_be_changed_are_all_told_and_the_rest_is_added(
    tables: list[str], store: Store, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = own(store, f"retyped{len(tables)}")
    create_missing(other, *clients)

    def wanted(table: str) -> list[dict[str, Any]]:
        fields = schema_fields(table)
        if table in tables:
            fields[0] = {**fields[0], "type": "INTEGER"}
            fields[1] = {**fields[1], "mode": "REPEATED"}
        return [*fields, {"name": "novo", "type": "STRING", "mode": "NULLABLE"}]

    monkeypatch.setattr(provision, "schema_fields", wanted)
    with pytest.raises(SetupError) as caught:
        create_missing(other, *clients)
    said = str(caught.value)
    assert f"({2 * len(tables)})" in said
    for table in tables:
        first = schema_fields(table)[0]
        assert f"{table}.{first['name']}: is STRING REQUIRED, the schema file says INTEGER REQUIRED" in said
        assert f"{table}.{schema_fields(table)[1]['name']}: is " in said
    for table in LAYOUTS:
        assert clients[1].get_table(f"{other.dataset}.{table}").schema[-1].name == "novo"
    with pytest.raises(SetupError, match=", ".join(name for name in LAYOUTS if name in tables)):
        check_tables(clients[1], other)


@pytest.mark.parametrize("gone", [["pdv"], ["pesquisa", "produto", "reconciliation"], list(LAYOUTS)], ids=len)
def test_a_run_meets_tables_that_are_not_there(gone: list[str], store: Store, clients: Clients) -> None:
    other = own(store, f"gone{len(gone)}")
    create_missing(other, *clients)
    check_tables(clients[1], other)
    for name in gone:
        clients[1].delete_table(f"{other.dataset}.{name}")
    missing = ", ".join(name for name in LAYOUTS if name in gone)
    with pytest.raises(SetupError, match=f"missing in {other.dataset}: {missing}.*run the DAG z316_setup"):
        check_tables(clients[1], other)
    clients[1].delete_dataset(other.dataset, delete_contents=True)
    with pytest.raises(SetupError, match=f"Dataset {other.dataset} is missing: run the DAG z316_setup"):
        check_tables(clients[1], other)


# --- the key of the pseudonyms --------------------------------------------------------------------------------------


def key_of(clients: Clients, path: str) -> list[bytes]:
    return [row["chave"] for row in clients[1].query_and_wait(f"SELECT chave FROM `{path}`")]


def kept(clients: Clients, store: Store) -> bytes:
    blob = clients[0].bucket(store.api_bucket).blob(names.customer_key_object(store.prefix))
    return base64.b64decode(json.loads(blob.download_as_bytes())["chave"])


def test_the_key_is_apart_from_the_tables_and_kept_twice(store: Store, clients: Clients) -> None:
    other = own(store, "keyed")
    assert "segredo" in create_missing(other, *clients)["tables"]
    (key,) = key_of(clients, keys_table(other))
    assert len(key) == 64
    assert kept(clients, other) == key
    assert "segredo" not in {table.table_id for table in clients[1].list_tables(other.dataset)}
    assert key_of(clients, keys_table(store)) != [key], "each store has its own"


def test_the_key_survives_the_loss_of_the_datasets_and_of_the_object(store: Store, clients: Clients) -> None:
    other = own(store, "lost")
    create_missing(other, *clients)
    (key,) = key_of(clients, keys_table(other))
    for dataset in (other.keys_dataset, other.dataset, other.report_dataset, other.personal_dataset):
        clients[1].delete_dataset(dataset, delete_contents=True)
    create_missing(other, *clients)
    assert key_of(clients, keys_table(other)) == [key]
    clients[0].bucket(other.api_bucket).blob(names.customer_key_object(other.prefix)).delete()
    create_missing(other, *clients)
    assert kept(clients, other) == key
    assert key_of(clients, keys_table(other)) == [key]


def test_a_key_that_stood_among_the_tables_is_moved(store: Store, clients: Clients) -> None:
    other = own(store, "moved")
    create_missing(other, *clients)
    (key,) = key_of(clients, keys_table(other))
    # As an earlier version left it: in the dataset of the tables, and nowhere else.
    older = f"{other.dataset}.segredo"
    clients[1].query_and_wait(f"CREATE TABLE `{older}` AS SELECT * FROM `{keys_table(other)}`")
    clients[1].delete_dataset(other.keys_dataset, delete_contents=True)
    clients[0].bucket(other.api_bucket).blob(names.customer_key_object(other.prefix)).delete()
    assert "segredo" in create_missing(other, *clients)["tables"]
    assert key_of(clients, keys_table(other)) == key_of(clients, older) == [key]
    create_views(clients[1], other)
    assert forget_older_key(clients[1], other)
    assert not forget_older_key(clients[1], other)
    assert "segredo" not in {table.table_id for table in clients[1].list_tables(other.dataset)}
    assert kept(clients, other) == key
    assert clients[1].query_and_wait(f"SELECT * FROM `{other.report_dataset}.pedidos`").total_rows == 0


def test_an_object_that_holds_no_key_is_told(store: Store, clients: Clients) -> None:
    other = own(store, "damaged")
    create_missing(other, *clients)
    blob = clients[0].bucket(other.api_bucket).blob(names.customer_key_object(other.prefix))
    for content in ("{}", '{"chave": "AAAA"}', '{"chave": 3}', '{"chave": "?"}', "[]"):
        blob.upload_from_string(content)
        with pytest.raises(
            SetupError, match=r"gs://damaged-api/keys/z316\.json holds no secret: field 'chave'"
        ):
            create_missing(other, *clients)


def test_two_keys_that_differ_are_told_and_neither_is_lost(store: Store, clients: Clients) -> None:
    other = own(store, "differ")
    create_missing(other, *clients)
    before = key_of(clients, keys_table(other))
    blob = clients[0].bucket(other.api_bucket).blob(names.customer_key_object(other.prefix))
    another = {"store": "z316", "chave": base64.b64encode(bytes(64)).decode()}
    blob.upload_from_string(json.dumps(another))
    with pytest.raises(SetupError, match=r"is not that of gs://differ-api/keys/z316\.json") as caught:
        create_missing(other, *clients)
    assert another["chave"] not in str(caught.value)
    assert (key_of(clients, keys_table(other)), kept(clients, other)) == (before, bytes(64))


# --- refusals -------------------------------------------------------------------------------------------------------

# Where setup is refused in turn, and what its message names.
STEPS = (
    ("gcs", r"POST /storage/v1/b\?", "create bucket gs://refused-in"),
    ("bigquery", r"POST .*/datasets\?", "create dataset refused_tiny_relatorios"),
    ("bigquery", r"POST .*/tables\?", "create table refused_tiny.pdv"),
    ("gcs", r"POST /upload/", "keep the secret of customers' keys"),
    ("bigquery", r"POST /upload/", "keep the secret of customers' keys"),
    ("bigquery", r"POST .*/queries", "create view refused_tiny_relatorios."),
)


def test_each_step_says_what_it_may_not_and_the_next_setup_goes_on(
    store: Store, proxies: dict[str, Proxy], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tiny_operators.operators.setup.ensure_pool", lambda *arguments: None)
    other = own(store, "refused")
    for service, pattern, told in STEPS:
        refused = pattern if "queries" not in pattern else r"POST .*/queries"

        def refuse(request: str, number: int, pattern: str = refused) -> Spoil | None:
            return refusal("accessDenied") if re.match(pattern, request) else None

        if "queries" in pattern:
            # Datasets are made by now: the only queries are those that make views.
            create_missing(other, *clients_of(other))
        proxies[service].rule = refuse
        with pytest.raises(
            AirflowFailException, match=r"^No right to .*service account the role roles/.*Run: "
        ) as caught:
            SetupStoreOperator(task_id="setup", store=other).execute({})
        assert told in str(caught.value)
        proxies[service].rule = lambda request, number: None
    SetupStoreOperator(task_id="setup", store=other).execute({})
    assert SetupStoreOperator(task_id="setup", store=other).execute({}) == {
        "buckets": [],
        "datasets": [],
        "tables": [],
        "views": [],
    }


def test_a_quota_that_is_used_up_is_named_and_tried_again(store: Store, proxies: dict[str, Proxy]) -> None:
    other = own(store, "quota")
    proxies["bigquery"].rule = lambda request, number: (
        refusal("quotaExceeded") if request.startswith("POST ") else None
    )
    with pytest.raises(
        AirflowException, match="create dataset quota_tiny_relatorios now: quotaExceeded"
    ) as caught:
        SetupStoreOperator(task_id="setup", store=other).execute({})
    assert not isinstance(caught.value, AirflowFailException), "Airflow makes no other try then"


def test_a_bucket_that_may_only_be_listed_is_enough(store: Store, proxies: dict[str, Proxy]) -> None:
    proxies["gcs"].rule = lambda request, number: (
        refusal("forbidden") if re.match(r"GET /storage/v1/b/[^/]+\?", request) else None
    )
    assert create_missing(store, *clients_of(store))["buckets"] == []


def test_a_bucket_of_somebody_else_is_told(store: Store, proxies: dict[str, Proxy]) -> None:
    def theirs(request: str, number: int) -> Spoil | None:
        if re.match(r"POST /storage/v1/b\?", request):
            return refusal("conflict", "The requested bucket name is not available.", 409)
        return refusal("forbidden") if f"/b/{store.webhook_bucket}" in request else None

    proxies["gcs"].rule = theirs
    with pytest.raises(
        SetupError, match=f"gs://{store.webhook_bucket} is there but may not be read: choose another name"
    ):
        create_missing(store, *clients_of(store))


def test_a_dataset_of_somebody_else_is_told(store: Store, proxies: dict[str, Proxy]) -> None:
    def theirs(request: str, number: int) -> Spoil | None:
        return refusal("accessDenied") if re.match(rf"GET .*/datasets/{store.dataset}\?", request) else None

    proxies["bigquery"].rule = theirs
    with pytest.raises(
        SetupError, match=rf"{store.dataset} is there but may not be seen: .*bigquery\.dataOwner.*GRANT"
    ):
        create_missing(store, *clients_of(store))


@pytest.mark.parametrize("what", ["bucket", "dataset"])
def test_another_location_than_the_stores_file_says_is_told(
    what: str, store: Store, clients: Clients
) -> None:
    here = own(store, f"elsewhere{what}")
    if what == "bucket":
        clients[0].create_bucket(here.webhook_bucket, location=here.location)
        there = replace(here, location="europe-west3")
    else:
        create_missing(here, *clients)
        there = replace(here, location="EU")
    with pytest.raises(
        SetupError, match=r"(?i)is in southamerica-east1, include/stores\.yaml says (EU|europe-west3)"
    ):
        create_missing(there, *clients)
