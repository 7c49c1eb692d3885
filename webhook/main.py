"""The receiver of Tiny's webhooks: an HTTP function that drops what comes into its store's inbox.

Whoever knows the address is let in. The answer is 200 only when what came is in the bucket, or when nothing came.
"""

import json
import logging
import os
import re
import time
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from flask import Request, Response
from werkzeug.wsgi import get_input_stream

from .events import configure, emit
from .inbox import InboxError, put
from .payload import UNNEEDED, look
from .settings import Settings, SettingsError, load

_FIELDS: Final = ("field", "expected", "found", "action")
_CONTENT_TYPE: Final = re.compile(r"[\w.+-]+/[\w.+-]+( *;[ -~]{0,200})?", re.ASCII)


def _start() -> Settings:
    """Set up the log and read the settings; if one is wrong, the process ends with an event that names it."""
    configure()
    try:
        settings = load(os.environ, Path(__file__).resolve().parent)
    except SettingsError as error:
        emit(logging.CRITICAL, "receiver_not_started", error=str(error))
        raise SystemExit(1) from error
    stores, secrets = [store.prefix for store in settings.opened_by(*settings.secrets)], len(settings.secrets)
    level = logging.INFO if secrets and len(stores) == len(settings.stores) else logging.WARNING
    emit(level, "receiver_started", stores=stores, secrets=secrets, max_bytes=settings.max_bytes)
    return settings


SETTINGS: Final = _start()
_REASONS: Final = {
    400: ("body", "as many bytes as were announced", "fewer", "Send the body whole."),
    413: ("body", f"at most {SETTINGS.max_bytes} bytes", "more", "Raise WEBHOOK_MAX_BYTES."),
    503: ("receiver", "to store it", "a failure", "Send the same again in 60 seconds or later."),
}
_ERRORS: Final = {status: dict(zip(_FIELDS, words, strict=True)) for status, words in _REASONS.items()}
_ERRORS[500] = _ERRORS[503]
_GOOD: Final = {"webhook_stored": "stored", "webhook_not_needed": "not needed", "webhook_probe": "ready"}


def receive(request: Request) -> Response:
    """Answer one request, at any path; the entry point for the Functions Framework."""
    started = time.monotonic()
    try:
        status, event, fields = _outcome(request)
    except Exception as error:
        # Whatever it is, Tiny shall repeat; and Flask would log the path, with the secret in it.
        status, event, fields = 500, "webhook_not_stored", {"error": type(error).__name__}
    severity = {2: logging.INFO, 4: logging.WARNING}.get(status // 100, logging.ERROR)
    emit(severity, event, status=status, seconds=round(time.monotonic() - started, 3), **fields)
    answer = {"status": _GOOD[event]} if event in _GOOD else {"error": _ERRORS.get(status, "not found")}
    answer |= {"object": fields["object"]} if event == "webhook_stored" else {}
    headers = {"Retry-After": "60"} if severity == logging.ERROR else {}
    return Response(json.dumps(answer) + "\n", status, headers, content_type="application/json")


def _outcome(request: Request) -> tuple[int, str, dict[str, Any]]:
    """Return the status of the answer, and the event for the log with its fields."""
    # Read first, whatever the answer: what is left of a body the framework reads later, all into memory.
    body, problem = _read(request)
    last_step = request.path.rstrip("/ ").rpartition("/")[2]
    stores = SETTINGS.opened_by(last_step.strip(), request.args.get("secret", "").strip())
    if not stores:
        return 404, "webhook_refused", {"field": "address"}
    if request.method == "POST" and problem:
        return problem, "webhook_refused", _ERRORS[problem]
    glance = look(body) if request.method == "POST" else None
    if glance is None:
        return 200, "webhook_probe", {}
    store = next((store for store in stores if store.cnpj in glance.cnpjs), stores[0])
    fields: dict[str, Any] = {"store": store.prefix, "tipo": glance.kind}
    if glance.kind in UNNEEDED:
        return 200, "webhook_not_needed", fields
    arrived = f"{datetime.now(store.timezone):%Y%m%dT%H%M%S}"
    name = f"vendas/{store.prefix}-tiny-webhook-vendas-{glance.order}-{arrived}-{uuid4()}.json"
    fields |= {"order": glance.order, "bucket": store.bucket, "object": name}
    told, encoding = (request.headers.get(each, "") for each in ("Content-Type", "Content-Encoding"))
    content_type = told if _CONTENT_TYPE.fullmatch(told) else "application/octet-stream"
    try:
        put(store.bucket, name, body, content_type, encoding[:100])
    except InboxError as error:
        return 503, "webhook_not_stored", {**fields, "error": str(error)}
    return 200, "webhook_stored", fields


def _read(request: Request) -> tuple[bytes, int]:
    """Read the body to its end; return no more of it than the limit, and the status that refuses it, or 0."""
    kept, size, announced = bytearray(), 0, request.content_length or 0
    try:
        # Not the request's own stream, for which the framework has a limit of its own.
        stream = get_input_stream(request.environ)
        while chunk := stream.read(65536):
            size += len(chunk)
            kept += chunk[: max(0, SETTINGS.max_bytes - len(kept))]
    except Exception:
        # The sender hung up or broke the transfer: server, framework and socket each have their own errors.
        announced = size + 1
    # Some servers end a body that was cut short without an error.
    return bytes(kept), 413 if size > SETTINGS.max_bytes else 400 if size < announced else 0
