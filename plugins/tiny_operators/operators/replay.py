"""The replay step: the rows of past dates from raw answers alone, in today's layout and in the older one."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import chain, groupby, islice
from typing import Any, Final

from tiny_operators._compat import AirflowSkipException, Context, run_type
from tiny_operators.batches.row_files import RowFiles
from tiny_operators.events import log_event
from tiny_operators.lake import names
from tiny_operators.lake.objects import Objects
from tiny_operators.lake.older_layout import folder_of, older_order_rows
from tiny_operators.lake.raw_reader import RawReader, RawReferenceError, References
from tiny_operators.lake.threads import THREADS, map_in_threads, one_ahead
from tiny_operators.lineage import Lineage
from tiny_operators.operators.base import BATCH_BOUNDS, StoreOperator, rows_lineage
from tiny_operators.operators.next_slice import REST
from tiny_operators.orders.old_orders import personal_since
from tiny_operators.orders.outcomes import Origin, Reject
from tiny_operators.orders.raw_lines import RawLine, read_line
from tiny_operators.orders.rows import OrderRows
from tiny_operators.params import date_range_form
from tiny_operators.stores import Store

log = logging.getLogger(__name__)

_Lines = list[tuple[str, list[RawLine | None]]]

PATH: Final = "replay"


class ReplayRowsOperator(StoreOperator):
    """Turns the raw answers about orders that arrived on the run's dates into rows, without a call of Tiny's API.

    Writes the same files as :class:`~tiny_operators.operators.rows.MakeRowsOperator`. It lists the prefixes of its
    dates, never the bucket, and holds few orders in memory. After each date it reports its progress: in the log, and as
    the XCom ``progress``.

    It ends with the date on which the batch is large enough, and leaves the later ones to another run: they are the
    XCom ``rest``. A job of BigQuery may change 4,000 partitions, which are days.

    Args:
        slice_orders: After so many orders no further date is started.
        slice_days: After so many days no further date is started: those on which orders arrived, or those of the
            orders.
        **kwargs: See :class:`StoreOperator`.

    Returns:
        Counts: see :class:`~tiny_operators.batches.row_files.RowFiles`; ``dates_without_answers``: dates of which there
        are no raw answers. Their rows stay.

    Raises:
        AirflowFailException: When the run was asked for something impossible, or setup must be run first.
        AirflowSkipException: When the dates have no raw answers; the run ends in success.
    """

    def __init__(self, *, slice_orders: int = 20_000, slice_days: int = 1_000, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.slice_orders = slice_orders
        self.slice_days = slice_days

    def lineage(self, key: str) -> Lineage:
        """Return the raw answers and the files of rows."""
        return rows_lineage(self.store, key)

    def execute(self, context: Context) -> dict[str, int]:
        """Build the rows."""
        started = time.monotonic()
        if run_type(context) == "scheduled":
            raise AirflowSkipException(
                "Nobody asked for a replay: trigger the DAG with dates, or backfill it"
            )
        self.check_setup()
        key, objects = self.start(context)
        request = self.run_request(context, date_range_form())
        raw = RawDates(objects, self.store)
        origin = Origin(self.store.prefix, key, PATH, request.first.isoformat(), again=True)
        arrivals: set[date] = set()
        sales: set[str] = set()
        with RowFiles(objects, origin, personal_since(self.store)) as files:
            for number, day in enumerate(request.dates, 1):
                for result in raw.orders_of(day):
                    files.add(result)
                    arrivals.add(day)
                    sales.update(str(row.get("data")) for row in result.rows["pdv"])
                progress: dict[str, Any] = {
                    "date": day.isoformat(),
                    "objects": raw.objects_read,
                    "orders": files.counts["orders"],
                    "seconds": round(time.monotonic() - started, 1),
                    "dates_left": len(request.dates) - number,
                }
                log_event(log, "date_replayed", store=self.store.prefix, run=key, **progress)
                context["ti"].xcom_push(key="progress", value=progress)
                days = max(len(arrivals), len(sales))
                if files.counts["orders"] >= self.slice_orders or days >= self.slice_days:
                    break
        context["ti"].xcom_push(key=REST, value=request.after(day))
        counts = files.report()
        without = [one for one in request.dates if one <= day and one not in arrivals]
        self._log_without(key, without)
        self.new_rows_version(context)
        context["ti"].xcom_push(key=BATCH_BOUNDS, value=files.bounds.to_xcom())
        if not counts["orders"]:
            log_event(log, "nothing_to_replay", store=self.store.prefix, run=key, dates=len(request.dates))
            raise AirflowSkipException(
                f"No raw answers of {request.first} to {request.last}: nothing to replay. Rows of these dates "
                "that are in the tables stay as they are" + self._expire()
            )
        return {**counts, "dates_without_answers": len(without)}

    def _log_without(self, key: str, dates: list[date]) -> None:
        """Log of which dates there are no raw answers: no sale came, or they have expired; their rows stay."""
        if dates:
            log_event(
                log,
                "dates_without_answers",
                level=logging.WARNING if self.store.keep_raw_days else logging.INFO,
                store=self.store.prefix,
                run=key,
                dates=len(dates),
                first=min(dates).isoformat(),
                last=max(dates).isoformat(),
                keep_raw_days=self.store.keep_raw_days,
            )

    def _expire(self) -> str:
        days = self.store.keep_raw_days
        return (
            f"; raw answers expire after {days} days (keep_raw_days of include/stores.yaml)" if days else ""
        )


@dataclass
class RawDates:
    """The raw answers of a store, by the day on which orders arrived.

    Attributes:
        objects: The store's API bucket.
        store: The store.
        objects_read: How many raw objects about orders were read.
    """

    objects: Objects
    store: Store
    objects_read: int = 0
    _raw: RawReader = field(init=False)

    def __post_init__(self) -> None:
        self._raw = RawReader(self.objects)

    def orders_of(self, day: date) -> Iterator[OrderRows]:
        """Yield the result of each reading of the orders that arrived on a day.

        Args:
            day: The day, in the store's time zone.
        """
        return chain(self._of_lines(day), self._of_folders(day))

    def _of_lines(self, day: date) -> Iterator[OrderRows]:
        listed = (blob.name for blob in self.objects.list(names.raw_orders_prefix(day.isoformat())))
        # While some lines are typed, what the next ones refer to is read, and so are the lines after them.
        for lines, references in one_ahead(self._with_references(one_ahead(self._some_lines(listed)))):
            self.objects_read += len(lines)
            self._raw.keep(references)
            for name, own in lines:
                yield from (self._of_line(name, line) for line in own)

    def _some_lines(self, listed: Iterator[str]) -> Iterator[_Lines]:
        """Yield the raw lines of some objects at a time, by their names."""
        while some := list(islice(listed, THREADS)):
            yield list(zip(some, map_in_threads(self._lines, some), strict=True))

    def _with_references(self, found: Iterator[_Lines]) -> Iterator[tuple[_Lines, References]]:
        """Yield raw lines with what they refer to.

        An object of a live run may hold one order only: what several objects refer to is read together.
        """
        for lines in found:
            yield lines, self._raw.references(line for _, own in lines for line in own if line)

    def _lines(self, name: str) -> list[RawLine | None]:
        """Read the raw lines of an object; None for a damaged one."""
        found: list[RawLine | None] = []
        for text in self.objects.lines_if_any(name):
            try:
                found.append(read_line(text))
            except ValueError:
                found.append(None)
        return found

    def _of_line(self, name: str, line: RawLine | None) -> OrderRows:
        """Build the rows of one raw line; a damaged one does not stop the others."""
        if line is None:
            return OrderRows(0, rejects=[self._damaged(name, "something else")])
        try:
            return self._raw.order_rows(line)
        except RawReferenceError as error:
            damaged = self._damaged(error.name, error.found)
            return OrderRows(line.envelope.pedido or 0, rejects=[damaged], read_at=line.fetched)

    def _damaged(self, name: str, found: str) -> Reject:
        action = f"restore gs://{self.store.api_bucket}/{name}, then replay the date again"
        return Reject("rows", "(raw line)", "a raw line, with the answers that it refers to", found, action)

    def _of_folders(self, day: date) -> Iterator[OrderRows]:
        listed = (blob.name for blob in self.objects.list(names.older_layout_prefix(day.isoformat())))
        yield from map_in_threads(self._of_folder, self._folders(listed))

    def _folders(self, listed: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
        for folder, found in groupby(listed, folder_of):
            files = list(found)
            self.objects_read += len(files)
            yield folder, files

    def _of_folder(self, folder_files: tuple[str, list[str]]) -> OrderRows:
        folder, files = folder_files
        contents = {name.removeprefix(folder): self.objects.read(name) for name in files if name != folder}
        there = {name: content for name, content in contents.items() if content is not None}
        return older_order_rows(self.store, folder, there)
