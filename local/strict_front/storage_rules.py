"""The rules of Cloud Storage that its emulator does not hold to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from local.strict_front import locations
from local.strict_front.call import Call
from local.strict_front.labels import problem_of_labels
from local.strict_front.rules import Now, Resource, Rule

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
_COMPOSED_MOST: Final = 32
_METADATA_BYTES: Final = 8 * 1024
_NAME_BYTES: Final = 1024
_NOT_MET: Final = "At least one of the pre-conditions you specified did not hold"


def generation_of(resource: Resource | None, kind: str = "generation") -> int:
    """Give an object's generation or metageneration; 0 when it is not there."""
    return int(resource.get(kind, 1)) if resource else 0


def _conditions(
    query: Mapping[str, Any], prefix: str, *, negative: bool
) -> Iterator[tuple[str, str, int | None]]:
    for kind in ("Generation", "Metageneration"):
        name = f"{prefix}{kind}{'Not' if negative else ''}Match"
        if (value := query.get(name)) not in {None, ""}:
            yield name, kind.lower(), int(value)


def _unmet(query: Mapping[str, Any], prefix: str, resource: Resource | None) -> str | None:
    """Name the first precondition that does not hold."""
    for name, kind, wanted in _conditions(query, prefix, negative=False):
        if generation_of(resource, kind) != wanted:
            return f"{_NOT_MET}: {name}"
    return None


def _unmet_not(query: Mapping[str, Any], prefix: str, resource: Resource | None) -> str | None:
    for name, kind, unwanted in _conditions(query, prefix, negative=True):
        if generation_of(resource, kind) == unwanted:
            return f"{_NOT_MET}: {name}"
    return None


def _is_there_or_made(call: Call, now: Now) -> bool:
    """Tell whether preconditions decide: what is not there and is not made is simply not found."""
    makes = call.method.id.endswith((".insert", ".compose", ".copy", ".rewrite"))
    return now.target is not None or makes


def _preconditions(call: Call, now: Now) -> str | None:
    return _unmet(call.query, "if", now.target) if _is_there_or_made(call, now) else None


def _negative_preconditions(call: Call, now: Now) -> str | None:
    return _unmet_not(call.query, "if", now.target) if _is_there_or_made(call, now) else None


def _source_preconditions(call: Call, now: Now) -> str | None:
    if now.source is None:
        return None
    return _unmet(call.query, "ifSource", now.source) or _unmet_not(call.query, "ifSource", now.source)


def composed(call: Call) -> list[Mapping[str, Any]]:
    """Give the objects that a request puts together, as it names them."""
    found = call.field("sourceObjects")
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _composed_preconditions(call: Call, now: Now) -> str | None:
    wanted = [one.get("objectPreconditions") or {} for one in composed(call)]
    problems = (_unmet(query, "if", source) for query, source in zip(wanted, now.sources, strict=True))
    return next((problem for problem in problems if problem), None)


def _gone(given: Any, resource: Resource | None) -> str | None:
    if given in {None, ""} or resource is None or int(given) == generation_of(resource):
        return None
    return "No such object: it has no such generation any more"


def _generation_is_there(call: Call, now: Now) -> str | None:
    return _gone(call.query.get("generation"), now.target)


def _source_generation_is_there(call: Call, now: Now) -> str | None:
    return _gone(call.query.get("sourceGeneration"), now.source)


def _composed_generations_are_there(call: Call, now: Now) -> str | None:
    pairs = zip(composed(call), now.sources, strict=True)
    return next((found for one, source in pairs if (found := _gone(one.get("generation"), source))), None)


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
    for rule in call.field("lifecycle.rule") or []:
        action = rule.get("action") or {}
        if action.get("type") not in _LIFECYCLE_ACTIONS:
            return f"Invalid lifecycle rule: its action is one of {', '.join(sorted(_LIFECYCLE_ACTIONS))}"
        if action["type"] == "SetStorageClass" and action.get("storageClass") not in _STORAGE_CLASSES:
            return "Invalid lifecycle rule: SetStorageClass needs the storageClass of its action"
        if not any(value is not None for value in (rule.get("condition") or {}).values()):
            return "Invalid lifecycle rule: it needs a condition"
    return None


