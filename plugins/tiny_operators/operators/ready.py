"""The first step: whether setup was run, before anything is read."""

from __future__ import annotations

import logging

from tiny_operators._compat import Context
from tiny_operators.events import log_event
from tiny_operators.operators.base import StoreOperator

log = logging.getLogger(__name__)


class CheckSetupOperator(StoreOperator):
    """Fails when the store's pools or tables are missing, or tables are older than the schema files.

    It is in no pool of the store: a task whose pool is missing never starts.

    Args:
        **kwargs: See :class:`StoreOperator`.

    Raises:
        AirflowFailException: When setup must be run first; the message says what is missing.
    """

    def execute(self, context: Context) -> None:
        """Look for pools and tables."""
        self.check_setup()
        log_event(log, "ready", store=self.store.prefix)
