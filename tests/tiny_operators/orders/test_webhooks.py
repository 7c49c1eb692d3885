"""What a file of the inbox is: an order's event, an event that nobody needs, or a reject that gives nothing away."""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import astuple
from datetime import UTC, date, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.envelopes import envelope
from tests.envelopes import event as event_of
from tests.tiny_operators.helpers import CNPJ, SAMPLES, TEXTS, TIMEZONE, VALUES, sample, sample_text, to_json
from tiny_operators.orders.outcomes import Reject
from tiny_operators.orders.packed import MAX_UNPACKED
from tiny_operators.orders.webhooks import TEST_CALL, OrderEvent, Uninteresting, arrival_in_name, read_webhook
from tiny_operators.tiny.containers import MOST_LEVELS
from tiny_operators.wording import kind_of

WEBHOOKS = SAMPLES.parent / "webhooks"
SALE = OrderEvent(910000101, "2026-03-14")


def event(**changes: Any) -> dict[str, Any]:
    """The sample of a sale; a change of None takes the field out."""
    made = {**sample("webhook_inclusao_pedido.json"), **changes}
    return {name: value for name, value in made.items() if value is not None}


Event = OrderEvent | Uninteresting | Reject


def read_bytes(content: bytes, content_type: str = "") -> Event:
    (found,) = read_webhook(content, CNPJ, content_type)
    return found


def read(content: object) -> Event:
    return read_bytes(json.dumps(content, ensure_ascii=False).encode())


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
    found = {path.stem: read_bytes(path.read_bytes()) for path in SAMPLES.glob("webhook_*.json")}
    assert found == EXPECTED


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_file_with_a_byte_order_mark_is_the_same(encoding: str) -> None:
    assert read_bytes(sample_text("webhook_inclusao_pedido.json").encode(encoding)) == SALE


@pytest.mark.parametrize("order_id", ["910000101", 910000101, " 910000101 "])
def test_the_id_may_be_text_or_number(order_id: object) -> None:
    assert read(event(dados={"id": order_id, "data": "14/03/2026"})) == SALE


@pytest.mark.parametrize("cnpj", [CNPJ, int(CNPJ), "11.222.333/0001-81"])
@pytest.mark.parametrize("version", ["1.0.1", "1.0.0", 1, "", None])
def test_the_cnpj_and_the_version_may_be_spelled_in_any_way(cnpj: object, version: object) -> None:
    assert read(event(cnpj=cnpj, versao=version)) == SALE


@pytest.mark.parametrize(
    "day", [None, "", "2026-03-14", "31/02/2026", "00/00/0000", "14/03/26", 14, [], {}, "14/03/2026 10:00:00"]
)
def test_an_event_without_a_plain_day_is_an_event_without_a_day(day: object) -> None:
    assert read(event(dados={"id": "910000101", "data": day})) == OrderEvent(910000101, None)


