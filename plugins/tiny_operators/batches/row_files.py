"""The files that a run loads: typed rows of each table, rejects with their reasons, and what could not be read."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from functools import partial
from types import TracebackType
from typing import Any, Final, Self

from tiny_operators.events import log_event
from tiny_operators.lake import names
from tiny_operators.lake.forgotten import ForgottenList
from tiny_operators.lake.objects import Objects
from tiny_operators.lake.threads import run_in_threads
from tiny_operators.lake.uploads import TextUpload
from tiny_operators.orders.field_counts import FieldCounts
from tiny_operators.orders.old_orders import row_day, without_old
from tiny_operators.orders.outcomes import Note, Origin, Reject, State
from tiny_operators.orders.rows import OrderRows, row_texts
from tiny_operators.people.erasing import Eraser
from tiny_operators.schemas import LOADED
from tiny_operators.tiny.answers import Json

# At most this many ids, and days, are written into a statement: some kilobytes, of the megabyte that it may have.
FEW: Final = 500
FEW_DAYS: Final = 100

_COUNTED: Final = (*LOADED, "orders", *State, "rejects", "notes")


class BatchBounds:
    """What statements find the rows of a batch by: ids of its orders, and days of its rows.

    Ids are kept while they are few, and of any number the lowest and the highest; days are kept while they are few.
    """

    def __init__(self) -> None:
        self._few: set[int] | None = set()
        self._days: set[date] | None = set()
        self._numbers: tuple[int, int] | None = None
        self._texts: tuple[str, str] | None = None

    def add(self, pedido: int, days: Iterable[date]) -> None:
        """Add an order that has rows.

        Args:
            pedido: Its id.
            days: Days of the partitions into which its rows go.
        """
        text = str(pedido)
        low, high = self._numbers or (pedido, pedido)
        self._numbers = min(low, pedido), max(high, pedido)
        # As text, other ids are the first and the last: '9' comes after '10'.
        first, last = self._texts or (text, text)
        self._texts = min(first, text), max(last, text)
        if self._few is not None:
            self._few.add(pedido)
            if len(self._few) > FEW:
                self._few = None
        if self._days is not None:
            self._days.update(days)
            if len(self._days) > FEW_DAYS:
                self._days = None

    def to_xcom(self) -> dict[str, Any]:
        """Return what the statements need to know, fit for an XCom.

        Returns:
            ``ids``: all of them, or none when they are too many; ``numbers`` and ``texts``: the first and the last one,
            as a number and as text; None without any; ``days``: all days of their rows, or none when they are too many.
        """
        return {
            "ids": sorted(self._few or ()),
            "numbers": list(self._numbers) if self._numbers else None,
            "texts": list(self._texts) if self._texts else None,
            "days": sorted(day.isoformat() for day in self._days or ()),
        }


log = logging.getLogger(__name__)


class ForgottenMeanwhileError(RuntimeError):
    """A person was forgotten while rows were made: another try makes them without this person."""


class RowFiles:
    """Writes the rows of orders as they come, none of them kept in memory, without what belongs to forgotten people.

    The files appear, or are replaced, when the block ends; not at all when it fails, or when somebody was forgotten
    meanwhile.

    Args:
        objects: The store's API bucket.
        origin: The run that writes them.
        personal_since: The first day whose orders keep their personal data; None when all of them do.

    Attributes:
        counts: Rows by table; ``orders``, by their :class:`~tiny_operators.orders.outcomes.State`; ``rejects``: orders
            and products without a row; ``notes``: values that could not be read, of orders and products that have one.
        bounds: Of the orders that have rows.
    """

    def __init__(self, objects: Objects, origin: Origin, personal_since: date | None = None) -> None:
        self.counts: Counter[str] = Counter(dict.fromkeys(_COUNTED, 0))
        self.fields = FieldCounts()
        self.bounds = BatchBounds()
        self._objects = objects
        self._origin = origin
        self._personal_since = personal_since
        self._rejected_at = datetime.now(UTC).isoformat()
        self._list = ForgottenList(objects, origin.store)
        self._reject_copy: TextUpload | None = None
        self._on_commit: list[Callable[[], object]] = []

    def __enter__(self) -> Self:
        """Open the files."""
        self._forgotten = self._list.read()
        self._rows = {
            table: self._objects.upload(names.rows_object(table, self._origin.run)) for table in LOADED
        }
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write the files, all at once.

        Raises:
            ForgottenMeanwhileError: When somebody was forgotten meanwhile.
        """
        streams = [*self._rows.values(), *([self._reject_copy] if self._reject_copy else [])]
        if not self._reject_copy:
            # From a try before, or from a time when the code could not yet read what it rejected.
            self.on_commit(partial(self._objects.delete, self._rejects_object))
        meanwhile = kind is None and self._list.read() != self._forgotten
        if kind or meanwhile:
            for stream in streams:
                stream.abandon()
        if meanwhile:
            raise ForgottenMeanwhileError("somebody was forgotten while rows were made: they are made again")
        if kind is None:
            run_in_threads(*(stream.finish for stream in streams), *self._on_commit)

    def on_commit(self, write: Callable[[], object]) -> None:
        """Let something else be written at the moment when the files are."""
        self._on_commit.append(write)

    def add(self, result: OrderRows, file: str | None = None) -> None:
        """Write the result of reading one order.

        Args:
            result: The result.
            file: Its webhook file, when it came by one.
        """
        for table, rows in result.rows.items():
            kept = [without_old(table, row, self._personal_since) for row in self._without_forgotten(rows)]
            self._rows[table].writelines(row_texts(kept))
            self.counts[table] += len(rows)
        if any(result.rows.values()):
            days = (row_day(table, row) for table, rows in result.rows.items() for row in rows)
            self.bounds.add(result.pedido, filter(None, days))
        for reject in result.rejects:
            self._record(reject, result.pedido or None, file, result.read_at)
            self._log("rejected", result.pedido, reject, step=reject.step)
        if result.loaded:
            for note in result.notes:
                self._record(note, result.pedido, file, result.read_at)
                self._log("value_not_read", result.pedido, note)
                self.counts["notes"] += 1
        if result.gone:
            log_event(log, "order_gone", store=self._origin.store, run=self._origin.run, order=result.pedido)
        self.counts.update(["orders", *([result.outcome.state] if result.outcome else [])])
        self.counts["rejects"] += len(result.rejects)
        self.fields.add_counts(result.fields)

    def _without_forgotten(self, rows: list[Json]) -> list[Json]:
        return [Eraser(self._forgotten).clean(row) for row in rows] if self._forgotten else rows

    def _record(
        self, about: Reject | Note, pedido: int | None, file: str | None, read_at: datetime | None = None
    ) -> None:
        """Write the row of a reject or a note; that of a reject into the run's copy too."""
        row = self._origin.row(
            about,
            self._rejected_at,
            pedido=pedido,
            file=file,
            read_at=read_at.isoformat() if read_at else None,
        )
        self._rows["rejeitados"].writelines(row_texts([row]))
        if isinstance(about, Reject):
            self._reject_copy = self._reject_copy or self._objects.upload(self._rejects_object)
            self._reject_copy.writelines(row_texts([row]))
        self.counts["rejeitados"] += 1

    def _log(self, event: str, pedido: int, about: Reject | Note, **more: Any) -> None:
        """Log what was wrong with an order or one of its products."""
        log_event(
            log,
            event,
            store=self._origin.store,
            run=self._origin.run,
            order=pedido,
            product=about.produto,
            **more,
            field=about.field,
            expected=about.expected,
            found=about.found,
        )

    @property
    def _rejects_object(self) -> str:
        return names.rejects_object(self._origin.run, self._origin.day)

    def report(self) -> dict[str, int]:
        """Log what was written; return the counts."""
        log_event(log, "rows_made", store=self._origin.store, run=self._origin.run, **self.counts)
        return dict(self.counts)
