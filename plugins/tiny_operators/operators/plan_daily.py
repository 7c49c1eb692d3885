"""The plan of a run of history: which orders of its dates are to be read."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from airflow.providers.standard.triggers.temporal import DateTimeTrigger

from tiny_operators._compat import Context, run_type
from tiny_operators.dag_parts.forms import daily_form
from tiny_operators.events import log_event
from tiny_operators.planning.run_request import RunRequest
from tiny_operators.timetables import settled_at

from .plan_dates import PlanDatesOperator

log = logging.getLogger(__name__)


class PlanDailyOperator(PlanDatesOperator):
    """Plans the orders of the run's dates, by default those of its data interval.

    The run of a day waits, deferred, until the day is over in the store.

    Args:
        **kwargs: See :class:`PlanDatesOperator`.
    """

    path = "daily"

    def request(self, context: Context) -> RunRequest:
        """What the run was asked to do."""
        return self.run_request(context, daily_form())

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