DEEP = f"JSON that is nested more than {MOST_LEVELS} levels deep"
TEXT = "text without an event, as JSON and as a form"
PACKED = gzip.compress(sample_text("webhook_inclusao_pedido.json").encode(), mtime=0)
BOMB = gzip.compress(b" " * (MAX_UNPACKED + 1), mtime=0)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "nothing"),
        (b"  ", "nothing"),
        (b"\xef\xbb\xbf", "nothing"),
        (b"not json", TEXT),
        (b'{"versao": "1.0.1"', TEXT),
        ("é".encode("latin-1"), TEXT),
        (b"[" * 100_000, DEEP),
        (b"[" * 101 + b"]" * 101, DEEP),
        (b"[" * 100 + b"]" * 100, "list of 1"),
        (b"9" * 10_000, TEXT),
        (b"a=1&b=2", TEXT),
        (b"tipo=inclusao_pedido", TEXT),
        (b"a=&" * 2000, TEXT),
        (b"\xff\xfe\x00", "bytes that are no text"),
        (b"--b\r\n\r\nx\r\n--b--", "3 lines or values without an event"),
        (b"\x00\x01\x02", "bytes that are no text"),
        (b"one\ntwo\n", "2 lines or values without an event"),
        (b"[]", "list of 0"),
        (b"[1, 2]", "list of 2"),
        (b'"text"', "text of 4 characters"),
        (b"null", "nothing"),
        (b"3", "number"),
        (PACKED[:-20], "packed bytes that are cut short"),
        (PACKED[:12] + b"\xff" * 50, "packed bytes that are damaged"),
        (BOMB, f"packed bytes that hold more than {MAX_UNPACKED}"),
        (gzip.compress(BOMB, mtime=0), f"packed bytes that hold more than {MAX_UNPACKED}"),
    ],
    ids=lambda value: repr(value[:30]),
)
def test_what_holds_no_event_is_rejected_with_its_kind(content: bytes, kind: str) -> None:
    found = read_bytes(content)
    assert isinstance(found, Reject)
    assert (found.step, found.field, found.expected) == (
        "plan", "(file)", "Tiny's events, as JSON or as a form"
    )  # fmt: skip
    assert found.found == kind


SENT = OrderEvent(880000123, "2026-11-05")
NOT_SENT = ("(file)", "nothing")
INPUTS: dict[str, Event | tuple[str, str]] = {
    "webhook-00-good.json": SENT,
    "webhook-01-empty.bin": NOT_SENT,
    "webhook-02-blank.bin": NOT_SENT,
    "webhook-03-empty-object.json": ("cnpj", "nothing"),
    "webhook-04-form-fields.form": SENT,
    "webhook-07-dados-as-text.json": SENT,
    "webhook-08-latin1.json": SENT,
    "webhook-09-gzip.json.gz": SENT,
    "webhook-10-id-with-space.json": SENT,
    "webhook-11-tipo-capital.json": SENT,
    "webhook-13-id-zero.json": Uninteresting(TEST_CALL),
    "webhook-16-list-of-one.json": SENT,
}


@pytest.mark.parametrize(
    "content_type", ["", "application/json", "application/octet-stream", "text/plain; charset=x"]
)
def test_every_reported_envelope_is_read(content_type: str) -> None:
    found = {path.name: read_bytes(path.read_bytes(), content_type) for path in WEBHOOKS.iterdir()}
    assert {
        name: (event.field, event.found) if isinstance(event, Reject) else event
        for name, event in found.items()
    } == INPUTS


def test_ten_thousand_envelopes_give_their_orders() -> None:
    rng = Random(316)
    for _ in range(10_000):
        ids = {rng.randrange(1, 10**11) for _ in range(rng.choice([1, 1, 2, 3, 20]))}
        kinds = ("inclusao_pedido", "atualizacao_pedido")
        body = envelope(rng, [event_of(rng, pedido, rng.choice(kinds)) for pedido in ids])
        found = read_webhook(body.content, CNPJ, body.content_type)
        assert {getattr(event, "pedido", event) for event in found} == ids, (body.how, body.content)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_what_stands_beside_an_event_and_is_none_is_told(place: int) -> None:
    good, bad = json.dumps(event()), ['{"versao": "1.0.1"', "null", '"x"']
    for several in (1, 3):
        lines = [good, *bad[: several - 1]]
        lines.insert(place, bad[0])
        found = read_webhook("\n".join(lines).encode(), CNPJ)
        assert SALE in found
        assert {type(one) for one in found} == {OrderEvent, Reject}
    items = [event(), None]
    found = read_webhook(json.dumps(items[:: 1 if place else -1]).encode(), CNPJ)
    assert SALE in found
    assert len(found) == 2


def test_the_same_event_again_and_another_one_are_two() -> None:
    other = event(dados={"id": 7})
    assert read_webhook(json.dumps([event(), other, event()]).encode(), CNPJ) == [SALE, OrderEvent(7, None)]


