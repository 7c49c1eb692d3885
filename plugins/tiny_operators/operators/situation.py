"""The step that says what is in: for the page in Airflow's UI, and for the one in the bucket."""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from tiny_operators._compat import AirflowApiError, Context
from tiny_operators._compat_runs import loaded_dates
from tiny_operators.events import log_event
from tiny_operators.lake import names
from tiny_operators.links import folder_url
from tiny_operators.operators.base import StoreOperator
from tiny_operators.operators.watch import arrivals
from tiny_operators.situation.facts import LOOKED_AT_DAYS, SITUATION, situation_of
from tiny_operators.situation.page import render

log = logging.getLogger(__name__)


class SituationOperator(StoreOperator):
    """Looks what BigQuery has of each day, and what waits in the inbox; leaves it where people look.

    The XCom ``situation`` is what the web server shows as a page. So it needs neither Google nor the files of
    ``include/``, which Composer's web server does not have
    (https://cloud.google.com/composer/docs/composer-2/troubleshooting-cloud-storage). The same page is written to the
    API bucket, for people without Airflow.

    Args:
        **kwargs: See :class:`StoreOperator`.

    Returns:
        How many days are in each state, how many files wait, and how many rejects are still out.
    """

    def execute(self, context: Context) -> dict[str, int]:
        """Look, and write the page."""
        store, now = self.store, datetime.now(UTC)
        today = now.astimezone(ZoneInfo(store.timezone)).date()
        loaded = self._daily_dates()
        known = self.known_orders().days(today - timedelta(days=LOOKED_AT_DAYS - 1), today)
        rows = [
            {**row, "daily": row["day"] in loaded, "rejects_folder": self._rejects_folder(row["day"])}
            for row in known
        ]
        identity = {"prefix": store.prefix, "name": store.name, "timezone": store.timezone}
        waiting = list(arrivals(self.objects(store.webhook_bucket)))
        found = situation_of(identity, rows, waiting, now, store.complete_by_hour)
        page = render([(found, None)], now).encode()
        target = names.situation_object(store.prefix)
        self.objects(store.api_bucket).put(target, page, "text/html; charset=utf-8")
        context["ti"].xcom_push(key=SITUATION, value=found.to_json())
        counts = found.counts()
        log_event(log, "situation_written", store=store.prefix, object=target, **counts)
        return counts

    def _rejects_folder(self, day: date) -> str:
        return folder_url(self.store.api_bucket, names.rejected_prefix(day.isoformat()))

    def _daily_dates(self) -> set[date]:
        """Return the dates that the daily DAG has loaded; none when Airflow cannot be asked."""
        try:
            return set(loaded_dates(self.store.dag_id("daily"), self.store.timezone))
        except AirflowApiError as error:
            log_event(
                log,
                "daily_dates_not_known",
                level=logging.WARNING,
                store=self.store.prefix,
                reason=str(error),
            )
            return set()
