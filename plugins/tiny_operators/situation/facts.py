"""What is known of the days of a store, and which of them are missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final, Self
from zoneinfo import ZoneInfo

from tiny_operators.situation.rejected import Rejected, newest_rejected

# Key of the XCom that holds it.
SITUATION: Final = "situation"
# So many days are looked at, today included: more would be read each hour for nobody.
LOOKED_AT_DAYS: Final = 400
# The newest of them are shown with their figures.
SHOWN_DAYS: Final = 35
# Form of the JSON: a page of an older version is not read.
_VERSION: Final = 3


class State(StrEnum):
    """How complete a day is; the letter stands for it in the JSON."""

    COMPLETE = "c"
    LOADED = "l"
    DIFFERS = "d"
    MISSING = "m"
    PENDING = "p"


class OtherVersionError(ValueError):
    """The JSON was written by another version of this package."""


@dataclass(frozen=True)
class Day:
    """One day of a store.

    Attributes:
        day: The day, in the store's time zone.
        orders: Orders that BigQuery has.
        in_tiny: Orders that Tiny had when both were last compared; None when that never was.
        differ: Orders that still differed after that comparison.
        compared_at: When that was.
        rejects: Orders and files that were set aside on that day, and not loaded since.
        notes: Values that could not be read on that day.
        daily: Whether a run of the daily DAG has succeeded for it: that lists its orders in Tiny, and reads what
            BigQuery lacks of them.
        files: Those of the rejects that are files about no order.
    """

    day: date
    orders: int = 0
    in_tiny: int | None = None
    differ: int = 0
    compared_at: datetime | None = None
    rejects: int = 0
    notes: int = 0
    daily: bool = False
    files: int = 0

    @property
    def known(self) -> bool:
        """Whether the day has orders, or was listed in Tiny."""
        return self.orders > 0 or self.in_tiny is not None or self.daily

    def out(self, pending_from: date) -> int:
        """Return how many of the rejects may be missing: a file about no order is none, once its day is complete.

        Args:
            pending_from: First day that need not be complete yet.
        """
        return self.rejects - (self.files if self.state(pending_from) is State.COMPLETE else 0)

    def state(self, pending_from: date) -> State:
        """Say how complete the day is.

        Args:
            pending_from: First day that need not be complete yet.
        """
        if self.day >= pending_from:
            return State.PENDING
        if self.in_tiny is None and self.daily:
            return State.COMPLETE
        if self.in_tiny is None:
            # Without orders nothing was sold, or nothing was loaded: only a comparison tells.
            return State.LOADED if self.orders else State.MISSING
        return State.DIFFERS if self.differ or self.orders < self.in_tiny else State.COMPLETE


@dataclass(frozen=True)
class Situation:
    """What is known of a store at one moment.

    Attributes:
        prefix: The store.
        name: Its name, as people read it.
        timezone: IANA name; the days are days there.
        seen_at: The moment.
        pending_from: First day that need not be complete yet.
        since: First day that has orders or was compared, of those that were looked at; None when there is none.
        older: The states of the days from ``since`` up to those of ``days``: a letter for each.
        days: The newest days, the oldest first.
        last_webhook: When the newest webhook came.
        last_load: When a row was last written.
        waiting: Files in the inbox.
        oldest_waiting: When the oldest of them came.
        rejected: The newest orders and files that were set aside on ``days``, and are not loaded since.
    """

    prefix: str
    name: str
    timezone: str
    seen_at: datetime
    pending_from: date
    since: date | None
    older: str
    days: tuple[Day, ...]
    last_webhook: datetime | None
    last_load: datetime | None
    waiting: int
    oldest_waiting: datetime | None
    rejected: tuple[Rejected, ...] = ()

    def states(self) -> Iterator[tuple[date, State]]:
        """Yield each known day, the oldest first, with its state."""
        if self.since is not None:
            for number, letter in enumerate(self.older):
                yield self.since + timedelta(days=number), State(letter)
        for day in self.days:
            yield day.day, day.state(self.pending_from)

    def count(self, state: State) -> int:
        """Return how many days are in a state."""
        return sum(each is state for _, each in self.states())

    def counts(self) -> dict[str, int]:
        """Return what a person asks first, as named values: the days by state add up to ``days``."""
        return {
            "days": sum(1 for _ in self.states()),
            **{state.name.lower(): self.count(state) for state in State},
            "waiting": self.waiting,
            "rejects": sum(day.rejects for day in self.days),
        }

    def to_json(self) -> dict[str, Any]:
        """Return it as values that JSON knows."""
        values = {
            name: _text(value) for name, value in vars(self).items() if name not in {"days", "rejected"}
        }
        days = [[_text(value) for value in vars(day).values()] for day in self.days]
        rejected = [each.to_json() for each in self.rejected]
        return {"version": _VERSION, **values, "days": days, "rejected": rejected}

    @classmethod
    def from_json(cls, content: Any) -> Self:
        """Read what :meth:`to_json` returned.

        Raises:
            OtherVersionError: When another version of this package wrote it.
        """
        try:
            values: dict[str, Any] = dict(content)
            if values.pop("version") != _VERSION:
                raise OtherVersionError("another version")
            for name in ("pending_from", "since"):
                values[name] = _read(date, values[name])
            for name in ("seen_at", "last_webhook", "last_load", "oldest_waiting"):
                values[name] = _read(datetime, values[name])
            values["days"] = tuple(_day(row) for row in values["days"])
            values["rejected"] = tuple(Rejected.from_json(each) for each in values["rejected"])
            return cls(**values)
        except (KeyError, TypeError, ValueError) as error:
            raise OtherVersionError(f"The situation cannot be read: {type(error).__name__}") from error


def situation_of(
    store: Mapping[str, str],
    rows: Iterable[Mapping[str, Any]],
    arrived: Sequence[datetime],
    now: datetime,
    complete_by_hour: int,
) -> Situation:
    """Put together what is known of a store.

    Args:
        store: Its ``prefix``, ``name`` and ``timezone``.
        rows: What the tables know of each day, the oldest first: see ``include/sql/known_days.sql``; ``daily``; and
            ``rejects_folder``, the address of the folder with the rejects of that day.
        arrived: When the files came that wait in the inbox.
        now: The present.
        complete_by_hour: By which hour of the store's day the orders of yesterday must be complete.
    """
    rows = list(rows)
    there = now.astimezone(ZoneInfo(store["timezone"]))
    pending_from = there.date() - timedelta(days=1 if there.hour < complete_by_hour else 0)
    days = [_of_row(row) for row in rows]
    first = next((number for number, day in enumerate(days) if day.known), None)
    known = [] if first is None else days[first:]
    older = "".join(day.state(pending_from) for day in known[:-SHOWN_DAYS])
    shown = known[-SHOWN_DAYS:]
    webhooks = [row["last_webhook"] for row in rows if row["last_webhook"]]
    return Situation(
        prefix=store["prefix"],
        name=store["name"],
        timezone=store["timezone"],
        seen_at=now,
        pending_from=pending_from,
        since=known[0].day if known else None,
        older=older,
        days=tuple(shown),
        last_webhook=max([*webhooks, *arrived], default=None),
        last_load=max((row["last_load"] for row in rows if row["last_load"]), default=None),
        waiting=len(arrived),
        oldest_waiting=min(arrived, default=None),
        rejected=newest_rejected(rows[len(rows) - len(shown) :]),
    )


def _of_row(row: Mapping[str, Any]) -> Day:
    return Day(
        day=row["day"],
        orders=row["orders"],
        in_tiny=row["orders_in_tiny"],
        differ=row["still_differ"] or 0,
        compared_at=row["compared_at"],
        rejects=row["rejects"],
        notes=row["notes"],
        daily=row["daily"],
        files=row["files"],
    )


def _day(row: Sequence[Any]) -> Day:
    day, orders, in_tiny, differ, compared_at, *others = row
    return Day(date.fromisoformat(day), orders, in_tiny, differ, _read(datetime, compared_at), *others)


def _text(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return value.isoformat() if isinstance(value, date) else value


def _read(kind: type[date], text: str | None) -> Any:
    return None if text is None else kind.fromisoformat(text)
