"""The plan of a run of history: which orders of its dates are to be read."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from airflow.providers.standard.triggers.temporal import DateTimeTrigger

from tiny_operators._compat import Context, run_type
from tiny_operators.batches.intervals import settled_at
from tiny_operators.batches.run_request import SLICE_DAYS, RunRequest
from tiny_operators.batches.silences import Silences
from tiny_operators.events import log_event
from tiny_operators.operators.next_slice import REST
from tiny_operators.operators.plan_dates import PlanDatesOperator
from tiny_operators.params import daily_form

log = logging.getLogger(__name__)


class PlanDailyOperator(PlanDatesOperator):
    """Plans the orders of the run's dates, by default those of its data interval.

    The run of a day waits, deferred, until the day is over in the store. Of a long range it takes the first dates and
    leaves the others to another run: they are the XCom ``rest``. A job of BigQuery may change 4,000 partitions, which
    are days. When only the plan is asked for, it covers all dates.

    Args:
        slice_days: How many dates it takes, at most.
        **kwargs: See :class:`PlanDatesOperator`.
    """

    path = "daily"

    def __init__(self, *, slice_days: int = SLICE_DAYS, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.slice_days = slice_days

    def request(self, context: Context) -> RunRequest:
        """Read what the run was asked to do, and which part of it this run does."""
        asked = self.run_request(context, daily_form())
        last = min(asked.last, asked.first + timedelta(days=self.slice_days - 1))
        if asked.plan_only or last == asked.last:
            return asked
        context["ti"].xcom_push(key=REST, value=asked.after(last))
        return replace(asked, last=last)

    def dates(self, request: RunRequest, silences: Silences, context: Context) -> list[date]:
        """Return the dates of the run; each night also those that Tiny did not list before."""
        if not request.of_interval or run_type(context) == "backfill":
            return request.dates
        silent = (date.fromisoformat(day) for day in silences.all())
        return [*(day for day in silent if day not in request.dates), *request.dates]

    def wait(self, request: RunRequest, context: Context) -> None:
        """Wait for the end of the store's day."""
        settled = settled_at(request.last, self.store.timezone)
        if request.of_interval and run_type(context) != "manual" and datetime.now(UTC) < settled:
            # The run of a day comes at midnight UTC, when the store may still be open.
            log_event(
                log,
                "day_not_over",
                store=self.store.prefix,
                date=str(request.last),
                until=settled.isoformat(),
            )
            self.defer(trigger=DateTimeTrigger(settled.astimezone(UTC)), method_name=self.go_on.__name__)
