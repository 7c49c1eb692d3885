"""The fields of forms say what is to be written into them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tiny_operators.params import compare_form, daily_form, date_range_form, plan_form, put_back_form

Form = Callable[[], dict[str, Any]]


@pytest.mark.parametrize("form", [compare_form, daily_form, date_range_form, plan_form, put_back_form])
def test_each_date_says_how_it_is_written(form: Form) -> None:
    first, last = (form()[name].description for name in ("from_date", "to_date"))
    assert first.startswith("First da")
    assert last.startswith("Last da")
    assert ", as YYYY-MM-DD. Empty: " in first
    assert ", included, as YYYY-MM-DD. Leave empty for one day only. Needs a first " in last


def test_a_plan_without_dates_says_which_date_it_takes() -> None:
    assert "Empty: yesterday." in str(plan_form()["from_date"].description)


@pytest.mark.parametrize("form", [compare_form, daily_form])
def test_no_form_of_a_dag_that_works_has_a_question(form: Form) -> None:
    """It would unpause the DAG, and an overdue run of it would start."""
    assert not {name for name in form() if "only" in name}
