"""Checks in SQL after a merge: a finding fails the run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tiny_operators._compat import AirflowFailException
from tiny_operators.operators.query import QueryOperator

if TYPE_CHECKING:
    from google.cloud.bigquery import QueryJob

# The first words of the error of include/sql/check.sql.
_FOUND: Final = "checks failed: "


class CheckOperator(QueryOperator):
    """Runs a query that ends in an error when a check finds something.

    Then the task fails without another try, which would find the same while the next sales wait for this run's end.

    Raises:
        AirflowFailException: When a check found something; the message names the checks and the orders.
    """

    def await_end(self, job: QueryJob) -> None:
        """Wait until the query has ended; done here, since Airflow warns of an `execute` that calls its parent's."""
        from google.api_core.exceptions import GoogleAPICallError

        try:
            super().await_end(job)
        except GoogleAPICallError as error:
            if (found := what_failed(error)) is not None:
                raise AirflowFailException(found) from error
            raise


def what_failed(error: Exception) -> str | None:
    """Read which checks failed, and on which orders; None when the query failed for another reason."""
    _, begin, found = str(error).partition(_FOUND)
    # BigQuery's client repeats the text after the reason.
    return begin + found.splitlines()[0].partition("; reason: ")[0] if begin else None
