"""The pace of calls: an even pace below the account's limit per minute, and how long to wait after a refusal.

Calls are spread evenly instead of sent in bursts: then any window of a minute holds at most the allowed number, also
where one task ends and the next begins, and nobody has to keep a shared state.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from tiny_operators.tiny.answers import Meaning

# Part of the allowed pace: the rest covers that Tiny counts calls when they arrive, a little later or earlier than
# sent.
_MARGIN: Final = 0.98
# How late a call may go out and still have the next ones come sooner, in seconds: a hundredth of a minute. No minute
# then holds more than 1.01 times the even number of calls, which is below the limit by the margin.
_CATCH_UP_S: Final = 0.6


@dataclass
class Pace:
    """Spreads calls evenly over time; one instance for one task, which holds the account's only pool slot.

    Attributes:
        per_minute: Calls that the account may make in a minute.
        share: Part of it that this pipeline may use, above 0, at most 1.
        clock: Seconds, monotonic.
        sleep: Waits for seconds.
    """

    per_minute: float
    share: float
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    _last: float = field(init=False)
    _next: float = field(init=False)

    def __post_init__(self) -> None:
        # The task before this one may have called a moment ago.
        self._last = self.clock()
        self._next = self._last + self.interval

    @property
    def allowed_per_minute(self) -> float:
        """Calls in a minute, at most."""
        return self.per_minute * self.share * _MARGIN

    @property
    def interval(self) -> float:
        """Seconds between two calls."""
        return 60 / self.allowed_per_minute

    def wait(self) -> None:
        """Wait until the next call may be sent."""
        now = self.clock()
        if self._next > now:
            self.sleep(self._next - now)
        # A wait may take longer than asked for: a little of that is caught up, not more.
        self._last = max(self._next, self.clock())
        self._next = max(self._next, self._last - _CATCH_UP_S) + self.interval

    def learn(self, limit_header: str | None) -> None:
        """Slow down to the ``x-limit-api`` header (calls per minute) when it grants less than the connection says."""
        digits = (limit_header or "").strip()
        if re.fullmatch(r"[0-9]{1,9}", digits) and int(digits) > 0:
            self.per_minute = min(self.per_minute, int(digits))
            self._next = max(self._next, self._last + self.interval)


@dataclass(frozen=True)
class Backoff:
    """Waits between tries of one call, in seconds: ``first``, doubled each time, at most ``most``; ``tries`` in all."""

    first: float
    most: float
    tries: int

    def seconds(self, failures: int, random_share: float | None = None) -> float:
        """Return the seconds to wait after so many failures in a row: the value plus up to half of it at random."""
        share = random.random() if random_share is None else random_share  # noqa: S311 - jitter, not a secret
        # 2 ** 20 doublings pass any cap; a larger exponent would only overflow.
        return min(self.most, self.first * 2.0 ** min(failures - 1, 20)) * (1 + share / 2)


# A block lasts until the minute has passed (its length is not documented; users wait 20 to 187 s), maintenance longer.
BACKOFF: Final[dict[Meaning, Backoff]] = {
    Meaning.THROTTLED: Backoff(first=15, most=120, tries=8),
    Meaning.TOO_MANY_AT_ONCE: Backoff(first=1, most=30, tries=8),
    Meaning.TRY_AGAIN: Backoff(first=1, most=60, tries=7),
    Meaning.MAINTENANCE: Backoff(first=30, most=300, tries=5),
    Meaning.EDGE_REFUSED: Backoff(first=5, most=60, tries=5),
}
