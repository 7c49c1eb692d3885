"""What a file of the inbox is: an order's event, an event that nobody needs, or a reject that gives nothing away."""

from __future__ import annotations

import json
import re
from dataclasses import astuple
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tiny_operators.helpers import CNPJ, SAMPLES, TEXTS, TIMEZONE, VALUES, sample, sample_text, to_json
from tiny_operators.tiny.webhooks import (
    OrderEvent,
    Reject,
    Uninteresting,
    arrival_in_name,
    kind_of,
    read_webhook,
)

SALE = OrderEvent(910000101, "2026-03-14")


def event(**changes: Any) -> dict[str, Any]:
    """The sample of a sale; a change of None takes the field out."""
    made = {**sample("webhook_inclusao_pedido.json"), **changes}
    return {name: value for name, value in made.items() if value is not None}


def read(content: object) -> OrderEvent | Uninteresting | Reject:
    return read_webhook(json.dumps(content, ensure_ascii=False).encode(), CNPJ)


def rejected(content: object) -> Reject:
    found = read(content)
    assert isinstance(found, Reject)
    assert found.step == "plan"
    assert found.action
    return found


EXPECTED = {
    "webhook_inclusao_pedido": SALE,
    "webhook_atualizacao_pedido": SALE,
    "webhook_atualizacao_pedido_cancelado": SALE,
    "webhook_atualizacao_pedido_ecommerce": OrderEvent(1040000202, "2026-03-15"),
    "webhook_nota_fiscal": Uninteresting("nota_fiscal"),
    "webhook_hub_estoque": Uninteresting("estoque"),
    "webhook_hub_rastreio": Uninteresting("rastreio"),
    "webhook_hub_situacao_pedido": Uninteresting("situacao_pedido"),
}


def test_every_sample_is_what_it_is() -> None:
    found = {path.stem: read_webhook(path.read_bytes(), CNPJ) for path in SAMPLES.glob("webhook_*.json")}
    assert found == EXPECTED


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_file_with_a_byte_order_mark_is_the_same(encoding: str) -> None:
    assert read_webhook(sample_text("webhook_inclusao_pedido.json").encode(encoding), CNPJ) == SALE


@pytest.mark.parametrize("order_id", ["910000101", 910000101, " 910000101 "])
def test_the_id_may_be_text_or_number(order_id: object) -> None:
    assert read(event(dados={"id": order_id, "data": "14/03/2026"})) == SALE


@pytest.mark.parametrize("cnpj", [CNPJ, int(CNPJ), "11.222.333/0001-81"])
@pytest.mark.parametrize("version", ["1.0.1", "1.0.0", 1])
def test_the_cnpj_and_the_version_may_be_spelled_in_any_way(cnpj: object, version: object) -> None:
    assert read(event(cnpj=cnpj, versao=version)) == SALE


@pytest.mark.parametrize(
    "day", [None, "", "2026-03-14", "31/02/2026", "00/00/0000", "14/03/26", 14, [], {}, "14/03/2026 10:00:00"]
)
def test_an_event_without_a_plain_day_is_an_event_without_a_day(day: object) -> None:
    assert read(event(dados={"id": "910000101", "data": day})) == OrderEvent(910000101, None)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"  ",
        b"\xff\xfe\x00",
        b"not json",
        b'{"versao": "1.0.1"',
        "é".encode("latin-1"),
        b'{"a": NaN}',
        b"[" * 100_000,
        b"\xef\xbb\xbf",
        b'{"versao": 1e9999999999999999999}',
        b"9" * 10_000,
    ],
    ids=lambda content: repr(content[:12]),
)
def test_what_is_not_json_is_rejected(content: bytes) -> None:
    found = read_webhook(content, CNPJ)
    assert isinstance(found, Reject)
    assert (found.field, found.expected) == ("(file)", "JSON in UTF-8")


@pytest.mark.parametrize(
    ("content", "kind"),
    [([event()], "list of 1"), ("text", "text of 4 characters"), (None, "nothing"), (3, "number")],
)
def test_json_that_is_no_object_is_rejected(content: object, kind: str) -> None:
    found = rejected(content)
    assert (found.field, found.expected, found.found) == ("(file)", "a JSON object", kind)


@pytest.mark.parametrize("name", ["versao", "cnpj", "tipo"])
@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "nothing"),
        ("", "empty text"),
        ("  ", "empty text"),
        ([], "list of 0"),
        ({}, "object"),
    ],
)
def test_a_missing_field_is_named(name: str, value: object, kind: str) -> None:
    found = rejected(event(**{name: value}))
    assert (found.field, found.found) == (name, kind)


def test_an_event_whose_name_is_a_number_is_rejected() -> None:
    assert rejected(event(tipo=1.5)).field == "tipo"


@pytest.mark.parametrize("cnpj", ["99888777000166", "1122233300018", "112223330001811", 0, "x"])
def test_another_store_is_rejected(cnpj: object) -> None:
    found = rejected(event(cnpj=cnpj))
    assert (found.field, found.found) == ("cnpj", "another one")
    assert "stores.yaml" in found.action


