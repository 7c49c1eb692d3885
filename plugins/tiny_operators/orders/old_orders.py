"""Old orders: after how long their rows hold no personal data of customers any more.

The same rule makes rows and blanks those in the tables. So neither a replay nor another reading of an old order
brings the data back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from tiny_operators.schemas import LAYOUTS, customer_columns
from tiny_operators.stores import Store

# Days of one statement: BigQuery reads the rows of so many days as a whole.
_DAYS_AT_ONCE: Final = 92
_DAY: Final = timedelta(days=1)


def personal_since(store: Store, now: datetime | None = None) -> date | None:
    """Return the first day whose orders keep their personal data; None when all of them do."""
    if not store.keep_personal_days:
        return None
    today = (now or datetime.now(UTC)).astimezone(ZoneInfo(store.timezone)).date()
    return today - timedelta(days=store.keep_personal_days)


def without_old(table: str, row: Mapping[str, Any], since: date | None) -> dict[str, Any]:
    """Return a row, without the customer's data when it is older than a day.

    Args:
        table: The table.
        row: Its columns, or some of them, as a row file or BigQuery's client has them.
        since: See :func:`personal_since`.

    Example:
        >>> without_old("pesquisa", {"data_pedido": "2019-12-31", "nome": "Ana", "valor": "9.90"}, date(2020, 1, 1))
        {'data_pedido': '2019-12-31', 'nome': None, 'valor': '9.90'}
    """
    if since is None or (day := row_day(table, row)) is None or day >= since:
        return dict(row)
    return {name: None if name in customer_columns(table) else value for name, value in row.items()}


def row_day(table: str, row: Mapping[str, Any]) -> date | None:
    """Return the day by which a row is old: that of its partition, else that of its arrival, in UTC as BigQuery's."""
    value = row.get(LAYOUTS[table].partition) or row.get("timestamp")
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        return (value.astimezone(UTC) if value.tzinfo else value).date()
    return value if isinstance(value, date) else None


def days_to_blank(
    since: date, done_until: str | None, first_day: Callable[[], date | None], *, again_days: int
) -> Iterator[tuple[date, date]]:
    """Yield ranges of days to blank, both ends included, the oldest first.

    Args:
        since: The first day that keeps its personal data.
        done_until: The first day that was not blanked the last time; None for never.
        first_day: Looks up the first day that has rows.
        again_days: How many days before are blanked again: a run whose rows were made earlier may be merged, or cleared
            and merged again, after its day became old.

    Example:
        >>> list(days_to_blank(date(2020, 1, 5), "2020-01-04", lambda: None, again_days=2))
        [(datetime.date(2020, 1, 2), datetime.date(2020, 1, 4))]
    """
    first = date.fromisoformat(done_until) - again_days * _DAY if done_until else first_day()
    while first is not None and first < since:
        last = min(first + (_DAYS_AT_ONCE - 1) * _DAY, since - _DAY)
        yield first, last
        first = last + _DAY
