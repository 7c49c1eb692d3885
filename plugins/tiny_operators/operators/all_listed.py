"""The end of a run about dates: whether Tiny listed the orders of all of them."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import Any

from tiny_operators._compat import AirflowFailException, AirflowSkipException, Context
from tiny_operators.batches.dates import DatePlan, date_plans
from tiny_operators.batches.unanswered import UnansweredMemory
from tiny_operators.events import log_event
from tiny_operators.operators.base import StoreOperator

log = logging.getLogger(__name__)


class AllListedOperator(StoreOperator):
    """Fails when Tiny did not list the orders of a date, so that a person sees it; the other dates are done by then.

    It gave no answer to the search then, or one that cannot be used. Such a date is remembered: the next night asks
    again. When it was listed and its orders are in the tables, it is forgotten here. When a later run has listed a
    date, clearing this task lets it succeed.

    Args:
        of_task: Id of the task that plans.
        only_asks: Whether the DAG loads nothing, so that a listed date is not yet done.
        **kwargs: See :class:`StoreOperator`.

    Raises:
        AirflowFailException: When a date is not listed yet.
        AirflowSkipException: When the run had nothing to do.
    """

    def __init__(self, *, of_task: str, only_asks: bool = False, **kwargs: Any) -> None:
        # Also when there was nothing to read; after a failure nothing is known of the dates.
        super().__init__(trigger_rule="none_failed", **kwargs)
        self.of_task = of_task
        self.only_asks = only_asks

    def execute(self, context: Context) -> None:
        """Look at the dates."""
        key, objects = self.start(context)
        plans = list(date_plans(objects, key))
        silences = UnansweredMemory.of_dates(objects, self.store.prefix)
        if not self.only_asks:
            silences.forget(plan.date for plan in plans if not plan.unanswered)
        left = [plan for plan in plans if plan.unanswered and silences.since(plan.date)]
        if left:
            log_event(
                log,
                "dates_not_listed",
                level=logging.ERROR,
                store=self.store.prefix,
                run=key,
                dates=",".join(plan.date for plan in left),
            )
            # Only a DAG that loads a date forgets that it was not listed.
            again = "the daily DAG" if self.only_asks else "this DAG"
            raise AirflowFailException(
                f"{'; '.join(_causes(left))}; all else is done. The next night asks again; or trigger {again} for "
                "these dates, then clear this task"
            )
        ti: Any = context["ti"]
        if ti.xcom_pull(task_ids=self.of_task) is None:
            raise AirflowSkipException("There was nothing to do, and Tiny listed all dates")


def _causes(left: Sequence[DatePlan]) -> Iterator[str]:
    """Yield why dates are not listed: those without an answer, and those whose answers cannot be used."""
    if silent := [plan.date for plan in left if not plan.reason]:
        yield f"Tiny did not answer pedidos.pesquisa of {', '.join(silent)}, while it answered other calls"
    if unusable := [plan for plan in left if plan.reason]:
        dates = ", ".join(plan.date for plan in unusable)
        yield f"Tiny's answers to pedidos.pesquisa of {dates} cannot be used, such as: {unusable[0].reason}"
