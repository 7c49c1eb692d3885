"""The plan of a run: which files wait and which orders they are about."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from heapq import nsmallest
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from tiny_operators._compat import AirflowSkipException, Context
from tiny_operators.batches.inbox import WebhookPlanner
from tiny_operators.batches.live_priority import LivePriority
from tiny_operators.batches.run_backoff import RunBackoff
from tiny_operators.batches.waiting import WaitingFiles, choose, not_downloaded
from tiny_operators.events import log_event
from tiny_operators.google_errors import is_of_one_object
from tiny_operators.lake import names
from tiny_operators.lake.objects import Objects
from tiny_operators.lake.threads import begin_in_thread, map_in_threads, run_in_threads
from tiny_operators.lineage import Lineage, in_bucket
from tiny_operators.operators.base import StoreOperator
from tiny_operators.orders.outcomes import Reject
from tiny_operators.orders.plan import CHUNK_ORDERS, Plan
from tiny_operators.orders.webhooks import MAX_BYTES

if TYPE_CHECKING:
    from google.api_core.exceptions import GoogleAPICallError
    from google.cloud.storage import Blob

log = logging.getLogger(__name__)


class PlanWebhooksOperator(StoreOperator):
    """Reads the waiting webhook files and plans the run: one entry an order, oldest first.

    A run plans once: a later try, or a cleared task, continues with the same plan. An order that waits, since Tiny did
    not answer about it or does not list it, is tried again after a pause, and after all new ones.

    Args:
        max_orders: Orders of one batch, at most: so the first rows of a burst arrive early.
        chunk_orders: Orders in a chunk, at most: a task that dies has to read so many again.
        max_files: Files that are read for one batch, at most; the oldest first.
        **kwargs: See :class:`StoreOperator`.

    Returns:
        Counts: ``orders``, ``files``, ``rejected``, ``ignored``.

    Raises:
        AirflowSkipException: When nothing waits, or nothing is due.
        Forbidden: When no file may be read: it is a right on the bucket that is missing.
    """

    def __init__(
        self, *, max_orders: int = 100, max_files: int = 1000, chunk_orders: int = CHUNK_ORDERS, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.chunk_orders = chunk_orders
        self.max_orders = max_orders
        self.max_files = max_files

    def lineage(self, key: str) -> Lineage:
        """Return the inbox and the plan."""
        plan = in_bucket(self.store.api_bucket, names.plan_object(key))
        return Lineage((in_bucket(self.store.webhook_bucket),), (plan,))

    def execute(self, context: Context) -> dict[str, int]:
        """Plan the run."""
        key, api = self.start(context)
        inbox = self.objects(self.store.webhook_bucket)
        listed, known = inbox.list_ahead(), names.waiting_files_object(self.store.prefix)
        api.read_ahead(names.plan_object(key), known, names.unfinished_object(self.dag_id))
        # A new version may have come while the run waited for files.
        self.check_setup()
        if (planned := api.read_json(names.plan_object(key))) is not None:
            return self._counts(Plan.from_json(planned))
        now = datetime.now(UTC)
        state = WaitingFiles.from_json(api.read_json(known))
        planner = self._planner(inbox, listed, state, now)
        found = planner.plan(chunk_orders=self.chunk_orders)
        plan = choose(found, state, now, self.max_orders)
        counts = self._counts(plan)
        if not any(counts.values()):
            waiting = sum(self._counts(found).values()) > 0
            if waiting:
                # Otherwise the next run would start at once.
                RunBackoff(api, self.dag_id).run_done(orders_wait=True)
            raise AirflowSkipException(
                f"Nothing {'is due' if waiting else 'waits'} in gs://{self.store.webhook_bucket}"
            )
        created = begin_in_thread(lambda: api.create_json(names.plan_object(key), plan.to_json()))
        run_in_threads(
            lambda: RunBackoff(api, self.dag_id).run_planned(key),
            *([LivePriority(api, self.store.prefix).ask] if plan.orders else []),
        )
        if not created.result():
            # Another try of this task, thought dead, was faster: the orders that it planned may already have been read.
            return self._counts(self.read_plan(api, key))
        log_event(log, "planned", store=self.store.prefix, run=key, **counts)
        for kind, count in planner.unneeded.items():
            log_event(log, "not_needed", store=self.store.prefix, run=key, kind=kind, events=count)
        return counts

    def _planner(
        self, inbox: Objects, listed: Iterator[Blob], state: WaitingFiles, now: datetime
    ) -> WebhookPlanner:
        planner = WebhookPlanner(self.store.prefix, self.store.cnpj, self.store.timezone)

        def place(blob: Blob) -> tuple[bool, datetime, str]:
            return not state.is_file_due(int(blob.generation), now), blob.time_created, blob.name

        waiting = nsmallest(self.max_files, listed, key=place)
        contents = map_in_threads(lambda blob: _content(inbox, blob), waiting)
        refused: list[tuple[Blob, GoogleAPICallError]] = []
        downloaded = False
        for blob, content in zip(waiting, contents, strict=True):
            if isinstance(content, bytes):
                downloaded = True
                state.clear_refusal(int(blob.generation))
            if isinstance(content, (bytes, Reject)):
                _add(planner, blob, content)
            elif content is not None:
                refused.append((blob, content))
        self._add_refused(planner, refused, state, downloaded=downloaded)
        return planner

    def _add_refused(
        self,
        planner: WebhookPlanner,
        refused: list[tuple[Blob, GoogleAPICallError]],
        state: WaitingFiles,
        *,
        downloaded: bool,
    ) -> None:
        """Add the files that Cloud Storage does not give; each is rejected alone."""
        news = [(blob, error) for blob, error in refused if not state.was_refused(int(blob.generation))]
        if news and not downloaded and all(error.code == HTTPStatus.FORBIDDEN for _, error in news):
            raise news[0][1]
        for blob, error in news:
            log_event(
                log,
                "file_not_read",
                level=logging.ERROR,
                store=self.store.prefix,
                object=blob.name,
                error=type(error).__name__,
            )
        for blob, error in refused:
            _add(planner, blob, not_downloaded(type(error).__name__))

    @staticmethod
    def _counts(plan: Plan) -> dict[str, int]:
        return {
            "orders": len(plan.orders),
            "files": len(plan.files),
            "rejected": len({item.file for item in plan.rejected}),
            "ignored": len(plan.ignored),
        }


def _add(planner: WebhookPlanner, blob: Blob, content: bytes | Reject) -> None:
    planner.add(blob.name, int(blob.generation), blob.time_created, content, blob.content_type or "")


def _content(inbox: Objects, blob: Blob) -> bytes | Reject | GoogleAPICallError | None:
    """Read a file; return why that cannot be, or the error when Cloud Storage refuses this file for good."""
    from google.api_core.exceptions import GoogleAPICallError

    if int(blob.size or 0) > MAX_BYTES:
        return Reject(
            "plan", "(file)", f"at most {MAX_BYTES} bytes", "a larger file", "upload fewer payloads a file"
        )
    try:
        return inbox.read_packed(blob.name, int(blob.generation))
    except GoogleAPICallError as error:
        if is_of_one_object(error):
            return error
        raise
