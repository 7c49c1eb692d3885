"""Buckets and datasets, closed to whoever was not named."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from typing import Any, Final

from tiny_operators.lake.buckets import expiry_rules
from tiny_operators.stores import Store
from tiny_operators.warehouse.datasets import Wanted, datasets_of

from .context import Context

# The bindings by which people with a basic role on the project could read a new bucket.
_LEGACY: Final = (
    ("projectViewer", "legacyBucketReader"),
    ("projectViewer", "legacyObjectReader"),
    ("projectEditor", "legacyBucketOwner"),
    ("projectEditor", "legacyObjectOwner"),
)


def buckets(its: Context) -> Iterator[str]:
    """Create the buckets of the stores and of the environment."""
    settings = its.settings
    for store in its.stores:
        yield from _bucket(its, store.webhook_bucket, store.location, [])
        yield from _bucket(its, store.api_bucket, store.location, [*expiry_rules(store, its.dags)])
        words = ("add-iam-policy-binding", f"gs://{store.webhook_bucket}", "--member", its.member("receiver"))
        yield its.gcloud("storage", "buckets", *words, "--role", its.accounts["receiver"]["webhook_bucket"])
    logs = {"age": settings.keep_days.airflow_runs, "matchesPrefix": ["logs/"]}
    yield from _bucket(its, settings.bucket(its.project), settings.region, [_deleted(logs)])
    old = _deleted({"age": settings.keep_days.snapshots})
    yield from _bucket(its, settings.bucket(its.project, "snapshots"), settings.region, [old])


def datasets(its: Context) -> Iterator[str]:
    """Create the datasets of the stores; each gets its whole access list, also one that exists: a run may end here."""
    for store in its.stores:
        for wanted in datasets_of(store):
            name = f"{its.project}:{wanted.name}"
            words = ["bq", f"--location={store.location}", "mk", "--dataset"]
            if wanted.expires_ms:
                words += ["--default_table_expiration", str(wanted.expires_ms // 1000)]
            source = json.dumps({"access": _access(its, store, wanted)})
            yield its.unless(f"bq show {name}", shlex.join([*words, name]))
            yield f"bq update --source /dev/stdin {name} <<< {shlex.quote(source)}"


def _bucket(its: Context, name: str, location: str, rules: list[dict[str, Any]]) -> Iterator[str]:
    create = (
        *("create", f"gs://{name}", "--location", location),
        *("--uniform-bucket-level-access", "--public-access-prevention"),
        *("--soft-delete-duration", f"{its.settings.keep_days.deleted_objects}d"),
    )
    there = its.gcloud("storage", "buckets", "describe", f"gs://{name}")
    yield its.unless(there, its.gcloud("storage", "buckets", *create))
    for team, role in _LEGACY:
        words = ("--member", f"{team}:{its.project}", "--role", f"roles/storage.{role}")
        remove = its.gcloud("storage", "buckets", "remove-iam-policy-binding", f"gs://{name}", *words)
        # gcloud fails when the binding is gone already.
        yield f"{remove} > /dev/null 2>&1 || true"
    if rules:
        yield f'RULES=$(mktemp); echo {shlex.quote(json.dumps({"lifecycle": {"rule": rules}}))} > "$RULES"'
        yield its.gcloud("storage", "buckets", "update", f"gs://{name}") + ' --lifecycle-file "$RULES"'


def _deleted(condition: dict[str, Any]) -> dict[str, Any]:
    return {"action": {"type": "Delete"}, "condition": condition}


def _access(its: Context, store: Store, wanted: Wanted) -> list[dict[str, Any]]:
    readers = {
        store.report_dataset: its.settings.readers,
        store.personal_dataset: its.settings.personal_readers,
    }.get(wanted.name, ())
    views = [{"projectId": its.project, "datasetId": name} for name in wanted.read_by]
    return [
        {"role": "OWNER", "specialGroup": "projectOwners"},
        {"role": "OWNER", "userByEmail": its.email("airflow")},
        *({"role": "READER", _kind(member): member.split(":")[1]} for member in readers),
        *({"dataset": {"dataset": dataset, "targetTypes": ["VIEWS"]}} for dataset in views),
    ]


def _kind(member: str) -> str:
    return "groupByEmail" if member.startswith("group:") else "userByEmail"
