"""The answer to a request that Google's service would refuse."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Refusal:
    """Say what the service answers, which rule says so, and where Google documents it.

    `message` names the rule and the part of the request, never a value that may be personal data.
    """

    status: int
    reason: str
    message: str
    rule: str
    source: str
