"""Watching: whether webhooks come while the store is open."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tiny_operators import names
from tiny_operators._compat import AirflowFailException, AirflowSkipException, Context
from tiny_operators.events import log_event
from tiny_operators.opening_hours import open_since, parse_opening_hours

from .base import StoreOperator

log = logging.getLogger(__name__)


class WatchWebhooksOperator(StoreOperator):
    """Fails when no webhook came for so long, while the store was open, as its stores file says.

    Looks at what arrived today: what waits in the inbox, and what was moved out of it, done or rejected.

    Returns:
        ``quiet_minutes``: minutes since the last webhook, or since the store opened.

    Raises:
        AirflowSkipException: When no webhooks are expected now.
        AirflowFailException: When none came for too long.
    """

    def execute(self, context: Context) -> dict[str, int]:
        """Look for the last webhook."""
        now = datetime.now(UTC)
        opened = open_since(
            parse_opening_hours(self.store.opening_hours), now.astimezone(ZoneInfo(self.store.timezone))
        )
        allowed = timedelta(minutes=self.store.quiet_minutes)
        if opened is None or now - opened < allowed:
            raise AirflowSkipException(
                "No webhooks are expected now: opening_hours in include/stores.yaml says when they are"
            )
        quiet = now - max([opened, *self._arrivals(now)])
        minutes = int(quiet.total_seconds() // 60)
        log_event(log, "webhooks_watched", store=self.store.prefix, quiet_minutes=minutes)
        if quiet >= allowed:
            raise AirflowFailException(
                f"No webhook of {self.store.prefix} for {minutes} minutes, and the store is open: see the "
                "receiver's log, and the webhook's address in Tiny"
            )
        return {"quiet_minutes": minutes}

    def _arrivals(self, now: datetime) -> Iterator[datetime]:
        """When today's webhook files were written."""
        day = names.day_of(now, self.store.timezone)
        api = self.objects(self.store.api_bucket)
        for objects, prefix in (
            (self.objects(self.store.webhook_bucket), ""),
            (api, names.done_prefix(day)),
            (api, names.rejected_prefix(day)),
        ):
            for blob in objects.list(prefix):
                if blob.time_created is not None:
                    yield blob.time_created
