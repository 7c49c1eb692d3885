"""The receiver and the planner must agree: what the one acknowledges, the other must be able to use."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from tests.webhook.test_payload import near_events
from tiny_operators.tiny.webhooks import OrderEvent, Uninteresting, read_webhook
from webhook.payload import Sale, Unneeded, cnpj_key, judge

CNPJ = "01222333000181"
STORES = {cnpj_key(CNPJ): "z316"}
SPELLINGS: st.SearchStrategy[dict[str, object]] = st.sampled_from([
    {"versao": 1.0},
    {"versao": 1},
    {"cnpj": int(CNPJ)},
    {"cnpj": "01.222.333/0001-81"},
    {"dados": {"id": 910000101}},
    {"dados": {"id": " 910000101 "}},
])
PLAIN: dict[str, object] = {
    "versao": "1.0.1",
    "cnpj": CNPJ,
    "tipo": "inclusao_pedido",
    "dados": {"id": "910000101"},
}


@given(near_events | SPELLINGS.map(lambda change: {**PLAIN, **change}))
def test_what_is_acknowledged_can_be_used(event: dict[str, object]) -> None:
    body = json.dumps(event).encode()
    verdict, found = judge(body, STORES), read_webhook(body, CNPJ)
    if isinstance(verdict, Sale):
        assert isinstance(found, OrderEvent), found
        assert str(found.pedido) == str(int(verdict.order))
    if isinstance(verdict, Unneeded):
        assert isinstance(found, Uninteresting), found
