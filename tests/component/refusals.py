"""Refusals as Cloud Storage and BigQuery give them; the emulators have no rights, quotas and billing."""

from __future__ import annotations

from typing import Any


def refusal(
    reason: str, message: str = "refused", status: int = 403, details: dict[str, Any] | None = None
) -> tuple[int, dict[str, Any]]:
    """An answer with a reason, in the form that both services share."""
    error: dict[str, Any] = {
        "code": status,
        "message": message,
        "errors": [{"message": message, "domain": "global", "reason": reason}],
    }
    if details:
        kind = "type.googleapis.com/google.rpc.ErrorInfo"
        error["details"] = [{"@type": kind, "domain": "googleapis.com", **details}]
    return status, {"error": error}
