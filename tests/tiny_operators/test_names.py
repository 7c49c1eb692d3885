"""Names: the same for the same thing, different for different things, fit for where they are used."""

from __future__ import annotations

import doctest
import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tiny_operators.helpers import TEXTS, TIMEZONE
from tiny_operators.lake import names

KEY = "z316_webhook_896d471c9d19"


def test_names_that_others_rely_on() -> None:
    assert names.plan_object(KEY) == f"runs/{KEY}/plan.json"
    assert names.search_object(KEY) == f"runs/{KEY}/search.json"
    assert names.outcome_object(KEY) == f"runs/{KEY}/outcome.json"
    assert names.raw_orders_object(KEY, "2026-03-14", 7) == f"raw/pdv/dt=2026-03-14/{KEY}-00007.ndjson"
    assert names.raw_search_object(KEY, "2026-03-14", "u1") == f"raw/pesquisa/dt=2026-03-14/{KEY}-u1.ndjson"
    assert names.raw_product_object("2026-03-14", 730000001) == "raw/produto/dt=2026-03-14/730000001.ndjson"
    assert names.rows_object("pdv", KEY) == f"rows/pdv/{KEY}.ndjson"
    assert names.rejects_object(KEY, "2026-03-14") == f"rejected/dt=2026-03-14/{KEY}.ndjson"
    assert names.staging_table("z316_tiny_staging", "pdv", KEY) == f"z316_tiny_staging.pdv_{KEY}"
    assert names.done_object("vendas/a.json", 5, "2026-03-14") == "webhook/dt=2026-03-14/5-a.json"
    assert names.rejected_object("vendas/a.json", 5, "2026-03-14") == "rejected/dt=2026-03-14/5-a.json"
    assert (
        names.reason_object("rejected/dt=2026-03-14/5-a.json")
        == "rejected/dt=2026-03-14/5-a.json.reason.json"
    )


def test_a_run_key_never_changes_and_the_example_in_the_code_is_right() -> None:
    """Another key for the same run would make its next task look for its files elsewhere."""
    assert names.run_key("z316_webhook", "scheduled__2026-03-14T12:00:00+00:00") == KEY
    assert doctest.testmod(names).failed == 0


@given(TEXTS, TEXTS)
def test_a_run_key_is_fit_for_tables_and_differs_from_run_to_run(one: str, other: str) -> None:
    key = names.run_key("z316_webhook", one)
    assert re.fullmatch(r"z316_webhook_[0-9a-f]{12}", key)
    assert (key == names.run_key("z316_webhook", other)) == (one == other)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 3, 15, 2, 59, 59, tzinfo=UTC), "2026-03-14"),
        (datetime(2026, 3, 15, 3, 0, 0, tzinfo=UTC), "2026-03-15"),
        (datetime(2026, 3, 15, 1, 0, tzinfo=timezone(timedelta(hours=2))), "2026-03-14"),
        (datetime(2018, 11, 4, 2, 30, tzinfo=UTC), "2018-11-03"),
        (datetime(2018, 11, 4, 3, 0, tzinfo=UTC), "2018-11-04"),  # the night in which summer time began
    ],
)
def test_a_day_is_that_of_the_store(moment: datetime, day: str) -> None:
    assert names.day_of(moment, TIMEZONE) == day


@given(st.integers(1, 2**62))
def test_a_product_object_tells_its_product(produto: int) -> None:
    name = names.raw_product_object("2026-03-14", produto)
    assert names.product_of(name) == produto
    assert name.startswith(names.raw_product_prefix("2026-03-14"))


def test_chunks_sort_by_number() -> None:
    objects = [names.raw_orders_object(KEY, "2026-03-14", chunk) for chunk in range(1, 120)]
    assert objects == sorted(objects)


def test_namesakes_from_two_folders_or_two_uploads_stay_apart() -> None:
    done = {
        names.done_object(name, generation, "2026-03-14")
        for name, generation in [("x/a.json", 1), ("y/a.json", 2), ("x/a.json", 3)]
    }
    assert len(done) == 3
