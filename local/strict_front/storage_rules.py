"""The rules of Cloud Storage that its emulator does not hold to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Final

from local.strict_front import labels, locations, preconditions
from local.strict_front.call import Call
from local.strict_front.rules import Now, Rule

_DOCS: Final = "https://cloud.google.com/storage/docs"
_PRECONDITIONS: Final = f"{_DOCS}/request-preconditions"
WRITES: Final = tuple(
    f"storage.objects.{name}"
    for name in ("insert", "compose", "copy", "rewrite", "delete", "patch", "update")
)
_COPIES: Final = ("storage.objects.copy", "storage.objects.rewrite")
_BUCKET_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?")
_IP_ADDRESS: Final = re.compile(r"\d+\.\d+\.\d+\.\d+")
_STORAGE_CLASSES: Final = frozenset({
    "STANDARD",
    "NEARLINE",
    "COLDLINE",
    "ARCHIVE",
    "MULTI_REGIONAL",
    "REGIONAL",
    "DURABLE_REDUCED_AVAILABILITY",
})
_LIFECYCLE_ACTIONS: Final = frozenset({"Delete", "SetStorageClass", "AbortIncompleteMultipartUpload"})
_LIFECYCLE_RULES: Final = 100
_SOFT_DELETE_DAYS: Final = (7, 90)
_COMPOSED_MOST: Final = 32
_METADATA_BYTES: Final = 8 * 1024
_NAME_BYTES: Final = 1024


def _bucket_name(call: Call, now: Now) -> str | None:
    name = str(call.field("name") or "")
    parts = name.split(".")
    longest = 222 if len(parts) > 1 else 63
    if not 3 <= len(name) <= longest or any(not 1 <= len(part) <= 63 for part in parts):
        return "Invalid bucket name: it has 3 to 63 characters, up to 222 with dots, 63 between two dots"
    if not _BUCKET_NAME.fullmatch(name) or _IP_ADDRESS.fullmatch(name):
        return "Invalid bucket name: small letters, digits, - _ and ., no address, a letter or digit at both ends"
    if name.startswith("goog") or "google" in name or "g00gle" in name:
        return "Invalid bucket name: it may not begin with goog nor hold google"
    return None


def _bucket_location(call: Call, now: Now) -> str | None:
    location = call.field("location")
    if location is None or str(location).upper() in locations.STORAGE:
        return None
    return "The specified location constraint is not valid"


def _storage_class(call: Call, now: Now) -> str | None:
    name = call.field("storageClass")
    return None if name is None or name in _STORAGE_CLASSES else "Invalid value for storageClass"


def _lifecycle(call: Call, now: Now) -> str | None:
    rules = call.field("lifecycle.rule") or []
    if len(rules) > _LIFECYCLE_RULES:
        return f"Invalid lifecycle: a bucket has at most {_LIFECYCLE_RULES} rules"
    for rule in rules:
        action = rule.get("action") or {}
        if action.get("type") not in _LIFECYCLE_ACTIONS:
            return f"Invalid lifecycle rule: its action is one of {', '.join(sorted(_LIFECYCLE_ACTIONS))}"
        if action["type"] == "SetStorageClass" and action.get("storageClass") not in _STORAGE_CLASSES:
            return "Invalid lifecycle rule: SetStorageClass needs the storageClass of its action"
        if not any(value is not None for value in (rule.get("condition") or {}).values()):
            return "Invalid lifecycle rule: it needs a condition"
        if problem := _lifecycle_condition(rule["condition"]):
            return f"Invalid lifecycle rule: {problem}"
    return None


def _lifecycle_condition(condition: Mapping[str, object]) -> str | None:
    age = condition.get("age")
    if age is not None and (not isinstance(age, int) or isinstance(age, bool) or age < 0):
        return "age is a whole number of days, 0 or more"
    for name in ("matchesPrefix", "matchesSuffix"):
        texts = condition.get(name)
        if texts is not None and not (isinstance(texts, list) and texts and all(texts)):
            return f"{name} is a list of texts, none of them empty"
    return None


def _soft_delete(call: Call, now: Now) -> str | None:
    seconds = call.field("softDeletePolicy.retentionDurationSeconds")
    least, most = (days * 24 * 60 * 60 for days in _SOFT_DELETE_DAYS)
    if seconds is None or int(seconds) == 0 or least <= int(seconds) <= most:
        return None
    return "Invalid softDeletePolicy: deleted objects are kept for 7 to 90 days, or not at all"


def _public_access_prevention(call: Call, now: Now) -> str | None:
    value = call.field("iamConfiguration.publicAccessPrevention")
    return None if value in {None, "inherited", "enforced"} else "Invalid value for publicAccessPrevention"


def _object_names(call: Call) -> Iterable[str]:
    # Of a chunk the session knows the name.
    if call.method.id == "storage.objects.insert" and call.upload_type != "chunk":
        return [call.object]
    return [value for name, value in call.names.items() if name.lower().endswith("object")]


def _object_name(call: Call, now: Now) -> str | None:
    for name in _object_names(call):
        if not 1 <= len(name.encode()) <= _NAME_BYTES:
            return f"Invalid object name: it has 1 to {_NAME_BYTES} bytes of UTF-8"
        if "\n" in name or "\r" in name:
            return "Invalid object name: it may hold neither line feed nor carriage return"
        if name in {".", ".."} or name.startswith(".well-known/acme-challenge/"):
            return "Invalid object name: neither . nor .., and not in .well-known/acme-challenge/"
    return None


def _metadata_size(call: Call, now: Now) -> str | None:
    metadata = call.field("metadata")
    if not isinstance(metadata, Mapping):
        return None
    size = sum(len(str(name).encode()) + len(str(value or "").encode()) for name, value in metadata.items())
    return f"Metadata too large: at most {_METADATA_BYTES} bytes" if size > _METADATA_BYTES else None


def _composed_count(call: Call, now: Now) -> str | None:
    if 1 <= len(preconditions.composed(call)) <= _COMPOSED_MOST:
        return None
    return f"The number of source components is from 1 to {_COMPOSED_MOST}"


def _composed_sources(call: Call, now: Now) -> str | None:
    return "No such object: one of the sources is not there" if None in now.sources else None


def _one_change_a_second(call: Call, now: Now) -> str | None:
    # The start of a resumable upload changes nothing yet, nor does a chunk that is not its last.
    if now.since_change >= 1:
        return None
    return (
        "The object exceeded the rate limit for object mutation operations (create, update, and delete). "
        "Please reduce your request rate"
    )


_NAMING: Final = f"{_DOCS}/buckets#naming"
_OBJECTS: Final = f"{_DOCS}/objects#naming"
_QUOTAS: Final = "https://cloud.google.com/storage/quotas#objects"
_COMPOSITES: Final = f"{_DOCS}/composite-objects"
_INSERT_BUCKET: Final = ("storage.buckets.insert",)
_BUCKETS: Final = ("storage.buckets.insert", "storage.buckets.patch", "storage.buckets.update")
_COMPOSE: Final = ("storage.objects.compose",)
_READ: Final = ("storage.objects.get",)
_ONE_OBJECT: Final = tuple(f"storage.objects.{name}" for name in ("get", "delete", "patch", "update"))

_not_found = partial(Rule, source=f"{_DOCS}/using-versioned-objects", status=404, reason="notFound")
_not_met = partial(Rule, source=_PRECONDITIONS, status=412, reason="conditionNotMet")

RULES: Final = (
    Rule("bucket name", _INSERT_BUCKET, _bucket_name, _NAMING),
    Rule("bucket location", _INSERT_BUCKET, _bucket_location, locations.STORAGE_SOURCE),
    Rule("storage class", (*_BUCKETS, *WRITES), _storage_class, f"{_DOCS}/storage-classes"),
    Rule("lifecycle rules", _BUCKETS, _lifecycle, f"{_DOCS}/lifecycle"),
    Rule("soft delete", _BUCKETS, _soft_delete, f"{_DOCS}/soft-delete"),
    Rule(
        "public access prevention", _BUCKETS, _public_access_prevention, f"{_DOCS}/public-access-prevention"
    ),
    Rule("bucket labels", _BUCKETS, labels.are_right, f"{_DOCS}/tags-and-labels#bucket-labels"),
    Rule("object name", ("storage.objects.*",), _object_name, _OBJECTS),
    Rule("size of an object's metadata", WRITES, _metadata_size, _QUOTAS),
    Rule("1 to 32 composed objects", _COMPOSE, _composed_count, _COMPOSITES),
    _not_found("composed objects", _COMPOSE, _composed_sources, source=_COMPOSITES),
    _not_found("generation that is there", _ONE_OBJECT, preconditions.generation_is_there),
    _not_found("source's generation", _COPIES, preconditions.source_generation_is_there),
    _not_found("composed generations", _COMPOSE, preconditions.composed_generations_are_there),
    _not_met("preconditions", (*WRITES, *_READ), preconditions.hold),
    _not_met("negative preconditions of writes", WRITES, preconditions.negative_hold),
    _not_met(
        "negative preconditions of reads",
        _READ,
        preconditions.negative_hold,
        status=304,
        reason="notModified",
    ),
    _not_met("source's preconditions", _COPIES, preconditions.source_holds),
    _not_met(
        "composed objects' preconditions",
        _COMPOSE,
        preconditions.composed_hold,
        source=f"{_DOCS}/json_api/v1/objects/compose",
    ),
    Rule("one change of an object a second", WRITES, _one_change_a_second, _QUOTAS, 429, "rateLimitExceeded"),
)
