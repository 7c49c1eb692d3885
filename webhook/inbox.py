"""The inbox: Cloud Storage objects, one for each arrival, never overwritten."""

import threading
from datetime import datetime
from typing import Final
from uuid import UUID

from google.api_core.exceptions import GoogleAPICallError, GoogleAPIError, PreconditionFailed
from google.auth.exceptions import GoogleAuthError
from google.cloud import storage
from google.cloud.storage.retry import DEFAULT_RETRY

_ATTEMPT_TIMEOUT: Final = (2.0, 3.0)
"""Seconds to connect, and seconds to wait for each answer."""
_RETRY: Final = DEFAULT_RETRY.with_timeout(5.0)
"""Retries what Google calls transient, with no new attempt after 5 seconds: a caller waits 10 or so at most.

How long Tiny waits is not known; it repeats after minutes, which is the better retry.
"""


class InboxError(Exception):
    """The object could not be stored; the message is the kind of the failure, nothing of the request."""


def object_name(store: str, order: str, arrived: datetime, unique: UUID) -> str:
    """Return the name of a webhook's object.

    Args:
        store: Prefix of the store.
        order: Tiny's id of the order.
        arrived: When the webhook came, in the store's time zone.
        unique: A value of its own for each arrival, so that repeats of one event become objects of their own.

    Returns:
        A name such as `vendas/z316-tiny-webhook-vendas-910000101-20260314T101500-….json`.
    """
    return f"vendas/{store}-tiny-webhook-vendas-{order}-{arrived:%Y%m%dT%H%M%S}-{unique}.json"


class Inbox:
    """Writes objects with one client, made when it is first needed, for all threads."""

    def __init__(self) -> None:
        self._client: storage.Client | None = None
        self._lock = threading.Lock()

    def put(self, bucket: str, name: str, body: bytes) -> None:
        """Store bytes as a new object.

        Args:
            bucket: Name of the bucket.
            name: Name of the object; must be new.
            body: The content, kept byte for byte.

        Raises:
            InboxError: If it is not certain that the object is stored. Worth another try later.
        """
        try:
            blob = self._connected().bucket(bucket).blob(name)
            blob.upload_from_string(
                body,
                content_type="application/json",
                if_generation_match=0,
                timeout=_ATTEMPT_TIMEOUT,
                retry=_RETRY,
            )
        except PreconditionFailed:
            # The name is of this arrival alone: an earlier attempt stored the object and its answer was lost.
            return
        except GoogleAPICallError as error:
            raise InboxError(f"{type(error).__name__} {error.code or ''}".strip()) from error
        except (GoogleAPIError, GoogleAuthError, OSError) as error:
            raise InboxError(type(error).__name__) from error

    def _connected(self) -> storage.Client:
        with self._lock:
            if self._client is None:
                self._client = storage.Client()
            return self._client
