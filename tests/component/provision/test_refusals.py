"""What setup says when it may not make, see or change something."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.component.provision.stores import Clients, clients_of, own
from tests.component.proxy import Proxy, Spoil
from tests.component.refusals import refusal
from tiny_operators._compat import AirflowException, AirflowFailException
from tiny_operators.google_errors import SetupError
from tiny_operators.operators.setup import SetupStoreOperator
from tiny_operators.setup.provision import create_missing
from tiny_operators.stores import Store

pytestmark = pytest.mark.stack


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
    for service, pattern, reported in STEPS:
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
        assert reported in str(caught.value)
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
        SetupError, match=f"gs://{store.webhook_bucket} exists but may not be read: choose another name"
    ):
        create_missing(store, *clients_of(store))


def test_a_dataset_of_somebody_else_is_told(store: Store, proxies: dict[str, Proxy]) -> None:
    def theirs(request: str, number: int) -> Spoil | None:
        return refusal("accessDenied") if re.match(rf"GET .*/datasets/{store.dataset}\?", request) else None

    proxies["bigquery"].rule = theirs
    with pytest.raises(
        SetupError, match=rf"{store.dataset} exists but may not be seen: .*bigquery\.dataOwner.*GRANT"
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
