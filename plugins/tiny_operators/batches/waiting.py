"""Orders and files that stay in the inbox: why, since when, how often they were tried, and when they are tried again.

The state of the files is one object for each store, by the generation of the webhook file. A file that is put back, or
uploaded again, has another generation and so starts from zero. Only the end of a run writes it.

A file may be about several orders. The orders that have come to their end are remembered too, and are not done again
while the file waits for the others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from tiny_operators.batches.inbox import whole_files
from tiny_operators.orders.json_values import from_json
from tiny_operators.orders.outcomes import Reject, Wait, Waiting, is_over
from tiny_operators.orders.plan import FinishedPart, InboxFile, PartlyFinishedFile, Plan, PlannedOrder, Tried

_FIRST_PAUSE: Final = timedelta(seconds=15)
_LONGEST_PAUSE: Final = timedelta(minutes=15)

_WHEN_DOWNLOADED: Final = " when it was downloaded"
_PUT_BACK: Final = "look the order up in Tiny, then put it back by the DAG put_back"


@dataclass
class WaitingFiles:
    """The files that stayed in a store's inbox, by generation.

    Attributes:
        files: What was tried for each.
        ended: What has come to its end in each, where something has.
    """

    files: dict[int, Tried] = field(default_factory=dict)
    ended: dict[int, tuple[FinishedPart, ...]] = field(default_factory=dict)

    @classmethod
    def from_json(cls, content: Mapping[str, Any] | None) -> WaitingFiles:
        """Read the state from :meth:`to_json`; empty when there is none."""
        found = content or {}
        return cls(
            {int(key): from_json(Tried, tried) for key, tried in found.get("files", {}).items()},
            {
                int(key): tuple(map(FinishedPart.from_json, ends))
                for key, ends in found.get("ended", {}).items()
            },
        )

    def to_json(self) -> dict[str, Any]:
        """Convert the state to JSON values."""
        return {
            "files": {str(generation): asdict(tried) for generation, tried in self.files.items()},
            "ended": {str(key): [asdict(end) for end in ends] for key, ends in self.ended.items()},
        }

    def tried(self, files: Iterable[InboxFile]) -> Tried | None:
        """Return what was tried for the files of one order, taken together; None when nothing was."""
        found = [self.files[file.generation] for file in files if file.generation in self.files]
        if not found:
            return None
        waits = {wait for tried in found for wait in tried.since}
        return Tried(
            max(tried.times for tried in found),
            max(tried.last_at for tried in found),
            {
                wait: min(tried.since[wait] for tried in found if wait in tried.since)
                for wait in sorted(waits)
            },
        )

    def is_due(self, files: Iterable[InboxFile], now: datetime) -> bool:
        """Return whether to try an order again: its pause is over, or a new file about it came."""
        return any(self.is_file_due(file.generation, now) for file in files)

    def is_file_due(self, generation: int, now: datetime) -> bool:
        """Return whether to try a file again, or for the first time."""
        tried = self.files.get(generation)
        return tried is None or now >= next_try(tried)

    def was_refused(self, generation: int) -> bool:
        """Return whether a file was rejected before since it could not be downloaded: see :func:`not_downloaded`."""
        return any(_is_not_downloaded(end) for end in self.ended.get(generation, ()))

    def clear_refusal(self, generation: int) -> None:
        """Forget that a file could not be downloaded."""
        if self.was_refused(generation):
            ends = self.ended.pop(generation)
            if left := tuple(end for end in ends if not _is_not_downloaded(end)):
                self.ended[generation] = left

    def after_run(
        self,
        run: str,
        handled: Mapping[int, Collection[Waiting]],
        there: Collection[int],
        ended: Mapping[int, tuple[FinishedPart, ...]] | None = None,
    ) -> WaitingFiles:
        """Return the state after a run; it is the same when the run ends twice.

        Args:
            run: The run's key.
            handled: Each file of the run, by generation: why it stays, for each of its orders that waits; empty when it
                does not stay.
            there: Generations of all files in the inbox: nothing is kept about other files.
            ended: What has come to its end in the run's files, by generation.
        """
        kept = {generation: tried for generation, tried in self.files.items() if generation in there}
        for generation, waits in handled.items():
            before = kept.pop(generation, None)
            if waits:
                kept[generation] = before if before and before.run == run else tried_again(before, run, waits)
        ends = {**self.ended, **(ended or {})}
        return WaitingFiles(
            kept, {generation: ends[generation] for generation in kept if ends.get(generation)}
        )


def choose(plan: Plan, state: WaitingFiles, now: datetime, max_orders: int | None = None) -> Plan:
    """Choose the part of a plan that is tried now.

    New orders come first, oldest first. Then come those that were tried in vain, the one with the oldest last try
    first: so they delay no new order.

    Args:
        plan: The plan of all files that were read.
        state: What was tried before.
        now: The present.
        max_orders: Orders, at most; see :func:`~tiny_operators.batches.inbox.whole_files`.
    """
    plan = _without_ended(plan, state)
    orders = [replace(order, tried=state.tried(order.files)) for order in plan.orders]
    orders.sort(key=lambda order: order.tried.last_at if order.tried else "")
    due = [order for order in orders if state.is_due(order.files, now)]
    chosen = whole_files(replace(plan, orders=tuple(orders)), due, max_orders)
    taken = {file for order in chosen.orders for file in order.files}

    def goes(file: InboxFile) -> bool:
        return file in taken or state.is_due([file], now)

    return replace(
        chosen,
        rejected=tuple(item for item in chosen.rejected if goes(item.file)),
        ended=tuple(item for item in chosen.ended if goes(item.file)),
        ignored=tuple(file for file in chosen.ignored if state.is_due([file], now)),
    )


def _without_ended(plan: Plan, state: WaitingFiles) -> Plan:
    """Remove from the plan what came to its end in earlier runs, while its file waited for something else."""
    ended = {
        file: state.ended[file.generation]
        for file in [*plan.files, *(item.file for item in plan.rejected)]
        if file.generation in state.ended
    }
    done = {(file, end.pedido) for file, ends in ended.items() for end in ends}
    left = (
        replace(order, files=tuple(file for file in order.files if (file, order.pedido) not in done))
        for order in plan.orders
    )
    return replace(
        plan,
        orders=tuple(order for order in left if order.files),
        rejected=tuple(item for item in plan.rejected if (item.file, None) not in done),
        ended=tuple(PartlyFinishedFile(file, ends) for file, ends in ended.items()),
    )


def not_downloaded(kind: str) -> Reject:
    """Say why a file is rejected that Cloud Storage does not give.

    Args:
        kind: Name of the error.
    """
    return Reject(
        "plan",
        "(file)",
        "a file that can be read",
        f"{kind}{_WHEN_DOWNLOADED}",
        "give Airflow's service account the right to read it; or upload it again without an encryption key of its own, "
        "and delete this one",
    )


def _is_not_downloaded(end: FinishedPart) -> bool:
    return end.reject is not None and end.reject.found.endswith(_WHEN_DOWNLOADED)


def began(order: PlannedOrder, wait: Wait, at: str) -> str:
    """Return since when an order waits for a reason that was seen at a moment."""
    return order.tried.since.get(wait, at) if order.tried else at


def reject_if_overdue(order: PlannedOrder, at: str) -> Reject | None:
    """Say why an order that Tiny did not answer about is set aside; None when it waits for the next run.

    Args:
        order: The order. One without files is in no inbox, so it cannot wait there.
        at: When it was asked for (ISO 8601, UTC).
    """
    if not order.files:
        return Reject("fetch", "pedido", "an answer", "none, while Tiny answered other calls", _PUT_BACK)
    since = began(order, Wait.NO_ANSWER, at)
    if not is_over(Wait.NO_ANSWER, since, at):
        return None
    times = (order.tried.times if order.tried else 0) + 1
    found = f"none since {since[:16]}, in {times} runs, while Tiny answered other calls"
    return Reject("fetch", "pedido", "an answer within a day", found, _PUT_BACK)


def tried_again(before: Tried | None, run: str, waits: Collection[Waiting]) -> Tried:
    """Return what was tried after another run, which saw these reasons."""
    since = {waiting.wait.value: waiting.at for waiting in waits} | (before.since if before else {})
    last_at = max(waiting.at for waiting in waits)
    return Tried((before.times if before else 0) + 1, last_at, since, run)


def next_try(tried: Tried) -> datetime:
    """Return when the pause after the last try is over."""
    pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(tried.times - 1, 10))
    return datetime.fromisoformat(tried.last_at) + pause
