"""The names of the runs of a series."""

from __future__ import annotations

import pytest

from tiny_operators.operators.next_slice import next_run_id


@pytest.mark.parametrize(
    "root", ["rebuild", "manual__2026-01-01T00:00:00+00:00", "from_here_of_mine", "backfill__x"]
)
def test_each_run_is_named_after_its_first_date_and_the_run_that_began_the_series(root: str) -> None:
    second = next_run_id(root, "2021-02-01")
    third = next_run_id(second, "2022-02-01")
    assert second == f"from_2021-02-01_of_{root}"
    assert third == f"from_2022-02-01_of_{root}"
    assert next_run_id(root, "2021-02-01") == second, "the same at each try"
