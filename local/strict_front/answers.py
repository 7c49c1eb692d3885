"""Answers in the form of Google's services."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable
from typing import Any, Final

from local.strict_front.refusal import Refusal

_STATUS: Final = {
    400: "INVALID_ARGUMENT",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
    412: "FAILED_PRECONDITION",
    429: "RESOURCE_EXHAUSTED",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
}
_TOKEN: Final = re.compile(rb'"(?:nextPageToken|pageToken)"\s*:\s*"([^"\\]+)"')
_REFERENCE: Final = re.compile(r'"jobReference"\s*:\s*(\{[^{}]*\})')


def reported(refusal: Refusal) -> str:
    """Return the message of a refusal, with the rule and where it is documented."""
    if not refusal.rule:
        return refusal.message
    return f"{refusal.message} (rule: {refusal.rule}; {refusal.source})"


def error(refusal: Refusal) -> bytes:
    """Return the body of the answer to a refused request."""
    message = reported(refusal)
    one = {"domain": "global", "reason": refusal.reason, "message": message}
    status = _STATUS.get(refusal.status, "UNKNOWN")
    body = {"code": refusal.status, "message": message, "errors": [one], "status": status}
    return json.dumps({"error": body}).encode()


class PageTokens:
    """Page tokens that are good for one list alone: those that the emulators give are plain numbers or names.

    Args:
        key: Secret to sign them with.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def sign(self, path: str, content: bytes) -> bytes:
        """Put signed tokens in the place of those in an answer."""
        return _TOKEN.sub(
            lambda found: found[0].replace(found[1], self._signed(path, found[1]).encode()), content
        )

    def open(self, path: str, token: str) -> str | None:
        """Return the emulator's token behind a signed one; None when it was not given for this list."""
        try:
            plain = base64.urlsafe_b64decode(token.partition(".")[0].encode())
        except ValueError:
            return None
        good = hmac.compare_digest(self._signed(path, plain), token)
        return plain.decode(errors="replace") if good else None

    def _signed(self, path: str, plain: bytes) -> str:
        signature = hmac.new(self._key, path.encode() + b"\n" + plain, hashlib.sha256).hexdigest()[:24]
        return f"{base64.urlsafe_b64encode(plain).decode()}.{signature}"


def place_jobs(content: bytes, location_of: Callable[[str], str]) -> bytes:
    """Put the locations of jobs into an answer: the emulator runs all of them in one place.

    Args:
        content: The answer.
        location_of: Of a job's id, its location.
    """

    def placed(found: re.Match[str]) -> str:
        reference: dict[str, Any] = json.loads(found[1])
        if "jobId" in reference:
            reference["location"] = location_of(reference["jobId"])
        return f'"jobReference": {json.dumps(reference)}'

    return _REFERENCE.sub(placed, content.decode()).encode()
