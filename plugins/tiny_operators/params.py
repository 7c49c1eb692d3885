"""The form of a DAG that a person triggers: the fields of Airflow's UI, and the keys of ``--conf``."""

from __future__ import annotations

from typing import Any, Final

from tiny_operators._compat import Param
from tiny_operators.batches.asked_orders import MOST_ORDERS, NUMBERS, ORDERS
from tiny_operators.batches.put_back import FIELD, ORDER
from tiny_operators.batches.run_request import FROM_DATE, RECONCILED_WEEKS, TO_DATE

# As text: Airflow's form empties a date that does not exist, and an empty one means another date.
_DATE: Final[dict[str, Any]] = {
    "type": ["null", "string"],
    "pattern": r"^(\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01]))?$",
}


def _dates(without: str, what: str = "date") -> dict[str, Param]:
    """Build the fields for a range of dates.

    Args:
        without: Which dates are meant when both are empty.
        what: What a date is here.
    """
    first = f"First {what}, as YYYY-MM-DD. Empty: {without}."
    last = f"Last {what}, included, as YYYY-MM-DD. Leave empty for one day only. Needs a first {what}."
    return {
        FROM_DATE: Param(None, title="From date", description=first, **_DATE),
        TO_DATE: Param(None, title="To date", description=last, **_DATE),
    }


def _force(description: str) -> Param:
    return Param(default=False, type="boolean", title="Read everything again", description=description)


def date_range_form() -> dict[str, Param]:
    """Build the form for a range of dates."""
    return _dates("the dates of the run, or yesterday")


def compare_form() -> dict[str, Param]:
    """Build the form of the DAGs that compare: reconcile and compare."""
    return _dates(f"the last {RECONCILED_WEEKS} weeks, up to yesterday")


def orders_form() -> dict[str, Param]:
    """Build the form of the orders DAG."""
    return {
        ORDERS: Param(
            [],
            # Without items, the form of Airflow 2 has a line for each, and no JSON; without null, it must not be empty.
            type=["null", "array"],
            title="Orders",
            description=f"Tiny's ids of orders to fetch now, one a line; at most {MOST_ORDERS}.",
        ),
        NUMBERS: Param(
            [],
            type=["null", "array"],
            title="Numbers",
            description="Or their numbers, as people see them on the order, one a line.",
        ),
    }


def put_back_form() -> dict[str, Param]:
    """Build the form of the put-back DAG."""
    return {
        **_dates("yesterday and today", "day of the rejects (the date in rejected/dt=…)"),
        FIELD: Param(
            None,
            type=["null", "string"],
            title="Field",
            description="Only rejects of this field, exactly as the reason names it, such as pdv.totalVenda.",
        ),
        ORDER: Param(
            None,
            type=["null", "string", "integer"],
            title="Order",
            description="Only rejects of this order: Tiny's id.",
        ),
    }


def plan_form() -> dict[str, Param]:
    """Build the form of the plan DAG."""
    return {
        **_dates("yesterday"),
        "force": _force("Count every order of the dates, also those that did not change."),
    }


def daily_form() -> dict[str, Param]:
    """Build the form of the daily DAG."""
    return {
        **date_range_form(),
        "force": _force("Read every order of the dates, also those that did not change."),
        "refresh_costs": Param(
            default=False,
            type="boolean",
            title="Refresh product costs",
            description="Replace the product costs kept from the day of the sale by today's. Reads every order of the "
            "dates. This cannot be undone: a replay keeps the new costs.",
        ),
    }
