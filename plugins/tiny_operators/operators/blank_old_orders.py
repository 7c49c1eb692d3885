"""The retention step: personal data of customers leaves the rows of old orders."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any, Final

from tiny_operators._compat import AirflowSkipException, Context
from tiny_operators.events import log_event
from tiny_operators.lake import names
from tiny_operators.operators.base import StoreOperator
from tiny_operators.orders.old_orders import days_to_blank, personal_since
from tiny_operators.stores import Store
from tiny_operators.warehouse.personal_rows import WITH_CUSTOMERS, OldRows

log = logging.getLogger(__name__)

# A row file may be loaded again until it expires; a run that is under way has a day more.
_MORE_DAYS: Final = 2


class BlankOldOrdersOperator(StoreOperator):
    """Blanks the personal data of customers in the rows of orders that are older than ``keep_personal_days``.

    It continues where the last run, or a try that died, came to: after each range of days it notes how far it is.
    Blanking a day again changes nothing. Figures of sales stay, and so does the seller.

    Args:
        store: The store.
        **kwargs: See :class:`StoreOperator`.

    Returns:
        How many rows of each table had personal data.

    Raises:
        AirflowSkipException: When the store keeps personal data for good.
        AirflowFailException: When setup must be run first.
    """

    def __init__(self, *, store: Store, **kwargs: Any) -> None:
        # BigQuery refuses a statement that changes a table while a merge changes it.
        super().__init__(store=store, pool=kwargs.pop("pool", store.merge_pool), **kwargs)

    def execute(self, context: Context) -> dict[str, int]:
        """Blank what is old."""
        since = personal_since(self.store)
        if since is None:
            raise AirflowSkipException(
                "keep_personal_days of include/stores.yaml is 0: personal data is kept"
            )
        self.check_setup()
        _, objects = self.start(context)
        rows = OldRows(self.bigquery(), self.store)
        target = names.blanked_object(self.store.prefix)
        done: dict[str, str] = objects.read_json(target) or {}
        counts = dict.fromkeys(WITH_CUSTOMERS, 0)
        for table in WITH_CUSTOMERS:
            days = days_to_blank(
                since,
                done.get(table),
                lambda table=table: rows.first_day(table, since),  # type: ignore[misc]
                again_days=self.store.keep_rows_days + _MORE_DAYS,
            )
            for first, last in days:
                blanked = rows.blank(table, first, last)
                counts[table] += blanked
                log_event(
                    log,
                    "old_rows_blanked",
                    store=self.store.prefix,
                    table=table,
                    first=first.isoformat(),
                    last=last.isoformat(),
                    rows=blanked,
                )
                done[table] = (last + timedelta(days=1)).isoformat()
                objects.write_json(target, done)
        return counts
