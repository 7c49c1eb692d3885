"""The record of calls: what tests ask to check pacing and "not one more" call."""

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any, Final

KEPT: Final = 200_000


@dataclass(slots=True)
class Calls:
    """Counts calls and remembers the last ones."""

    by_service: Counter[str] = field(default_factory=Counter)
    by_code: Counter[str] = field(default_factory=Counter)
    most_at_once: int = 0
    log: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=KEPT))

    def add(
        self,
        *,
        at: float,
        service: str,
        key: str,
        code: int,
        http: int,
        fault: str | None,
        running: int,
        params: dict[str, str],
    ) -> None:
        """Record one call.

        Args:
            at: Monotonic second of its arrival.
            service: Name without ``.php``.
            key: The id or page that it asked for.
            code: ``codigo_erro``; 0 for a good answer.
            http: HTTP status; 0 when the connection was reset.
            fault: Kind of fault that met it.
            running: Calls that ran at its arrival, itself among them.
            params: Its parameters that are no secret and no personal data.
        """
        self.by_service[service] += 1
        self.by_code[str(code)] += 1
        self.most_at_once = max(self.most_at_once, running)
        self.log.append({
            "at": at,
            "service": service,
            "key": key,
            "code": code,
            "http": http,
            "fault": fault,
            "params": params,
        })

    def to_dict(self) -> dict[str, Any]:
        """Convert it to plain values for JSON."""
        return {
            "total": self.by_service.total(),
            "services": dict(self.by_service),
            "codes": dict(self.by_code),
            "most_at_once": self.most_at_once,
            "calls": list(self.log),
        }