def _public_access_prevention(call: Call, now: Now) -> str | None:
    value = call.field("iamConfiguration.publicAccessPrevention")
    return None if value in {None, "inherited", "enforced"} else "Invalid value for publicAccessPrevention"


def _bucket_labels(call: Call, now: Now) -> str | None:
    return problem_of_labels(call.field("labels"))


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
    if 1 <= len(composed(call)) <= _COMPOSED_MOST:
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


_TARGET: Final = frozenset({"target"})
_SOURCE: Final = frozenset({"source"})
_SOURCES: Final = frozenset({"sources"})
_NAMING: Final = f"{_DOCS}/buckets#naming"
_OBJECTS: Final = f"{_DOCS}/objects#naming"
_VERSIONS: Final = f"{_DOCS}/using-versioned-objects"
_INSERT_BUCKET: Final = ("storage.buckets.insert",)
_BUCKETS: Final = ("storage.buckets.insert", "storage.buckets.patch", "storage.buckets.update")
_COMPOSE: Final = ("storage.objects.compose",)
_READ: Final = ("storage.objects.get",)

RULES: Final = (
    Rule("bucket name", _INSERT_BUCKET, _bucket_name, _NAMING),
    Rule("bucket location", _INSERT_BUCKET, _bucket_location, locations.STORAGE_SOURCE),
    Rule("storage class", _BUCKETS, _storage_class, f"{_DOCS}/storage-classes"),
    Rule("lifecycle rules", _BUCKETS, _lifecycle, f"{_DOCS}/lifecycle"),
    Rule(
        "public access prevention", _BUCKETS, _public_access_prevention, f"{_DOCS}/public-access-prevention"
    ),
    Rule("bucket labels", _BUCKETS, _bucket_labels, f"{_DOCS}/tags-and-labels#bucket-labels"),
    Rule("object name", ("storage.objects.*",), _object_name, _OBJECTS),
    Rule(
        "size of an object's metadata",
        WRITES,
        _metadata_size,
        "https://cloud.google.com/storage/quotas#objects",
    ),
    Rule("1 to 32 composed objects", _COMPOSE, _composed_count, f"{_DOCS}/composite-objects"),
    Rule(
        "composed objects",
        _COMPOSE,
        _composed_sources,
        f"{_DOCS}/composite-objects",
        404,
        "notFound",
        _SOURCES,
    ),
    Rule(
        "generation that is there",
        ("storage.objects.get", "storage.objects.delete", "storage.objects.patch", "storage.objects.update"),
        _generation_is_there,
        _VERSIONS,
        404,
        "notFound",
        _TARGET,
    ),
    Rule("source's generation", _COPIES, _source_generation_is_there, _VERSIONS, 404, "notFound", _SOURCE),
    Rule(
        "composed generations",
        _COMPOSE,
        _composed_generations_are_there,
        _VERSIONS,
        404,
        "notFound",
        _SOURCES,
    ),
    Rule("preconditions", (*WRITES, *_READ), _preconditions, _PRECONDITIONS, 412, "conditionNotMet", _TARGET),
    Rule(
        "negative preconditions of writes",
        WRITES,
        _negative_preconditions,
        _PRECONDITIONS,
        412,
        "conditionNotMet",
        _TARGET,
    ),
    Rule(
        "negative preconditions of reads",
        _READ,
        _negative_preconditions,
        _PRECONDITIONS,
        304,
        "notModified",
        _TARGET,
    ),
    Rule(
        "source's preconditions",
        _COPIES,
        _source_preconditions,
        _PRECONDITIONS,
        412,
        "conditionNotMet",
        _SOURCE,
    ),
    Rule(
        "composed objects' preconditions",
        _COMPOSE,
        _composed_preconditions,
        f"{_DOCS}/json_api/v1/objects/compose",
        412,
        "conditionNotMet",
        _SOURCES,
    ),
    Rule(
        "one change of an object a second",
        WRITES,
        _one_change_a_second,
        "https://cloud.google.com/storage/quotas#objects",
        429,
        "rateLimitExceeded",
    ),
)
