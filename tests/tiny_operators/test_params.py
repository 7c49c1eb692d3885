"""The fields of forms say what is to be written into them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tiny_operators.params import compare_form, daily_form, date_range_form, put_back_form, reconcile_form

Form = Callable[[], dict[str, Any]]


@pytest.mark.parametrize("form", [compare_form, daily_form, date_range_form, put_back_form, reconcile_form])
def test_each_date_says_how_it_is_written(form: Form) -> None:
    first, last = (form()[name].description for name in ("from_date", "to_date"))
    assert first.startswith("First da")
    assert last.startswith("Last da")
    assert ", as YYYY-MM-DD. Empty: " in first
    assert ", included, as YYYY-MM-DD. Empty: only the first one. Not without a first one." in last


def test_the_plan_is_looked_for_in_the_note() -> None:
    assert "in the run's note" in str(daily_form()["plan_only"].description)
