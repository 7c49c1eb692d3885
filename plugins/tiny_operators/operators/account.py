"""What the operators that call Tiny share: the store's account, one task at a time, live sales first."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger

from tiny_operators._compat import AirflowFailException
from tiny_operators.batches.live_priority import LivePriority
from tiny_operators.batches.own_account import OtherAccountError, check_account
from tiny_operators.events import log_event
from tiny_operators.hooks.tiny import TinyHook
from tiny_operators.lake.objects import Objects
from tiny_operators.operators.base import StoreOperator
from tiny_operators.stores import Store

log = logging.getLogger(__name__)

# How long history stays away from the account before it looks again. On Airflow 3 a task that is back before the
# process of its deferral has ended (some 5 s, ``[workers] min_heartbeat_interval``) is treated as failed.
_AWAY: Final = timedelta(seconds=15)


class AccountOperator(StoreOperator):
    """Base of the operators that call a store's account. Runs in the store's pool of one slot, so that the pace holds.

    Args:
        store: The store.
        gives_way: Whether it lets live sales go first: true for history, false for the live path itself.
        **kwargs: See :class:`StoreOperator`.
    """

    def __init__(self, *, store: Store, gives_way: bool = False, **kwargs: Any) -> None:
        super().__init__(store=store, pool=kwargs.pop("pool", store.pool), **kwargs)
        self.gives_way = gives_way

    def tiny(self, objects: Objects) -> TinyHook:
        """Return the store's account, after the day's check that it is the store's own.

        Args:
            objects: The store's API bucket.

        Raises:
            AirflowFailException: When the token is wrong, or opens another account.
            UnavailableError: When Tiny does not answer.
        """
        hook = TinyHook(self.store.tiny_conn_id)
        try:
            check_account(objects, self.store, hook.account.fingerprint, hook.info)
        except OtherAccountError as error:
            raise AirflowFailException(str(error)) from error
        return hook

    def give_way(
        self, objects: Objects, method_name: str, *, after_work: bool = False, **kwargs: Any
    ) -> None:
        """Leave the pool's slot for some seconds when live orders wait; the task then continues with a method.

        Args:
            objects: The store's API bucket.
            method_name: The method to continue with.
            after_work: Whether a piece of work was just done: see :meth:`LivePriority.wanted`.
            **kwargs: What it is called with, besides the context and the trigger's event.

        Raises:
            TaskDeferred: When live orders wait. A deferred task holds no slot of its pool.
        """
        if self.gives_way and LivePriority(objects, self.store.prefix).wanted(after_work=after_work):
            log_event(log, "gives_way", store=self.store.prefix, task=self.task_id, **kwargs)
            self.defer(trigger=TimeDeltaTrigger(_AWAY), method_name=method_name, kwargs=kwargs)

    def take_turn(self, objects: Objects) -> Callable[[], None]:
        """Let history wait while this task reads, when this is the live path.

        Returns:
            What the task calls again and again while it works.
        """
        if self.gives_way:
            return lambda: None
        turn = LivePriority(objects, self.store.prefix)
        turn.ask()
        return turn.keep

    def turn_done(self, objects: Objects) -> None:
        """Let history continue, when this is the live path."""
        if not self.gives_way:
            LivePriority(objects, self.store.prefix).done()
