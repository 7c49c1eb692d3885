"""The buckets of a store: setup looks at them first, and creates those that are missing, closed to others.

Cloud Storage deletes objects of the API bucket by itself, by the bucket's lifecycle rules
(https://cloud.google.com/storage/docs/lifecycle). Objects that are in use have none: what waits, what is remembered
between runs, and the customers' key.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from tiny_operators.events import log_event
from tiny_operators.google_errors import NoRightError, SetupError, explained, on_bucket, on_project
from tiny_operators.lake.names import PEOPLE, RAW, REJECTED, ROWS, RUNS, WEBHOOKS_DONE
from tiny_operators.stores import Store

if TYPE_CHECKING:
    from google.api_core.iam import Policy
    from google.cloud.storage import Bucket, Client

log = logging.getLogger(__name__)

Rule = dict[str, Any]
"""A lifecycle rule, in the form of Cloud Storage's API."""

_EVERYBODY: Final = ("allUsers", "allAuthenticatedUsers")
# Cloud Storage gives the legacy roles of a new bucket to whoever has a basic role on the project
# (https://cloud.google.com/storage/docs/access-control/iam-roles#basic-roles-modifiable).
_BASIC_ROLES: Final = ("projectViewer:", "projectEditor:")
# Answers about orders and done webhooks; folders of the older layout begin with the moment of the arrival.
_RAW: Final = (f"{RAW}pdv/", WEBHOOKS_DONE, "20")
# What answers about orders refer to was read before them: it stays a month longer, so that no order lacks a part.
_REFERRED: Final = (f"{RAW}pesquisa/", f"{RAW}produto/")
_LONGER_DAYS: Final = 31
_REJECTS: Final = (REJECTED,)
# Requests about a person, and what is given to them. A run deletes its request; this is for what stays behind.
_PEOPLE: Final = (PEOPLE,)
_PEOPLE_DAYS: Final = 7


def ensure_bucket(client: Client, name: str, location: str, rules: Sequence[Rule] = ()) -> bool:
    """Look for a bucket, and create it where it is missing; return whether it was created now.

    Args:
        client: Client of Cloud Storage.
        name: The bucket.
        location: Where it is.
        rules: Which of its objects are deleted, and when; those of a bucket that exists: see :func:`ensure_expiry`.

    A new one has uniform access and public access prevention, and nobody may read it by a basic role on the project.
    Where the account may not arrange the latter, the commands for a person to do so are logged.

    Raises:
        NoRightError: When it may neither be seen nor created.
        SetupError: When it is in another location.
    """
    from google.api_core.exceptions import Conflict

    if see_bucket(client, name, location):
        return False
    bucket = client.bucket(name)
    bucket.iam_configuration.uniform_bucket_level_access_enabled = True
    bucket.iam_configuration.public_access_prevention = "enforced"
    if rules:
        bucket.lifecycle_rules = rules
    with explained(
        f"create bucket gs://{name}", client.project, on_project(client.project, "roles/storage.admin")
    ):
        try:
            bucket.create(location=location)
        except Conflict as error:
            if _may_list(client, name):
                return False
            raise NoRightError(
                f"Bucket gs://{name} exists but may not be read: choose another name in include/stores.yaml if it is "
                "somebody else's (bucket names are global), or give Airflow's service account the role "
                f"roles/storage.objectAdmin on it. Run: {on_bucket(name, 'roles/storage.objectAdmin').command}"
            ) from error
    _close(bucket)
    return True


def ensure_expiry(client: Client, name: str, wanted: Sequence[Rule]) -> bool:
    """Give a bucket the rules by which its objects expire; return whether they were changed now.

    Rules that somebody else set for other objects stay. Where the account may not change a bucket, as Airflow's may not
    by its role, the rules for a person to set are logged: nothing is lost by keeping more.
    """
    what, need = f"see and set which objects of gs://{name} expire", on_bucket(name, "roles/storage.admin")
    try:
        with explained(what, client.project, need):
            bucket = client.get_bucket(name)
            rules = with_expiry([dict(rule) for rule in bucket.lifecycle_rules], wanted)
            if rules is None:
                return False
            bucket.lifecycle_rules = rules
            bucket.patch()
    except NoRightError as error:
        log_event(
            log,
            "bucket_expiry_not_set",
            level=logging.WARNING,
            bucket=name,
            error=type(error).__name__,
            rules=json.dumps({"lifecycle": {"rule": wanted}}),
            set_by=f"gcloud storage buckets update gs://{name} --lifecycle-file FILE",
        )
        return False
    log_event(log, "bucket_expiry_set", bucket=name, rules=len(wanted))
    return True


def expiry_rules(store: Store, dags: Iterable[str]) -> list[Rule]:
    """Return the rules that delete what a store does not keep.

    Args:
        store: The store.
        dags: The DAGs of a store, without its prefix: each has folders of its runs.
    """
    rows = (ROWS, *(f"{RUNS}{store.prefix}_{dag}_" for dag in dags))
    referred_days = store.keep_raw_days + _LONGER_DAYS if store.keep_raw_days else 0
    ages = (
        (store.keep_rows_days, rows),
        (store.keep_raw_days, _RAW),
        (referred_days, _REFERRED),
        (store.keep_rejects_days, _REJECTS),
        (_PEOPLE_DAYS, _PEOPLE),
    )
    return [
        {"action": {"type": "Delete"}, "condition": {"age": days, "matchesPrefix": list(prefixes)}}
        for days, prefixes in ages
        if days
    ]


