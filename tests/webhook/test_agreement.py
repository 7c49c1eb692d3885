"""The receiver and the reader of the inbox must agree: what the one leaves out, the other would not need."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from tiny_operators.orders.webhooks import (
    ORDER_EVENTS,
    OTHER_EVENTS,
    OrderEvent,
    arrival_in_name,
    read_webhook,
)
from webhook.glance import NEEDED, UNNEEDED, look

CNPJ = "01222333000181"

words = st.sampled_from(["", "0", "1.0.1", CNPJ, "880000123", "novidade", *sorted(NEEDED | UNNEEDED)])
scalars = st.none() | st.booleans() | st.integers() | st.text() | words
any_json = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["id", "tipo", "dados", "cnpj"]), inner)
    ),
    max_leaves=12,
)
near_events = st.fixed_dictionaries(
    {},
    optional={
        "versao": st.just("1.0.1") | any_json,
        "cnpj": st.just(CNPJ) | any_json,
        "tipo": st.sampled_from(sorted(NEEDED | UNNEEDED)) | any_json,
        "dados": st.fixed_dictionaries({}, optional={"id": st.integers() | any_json}) | any_json,
    },
)
bodies = st.lists(near_events | any_json, min_size=1, max_size=4).flatmap(
    lambda events: st.sampled_from([
        json.dumps(events[0]),
        json.dumps(events),
        "\n".join(map(json.dumps, events)),
        json.dumps({"payload": json.dumps(events)}),
    ])
)


def test_the_kinds_are_the_same() -> None:
    assert (NEEDED, UNNEEDED) == (ORDER_EVENTS, OTHER_EVENTS)


@given(bodies)
def test_what_is_left_out_is_about_no_order(body: str) -> None:
    glance, found = look(body.encode()), read_webhook(body.encode(), CNPJ)
    orders = {str(event.pedido) for event in found if isinstance(event, OrderEvent)}
    if glance is None or glance.kind in UNNEEDED:
        assert not orders
    if glance and orders and glance.order not in {"several", "unknown"}:
        assert glance.order in orders


def test_names_without_an_order_tell_their_arrival() -> None:
    for word in ("several", "unknown", "880000123"):
        name = f"vendas/z316-tiny-webhook-vendas-{word}-20260314T101500-0b5ce1c4.json"
        assert arrival_in_name(name, "America/Sao_Paulo")
