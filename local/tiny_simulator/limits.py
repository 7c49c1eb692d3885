"""The account's limit: calls per rolling minute and token, and calls at once."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from local.tiny_simulator.settings import Limits

WINDOW_S: Final = 60.0
THROTTLED: Final = 6
TOO_MANY_AT_ONCE: Final = 11


@dataclass(slots=True)
class Gate:
    """Counts the calls of one token. Not safe for several threads at once.

    Attributes:
        clock: Monotonic seconds.
    """

    clock: Callable[[], float]
    running: int = 0
    blocked_until: float = 0.0
    _calls: deque[float] = field(default_factory=deque)

    def enter(self, limits: Limits) -> int:
        """Ask for a call; the caller must ``leave`` when it is over, whatever the answer.

        Returns:
            0 when it may run, else the code of the error: 6 or 11.
        """
        self.running += 1
        now = self.clock()
        while self._calls and self._calls[0] <= now - WINDOW_S:
            self._calls.popleft()
        if now < self.blocked_until:
            if limits.block_extends:
                self.blocked_until = now + limits.block_s
            return THROTTLED
        if len(self._calls) >= limits.per_minute:
            self.blocked_until = now + limits.block_s
            return THROTTLED
        self._calls.append(now)
        return TOO_MANY_AT_ONCE if self.running > limits.at_once else 0

    def leave(self) -> None:
        """Note that the call is over."""
        self.running -= 1

    def reset(self) -> None:
        """Forget the minute and any block."""
        self._calls.clear()
        self.blocked_until = 0.0
