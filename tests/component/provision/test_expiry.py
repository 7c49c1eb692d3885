"""Setup lets files of the API bucket expire, by the store's settings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.component.provision.stores import clients_of, own
from tests.component.proxy import Proxy
from tests.component.refusals import refusal
from tiny_operators.lake.buckets import expiry_rules
from tiny_operators.setup.provision import create_missing
from tiny_operators.stores import Store, dag_kinds

pytestmark = pytest.mark.stack


def rules_of(store: Store, bucket: str) -> list[dict[str, Any]]:
    return [dict(rule) for rule in clients_of(store)[0].get_bucket(bucket).lifecycle_rules]


def test_a_new_bucket_has_the_rules_from_its_first_moment(store: Store, proxies: dict[str, Proxy]) -> None:
    """Airflow's account may create a bucket, and not change one."""
    other = replace(own(store, "expiring"), keep_raw_days=2192, keep_rejects_days=365)
    proxies["gcs"].rule = lambda request, number: (
        refusal("forbidden") if request.startswith("PATCH") else None
    )
    create_missing(other, *clients_of(other))
    assert rules_of(other, other.api_bucket) == expiry_rules(other, dag_kinds())
    assert rules_of(other, other.webhook_bucket) == [], "what lies in the inbox waits"
    assert not [request for request in proxies["gcs"].seen if request.startswith("PATCH")]


def test_who_may_not_change_the_bucket_is_given_the_rules(
    store: Store, proxies: dict[str, Proxy], caplog: pytest.LogCaptureFixture
) -> None:
    other = own(store, "unchanged")
    create_missing(other, *clients_of(other))
    proxies["gcs"].rule = lambda request, number: (
        refusal("forbidden") if request.startswith("PATCH") else None
    )
    with caplog.at_level("WARNING", logger="tiny_operators"):
        create_missing(replace(other, keep_raw_days=2192), *clients_of(other))
    (reported,) = [r.getMessage() for r in caplog.records if "bucket_expiry_not_set" in r.getMessage()]
    assert "2192" in reported
    assert f"gcloud storage buckets update gs://{other.api_bucket} --lifecycle-file" in reported
    assert rules_of(other, other.api_bucket) == expiry_rules(other, dag_kinds())
