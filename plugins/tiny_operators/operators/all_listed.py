"""The end of a run about dates: whether Tiny answered the search of all of them."""

from __future__ import annotations

import logging
from typing import Any

from tiny_operators._compat import AirflowFailException, AirflowSkipException, Context
from tiny_operators.batches.dates import date_plans
from tiny_operators.batches.silences import Silences
from tiny_operators.events import log_event
from tiny_operators.operators.base import StoreOperator

log = logging.getLogger(__name__)


class AllListedOperator(StoreOperator):
    """Fails when Tiny did not answer the search of a date, so that a person sees it; the other dates are done by then.

    Such a date is remembered: the next night asks again. When it was answered and its orders are in the tables, it is
    forgotten here. When a later run has listed a date, clearing this task lets it succeed.

    Args:
        of_task: Id of the task that plans.
        only_looks: Whether the DAG loads nothing, so that a listed date is not yet done.
        **kwargs: See :class:`StoreOperator`.

    Raises:
        AirflowFailException: When a date has no answer yet.
        AirflowSkipException: When the run had nothing to do.
    """

    def __init__(self, *, of_task: str, only_looks: bool = False, **kwargs: Any) -> None:
        # Also when there was nothing to read; after a failure nothing is known of the dates.
        super().__init__(trigger_rule="none_failed", **kwargs)
        self.of_task = of_task
        self.only_looks = only_looks

    def execute(self, context: Context) -> None:
        """Look at the dates."""
        key, objects = self.start(context)
        plans = list(date_plans(objects, key))
        silences = Silences.of_dates(objects, self.store.prefix)
        params: Any = context["params"]
        if not (self.only_looks or params.get("plan_only")):
            silences.forget(plan.date for plan in plans if not plan.unanswered)
        left = [plan.date for plan in plans if plan.unanswered and silences.since(plan.date)]
        if left:
            log_event(
                log,
                "dates_not_listed",
                level=logging.ERROR,
                store=self.store.prefix,
                run=key,
                dates=",".join(left),
            )
            raise AirflowFailException(
                f"Tiny did not answer pedidos.pesquisa of {', '.join(left)}, while it answered other calls; all else "
                "is done. The next night asks again; or trigger this DAG for these dates, then clear this task"
            )
        ti: Any = context["ti"]
        if ti.xcom_pull(task_ids=self.of_task) is None:
            raise AirflowSkipException("There was nothing to do, and Tiny listed all dates")