@pytest.mark.parametrize("shape", [list, lambda dados: dados])
def test_dados_may_be_a_list(shape: Any) -> None:
    dados = shape([{"id": 1}, {"ID": " 2 "}])
    assert read_webhook(json.dumps(event(dados=dados)).encode(), CNPJ) == [
        OrderEvent(1, None), OrderEvent(2, None)
    ]  # fmt: skip


@pytest.mark.parametrize(
    "tipo", ["Inclusao_Pedido", " inclusao_pedido\n", "INCLUSÃO PEDIDO", "atualização-pedido"]
)
def test_the_kind_of_an_event_may_be_spelled_in_any_way(tipo: str) -> None:
    assert read(event(tipo=tipo)) == SALE


@pytest.mark.parametrize("order_id", ["0", 0, " 0 ", "000"])
@pytest.mark.parametrize("cnpj", [CNPJ, "48404755000188"])
def test_tinys_documented_test_call_is_known(order_id: object, cnpj: str) -> None:
    assert read(event(cnpj=cnpj, dados={"id": order_id})) == Uninteresting(TEST_CALL)


@pytest.mark.parametrize("charset", ["cp037", "cp500", "cp1140"])
def test_a_declared_encoding_is_used(charset: str) -> None:
    """Of these, nothing in the bytes tells which it is."""
    content = json.dumps(event(dados={"id": "910000101", "data": "14/03/2026"})).encode(charset)
    assert read_bytes(content, f"application/json; charset={charset}") == SALE


@pytest.mark.parametrize("charset", ["punycode", "idna", "zip", "hex", "rot13", "x" * 1000, "é", "utf-16\n"])
def test_no_declared_encoding_harms(charset: str) -> None:
    content = sample_text("webhook_inclusao_pedido.json").encode() * 300
    assert read_bytes(content, f"text/plain; charset={charset}") == SALE


@pytest.mark.parametrize("name", ["cnpj", "tipo"])
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
    assert (found.field, found.expected, found.found) == ("dados.id", "digits", kind)


@pytest.mark.parametrize(
    ("dados", "kind"),
    [([], "list of 0"), ("x", "text of 1 characters"), ("910000101", "number"), (7, "number")],
)
def test_dados_must_be_an_object(dados: object, kind: str) -> None:
    found = rejected(event(dados=dados))
    assert (found.field, found.found) == ("dados", kind)
    assert rejected(event(dados=None)).found == "nothing"


def test_an_unknown_event_needs_no_dados() -> None:
    assert read(event(tipo="novidade", dados=None)) == Uninteresting("novidade")


@given(st.binary(max_size=200), TEXTS)
def test_no_bytes_raise(content: bytes, content_type: str) -> None:
    assert all(isinstance(found, Reject) for found in read_webhook(content, CNPJ, content_type))


@given(st.integers(0, 2**32), st.integers(0, 400), st.binary(max_size=3))
def test_no_broken_envelope_raises(seed: int, at: int, change: bytes) -> None:
    rng = Random(seed)
    content = envelope(rng, [event_of(rng, 1), event_of(rng, 2)]).content
    assert read_webhook(content[:at] + change + content[at + 1 :], CNPJ)


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
    for found in read_webhook(to_json(content).encode(), CNPJ):
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
    for found in read_webhook(json.dumps(content).encode(), CNPJ):
        assert not isinstance(found, Reject) or secret not in str(astuple(found))


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


@pytest.mark.parametrize("word", ["several", "unknown"])
def test_a_name_without_an_order_tells_it_too(word: str) -> None:
    name = f"vendas/z316-tiny-webhook-vendas-{word}-20260314T120000-0b5c.json"
    assert arrival_in_name(name, TIMEZONE) == datetime(2026, 3, 14, 15, tzinfo=UTC)


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
        "a-tiny-webhook-vendas--20260314T120000-x.json",
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
