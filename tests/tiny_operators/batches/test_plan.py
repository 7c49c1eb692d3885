"""The plan: one entry an order, oldest first, and where each file goes at the end."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tiny_operators.helpers import CNPJ, STORE, TEXTS, TIMEZONE, sample, sample_text
from tiny_operators.batches.inbox import (
    FileDestination,
    WebhookPlanner,
    file_destinations,
    whole_files,
)
from tiny_operators.lake.names import day_of
from tiny_operators.orders.outcomes import Outcome, Reject, State, Wait, Waiting
from tiny_operators.orders.plan import InboxFile, Plan, PlannedOrder, RejectedFile, Tried, chunks

NOON = datetime(2026, 3, 14, 15, tzinfo=UTC)  # in São Paulo
TOO_LARGE = Reject("plan", "(file)", "at most 10 bytes", "a larger file", "upload one payload a file")


def planner() -> WebhookPlanner:
    return WebhookPlanner(STORE, CNPJ, TIMEZONE)


def webhook(pedido: int, day: str | None = "14/03/2026", **changes: Any) -> bytes:
    event = sample("webhook_inclusao_pedido.json")
    event["dados"] = {**event["dados"], "id": str(pedido), "data": day}
    return json.dumps({**event, **changes}).encode()


def receiver_name(pedido: int, local: str, unique: str = "u1") -> str:
    return f"vendas/z316-tiny-webhook-vendas-{pedido}-{local}-{unique}.json"


def test_several_files_of_one_order_are_one_entry_that_arrived_with_the_first() -> None:
    plan = planner()
    plan.add(
        "b.json", 2, NOON + timedelta(seconds=5), sample_text("webhook_atualizacao_pedido.json").encode()
    )
    plan.add("a.json", 1, NOON, sample_text("webhook_inclusao_pedido.json").encode())
    plan.add(
        "c.json",
        3,
        NOON + timedelta(days=1),
        sample_text("webhook_atualizacao_pedido_cancelado.json").encode(),
    )
    found = plan.plan()
    assert (found.store, found.path, found.rejected, found.ignored) == (STORE, "webhook", (), ())
    assert found.orders == (
        PlannedOrder(
            pedido=910000101,
            arrived_at="2026-03-14T15:00:00+00:00",
            day="2026-03-14",
            data="2026-03-14",
            files=(
                InboxFile("a.json", 1, "2026-03-14T15:00:00+00:00"),
                InboxFile("b.json", 2, "2026-03-14T15:00:05+00:00"),
                InboxFile("c.json", 3, "2026-03-15T15:00:00+00:00"),
            ),
        ),
    )


def test_orders_come_oldest_first_also_by_parts_of_a_second() -> None:
    plan = planner()
    moments = {
        4: NOON + timedelta(seconds=1),
        3: NOON + timedelta(microseconds=2),
        2: NOON,
        1: NOON + timedelta(hours=9),
    }
    for pedido, moment in moments.items():
        plan.add(f"{pedido}.json", pedido, moment, webhook(pedido))
    assert [order.pedido for order in plan.plan().orders] == [2, 3, 4, 1]


def test_orders_of_the_same_moment_have_one_order() -> None:
    for ids in ([3, 1, 2], [2, 3, 1]):
        plan = planner()
        for pedido in ids:
            plan.add(f"{pedido}.json", 1, NOON, webhook(pedido))
        assert [order.pedido for order in plan.plan().orders] == [1, 2, 3]


def test_the_receivers_name_tells_the_arrival_better_than_the_object() -> None:
    """As when a rejected file is put back weeks later, under its own name or under that of the archive."""
    own = receiver_name(910000101, "20260314T233000")
    for name in (own, f"rejected/dt=2026-03-14/177-{own.removeprefix('vendas/')}"):
        plan = planner()
        plan.add(name, 9, NOON + timedelta(days=30), webhook(910000101))
        (order,) = plan.plan().orders
        assert (order.arrived_at, order.day) == ("2026-03-15T02:30:00+00:00", "2026-03-14")


def test_the_day_of_an_order_is_kept_when_a_later_file_does_not_tell_it() -> None:
    for days in (["14/03/2026", ""], ["", "14/03/2026"]):
        plan = planner()
        for n, day in enumerate(days):
            plan.add(f"{n}.json", n, NOON, webhook(5, day))
        assert plan.plan().orders[0].data == "2026-03-14"


def test_one_bad_file_stops_nobody() -> None:
    plan = planner()
    plan.add("bad.json", 1, NOON, b"not json")
    plan.add("stranger.json", 2, NOON, webhook(6, cnpj="99888777000166"))
    plan.add("stock.json", 3, NOON, sample_text("webhook_hub_estoque.json").encode())
    plan.add("large.json", 4, NOON, TOO_LARGE)
    plan.add("good.json", 5, NOON, webhook(7))
    found = plan.plan()
    assert [order.pedido for order in found.orders] == [7]
    assert [(item.file.name, item.reject.field) for item in found.rejected] == [
        ("bad.json", "(file)"),
        ("stranger.json", "cnpj"),
        ("large.json", "(file)"),
    ]
    assert [file.name for file in found.ignored] == ["stock.json"]


@pytest.mark.parametrize("name", ["x-tiny-webhook-vendas-1-99991231T235959-x.json", "é \u2028.json", ""])
def test_no_name_stops_the_plan(name: str) -> None:
    plan = planner()
    plan.add(name, 1, NOON, webhook(7))
    assert [order.pedido for order in plan.plan().orders] == [7]


MOMENTS = st.datetimes(datetime(2026, 3, 1), datetime(2026, 3, 5), timezones=st.just(UTC))  # noqa: DTZ001
FILES = st.lists(st.tuples(st.integers(1, 12), MOMENTS), max_size=40)


@given(FILES)
def test_every_file_has_one_place_in_the_plan(files: list[tuple[int, datetime]]) -> None:
    plan = planner()
    for generation, (pedido, moment) in enumerate(files):
        plan.add(f"{generation}.json", generation, moment, webhook(pedido))
    orders = plan.plan().orders
    assert [order.pedido for order in orders] == sorted(
        {pedido for pedido, _ in files}, key=lambda pedido: (min(m for p, m in files if p == pedido), pedido)
    )
    assert sorted(file.generation for order in orders for file in order.files) == list(range(len(files)))
    for order in orders:
        moments = sorted(moment for pedido, moment in files if pedido == order.pedido)
        assert [datetime.fromisoformat(file.arrived_at) for file in order.files] == moments
        assert datetime.fromisoformat(order.arrived_at) == moments[0]
        assert order.day == day_of(moments[0], TIMEZONE)


@given(FILES, st.integers(1, 7))
def test_chunks_hold_all_orders_in_their_order_of_one_day_each_and_no_more_than_asked_for(
    files: list[tuple[int, datetime]], size: int
) -> None:
    made = planner()
    for generation, (pedido, moment) in enumerate(files):
        made.add(f"{generation}.json", generation, moment, webhook(pedido))
    plan = made.plan(chunk_orders=size)
    groups = list(chunks(plan.orders, size))
    assert [order for group in groups for order in group.orders] == list(plan.orders)
    assert [group.number for group in groups] == list(range(1, len(groups) + 1))
    for group in groups:
        assert 1 <= len(group.orders) <= size
        assert {order.day for order in group.orders} == {group.day}
    for group, following in pairwise(groups):
        assert len(group.orders) == size or group.day != following.day, "no chunk is smaller than it must be"
    assert groups == list(chunks(Plan.from_json(json.loads(json.dumps(plan.to_json()))).orders, size))


INBOX_FILES = st.builds(InboxFile, TEXTS, st.integers(0, 2**63), TEXTS)
REJECTS = st.builds(Reject, TEXTS, TEXTS, TEXTS, TEXTS, TEXTS)
PLANS = st.builds(
    Plan,
    TEXTS,
    TEXTS,
    st.lists(
        st.builds(
            PlannedOrder,
            st.integers(1, 2**62),
            TEXTS,
            TEXTS,
            st.none() | TEXTS.filter(bool),
            st.none() | TEXTS.filter(bool),
            st.lists(INBOX_FILES, max_size=3).map(tuple),
            tried=st.none()
            | st.builds(Tried, st.integers(1, 99), TEXTS, st.dictionaries(TEXTS, TEXTS, max_size=2)),
        ),
        max_size=4,
    ).map(tuple),
    st.lists(TEXTS, max_size=3).map(tuple),
    st.integers(0, 10**6),
    st.lists(st.builds(RejectedFile, INBOX_FILES, REJECTS), max_size=3).map(tuple),
    st.lists(INBOX_FILES, max_size=3).map(tuple),
    st.integers(1, 100),
    st.booleans(),
)


@given(PLANS)
def test_a_plan_survives_its_file(plan: Plan) -> None:
    assert Plan.from_json(json.loads(json.dumps(plan.to_json(), ensure_ascii=False))) == plan


@given(PLANS)
def test_fields_of_a_newer_version_are_passed_over(plan: Plan) -> None:
    def with_more(value: Any) -> Any:
        if isinstance(value, list):
            return [with_more(item) for item in value]
        # Reasons by name are no record.
        if isinstance(value, dict):
            return {"novo": 1} | {k: v if k == "since" else with_more(v) for k, v in value.items()}
        return value

    content = json.loads(json.dumps(plan.to_json(), ensure_ascii=False))
    assert Plan.from_json(with_more(content)) == plan


def test_an_order_that_a_plan_has_twice_is_in_two_chunks() -> None:
    """As one that moved between two dates of a run: it vanished from one, and is new on the other."""
    first, again, other = (PlannedOrder(pedido, NOON.isoformat(), "2026-03-14") for pedido in (1, 1, 2))
    assert [chunk.orders for chunk in chunks([first, other, again, other], 20)] == [
        (first, other),
        (again, other),
    ]


def test_an_empty_plan_has_no_chunks_and_moves_nothing() -> None:
    plan = planner().plan()
    assert list(chunks(plan.orders, 20)) == []
    assert list(file_destinations(plan, {})) == []


def test_each_file_goes_where_the_outcome_of_its_order_says() -> None:
    files = [InboxFile(f"{n}.json", n, NOON.isoformat()) for n in range(9)]
    why: dict[str, Any] = {
        "step": "rows",
        "field": "pdv.data",
        "expected": "a day",
        "found": "text of 3 characters",
        "action": "look",
    }
    orders = [(11, files[0:2]), (12, files[2:3]), (13, files[3:5]), (14, files[5:6]), (15, files[8:9])]
    plan = Plan(
        STORE,
        "webhook",
        tuple(
            PlannedOrder(pedido, NOON.isoformat(), "2026-03-14", files=tuple(own)) for pedido, own in orders
        ),
        rejected=(RejectedFile(files[6], TOO_LARGE),),
        ignored=(files[7],),
    )
    outcomes = {
        11: Outcome(State.LOADED),
        12: Outcome(State.WAITING, waiting=Waiting(Wait.NOT_LISTED, NOON.isoformat())),
        15: Outcome(State.GONE),
        13: Outcome(State.REJECTED, Reject(**why)),
    }
    outcomes = {pedido: Outcome.from_json(end.to_json()) for pedido, end in outcomes.items()}
    assert sorted(file_destinations(plan, outcomes), key=lambda destination: destination.file.generation) == [
        FileDestination(files[0], "done", pedido=11),
        FileDestination(files[1], "done", pedido=11),
        FileDestination(files[2], "waiting", pedido=12),
        FileDestination(files[3], "rejected", Reject(**why), 13),
        FileDestination(files[4], "rejected", Reject(**why), 13),
        FileDestination(files[5], "waiting", pedido=14),  # without an outcome: it was not looked at
        FileDestination(files[6], "rejected", TOO_LARGE),
        FileDestination(files[7], "ignored"),
        FileDestination(files[8], "done", pedido=15),
    ]


def test_nothing_arrives_later_than_it_was_stored() -> None:
    made = planner()
    made.add("z316-tiny-webhook-vendas-7-20990101T000000-x.json", 1, NOON, webhook(7))
    assert made.plan().orders[0].arrived_at == NOON.isoformat()


def several(*pedidos: int, bad: int = 0) -> bytes:
    """A file of events of several orders, and of lines that are none."""
    return b"\n".join([*(webhook(pedido) for pedido in pedidos), *[b'{"broken'] * bad])


def test_a_file_of_several_orders_is_an_entry_for_each() -> None:
    plan = planner()
    plan.add("all.json", 1, NOON, several(3, 1, 2))
    plan.add("two.json", 2, NOON, several(2))
    found = plan.plan()
    assert {order.pedido: [file.name for file in order.files] for order in found.orders} == {
        1: ["all.json"],
        2: ["all.json", "two.json"],
        3: ["all.json"],
    }


def batch_of(plan: Plan, most: int) -> Plan:
    return whole_files(plan, plan.orders, most)


def test_a_file_is_planned_with_all_its_orders_or_waits() -> None:
    plan = planner()
    plan.add("first.json", 1, NOON, webhook(1))
    plan.add("many.json", 2, NOON + timedelta(seconds=1), several(2, 3, 4, bad=1))
    plan.add("again.json", 3, NOON + timedelta(seconds=2), webhook(1))
    plan.add("overlap.json", 4, NOON + timedelta(seconds=3), several(1, 5))
    plan.add("bad.json", 5, NOON, b"x")
    first = batch_of(plan.plan(), 2)
    assert [(order.pedido, [file.name for file in order.files]) for order in first.orders] == [
        (1, ["first.json", "again.json"])
    ]
    assert [item.file.name for item in first.rejected] == ["bad.json"]
    whole = batch_of(plan.plan(), 4)
    assert [order.pedido for order in whole.orders] == [1, 2, 3, 4]
    assert {file.name for order in whole.orders for file in order.files} == {
        "first.json",
        "again.json",
        "many.json",
    }
    assert [item.file.name for item in whole.rejected] == ["many.json", "bad.json"]


@pytest.mark.parametrize("count", [1, 3, 40])
def test_a_file_with_more_orders_than_a_batch_is_a_batch(count: int) -> None:
    plan = planner()
    plan.add("many.json", 1, NOON, several(*range(1, count + 1)))
    plan.add("next.json", 2, NOON + timedelta(seconds=1), webhook(99))
    assert [order.pedido for order in batch_of(plan.plan(), 2).orders] == [
        *range(1, count + 1),
        *([99] if count == 1 else []),
    ]


WHY = Reject("rows", "pdv.data", "a day", "text of 3 characters", "look")


@given(
    st.lists(st.sampled_from(["loaded", "rejected", "waiting"]), min_size=1, max_size=6), st.integers(0, 2)
)
def test_a_file_of_several_orders_waits_for_all_and_is_rejected_for_any(states: list[str], bad: int) -> None:
    """Whatever becomes of which of its orders, wherever they stand: nothing of it is lost, nothing forgotten."""
    made = planner()
    made.add("all.json", 1, NOON, several(*range(1, len(states) + 1), bad=bad))
    plan = Plan.from_json(json.loads(json.dumps(made.plan().to_json())))
    outcomes = {
        pedido: Outcome(State(state), WHY if state == "rejected" else None)
        for pedido, state in enumerate(states, 1)
    }
    (destination,) = file_destinations(plan, outcomes)
    if "waiting" in states:
        assert (destination.state, destination.pedido) == ("waiting", states.index("waiting") + 1)
        assert destination.reject is None
    elif bad or "rejected" in states:
        assert destination.state == "rejected"
        reported = [(destination.pedido, destination.reject), *destination.more]
        assert {pedido for pedido, _ in reported if pedido} == {
            pedido for pedido, state in enumerate(states, 1) if state == "rejected"
        }
        assert any(pedido is None for pedido, _ in reported) == bool(bad)
    else:
        assert destination.state == "done"
    (waiting,) = file_destinations(plan, {pedido: end for pedido, end in outcomes.items() if pedido != 1})
    assert waiting.state == "waiting", "an order that was not looked at keeps its file"


def test_events_that_nobody_needs_are_counted_by_kind() -> None:
    plan = planner()
    stock = sample_text("webhook_hub_estoque.json").encode()
    plan.add("stock.json", 1, NOON, stock + b"\n" + stock)
    plan.add("test.json", 2, NOON, webhook(0))
    plan.add("new.json", 3, NOON, webhook(5, tipo="Zulmira"))
    plan.add("mixed.json", 4, NOON, stock + b"\n" + webhook(7))
    found = plan.plan()
    assert [file.name for file in found.ignored] == ["stock.json", "test.json", "new.json"]
    assert [order.pedido for order in found.orders] == [7]
    assert plan.unneeded == {"estoque": 2, "test_call": 1, "other": 1}, "equal ones are one"
