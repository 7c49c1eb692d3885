"""The plan of a comparison: in which orders of the last weeks Tiny and BigQuery differ."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tiny_operators._compat import Context
from tiny_operators.batches.run_request import RECONCILED_WEEKS, RunRequest
from tiny_operators.operators.plan_dates import PlanDatesOperator
from tiny_operators.params import compare_form, reconcile_form


class PlanReconcileOperator(PlanDatesOperator):
    """Compares the orders of the last weeks, or of the dates that a person names, and plans those that differ.

    When none differ, or only the comparison was asked for, the task is skipped, and with it the repair. What was found
    is in the run's folder for :class:`~tiny_operators.operators.compare.CompareOperator`, which runs in any case.

    Args:
        only_compares: Whether it compares in any case, and its DAG has no tasks that repair.
        **kwargs: See :class:`PlanDatesOperator`.
    """

    path = "reconcile"

    def __init__(self, *, only_compares: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.only_compares = only_compares

    def request(self, context: Context) -> RunRequest:
        """Read what the run was asked to do."""
        form = compare_form() if self.only_compares else reconcile_form()
        asked = self.run_request(context, form, last_days=7 * RECONCILED_WEEKS)
        return replace(asked, plan_only=True) if self.only_compares else asked
