"""Preconditions of Cloud Storage, on which it rests that nothing is lost and nothing is doubled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from google.api_core.exceptions import GoogleAPICallError, NotFound, PreconditionFailed
from google.cloud.storage.retry import DEFAULT_RETRY

from tiny_operators.lake.objects import Objects

from .scratch import Scratch
from .steps import StepError

_ONCE: Final = "preconditions/once.json"
_CHANGED: Final = "preconditions/changed.json"


def two_creations(objects: Objects) -> str:
    """Create an object twice: the second time another one stands there, which stays."""
    made = [objects.create_json(_ONCE, {"number": number}) for number in (1, 2)]
    kept = objects.read_json(_ONCE)
    if made != [True, False] or kept != {"number": 1}:
        raise StepError(f"created {made}, and then it holds {kept}")
    return "the second creation is refused (412), the first stays"


def old_generation(scratch: Scratch) -> str:
    """Change an object: its old generation can neither be read, nor replaced, nor deleted."""
    blob = scratch.storage.bucket(scratch.store.api_bucket).blob(_CHANGED)
    blob.upload_from_string("1", if_generation_match=0, retry=DEFAULT_RETRY)
    old = blob.generation
    blob.upload_from_string("2", if_generation_match=old, retry=DEFAULT_RETRY)
    new = blob.generation
    at_old = scratch.storage.bucket(scratch.store.api_bucket).blob(_CHANGED, generation=old)
    name = scratch.storage.bucket(scratch.store.api_bucket).blob(_CHANGED)
    _refused("reading an old generation", at_old.download_as_bytes, NotFound)
    _refused(
        "replacing it", lambda: name.upload_from_string("3", if_generation_match=old), PreconditionFailed
    )
    _refused("deleting it", lambda: name.delete(if_generation_match=old), PreconditionFailed)
    if name.download_as_bytes() != b"2":
        raise StepError("the object does not hold what was written last")
    name.delete(if_generation_match=new)
    return "reading it is answered 404, replacing and deleting it 412"


def _refused(what: str, do: Callable[[], Any], error: type[GoogleAPICallError]) -> None:
    try:
        do()
    except error:
        return
    raise StepError(f"{what} is not refused")
