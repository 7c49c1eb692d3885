"""Archive: webhook files leave the inbox when their orders are in BigQuery, or with the reason why they cannot be."""

from __future__ import annotations

import logging
import shlex
from collections import Counter
from dataclasses import asdict
from datetime import datetime

from tiny_operators import names
from tiny_operators._compat import AirflowException, Context
from tiny_operators.events import log_event
from tiny_operators.fetching.hold_off import HoldOff
from tiny_operators.gcp.storage import Objects
from tiny_operators.planning.inbox import Disposal, disposals
from tiny_operators.planning.plan import InboxFile
from tiny_operators.tiny.webhooks import Reject

from .base import StoreOperator

log = logging.getLogger(__name__)


class ArchiveWebhooksOperator(StoreOperator):
    """Moves the run's webhook files: done ones to ``webhook/``, rejected ones to ``rejected/`` with a reason beside.

    Files of orders that Tiny's search does not list yet stay: the next run reads them again. Comes last: whatever
    fails before, the files still wait.

    Returns:
        Counts of files: ``done``, ``rejected``, ``ignored``, ``waiting``.
    """

    def execute(self, context: Context) -> dict[str, int]:
        """Move the files."""
        from google.api_core.exceptions import GoogleAPICallError

        key, api = self.start(context)
        plan = self.read_plan(api, key)
        inbox = self.objects(self.store.webhook_bucket)
        counts: Counter[str] = Counter(done=0, rejected=0, ignored=0, waiting=0)
        stuck: list[str] = []
        for disposal in disposals(plan, api.read_json(names.outcome_object(key)) or {}):
            try:
                self._dispose(disposal, inbox, api)
            except GoogleAPICallError as error:
                # One file that cannot be moved must not keep the others in the inbox.
                stuck.append(disposal.file.name)
                log_event(
                    log,
                    "file_not_moved",
                    level=logging.ERROR,
                    store=self.store.prefix,
                    run=key,
                    object=disposal.file.name,
                    error=type(error).__name__,
                )
            else:
                counts[disposal.state] += 1
        log_event(log, "inbox_cleared", store=self.store.prefix, run=key, stuck=len(stuck), **counts)
        if stuck:
            raise AirflowException(
                f"{len(stuck)} files could not be moved out of gs://{self.store.webhook_bucket}, such as {stuck[0]!r}: "
                "see event=file_not_moved above; move them by hand"
            )
        HoldOff(api, self.dag_id).run_done(orders_wait=counts["waiting"] > 0)
        return dict(counts)

    def _dispose(self, disposal: Disposal, inbox: Objects, api: Objects) -> None:
        file = disposal.file
        if disposal.reject is not None:
            self._reject(disposal, disposal.reject, inbox, api)
        elif disposal.state != "waiting":
            target = names.done_object(file.name, file.generation, self._day(file))
            inbox.move(file.name, file.generation, api, target)

    def _reject(self, disposal: Disposal, reject: Reject, inbox: Objects, api: Objects) -> None:
        file = disposal.file
        target = names.rejected_object(file.name, file.generation, self._day(file))
        reason = {
            "store": self.store.prefix,
            "file": file.name,
            "pedido": disposal.pedido,
            "arrived_at": file.arrived_at,
            **asdict(reject),
            # Of a file that is about several orders.
            "more": [{"pedido": pedido, **asdict(other)} for pedido, other in disposal.more],
            "put_back": (
                f"gcloud storage mv {shlex.quote(f'gs://{self.store.api_bucket}/{target}')} "
                f"{shlex.quote(f'gs://{self.store.webhook_bucket}/{file.name}')}"
            ),
        }
        api.write_json(names.reason_object(target), reason)
        inbox.move(file.name, file.generation, api, target)
        log_event(
            log,
            "file_rejected",
            store=self.store.prefix,
            object=target,
            step=reject.step,
            field=reject.field,
            expected=reject.expected,
            found=reject.found,
        )

    def _day(self, file: InboxFile) -> str:
        return names.day_of(datetime.fromisoformat(file.arrived_at), self.store.timezone)