def with_expiry(there: Sequence[Mapping[str, Any]], wanted: Sequence[Rule]) -> list[Rule] | None:
    """Return a bucket's rules with the wanted ones in the place of older ones; None when nothing has to change.

    Rules about other objects, or that do something else than delete, stay: a person set them.
    """
    kept = [dict(rule) for rule in there if not _is_ours(rule)]
    ours = [dict(rule) for rule in there if _is_ours(rule)]
    return None if _sorted(ours) == _sorted(wanted) else [*kept, *wanted]


def see_bucket(client: Client, name: str, location: str) -> bool:
    """Return whether a bucket exists and may be seen.

    Raises:
        SetupError: When it is in another location.
    """
    bucket = _look(client, name)
    # A bucket that may only be listed does not say where it is.
    if bucket is not None and bucket.location and bucket.location.casefold() != location.casefold():
        raise SetupError(
            f"Bucket gs://{name} is in {bucket.location}, include/stores.yaml says {location}: BigQuery "
            "loads from buckets of its own location only. Correct location there, or choose another name: a bucket "
            "cannot be moved"
        )
    return bucket is not None


def open_bucket(client: Client, name: str) -> list[str]:
    """List who may read a bucket without having been named: one line each, with the command that ends it."""
    from google.api_core.exceptions import Forbidden, NotFound

    bucket = client.bucket(name)
    try:
        policy = bucket.get_iam_policy(requested_policy_version=3)
    except (Forbidden, NotFound) as error:
        # The right to see who has rights is not needed for anything else.
        log_event(log, "bucket_access_unknown", bucket=name, error=type(error).__name__)
        return []
    return [
        f"gs://{name}: {member} has {role}. Run: gcloud storage buckets remove-iam-policy-binding gs://{name} "
        f"--member {member} --role {role}"
        for role, member in _open_bindings(policy)
    ]


def _look(client: Client, name: str) -> Bucket | None:
    """Return the bucket; None when it does not exist, or may not be seen."""
    from google.api_core.exceptions import Forbidden, NotFound

    try:
        return client.get_bucket(name)
    except NotFound:
        return None
    except Forbidden as error:
        # The right to list its objects is enough for the pipeline, and also shows that the bucket exists.
        if _may_list(client, name):
            return client.bucket(name)
        log_event(log, "bucket_not_seen", bucket=name, error=type(error).__name__)
        return None


def _may_list(client: Client, name: str) -> bool:
    from google.api_core.exceptions import Forbidden, NotFound

    try:
        next(iter(client.list_blobs(name, max_results=1)), None)
    except (Forbidden, NotFound):
        return False
    return True


def _close(bucket: Bucket) -> None:
    """Take back what a new bucket gives to everybody with a basic role on the project."""
    from google.api_core.exceptions import NotFound

    name, project = bucket.name, bucket.client.project
    commands = "; ".join(
        f"gcloud storage buckets remove-iam-policy-binding gs://{name} --member {team}:{project} --role {role}"
        for team, role in (
            ("projectViewer", "roles/storage.legacyBucketReader"),
            ("projectViewer", "roles/storage.legacyObjectReader"),
            ("projectEditor", "roles/storage.legacyBucketOwner"),
            ("projectEditor", "roles/storage.legacyObjectOwner"),
        )
    )
    try:
        with explained(f"close bucket gs://{name}", project, on_bucket(name, "roles/storage.admin")):
            policy = bucket.get_iam_policy(requested_policy_version=3)
            if _open_bindings(policy):
                for binding in policy.bindings:
                    binding["members"] = {member for member in binding["members"] if not _is_open(member)}
                policy.bindings = [binding for binding in policy.bindings if binding["members"]]
                bucket.set_iam_policy(policy)
    except NoRightError:
        # Nobody's data is in it yet. The creator may not change that, and the other steps need not wait for it.
        log_event(
            log, "bucket_left_open", level=logging.WARNING, bucket=name, project=project, close_by=commands
        )
    except NotFound as error:
        log_event(log, "bucket_access_unknown", bucket=name, error=type(error).__name__)


def _open_bindings(policy: Policy) -> list[tuple[str, str]]:
    return sorted(
        (binding["role"], member)
        for binding in policy.bindings
        for member in binding["members"]
        if _is_open(member)
    )


def _is_open(member: str) -> bool:
    return member in _EVERYBODY or member.startswith(_BASIC_ROLES)


def _is_ours(rule: Mapping[str, Any]) -> bool:
    condition = rule.get("condition", {})
    prefixes = condition.get("matchesPrefix") or []
    ours = (*_RAW, *_REFERRED, *_REJECTS, *_PEOPLE, ROWS)
    return (
        rule.get("action", {}).get("type") == "Delete"
        and set(condition) == {"age", "matchesPrefix"}
        and all(prefix in ours or prefix.startswith(RUNS) for prefix in prefixes)
    )


def _sorted(rules: Sequence[Rule]) -> list[tuple[int, list[str]]]:
    return sorted(
        (int(rule["condition"]["age"]), sorted(rule["condition"]["matchesPrefix"])) for rule in rules
    )
