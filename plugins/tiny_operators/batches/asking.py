"""Calls to Tiny, in which a missing answer is a result and not an error.

When a call has used up its tries, another call that must work shows whether Tiny is down. If so, the run ends. If not,
only that order, product or search has no answer: this is noted, and the others continue.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from tiny_operators.events import log_event
from tiny_operators.tiny.api import Tiny, TinyUnavailableError

log = logging.getLogger(__name__)

# Tries of a call once it is known that Tiny answers, but not about everything.
FEW_TRIES: Final = 3

_T = TypeVar("_T")


@dataclass
class Asking:
    """The calls of one task, and what got no answer.

    Attributes:
        hook: The store's account.
        store: Prefix of the store.
        run: The run's key.
        alive: Called before each call.
        unanswered: Services with what they did not answer about: the id of an order or product, a date, ….
    """

    hook: Tiny
    store: str
    run: str
    alive: Callable[[], None] = lambda: None
    unanswered: set[tuple[str, Any]] = field(default_factory=set)

    def ask(
        self, service: str, about: int | str, ask: Callable[[], _T], *, tries: int | None = None
    ) -> _T | None:
        """Ask Tiny; return None when it does not answer this, while it answers other calls.

        Args:
            service: The service that is asked.
            about: What it is asked about.
            ask: Asks it.
            tries: Tries, at most; None for as many as a call has.

        Raises:
            TinyUnavailableError: When Tiny is down.
        """
        self.alive()
        self.hook.most_tries = FEW_TRIES if self.unanswered and tries is None else tries
        try:
            return ask()
        except TinyUnavailableError:
            if not self.hook.is_up():
                log_event(log, "tiny_is_down", level=logging.WARNING, store=self.store, run=self.run)
                raise
        # It may have been down until a moment ago.
        self.hook.most_tries = 1
        with suppress(TinyUnavailableError):
            return ask()
        self.unanswered.add((service, about))
        log_event(
            log,
            "unanswered",
            level=logging.WARNING,
            store=self.store,
            run=self.run,
            service=service,
            about=about,
        )
        return None
