"""Files of the inbox that are bad in some way: each is rejected alone, and the sales beside it are planned."""

from __future__ import annotations

import gzip
import json
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NoReturn

import pytest

from tests.tiny_operators.helpers import CNPJ, STORE, TIMEZONE, sample
from tiny_operators.batches.inbox import WebhookPlanner
from tiny_operators.orders.packed import MAX_UNPACKED
from tiny_operators.orders.plan import Plan
from tiny_operators.orders.webhooks import MAX_ORDERS
from tiny_operators.tiny.containers import MOST_LEVELS

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
    return _sale({**sample("webhook_inclusao_pedido.json")["dados"], "id": pedido})


def _sale(dados: object) -> bytes:
    return json.dumps({**sample("webhook_inclusao_pedido.json"), "dados": dados}).encode()


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


SHAPES: dict[str, Callable[[list[int]], bytes]] = {
    "a list in dados": lambda ids: _sale([{"id": pedido} for pedido in ids]),
    "a list": lambda ids: b"[" + b",".join(map(sale, ids)) + b"]",
    "lines": lambda ids: b"\n".join(map(sale, ids)),
}


@pytest.mark.parametrize("place", range(GOOD + 1))
@pytest.mark.parametrize("many", [1, 3])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_file_of_too_many_orders_is_rejected(shape: str, many: int, place: int) -> None:
    content = SHAPES[shape]([*range(100, 101 + MAX_ORDERS)])
    plan = planned([(content, "application/json")] * many, place)
    assert [order.pedido for order in plan.orders] == [1, 2, 3, 4]
    assert [item.file.generation for item in plan.rejected] == [*range(place, place + many)]
    assert {(item.reject.expected, item.reject.found) for item in plan.rejected} == {
        (f"at most {MAX_ORDERS} orders", f"{MAX_ORDERS + 1} orders")
    }


@pytest.mark.parametrize("shape", SHAPES)
def test_as_many_orders_as_a_file_may_have_are_planned(shape: str) -> None:
    ids = [*range(100, 100 + MAX_ORDERS)]
    plan = planned([(SHAPES[shape](ids * 2), "application/json")], 0)
    assert sorted(order.pedido for order in plan.orders) == [1, 2, 3, 4, *ids]
    assert not plan.rejected


def multipart(*parts: bytes) -> File:
    head = b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n'
    content = b"".join(head + part + b"\r\n" for part in parts) + b"--b--\r\n"
    return content, "multipart/form-data; boundary=b"


QUARTER = gzip.compress(b" " * (MAX_UNPACKED // 4), mtime=0)


@pytest.mark.parametrize("place", range(GOOD + 1))
@pytest.mark.parametrize("many", [1, 3])
def test_the_parts_of_a_file_unpack_to_no_more_than_a_file_may(many: int, place: int) -> None:
    packed = gzip.compress(sale(9), mtime=0)
    for sale_at in (0, 2, 5):
        parts = [QUARTER] * 5
        parts.insert(sale_at, packed)
        plan = planned([multipart(*parts)] * many, place)
        assert [order.pedido for order in plan.orders] == [1, 2, 3, 4]
        assert {item.reject.found for item in plan.rejected} == {
            f"packed bytes that hold more than {MAX_UNPACKED}"
        }
        assert [item.file.generation for item in plan.rejected] == [*range(place, place + many)]


@pytest.mark.parametrize("sale_at", [0, 1, 3])
def test_parts_within_that_are_read_and_a_damaged_one_is_passed_over(sale_at: int) -> None:
    parts = [QUARTER, QUARTER[:-9], QUARTER]
    parts.insert(sale_at, gzip.compress(sale(9), mtime=0))
    plan = planned([multipart(*parts)], 0)
    assert sorted(order.pedido for order in plan.orders) == [1, 2, 3, 4, 9]
