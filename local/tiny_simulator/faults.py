"""Faults: by chance, or queued for the next calls of a service."""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

KINDS: Final = ("html_401", "html_403", "html_502", "html_503", "truncated", "empty", "reset", "slow")
"""Kinds beside ``code_N``, which answers with error code N."""
_CODE: Final = re.compile(r"code_(\d+)")


def code_of(kind: str) -> int | None:
    """Return the N of ``code_N``; None for other kinds."""
    found = _CODE.fullmatch(kind)
    return int(found[1]) if found else None


def check_kind(kind: str) -> str:
    """Check a kind, and return it.

    Raises:
        ValueError: No such kind of fault.
    """
    if kind in KINDS or code_of(kind) is not None:
        return kind
    raise ValueError(f"fault {kind!r} is unknown: one of {', '.join(KINDS)}, code_N")


@dataclass(slots=True)
class Planned:
    """A fault that waits for a call.

    Attributes:
        service: Name of the service, or ``*``.
        kind: See ``KINDS``.
        times: Calls that it will meet; None for all.
        key: Only calls for this id (or page); None for any.
        day: Only searches from this date (dd/mm/yyyy) on; None for any call.
    """

    service: str
    kind: str
    times: int | None = 1
    key: str | None = None
    day: str | None = None


@dataclass(slots=True)
class Faults:
    """Chooses the fault of a call, if any."""

    dice: random.Random
    queue: list[Planned] = field(default_factory=list)

    def plan(self, fault: Planned) -> None:
        """Queue a fault behind the others.

        Raises:
            ValueError: No such kind of fault.
        """
        check_kind(fault.kind)
        self.queue.append(fault)

    def choose(
        self, service: str, key: str, rates: Mapping[str, Mapping[str, float]], day: str | None = None
    ) -> str | None:
        """Choose the kind of the fault that meets this call; None for none. The queue goes before chance."""
        for planned in self.queue:
            if (
                planned.service in {service, "*"}
                and planned.key in {key, None}
                and planned.day in {day, None}
            ):
                if planned.times is not None:
                    planned.times -= 1
                    if planned.times <= 0:
                        self.queue.remove(planned)
                return planned.kind
        for kind, rate in (rates.get(service) or rates.get("*") or {}).items():
            if self.dice.random() < rate:
                return kind
        return None
