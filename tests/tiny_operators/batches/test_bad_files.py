"""Files of the inbox that are bad in some way: each is rejected alone, and the sales beside it are planned."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NoReturn

import pytest

from tests.tiny_operators.helpers import CNPJ, STORE, TIMEZONE, sample
from tiny_operators.batches.inbox import WebhookPlanner
from tiny_operators.orders.plan import Plan
from tiny_operators.tiny.nesting import MOST_LEVELS

NOON = datetime(2026, 3, 14, 15, tzinfo=UTC)
GOOD = 4
SECRET = "zulmira@example.com"
File = tuple[bytes, str]


class Faulty(bytes):
    """A file that makes its reader fail: the errors of its kind that nobody knows yet."""

    error: BaseException

    def startswith(self, *_: object) -> NoReturn:
        raise self.error


def faulty(error: BaseException) -> Faulty:
    content = Faulty(sale(9))
    content.error = error
    return content


def sale(pedido: int) -> bytes:
    event = sample("webhook_inclusao_pedido.json")
    return json.dumps({**event, "dados": {**event["dados"], "id": pedido}}).encode()


def planned(bad: Sequence[File], place: int) -> Plan:
    """Plan some bad files among good ones, the first of them at a place."""
    files: list[File] = [(sale(pedido), "application/json") for pedido in range(1, GOOD + 1)]
    files[place:place] = bad
    planner = WebhookPlanner(STORE, CNPJ, TIMEZONE)
    for n, (content, kind) in enumerate(files):
        planner.add(f"{n}.json", n, NOON + timedelta(seconds=n), content, kind)
    return planner.plan()


@pytest.mark.parametrize("place", range(GOOD + 1))
@pytest.mark.parametrize("many", [1, 3, 40])
@pytest.mark.parametrize(
    "error", [RecursionError(SECRET), UnicodeEncodeError("utf-8", SECRET, 0, 1, SECRET), KeyError(SECRET)]
)
def test_whatever_goes_wrong_in_a_file_stops_no_other(
    error: Exception, many: int, place: int, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "tiny_operators"):
        plan = planned([(faulty(error), "")] * many, place)
    assert [order.pedido for order in plan.orders] == [1, 2, 3, 4]
    assert [item.file.generation for item in plan.rejected] == [*range(place, place + many)]
    kind = type(error).__name__
    assert {item.reject.found for item in plan.rejected} == {f"{kind} while it was read"}
    assert caplog.messages == [
        f"event=file_not_read store={STORE} object={n}.json error={kind}" for n in range(place, place + many)
    ]
    assert SECRET not in json.dumps(plan.to_json()) + caplog.text


def test_an_interruption_is_no_error_of_a_file() -> None:
    with pytest.raises(KeyboardInterrupt):
        planned([(faulty(KeyboardInterrupt()), "")], 0)


@pytest.mark.parametrize("place", range(GOOD + 1))
@pytest.mark.parametrize("many", [1, 3, 40])
@pytest.mark.parametrize(
    "boundary", ["unicode_escape''%5Cud800", "utf-7''%2B2AA-", "raw_unicode_escape''%5Cudfff"]
)
def test_a_boundary_that_cannot_be_encoded_is_borne(boundary: str, many: int, place: int) -> None:
    kind = f"multipart/form-data; boundary*={boundary}"
    plan = planned([(sale(9), kind), *[(b"no event", kind)] * (many - 1)], place)
    assert sorted(order.pedido for order in plan.orders) == [1, 2, 3, 4, 9]
    assert len(plan.rejected) == many - 1


@pytest.mark.parametrize("place", range(GOOD + 1))
@pytest.mark.parametrize("many", [1, 3, 40])
@pytest.mark.parametrize("levels", [101, 500, 900, 20_000])
def test_a_file_that_is_nested_too_deeply_is_rejected_with_the_reason(
    levels: int, many: int, place: int
) -> None:
    event = sale(9).replace(b'"dados": {', b'"dados": {"x": ' + b"[" * levels + b"]" * levels + b", ")
    plan = planned([(event, "application/json")] * many, place)
    assert [order.pedido for order in plan.orders] == [1, 2, 3, 4]
    assert [item.file.generation for item in plan.rejected] == [*range(place, place + many)]
    assert {item.reject.found for item in plan.rejected} == {
        f"JSON that is nested more than {MOST_LEVELS} levels deep"
    }
