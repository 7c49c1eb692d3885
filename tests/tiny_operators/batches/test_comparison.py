"""What of a comparison's differences is repaired, told from what BigQuery knows afterwards."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tiny_operators.batches.comparison import Totals, compared, still_differs
from tiny_operators.batches.dates import DatePlan
from tiny_operators.orders.plan import PlannedOrder
from tiny_operators.orders.rows import SEARCH_VALUES
from tiny_operators.schemas import column_names
from tiny_operators.warehouse.known_orders import KnownOrder, line_digest

LISTED = datetime(2026, 3, 15, 8, tzinfo=UTC)
LATER, EARLIER = LISTED + timedelta(seconds=1), LISTED - timedelta(seconds=1)
DAY, OTHER_DAY = date(2026, 3, 14), date(2026, 3, 16)
AT = LISTED.isoformat()

LISTED_ORDER = PlannedOrder(7, AT, str(DAY), str(DAY), "raw/pesquisa/page", listed_at=AT, line=77)
VANISHED = replace(LISTED_ORDER, pesquisa=None, line=None)
UNREADABLE = replace(LISTED_ORDER, line=None)
KNOWN = KnownOrder(77, LISTED, gone=False, day=DAY, valor=Decimal("9.90"), read_at=EARLIER)


@pytest.mark.parametrize(
    ("now", "differs"),
    [
        (None, True),
        (KNOWN, False),
        (replace(KNOWN, read_at=LISTED), False),
        (replace(KNOWN, line=78), True),
        (replace(KNOWN, line=78, read_at=LISTED), True),
        (replace(KNOWN, line=78, read_at=LATER), False),
        (replace(KNOWN, line=78, read_at=LATER, day=OTHER_DAY), False),
        (replace(KNOWN, arrived_at=None), True),
        (replace(KNOWN, arrived_at=None, read_at=LATER), True),
        (replace(KNOWN, gone=True), True),
        (replace(KNOWN, gone=True, arrived_at=None, read_at=LATER), False),
    ],
    ids=[
        "not there",
        "equal",
        "equal, by the page of the comparison",
        "another line",
        "another line, read from the page itself",
        "another line, read later",
        "moved and read later",
        "no row in pdv",
        "no row in pdv, read later",
        "marked before the comparison",
        "found gone later",
    ],
)
def test_an_order_that_tiny_lists(now: KnownOrder | None, *, differs: bool) -> None:
    assert still_differs(LISTED_ORDER, now) is differs


@pytest.mark.parametrize(
    ("now", "differs"),
    [
        (None, True),
        (KNOWN, True),
        (replace(KNOWN, gone=True), False),
        (replace(KNOWN, day=OTHER_DAY), False),
        (replace(KNOWN, read_at=LATER), False),
    ],
    ids=["lost", "as before", "marked as deleted", "on another date", "there after all"],
)
def test_an_order_that_vanished_from_its_date(now: KnownOrder | None, *, differs: bool) -> None:
    assert still_differs(VANISHED, now) is differs


def test_an_order_whose_line_cannot_be_read_differs_until_it_is_read_again() -> None:
    assert still_differs(UNREADABLE, KNOWN)
    assert not still_differs(UNREADABLE, replace(KNOWN, read_at=LATER))


def plan(value_difference: str = "-1.50") -> DatePlan:
    return DatePlan(
        date=str(DAY),
        listed=5,
        pages=1,
        new=2,
        changed=1,
        vanished=1,
        part="part",
        known=4,
        value_difference=value_difference,
        compared_at=AT,
    )


def test_each_difference_is_repaired_or_named() -> None:
    orders = [replace(LISTED_ORDER, pedido=pedido) for pedido in (9, 8, 7)] + [replace(VANISHED, pedido=6)]
    found = compared(plan(), orders, {7: KNOWN, 6: KNOWN}, gone={8})
    assert (found.differences, found.repaired, found.unrepaired) == (4, 2, (6, 9))
    row = found.row("z316", "run")
    assert set(row) == set(column_names("reconciliation"))
    assert (row["missing"], row["changed"], row["vanished"]) == (2, 1, 1)
    assert row["orders_in_tiny"] == row["orders_in_bigquery"] + row["missing"] - row["vanished"]


def test_an_order_that_was_found_gone_counts_only_where_bigquery_has_no_row() -> None:
    found = compared(plan(), [LISTED_ORDER], {7: replace(KNOWN, line=78)}, gone={7})
    assert found.unrepaired == (7,)


def test_sums_are_exact() -> None:
    totals = Totals()
    for difference in ("0.1", "0.2", "-0.30"):
        totals.add(compared(plan(difference), [], {}, ()))
    assert totals.fields() == {
        "days": 3,
        "first": str(DAY),
        "last": str(DAY),
        "differences": 12,
        "repaired": 12,
        "unrepaired": 0,
        "value_difference": "0.00",
    }


@pytest.mark.parametrize("days", [["2026-01-02"], ["2026-01-03", "2025-12-31", "2026-01-02"], []])
def test_sums_name_the_first_and_the_last_date_in_whatever_order_they_come(days: list[str]) -> None:
    totals = Totals()
    for day in days:
        totals.add(compared(replace(plan(), date=day), [], {}, ()))
    fields = totals.fields()
    assert (fields["first"], fields["last"]) == (min(days, default=""), max(days, default=""))


def values(**fields: Any) -> dict[str, Any]:
    return {**dict.fromkeys(SEARCH_VALUES), **fields}


def test_equal_lines_have_equal_digests_and_others_have_others() -> None:
    lines = [
        values(),
        values(valor=Decimal("10.1")),
        values(valor=Decimal("0.1")),
        values(situacao="10.1"),
        values(situacao="None"),
        values(situacao=""),
        values(data_pedido=DAY),
    ]
    assert len({line_digest(line) for line in lines}) == len(lines)
    assert line_digest(values(valor=Decimal("10.10"))) == line_digest(values(valor=Decimal("10.1")))
    assert line_digest(values(valor=Decimal("1E+1"))) == line_digest(values(valor=Decimal(10)))


def test_a_digest_is_the_same_in_every_process() -> None:
    """What one task writes another one compares; Python's own ``hash`` of a text differs from process to process."""
    program = (
        "from tiny_operators.warehouse.known_orders import SEARCH_VALUES, line_digest\n"
        "print(line_digest({**dict.fromkeys(SEARCH_VALUES), 'situacao': 'Faturado'}))"
    )
    reported = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert int(reported.stdout.split()[-1]) == line_digest(values(situacao="Faturado"))
