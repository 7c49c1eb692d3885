"""What a person can fill in when triggering a DAG of history: the form of Airflow's UI, and the keys of ``--conf``."""

from __future__ import annotations

from typing import Any, Final

from tiny_operators._compat import Param
from tiny_operators.planning.run_request import FROM_DATE, TO_DATE

_DATE: Final[dict[str, Any]] = {"type": ["null", "string"], "format": "date"}


def date_range_form() -> dict[str, Param]:
    """A range of dates."""
    return {
        FROM_DATE: Param(
            None,
            title="From date",
            description="First date (YYYY-MM-DD). Empty: the dates of the run, or yesterday.",
            **_DATE,
        ),
        TO_DATE: Param(
            None, title="To date", description="Last date, included. Empty: only the first one.", **_DATE
        ),
    }


def daily_form() -> dict[str, Param]:
    """What the daily DAG can be asked for."""
    return {
        **date_range_form(),
        "plan_only": Param(
            default=False,
            type="boolean",
            title="Only plan",
            description="Search, compare, and say how many orders, calls and hours it would take (XCom 'plan' of the "
            "task 'plan', and its log). Nothing is fetched.",
        ),
        "force": Param(
            default=False,
            type="boolean",
            title="Read everything again",
            description="Read every order of the dates, also those that did not change.",
        ),
        "refresh_costs": Param(
            default=False,
            type="boolean",
            title="Refresh product costs",
            description="Let today's product costs replace those that were kept from the day of the sale. Reads every "
            "order of the dates. Cannot be undone except by a replay of the dates before.",
        ),
    }
