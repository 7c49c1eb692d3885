"""How a rule is written down, and how a request is held against all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from local.strict_front.call import Call
from local.strict_front.refusal import Refusal

Resource = Mapping[str, Any]


@dataclass(frozen=True)
class Now:
    """What stands in the service at this moment, as far as the rules of a method need it.

    Attributes:
        target: The object, dataset or table that is asked for or written; None when it is not there.
        source: The object that is copied from; None when it is not there.
        sources: The objects that are put together, in their order.
        since_change: Seconds since the object was last changed.
    """

    target: Resource | None = None
    source: Resource | None = None
    sources: tuple[Resource | None, ...] = ()
    since_change: float = float("inf")


Check = Callable[[Call, Now], str | None]
"""Of a request and of what stands there now: what is wrong; None when the rule is kept."""


@dataclass(frozen=True)
class Rule:
    """One rule of a service.

    Attributes:
        name: What must hold, in a few words.
        methods: Patterns of the ids of the methods that it is about.
        check: Says what is wrong with a request.
        source: Address of Google's documentation.
        status: HTTP status of the refusal.
        reason: Google's word for it.
    """

    name: str
    methods: tuple[str, ...]
    check: Check
    source: str
    status: int = 400
    reason: str = "invalid"

    def is_about(self, method: str) -> bool:
        """Tell whether the rule is about a method."""
        return any(fnmatchcase(method, pattern) for pattern in self.methods)


def broken(rules: Iterable[Rule], call: Call, now: Now) -> Refusal | None:
    """Return the refusal by the first rule that a request breaks; None when it keeps all of them.

    Args:
        rules: The rules of a service, in the order in which it would ask.
        call: The request.
        now: What stands in the service.
    """
    for rule in rules:
        if rule.is_about(call.method.id) and (problem := rule.check(call, now)):
            return Refusal(rule.status, rule.reason, problem, rule.name, rule.source)
    return None
