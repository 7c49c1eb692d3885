"""The inbox: Cloud Storage objects, one for each arrival, never overwritten."""

import os
from functools import cache, partial
from typing import Final

# The account may only create objects, and the client would ask for the bucket's metadata as well.
os.environ.setdefault("DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA", "true")

from google.api_core.exceptions import Forbidden, GoogleAPIError, PreconditionFailed
from google.auth.exceptions import GoogleAuthError
from google.cloud import storage
from google.cloud.storage.retry import DEFAULT_RETRY
from requests.adapters import HTTPAdapter

THREADS: Final = 32
# Seconds to connect, and to wait for an answer; with the retries a caller waits for 10 or so at most.
_ONCE: Final = {"if_generation_match": 0, "timeout": (2.0, 3.0), "retry": None}


@cache
def _client() -> storage.Client:
    client = storage.Client()
    # By default ten connections are kept, and each further thread would shake hands anew for each object.
    for scheme in ("http://", "https://"):
        client._http.mount(scheme, HTTPAdapter(pool_maxsize=THREADS))
    return client


class InboxError(Exception):
    """It is not certain that the object is stored; the message is the kind of the failure, nothing of the request."""


def put(bucket: str, name: str, body: bytes, content_type: str, encoding: str) -> None:
    """Store bytes as a new object, whose name must be of this arrival alone, or raise an `InboxError`."""
    failed: list[Exception] = []
    try:
        blob = _client().bucket(bucket).blob(name)
        # Not as the object's own encoding: Cloud Storage would unpack the bytes for whoever reads them.
        blob.metadata = {"content-encoding": encoding} if encoding else None
        upload = partial(blob.upload_from_string, body, content_type, **_ONCE)
        DEFAULT_RETRY.with_timeout(5.0)(upload, on_error=failed.append)()
    except PreconditionFailed:
        return  # It is there: an earlier attempt stored it, and its answer was lost.
    except (GoogleAPIError, GoogleAuthError, OSError) as error:
        # The same, as said to an account that may not overwrite: that takes the right to delete.
        there = isinstance(error, Forbidden) and "storage.objects.delete" in str(error)
        if not (there and failed):
            raise InboxError(f"{type(error).__name__} {getattr(error, 'code', 0) or ''}".strip()) from error
