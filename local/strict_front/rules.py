"""How a rule is written down, and how a request is held against all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

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
        needs: What of `Now` it looks at: "target", "source", "sources".
    """

    name: str
    methods: tuple[str, ...]
    check: Check
    source: str
    status: int = 400
    reason: str = "invalid"
    needs: frozenset[str] = frozenset()

    def is_about(self, method: str) -> bool:
        """Tell whether the rule is about a method."""
        return any(fnmatchcase(method, pattern) for pattern in self.methods)


NOTHING: Final[frozenset[str]] = frozenset()


class Table:
    """All rules of a service, found by method.

    Args:
        rules: The rules, in the order in which the service would ask.
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        self._of: dict[str, tuple[Rule, ...]] = {}

    def of(self, method: str) -> tuple[Rule, ...]:
        """Return the rules of a method."""
        if method not in self._of:
            self._of[method] = tuple(rule for rule in self.rules if rule.is_about(method))
        return self._of[method]

    def needs(self, call: Call) -> frozenset[str]:
        """Return what must be known of the service before a request can be judged."""
        return NOTHING.union(*(rule.needs for rule in self.of(call.method.id)))

    def check(self, call: Call, now: Now) -> Refusal | None:
        """Return the refusal by the first rule that a request breaks; None when it keeps all of them."""
        for rule in self.of(call.method.id):
            if problem := rule.check(call, now):
                return Refusal(rule.status, rule.reason, problem, rule.name, rule.source)
        return None
