"""The receiver of Tiny's sales webhooks: an HTTP function that drops each payload into its store's inbox.

Acknowledged is stored: the answer is 200 only when the object is in the bucket, or when nobody needs the
event; Tiny repeats everything else, ten times, over about four hours. What happens to the object next is not
known here.
"""

import hmac
import json
import logging
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import uuid4

from flask import Request, Response

from .events import configure, emit
from .inbox import Inbox, InboxError, object_name
from .payload import Refusal, Sale, Unneeded, judge
from .settings import Settings, SettingsError, load

_CHUNK_BYTES: Final = 64 * 1024
_RETRY_AFTER_SECONDS: Final = 60


def _start() -> Settings:
    """Set up the log and read the settings; if one is wrong, the process ends with an event that names it."""
    configure()
    try:
        settings = load(os.environ, Path(__file__).resolve().parent)
    except SettingsError as error:
        emit(logging.CRITICAL, "receiver_not_started", error=str(error))
        raise SystemExit(1) from error
    emit(
        logging.INFO if settings.secrets else logging.WARNING,
        "receiver_started",
        stores=sorted(settings.stores),
        secrets=len(settings.secrets),
        max_bytes=settings.max_bytes,
    )
    return settings


SETTINGS: Final = _start()
INBOX: Final = Inbox()

_TOO_LARGE: Final = Refusal(
    "body",
    f"at most {SETTINGS.max_bytes} bytes",
    "more",
    "Tiny's sales webhooks are below 2 KB; raise WEBHOOK_MAX_BYTES if that has changed.",
)
_CUT_SHORT: Final = Refusal("body", "as many bytes as were announced", "fewer", "Send the body whole.")
_NOT_POST: Final = Refusal("method", "POST", "another method", "Post the webhook's JSON to this address.")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a request: the answer to its sender, and the event for the log.

    Attributes:
        status: HTTP status.
        answer: Body of the answer, to be sent as JSON.
        event: Name of the log event.
        fields: Fields of the log event.
        severity: Level of the log event.
        headers: Headers of the answer beside the usual ones.
    """

    status: int
    answer: Mapping[str, object]
    event: str
    fields: Mapping[str, object]
    severity: int = logging.INFO
    headers: Mapping[str, str] = field(default_factory=dict)


def receive(request: Request) -> Response:
    """Answer one request; the entry point for the Functions Framework.

    Args:
        request: Any request, at any path.

    Returns:
        200 when stored or not needed; 400, 404, 405 or 413 for what is no such webhook; 503 when it could not
        be stored.
    """
    started = time.monotonic()
    try:
        outcome = _outcome(request)
    except Exception as error:
        # Whatever it is, Tiny shall repeat; and Flask would log the path, with the secret in it.
        outcome = _failed(type(error).__name__, 500, {})
    seconds = round(time.monotonic() - started, 3)
    emit(outcome.severity, outcome.event, status=outcome.status, seconds=seconds, **outcome.fields)
    text = json.dumps(outcome.answer) + "\n"
    return Response(text, outcome.status, dict(outcome.headers), content_type="application/json")


def _outcome(request: Request) -> Outcome:
    # Read first, whatever the answer: what is left of a body the framework reads later, all into memory.
    body = _read(request, SETTINGS.max_bytes)
    if not _is_known_address(request.path, request.args.get("secret", ""), SETTINGS.secrets):
        return Outcome(404, {"error": "not found"}, "webhook_refused", {"field": "address"}, logging.WARNING)
    if request.method != "POST":
        return _refused(_NOT_POST, 405, {"Allow": "POST"})
    if isinstance(body, Refusal):
        return _refused(body, 413 if body is _TOO_LARGE else 400)
    verdict = judge(body, SETTINGS.prefixes)
    match verdict:
        case Refusal():
            return _refused(verdict)
        case Unneeded():
            fields = {"store": verdict.store, "tipo": verdict.tipo}
            return Outcome(200, {"status": "not needed"}, "webhook_not_needed", fields)
        case Sale():
            return _stored(verdict, body)


def _stored(sale: Sale, body: bytes) -> Outcome:
    store = SETTINGS.stores[sale.store]
    name = object_name(sale.store, sale.order, datetime.now(store.timezone), uuid4())
    fields = {
        "store": sale.store,
        "order": sale.order,
        "tipo": sale.tipo,
        "bucket": store.bucket,
        "object": name,
    }
    try:
        INBOX.put(store.bucket, name, body)
    except InboxError as error:
        return _failed(str(error), 503, fields)
    return Outcome(200, {"status": "stored", "object": name}, "webhook_stored", fields)


def _refused(refusal: Refusal, status: int = 400, headers: Mapping[str, str] | None = None) -> Outcome:
    reason = {"field": refusal.field, "expected": refusal.expected, "found": refusal.found}
    answer = {"error": {**reason, "action": refusal.action}}
    fields = {"store": refusal.store, **reason}
    return Outcome(status, answer, "webhook_refused", fields, logging.WARNING, headers or {})


def _failed(error: str, status: int, fields: Mapping[str, object]) -> Outcome:
    action = f"Send the same again in {_RETRY_AFTER_SECONDS} seconds or later."
    answer = {
        "error": {"field": "receiver", "expected": "to store it", "found": "a failure", "action": action}
    }
    headers = {"Retry-After": str(_RETRY_AFTER_SECONDS)}
    return Outcome(status, answer, "webhook_not_stored", {**fields, "error": error}, logging.ERROR, headers)


def _read(request: Request, limit: int) -> bytes | Refusal:
    """Read the body to its end, keeping at most `limit` bytes of it in memory."""
    kept = bytearray()
    size = 0
    try:
        while chunk := request.stream.read(_CHUNK_BYTES):
            size += len(chunk)
            if size <= limit:
                kept += chunk
    except Exception:
        # The sender hung up or broke the transfer: server, framework and socket each have their own errors.
        return _CUT_SHORT
    # Some servers end a body that was cut short without an error.
    if size < (request.content_length or 0):
        return _CUT_SHORT
    return bytes(kept) if size <= limit else _TOO_LARGE


def _is_known_address(path: str, query: str, secrets: tuple[str, ...]) -> bool:
    """Tell whether the path's last step or the query's `secret` is a secret; without secrets, all may enter.

    Each secret is compared with both, without an early end, so that the time taken tells nothing.
    """
    offers = [text.encode(errors="replace") for text in (path.rstrip("/").rpartition("/")[2], query)]
    matches = [hmac.compare_digest(offer, secret.encode()) for secret in secrets for offer in offers]
    return not secrets or any(matches)
