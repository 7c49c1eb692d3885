"""Asking parts whether they are well."""

from __future__ import annotations

import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, cast

from local.stack.part import Health
from local.stack.parts import postgres_bin

_ANSWER_SECONDS = 5
# Local addresses never go through a proxy that the environment may name.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def problem(health: Health) -> str:
    """Ask one part. Return what is wrong with it, or an empty text when it is well."""
    if health.kind == "postgres":
        command = [str(postgres_bin() / "pg_isready"), "-h", health.target, "-U", "postgres"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return "" if done.returncode == 0 else (done.stdout or done.stderr).strip()
    if health.kind == "redis":
        done = subprocess.run(health.target.split(), capture_output=True, text=True, check=False)
        return "" if done.stdout.strip() == "PONG" else (done.stdout or done.stderr).strip()
    if health.kind == "process":
        return ""
    status, body = fetch(health.url)
    if status == 0 or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return body if status == 0 else f"answers {status}"
    return _component_problem(body, health.target) if health.kind == "airflow" else ""


def fetch(
    url: str,
    *,
    body: Mapping[str, Any] | None = None,
    method: str = "",
    headers: Mapping[str, str] | None = None,
    seconds: float = _ANSWER_SECONDS,
) -> tuple[int, str]:
    """Send one request to a local address.

    Args:
        url: The address.
        body: Value to send as JSON.
        method: HTTP method; GET, or POST with a body, by default.
        headers: Headers beside the content type.
        seconds: Longest wait for the answer.

    Returns:
        Status and text of the answer; status 0 and the reason when there was none.
    """
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(  # noqa: S310
        url, data, {"Content-Type": "application/json", **(headers or {})}, method=method or None
    )
    try:
        with _DIRECT.open(request, timeout=seconds) as answer:
            return answer.status, answer.read().decode(errors="replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace")
    except (OSError, ValueError) as error:
        return 0, f"no answer from {url} ({error})"


def _component_problem(body: str, component: str) -> str:
    try:
        known = cast("dict[str, dict[str, str | None] | None]", json.loads(body))
        status = (known.get(component) or {}).get("status")
    except (ValueError, AttributeError):
        return "its health page can't be read"
    return "" if status == "healthy" else f"Airflow calls it {status or 'unknown'}"
