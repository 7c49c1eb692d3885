"""The next run of a range of dates that is too long for one."""

from __future__ import annotations

import logging
import re
from typing import Any, Final

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator

from tiny_operators._compat import AirflowSkipException, Context, run_id_of
from tiny_operators.events import log_event
from tiny_operators.stores import Store

log = logging.getLogger(__name__)

# Key of the XCom with what a run was asked for and leaves to the next one: parameters of the same DAG.
REST: Final = "rest"
_NAME: Final = re.compile(r"from_\d{4}-\d{2}-\d{2}_of_(.*)")


class NextSliceOperator(TriggerDagRunOperator):
    """Triggers its own DAG again, for the dates that are left of the range that the run was asked for.

    So a range of any length is processed in runs of a limited size, the oldest dates first and one after another. One
    that fails ends the series, and clearing it lets the series continue. A run that is cleared when it is done creates
    no second one of the same dates.

    Args:
        store: The store.
        of_task: Id of the task that says what is left: its XCom ``rest``.
        **kwargs: Airflow's own arguments.

    Raises:
        AirflowSkipException: When the run had nothing to do and nothing is left.
    """

    def __init__(self, *, store: Store, of_task: str, **kwargs: Any) -> None:
        super().__init__(
            # Dates with nothing to do are skipped; after a failure nothing newer may come.
            trigger_rule="none_failed",
            skip_when_already_exists=True,
            deferrable=False,
            **kwargs,
        )
        self.store = store
        self.of_task = of_task

    def execute(self, context: Context) -> None:
        """Trigger the next run."""
        ti: Any = context["ti"]
        rest: dict[str, Any] | None = ti.xcom_pull(task_ids=self.of_task, key=REST)
        if rest is None:
            if ti.xcom_pull(task_ids=self.of_task) is None:
                raise AirflowSkipException("There was nothing to do, and no dates are left")
            return
        self.conf = rest
        self.trigger_run_id = next_run_id(run_id_of(context), rest["from_date"])
        log_event(log, "next_slice", store=self.store.prefix, run_id=self.trigger_run_id, **rest)
        super().execute(context)


def next_run_id(run_id: str, first: str) -> str:
    """Return the id of the next run of a series: the same at each try, and named after the first run of the series.

    Example:
        >>> next_run_id("from_2021-01-01_of_rebuild", "2022-01-01")
        'from_2022-01-01_of_rebuild'
    """
    follower = _NAME.fullmatch(run_id)
    return f"from_{first}_of_{follower[1] if follower else run_id}"