@pytest.mark.parametrize(
    ("order_id", "kind"),
    [
        (None, "nothing"),
        ("", "empty text"),
        ("0", "text of 1 characters"),
        (0, "number"),
        (-5, "number"),
        ("-5", "text of 2 characters"),
        ("12a", "text of 3 characters"),
        (1.5, "number"),
        (True, "true or false"),
        ([1], "list of 1"),
        ({"id": 1}, "object"),
        ("9" * 19, "text of 19 characters"),
        ("٣", "text of 1 characters"),
        ("²", "text of 1 characters"),
    ],
)
def test_an_id_that_is_none_is_rejected(order_id: object, kind: str) -> None:
    found = rejected(event(dados={"id": order_id}))
    assert (found.field, found.expected, found.found) == ("dados.id", "digits, above zero", kind)


@pytest.mark.parametrize(
    ("dados", "kind"), [([], "list of 0"), ("910000101", "text of 9 characters"), (7, "number")]
)
def test_dados_must_be_an_object(dados: object, kind: str) -> None:
    found = rejected(event(dados=dados))
    assert (found.field, found.found) == ("dados", kind)
    assert rejected(event(dados=None)).found == "nothing"


def test_an_unknown_event_needs_no_dados() -> None:
    assert read(event(tipo="novidade", dados=None)) == Uninteresting("novidade")


@given(st.binary(max_size=200))
def test_no_bytes_raise(content: bytes) -> None:
    assert isinstance(read_webhook(content, CNPJ), Reject)


FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "versao": st.one_of(st.just("1.0.1"), VALUES),
        "cnpj": st.one_of(st.just(CNPJ), VALUES),
        "tipo": st.one_of(st.just("inclusao_pedido"), VALUES),
        "dados": st.one_of(st.fixed_dictionaries({}, optional={"id": VALUES, "data": VALUES}), VALUES),
    },
)


@given(st.one_of(FIELDS, VALUES))
def test_any_json_is_something(content: object) -> None:
    found = read_webhook(to_json(content).encode(), CNPJ)
    if isinstance(found, OrderEvent):
        assert 0 < found.pedido < 10**18
        assert found.data is None or date.fromisoformat(found.data).isoformat() == found.data


SECRETS = st.text(st.characters(categories=["Lu"]), min_size=12, max_size=40)


@given(SECRETS, st.sampled_from(["versao", "cnpj", "tipo", "dados", "id", "file"]), st.integers(0, 3))
def test_a_reject_holds_nothing_of_the_payload(secret: str, place: str, depth: int) -> None:
    value: Any = secret
    for level in range(depth):
        value = [value] if level % 2 else {secret: value}
    content: Any = event()
    if place == "file":
        content = [value]
    elif place == "id":
        content["dados"] = {"id": value, "nome": secret}
    else:
        content[place] = value
    found = read(content)
    if isinstance(found, Reject):
        assert all(secret not in str(part) for part in astuple(found))


@given(VALUES)
def test_a_kind_is_of_a_few_words_and_never_the_value(value: object) -> None:
    kinds = r"nothing|empty text|text of \d+ characters|true or false|object|list of \d+|number"
    assert re.fullmatch(kinds, kind_of(value))


def test_the_receivers_name_tells_when_a_file_arrived() -> None:
    name = (
        "vendas/z316-tiny-webhook-vendas-910000101-20260314T235959-0b5ce1c4-4f0e-4d6e-8f1f-111111111111.json"
    )
    assert arrival_in_name(name, TIMEZONE) == datetime(2026, 3, 15, 2, 59, 59, tzinfo=UTC)
    assert arrival_in_name(name, "UTC") == datetime(2026, 3, 14, 23, 59, 59, tzinfo=UTC)


def test_a_file_that_was_put_back_under_its_archive_name_keeps_its_arrival() -> None:
    name = (
        "rejected/dt=2026-03-14/1773500000000001-z316-tiny-webhook-vendas-910000101-20260314T120000-0b5c.json"
    )
    assert arrival_in_name(name, TIMEZONE) == datetime(2026, 3, 14, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "webhook.json",
        "vendas/z316-tiny-webhook-vendas-1-20260230T120000-x.json",
        "tiny-webhook-vendas-1-20260314T120000-x",
        "a-tiny-webhook-vendas-1-20260314T250000-x.json",
        "a-tiny-webhook-vendas-x-20260314T120000-x.json",
        "a-tiny-webhook-vendas-1-00000000T000000-x.json",
        "a-tiny-webhook-vendas-1-99991231T235959-x.json",
    ],
)
def test_another_name_tells_nothing(name: str) -> None:
    assert arrival_in_name(name, TIMEZONE) is None


@given(
    st.one_of(TEXTS, st.from_regex(r"z-tiny-webhook-vendas-[0-9]{1,3}-[0-9]{8}T[0-9]{6}-x", fullmatch=True))
)
def test_no_name_raises(name: str) -> None:
    found = arrival_in_name(name, TIMEZONE)
    assert found is None or found.utcoffset() == datetime.now(UTC).utcoffset()
