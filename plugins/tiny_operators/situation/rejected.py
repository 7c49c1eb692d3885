"""What was set aside and is still out: which order or file, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import PurePosixPath
from typing import Any, Final, Self

# Of orders, and of files: so many are told with their reasons; the others are only counted.
MOST_SHOWN: Final = 20
_LONGEST_NAME: Final = 60


@dataclass(frozen=True)
class Rejected:
    """An order or a file that was set aside on a day.

    Attributes:
        day: The day.
        pedido: Tiny's id of the order; None for a file that names none.
        file: The end of the file's name, when it is about no order.
        field: Which field was wrong.
        expected: What it should be.
        found: The kind of what was there, never the value.
        folder: Address of the folder with that day's rejects.
    """

    day: date
    pedido: int | None
    file: str | None
    field: str | None
    expected: str | None
    found: str | None
    folder: str

    @property
    def what(self) -> str:
        """The order or the file, as people name it."""
        return str(self.pedido) if self.pedido is not None else self.file or ""

    def to_json(self) -> list[Any]:
        """Return it as values that JSON knows."""
        return [self.day.isoformat(), *list(vars(self).values())[1:]]

    @classmethod
    def from_json(cls, values: Sequence[Any]) -> Self:
        """Read what :meth:`to_json` returned."""
        day, *others = values
        return cls(date.fromisoformat(day), *others)


def newest_rejected(rows: Iterable[Mapping[str, Any]]) -> tuple[Rejected, ...]:
    """Return the newest orders and files that are out, the newest day first.

    Args:
        rows: What the tables know of each day, the oldest first: see ``include/sql/known_days.sql``; and
            ``rejects_folder``.
    """
    days = list(rows)[::-1]
    found = [
        [_of_row(row, reason) for row in days for reason in row[kind] or ()][:MOST_SHOWN]
        for kind in ("orders_out", "files_out")
    ]
    return tuple(rejected for kind in found for rejected in kind)


def _of_row(row: Mapping[str, Any], reason: Mapping[str, Any]) -> Rejected:
    pedido, name = reason["pedido"], PurePosixPath(reason["file"] or "").name
    return Rejected(
        day=row["day"],
        pedido=pedido,
        file=name[-_LONGEST_NAME:] if pedido is None else None,
        field=reason["field"],
        expected=reason["expected"],
        found=reason["found"],
        folder=row["rejects_folder"],
    )
