"""Archive: webhook files leave the inbox when their orders are in BigQuery, or with the reason why they cannot be."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial

from tiny_operators._compat import AirflowFailException, Context
from tiny_operators.batches.inbox import (
    FileDestination,
    ended,
    file_destinations,
    reject_rows,
    too_many_unusable,
)
from tiny_operators.batches.put_back import how_to_put_back
from tiny_operators.batches.run_backoff import RunBackoff
from tiny_operators.batches.waiting import WaitingFiles
from tiny_operators.events import log_event
from tiny_operators.lake import names
from tiny_operators.lake.forgotten import read_forgotten
from tiny_operators.lake.objects import Objects
from tiny_operators.lake.threads import map_in_threads
from tiny_operators.lineage import Lineage, in_bucket
from tiny_operators.links import RejectsLink, folder_url
from tiny_operators.operators.base import StoreOperator
from tiny_operators.orders.outcomes import Outcome, Reject, Wait, Waiting
from tiny_operators.orders.plan import FinishedPart, InboxFile, Plan
from tiny_operators.people.erasing import Eraser
from tiny_operators.people.forgotten import Forgotten
from tiny_operators.people.stored_texts import clean_file
from tiny_operators.warehouse.insert_rejects import insert_rejects
from tiny_operators.wording import counted

log = logging.getLogger(__name__)


class ArchiveWebhooksOperator(StoreOperator):
    """Moves the run's webhook files: done ones to ``webhook/``, rejected ones to ``rejected/`` with a reason beside.

    What is no order in them is written into ``rejeitados`` first: nothing more is learned of it, so it goes through no
    load and no merge. Files of orders that Tiny does not answer about, or does not list yet, stay: a later run reads
    them again. Comes last: whatever fails before, the files still wait.

    Returns:
        Counts of files: ``done``, ``rejected``, ``ignored``, ``waiting``.

    Raises:
        AirflowFailException: When a file could not be moved, or so many cannot be used that Tiny sends something else.
            All else is done then, and the next run continues.
    """

    operator_extra_links = (*StoreOperator.operator_extra_links, RejectsLink())
    _forgotten = Forgotten()

    def lineage(self, key: str) -> Lineage:
        """Return the inbox and where its files go."""
        outcome = in_bucket(self.store.api_bucket, names.outcome_object(key))
        folders = (names.WEBHOOKS_DONE, names.REJECTED)
        return Lineage(
            (in_bucket(self.store.webhook_bucket), outcome),
            tuple(in_bucket(self.store.api_bucket, folder) for folder in folders),
        )

    def execute(self, context: Context) -> dict[str, int]:
        """Move the files."""
        key, api = self.start(context)
        api.read_ahead(
            names.plan_object(key),
            names.outcome_object(key),
            names.forgotten_object(self.store.prefix),
            names.waiting_files_object(self.store.prefix),
        )
        plan = self.read_plan(api, key)
        self._record_rejects(context, key, plan)
        inbox = self.objects(self.store.webhook_bucket)
        self._forgotten = read_forgotten(api, self.store.prefix)
        outcomes = {
            int(pedido): Outcome.from_json(outcome)
            for pedido, outcome in (api.read_json(names.outcome_object(key)) or {}).items()
        }
        counts: Counter[str] = Counter(done=0, rejected=0, ignored=0, waiting=0)
        waits = _waits(plan, outcomes)
        handled: dict[int, list[Waiting]] = {}
        stuck: list[str] = []
        destinations = list(file_destinations(plan, outcomes))
        for destination, error in zip(
            destinations, map_in_threads(partial(self._try, inbox, api), destinations), strict=True
        ):
            stays = destination.state == "waiting"
            handled[destination.file.generation] = waits.get(destination.file.generation, []) if stays else []
            if error is None:
                counts[destination.state] += 1
                continue
            stuck.append(destination.file.name)
            handled[destination.file.generation] = [Waiting(Wait.NOT_MOVED, _now())]
            log_event(
                log,
                "file_not_moved",
                level=logging.ERROR,
                store=self.store.prefix,
                run=key,
                object=destination.file.name,
                error=type(error).__name__,
            )
        waiting = self._remember(key, handled, ended(plan, outcomes), inbox, api)
        log_event(log, "inbox_cleared", store=self.store.prefix, run=key, stuck=len(stuck), **counts)
        RunBackoff(api, self.dag_id).run_done(orders_wait=waiting > 0)
        if faults := [*self._not_moved(stuck), *self._too_many(destinations)]:
            # No other try: the client has already repeated what may pass, and the next run tries to move them again.
            raise AirflowFailException(f"{'; '.join(faults)}. All else is done, and the next run continues")
        return dict(counts)

    def _record_rejects(self, context: Context, key: str, plan: Plan) -> None:
        """Write what is no order in the files into ``rejeitados``."""
        if rows := reject_rows(plan, key, datetime.now(UTC)):
            first = min(datetime.fromisoformat(item.file.arrived_at) for item in plan.rejected)
            insert_rejects(self.bigquery(), self.store, rows, first, f"airflow_{key}_{self.task_id}")
            day = names.day_of(first, self.store.timezone)
            RejectsLink.persist(context, folder_url(self.store.api_bucket, names.rejected_prefix(day)))

    def _not_moved(self, stuck: list[str]) -> Iterator[str]:
        if stuck:
            yield (
                f"{counted(len(stuck), 'file')} could not be moved out of gs://{self.store.webhook_bucket}, such as "
                f"{stuck[0]!r}: see event=file_not_moved above; move them by hand, or fix what stops the move"
            )

    def _too_many(self, destinations: list[FileDestination]) -> Iterator[str]:
        if (unusable := too_many_unusable(destinations, self.store.reject_share)) is not None:
            yield (
                f"{unusable} of {counted(len(destinations), 'file')} cannot be used: it is not a bad file but a change "
                f"of what Tiny sends; the reasons are in gs://{self.store.api_bucket}/{names.REJECTED}. Fix the code, "
                f"then trigger {self.store.dag_id('put_back')} with the field that the reasons name"
            )

    def _remember(
        self,
        key: str,
        handled: Mapping[int, list[Waiting]],
        ends: Mapping[int, tuple[FinishedPart, ...]],
        inbox: Objects,
        api: Objects,
    ) -> int:
        """Keep what was tried for the files that stay; return how many stay."""
        target = names.waiting_files_object(self.store.prefix)
        before = api.read_json(target)
        if before is None and not any(handled.values()):
            return 0
        there = {int(blob.generation) for blob in inbox.list()}
        state = WaitingFiles.from_json(before).after_run(key, handled, there, ends)
        if state.files:
            api.write_json(target, state.to_json())
        else:
            api.delete(target)
        return len(state.files)

    def _try(self, inbox: Objects, api: Objects, destination: FileDestination) -> Exception | None:
        """Move a file, or leave it; return the error when it fails: it must not keep the others in the inbox."""
        try:
            self._move_or_keep(destination, inbox, api)
        except Exception as error:
            return error
        return None

    def _move_or_keep(self, destination: FileDestination, inbox: Objects, api: Objects) -> None:
        file = destination.file
        if destination.reject is not None:
            self._reject(destination, destination.reject, inbox, api)
        elif destination.state != "waiting":
            self._move(file, names.done_object(file.name, file.generation, self._day(file)), inbox, api)

    def _move(self, file: InboxFile, target: str, inbox: Objects, api: Objects) -> None:
        """Move a file; what belongs to forgotten people is left out."""
        if self._forgotten and (blob := inbox.look(file.name)) and int(blob.generation) == file.generation:
            content, kind = inbox.read_packed(file.name, file.generation) or b"", blob.content_type or ""
            cleaned = clean_file(content, Eraser(self._forgotten), kind)
            if cleaned is not None:
                api.put(target, cleaned, kind)
                inbox.delete(file.name, file.generation)
                return
        inbox.move(file.name, file.generation, api, target)

    def _reject(self, destination: FileDestination, reject: Reject, inbox: Objects, api: Objects) -> None:
        file = destination.file
        target = names.rejected_object(file.name, file.generation, self._day(file))
        reason = {
            "store": self.store.prefix,
            "file": file.name,
            "pedido": destination.pedido,
            "arrived_at": file.arrived_at,
            **asdict(reject),
            # For a file that is about several orders.
            "more": [{"pedido": pedido, **asdict(other)} for pedido, other in destination.more],
            "put_back": how_to_put_back(
                f"gs://{self.store.api_bucket}/{target}",
                f"gs://{self.store.webhook_bucket}/{file.name}",
                self.store.dag_id("put_back"),
                self._day(file),
                reject.field,
            ),
        }
        api.write_json(names.reason_object(target), reason)
        self._move(file, target, inbox, api)
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


def _waits(plan: Plan, outcomes: Mapping[int, Outcome]) -> Mapping[int, list[Waiting]]:
    """Collect why orders wait, by the generation of their files."""
    found: dict[int, list[Waiting]] = defaultdict(list)
    for order in plan.orders:
        outcome = outcomes.get(order.pedido)
        if outcome and outcome.waiting:
            for file in order.files:
                found[file.generation].append(outcome.waiting)
    return dict(found)


def _now() -> str:
    return datetime.now(UTC).isoformat()
