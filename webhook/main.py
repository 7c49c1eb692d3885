"""The receiver of Tiny's webhooks: a web application that drops what comes into its store's inbox.

Whoever knows the address is let in. The answer is 200 only when what came is in the bucket, or when there is nothing
to store: nothing came, or an event of a kind that is about no order.
"""

import asyncio
import json
import logging
import os
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any, Final
from urllib.parse import parse_qs
from uuid import uuid4

from .events import configure, emit
from .glance import UNNEEDED, look
from .inbox import THREADS, InboxError, put
from .settings import Settings, SettingsError, Store, load

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Outcome = tuple[int, str, dict[str, Any]]

_FIELDS: Final = ("field", "expected", "found", "action")
_CONTENT_TYPE: Final = re.compile(r"[\w.+-]+/[\w.+-]+( *;[ -~]{0,200})?", re.ASCII)
# More than the ten that storing takes at most: this ends only what has waited too long for a thread.
_STORE_SECONDS: Final = 15


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
    limits = {"max_bytes": settings.max_bytes, "root": os.geteuid() == 0}
    emit(level, "receiver_started", stores=stores, secrets=secrets, **limits)
    return settings


SETTINGS: Final = _start()
_THREADS: Final = ThreadPoolExecutor(THREADS)
_GLANCE: Final = Lock()
_REASONS: Final = {
    400: ("body", "as many bytes as were announced", "fewer", "Send the body whole."),
    408: ("body", f"all of it within {SETTINGS.max_seconds} seconds", "a part", "Send it faster."),
    413: ("body", f"at most {SETTINGS.max_bytes} bytes", "more", "Raise WEBHOOK_MAX_BYTES."),
    503: ("receiver", "to store it", "a failure", "Send the same again in 60 seconds or later."),
}
_ERRORS: Final = {status: dict(zip(_FIELDS, words, strict=True)) for status, words in _REASONS.items()}
_ERRORS[500] = _ERRORS[503]
_GOOD: Final = {"webhook_stored": "stored", "webhook_not_needed": "not needed", "webhook_probe": "ready"}


async def receive(scope: Mapping[str, Any], incoming: Receive, send: Send) -> None:
    """Answer one request, at any path; the application that the server runs (ASGI)."""
    started, deadline = time.monotonic(), asyncio.get_running_loop().time() + SETTINGS.max_seconds
    try:
        status, event, fields = await _outcome(scope, incoming, deadline)
    except Exception as error:
        # Whatever it is, Tiny shall repeat; and the server would log it in a way of its own.
        status, event, fields = 500, "webhook_not_stored", {"error": type(error).__name__}
    severity = {2: logging.INFO, 4: logging.WARNING}.get(status // 100, logging.ERROR)
    emit(severity, event, status=status, seconds=round(time.monotonic() - started, 3), **fields)
    answer = {"status": _GOOD[event]} if event in _GOOD else {"error": _ERRORS.get(status, "not found")}
    answer |= {"object": fields["object"]} if event == "webhook_stored" else {}
    body = json.dumps(answer).encode() + b"\n"
    headers = {"content-type": "application/json", "content-length": str(len(body))}
    headers |= {"retry-after": "60"} if severity == logging.ERROR else {}
    unread = scope["method"] != "POST" or status in {400, 404, 408, 413}
    headers |= {"connection": "close"} if unread else {}
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body, "more_body": True})
    # Many senders read no answer before they have sent all: what still comes in time is taken, and thrown away.
    with suppress(TimeoutError):
        async with asyncio.timeout_at(deadline):
            while unread and (await incoming()).get("more_body"):
                pass
    await send({"type": "http.response.body"})


async def _outcome(scope: Mapping[str, Any], incoming: Receive, deadline: float) -> Outcome:
    """Return the status of the answer, and the event for the log with its fields."""
    secrets = parse_qs(scope["query_string"].decode("latin-1")).get("secret", [""])
    last_step = scope["path"].rstrip("/ ").rpartition("/")[2]
    stores = SETTINGS.opened_by(last_step.strip(), secrets[0].strip())
    # CONNECT asks for a tunnel, and a 200 would promise one.
    if not stores or scope["method"] == "CONNECT":
        return 404, "webhook_refused", {"field": "address"}
    if scope["method"] != "POST":
        return 200, "webhook_probe", {}
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    body, problem = await _read(incoming, deadline, int(headers.get("content-length", 0)))
    if problem:
        return problem, "webhook_refused", _ERRORS[problem]
    kept = asyncio.get_running_loop().run_in_executor(_THREADS, _keep, body, headers, stores)
    try:
        return await asyncio.wait_for(kept, _STORE_SECONDS)
    except TimeoutError:
        return 503, "webhook_not_stored", {"error": "TimeoutError"}


async def _read(incoming: Receive, deadline: float, announced: int) -> tuple[bytes, int]:
    """Return the body, or the status that refuses it; of one that is too large, no more than the limit is read."""
    body, more = bytearray(), True
    try:
        async with asyncio.timeout_at(deadline):
            while more and max(announced, len(body)) <= SETTINGS.max_bytes:
                message = await incoming()
                if message["type"] == "http.disconnect":
                    return b"", 400
                body += message.get("body", b"")
                more = message.get("more_body", False)
    except TimeoutError:
        return b"", 408
    return bytes(body), 413 if max(announced, len(body)) > SETTINGS.max_bytes else 0


def _keep(body: bytes, headers: Mapping[str, str], stores: Sequence[Store]) -> Outcome:
    """Store a body, in a thread; nothing, and what nobody needs, is acknowledged only."""
    # One at a time: unpacked, a body takes many times its size, and threads do not search faster side by side.
    with _GLANCE:
        glance = look(body)
    if glance is None:
        return 200, "webhook_probe", {}
    store = next((store for store in stores if store.cnpj in glance.cnpjs), stores[0])
    fields: dict[str, Any] = {"store": store.prefix, "tipo": glance.kind}
    if glance.kind in UNNEEDED:
        return 200, "webhook_not_needed", fields
    arrived = f"{datetime.now(store.timezone):%Y%m%dT%H%M%S}"
    name = f"vendas/{store.prefix}-tiny-webhook-vendas-{glance.order}-{arrived}-{uuid4()}.json"
    fields |= {"order": glance.order, "bucket": store.bucket, "object": name}
    reported, encoding = (headers.get(each, "") for each in ("content-type", "content-encoding"))
    content_type = reported if _CONTENT_TYPE.fullmatch(reported) else "application/octet-stream"
    try:
        put(store.bucket, name, body, content_type, encoding[:100])
    except InboxError as error:
        return 503, "webhook_not_stored", {**fields, "error": str(error)}
    return 200, "webhook_stored", fields
