"""The plans of runs about dates: each date is searched, compared with BigQuery and planned, once."""

from __future__ import annotations

import logging
import uuid
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar

from airflow.providers.standard.triggers.temporal import DateTimeTrigger

from tiny_operators._compat import AirflowFailException, AirflowSkipException, Context, is_first_try, run_type
from tiny_operators.batches.dates import DatePlan, DatePlanner
from tiny_operators.batches.run_request import RECONCILED_WEEKS, SLICE_DAYS, RunRequest, settled_at
from tiny_operators.batches.unanswered import UnansweredMemory
from tiny_operators.events import log_event
from tiny_operators.lake import names
from tiny_operators.lake.objects import Objects
from tiny_operators.lake.raw_writer import RawWriter
from tiny_operators.operators.account import AccountOperator
from tiny_operators.operators.next_slice import REST
from tiny_operators.orders.plan import CHUNK_ORDERS, Plan
from tiny_operators.params import compare_form, daily_form, plan_form
from tiny_operators.tiny.listing import FilterIgnoredError

log = logging.getLogger(__name__)


class PlanDatesOperator(AccountOperator):
    """Pages through Tiny's order search for the run's dates, and plans the orders that are new or differ from BigQuery.

    Each date is planned once: a later try continues with the next. A date whose search Tiny does not answer, while it
    answers other calls, or answers so that it cannot be used, does not stop the other dates: the task ``all_listed``
    reports it. When there is nothing to read, or the DAG only asks, the task is skipped, and so are the tasks
    after it. What was found is the XCom ``plan``, and the event ``planned`` in the log.

    Args:
        chunk_orders: Orders in a chunk, at most: a task that dies has to read so many again.
        **kwargs: See :class:`AccountOperator`.

    Attributes:
        path: Which DAG reads: part of what the raw answers say about themselves.

    Returns:
        The plan: see :meth:`_summary`.

    Raises:
        AirflowSkipException: When there is nothing to read, or the DAG only asks.
        AirflowFailException: When the run was asked for something impossible, or Tiny ignored the dates.
    """

    path: ClassVar[str]

    def __init__(self, *, chunk_orders: int = CHUNK_ORDERS, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.chunk_orders = chunk_orders

    @abstractmethod
    def request(self, context: Context) -> RunRequest:
        """Read what the run was asked to do."""

    def execute(self, context: Context) -> dict[str, Any]:
        """Plan the run; from the start when it is run again, by a backfill or by a person who cleared it."""
        if is_first_try(context):
            key, objects = self.start(context)
            for blob in objects.list(names.run_prefix(key)):
                objects.delete(blob.name)
        self.wait(self.request(context), context)
        return self.go_on(context)

    def dates(self, request: RunRequest, silences: UnansweredMemory, context: Context) -> list[date]:
        """Return the dates of the run, in their order."""
        return request.dates

    def wait(self, request: RunRequest, context: Context) -> None:
        """Wait, deferred, when it is too early."""

    def go_on(self, context: Context, event: Any = None) -> dict[str, Any]:
        """Plan the dates that are not planned yet."""
        key, objects = self.start(context)
        request = self.request(context)
        # A new version may have come while the run waited for the end of the day.
        self.check_setup()
        self.give_way(objects, self.go_on.__name__)
        planner = DatePlanner(
            self.tiny(objects),
            self.known_orders(),
            RawWriter(objects, self.store, self.path, key),
            request.force or request.refresh_costs,
        )
        plans: list[DatePlan] = []
        dates = self.dates(request, planner.silences, context)
        for day in dates:
            try:
                plans.append(planner.plan(day))
            except FilterIgnoredError as error:
                raise AirflowFailException(str(error)) from error
            if day != dates[-1]:
                self.give_way(objects, self.go_on.__name__, after_work=True)
        summary = self._summary(plans, planner)
        log_event(log, "planned", store=self.store.prefix, run=key, plan_only=request.only_asks, **summary)
        span = {"first": str(min(dates)), "last": str(max(dates))}
        context["ti"].xcom_push(key="plan", value={**span, **summary})
        if request.only_asks:
            raise AirflowSkipException(f"This DAG only asks, and reads no order: {summary}")
        if not summary["orders"]:
            raise AirflowSkipException(
                f"Nothing to read: the orders of the dates that Tiny listed are as BigQuery has them: {summary}"
            )
        self._write(objects, key, plans, request)
        return summary

    @staticmethod
    def _summary(plans: Sequence[DatePlan], planner: DatePlanner) -> dict[str, Any]:
        """Return counts, and what reading will cost.

        Which products it needs is known only when the orders are read. ``products`` are those that the tables know and
        that were not read today. For the first days of a history, when the tables know none yet, that is too few.
        """
        orders = sum(plan.orders for plan in plans)
        products = max(0, planner.known.products() - planner.raw.products_today()) if orders else 0
        per_minute = planner.hook.allowed_per_minute
        return {
            "days": len(plans),
            "listed": sum(plan.listed for plan in plans),
            "new": sum(plan.new for plan in plans),
            "changed": sum(plan.changed for plan in plans),
            "vanished": sum(plan.vanished for plan in plans),
            "orders": orders,
            "products": products,
            "unanswered": sum(plan.unanswered for plan in plans),
            "pages": sum(plan.pages for plan in plans),
            "calls": orders + products,
            "calls_per_minute": round(per_minute, 1),
            "hours": round((orders + products) / per_minute / 60, 2),
        }

    def _write(self, objects: Objects, key: str, plans: Sequence[DatePlan], request: RunRequest) -> None:
        plan = Plan(
            self.store.prefix,
            self.path,
            parts=tuple(plan.part for plan in plans if plan.orders),
            in_parts=sum(plan.orders for plan in plans),
            chunk_orders=self.chunk_orders,
            refresh_costs=request.refresh_costs,
            reading=f"{key}-{uuid.uuid4().hex[:8]}",
        )
        objects.create_json(names.plan_object(key), plan.to_json())


class PlanDailyOperator(PlanDatesOperator):
    """Plans the orders of the run's dates, by default those of its data interval.

    The run of a day waits, deferred, until the day is over in the store. Of a long range it takes the first dates and
    leaves the others to another run: they are the XCom ``rest``. A job of BigQuery may change 4,000 partitions, which
    are days. A DAG that only plans changes none: its plan covers all dates.

    Args:
        slice_days: How many dates it takes, at most.
        only_asks: Whether it plans all dates, by default yesterday, and its DAG has no tasks that read orders.
        **kwargs: See :class:`PlanDatesOperator`.
    """

    path = "daily"

    def __init__(self, *, slice_days: int = SLICE_DAYS, only_asks: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.slice_days = slice_days
        self.only_asks = only_asks

    def request(self, context: Context) -> RunRequest:
        """Read what the run was asked to do, and which part of it this run does."""
        if self.only_asks:
            # Without a schedule, the interval of a run on Airflow 2 is the moment of its trigger: today, in UTC.
            return replace(self.run_request(context, plan_form(), last_days=1), only_asks=True)
        asked = self.run_request(context, daily_form())
        last = min(asked.last, asked.first + timedelta(days=self.slice_days - 1))
        if last == asked.last:
            return asked
        context["ti"].xcom_push(key=REST, value=asked.after(last))
        return replace(asked, last=last)

    def dates(self, request: RunRequest, silences: UnansweredMemory, context: Context) -> list[date]:
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


class PlanReconcileOperator(PlanDatesOperator):
    """Compares the orders of the last weeks, or of the dates that a person names, and plans those that differ.

    When none differ, or the DAG only compares, the task is skipped, and with it the repair. What was found
    is in the run's folder for :class:`~tiny_operators.operators.compare.CompareOperator`, which runs in any case.

    Args:
        only_asks: Whether it compares in any case, and its DAG has no tasks that repair.
        **kwargs: See :class:`PlanDatesOperator`.
    """

    path = "reconcile"

    def __init__(self, *, only_asks: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.only_asks = only_asks

    def request(self, context: Context) -> RunRequest:
        """Read what the run was asked to do."""
        asked = self.run_request(context, compare_form(), last_days=7 * RECONCILED_WEEKS)
        return replace(asked, only_asks=self.only_asks)
