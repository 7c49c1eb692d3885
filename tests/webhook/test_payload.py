"""What a body is, for every shape that Tiny sends and for what nobody should send."""

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.payload import NEEDED, Refusal, Sale, Unneeded, cnpj_key, judge

if TYPE_CHECKING:
    from tests.webhook.conftest import SaleBuilder

STORES = {cnpj_key("11222333000181"): "z316", cnpj_key("00444777000135"): "outra"}

HUB_EVENTS = [
    ("estoque", {"tipoEstoque": "F", "saldo": 3.25, "idProduto": 710000009, "sku": "QUEIJO"}),
    ("rastreio", {"idEntregaEcommerce": 7, "idVendaTiny": 880000123, "codigoRastreio": "YY1BR"}),
    ("situacao_pedido", {"idPedidoEcommerce": "W1", "idVendaTiny": 880000123, "situacao": "faturado"}),
    ("nota_fiscal", {"idNotaFiscalTiny": 880000999, "numero": "15", "valorNota": 12.5}),
    ("produto", {"id": "not an order"}),
    ("pedido_enviado", []),
]

# Anything that JSON can hold, with the webhook's own words made likely.
words = st.sampled_from(["", "0", "1.0.1", "11222333000181", "880000123", *NEEDED, "estoque"])
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | words
any_json = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just("id"), inner), max_leaves=10
)
near_events = st.fixed_dictionaries(
    {},
    optional={
        "versao": st.just("1.0.1") | any_json,
        "cnpj": st.just("11222333000181") | any_json,
        "tipo": st.sampled_from(sorted(NEEDED)) | any_json,
        "dados": st.fixed_dictionaries({}, optional={"id": st.integers() | any_json}) | any_json,
    },
)


def encode(event: object) -> bytes:
    return json.dumps(event, ensure_ascii=False).encode()


@pytest.mark.parametrize("tipo", sorted(NEEDED))
@pytest.mark.parametrize(
    "more",
    [
        {},
        {"idNotaFiscal": "880000777"},
        {"codigoSituacao": "cancelado", "descricaoSituacao": "Cancelado"},
        {"idPedidoEcommerce": "W900", "formaEnvio": {"id": "1", "descricao": "Motoboy"}},
        {"id": 880000123, "numero": 30111},
    ],
    ids=["till", "with invoice", "cancelled", "marketplace", "numbers"],
)
def test_a_sale_is_stored(sale: "SaleBuilder", tipo: str, more: dict[str, object]) -> None:
    assert judge(encode(sale(tipo, **more)), STORES) == Sale("z316", "880000123", tipo)


@pytest.mark.parametrize("versao", ["1.0.1", "1.0.0", 1, 1.0])
@pytest.mark.parametrize("cnpj", ["11222333000181", "11.222.333/0001-81", 11222333000181])
def test_text_and_numbers_are_the_same(sale: "SaleBuilder", versao: object, cnpj: object) -> None:
    body = encode({**sale(), "versao": versao, "cnpj": cnpj})
    assert judge(body, STORES) == Sale("z316", "880000123", "inclusao_pedido")


def test_a_number_has_lost_its_zeros(sale: "SaleBuilder") -> None:
    verdict = judge(encode({**sale(), "cnpj": 444777000135}), STORES)
    assert verdict == Sale("outra", "880000123", "inclusao_pedido")


def test_a_byte_order_mark_does_no_harm(sale: "SaleBuilder") -> None:
    assert isinstance(judge(b"\xef\xbb\xbf" + encode(sale()), STORES), Sale)


@pytest.mark.parametrize(("tipo", "dados"), HUB_EVENTS, ids=[tipo for tipo, _ in HUB_EVENTS])
def test_other_events_need_no_order(tipo: str, dados: object) -> None:
    event = {"versao": "1.0.0", "cnpj": "11222333000181", "idEcommerce": 42, "tipo": tipo, "dados": dados}
    assert judge(encode(event), STORES) == Unneeded("z316", tipo)


def test_the_log_gets_no_free_text(sale: "SaleBuilder") -> None:
    assert judge(encode(sale("Zulmira Fictícia")), STORES) == Unneeded("z316", "other")


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"", "nothing"),
        (b" \n", "nothing"),
        (b"\xef\xbb\xbf", "nothing"),
        (b'{"tipo": "\xe7"}', "bytes that are not UTF-8"),
        (b"{", "text that is not JSON"),
        (b"<xml/>", "text that is not JSON"),
        (b'{"versao": NaN}', "text that is not JSON"),
        (b"[" * 100_000, "text that is not JSON"),
        (b"9" * 5_000, "text that is not JSON"),
        (b"[]", "a list"),
        (b'"text"', "text"),
        (b"1", "a number"),
        (b"null", "null"),
        (b"true", "true or false"),
    ],
)
def test_a_body_that_is_no_event(body: bytes, found: str) -> None:
    verdict = judge(body, STORES)
    assert isinstance(verdict, Refusal)
    assert (verdict.field, verdict.found) == ("body", found)


WRONG: list[tuple[object, str]] = [
    (None, "null"),
    ("", "empty text"),
    (" ", "empty text"),
    (True, "true or false"),
    ([], "a list"),
    ({}, "an object"),
]


@pytest.mark.parametrize("field", ["versao", "cnpj", "tipo"])
@pytest.mark.parametrize(("value", "found"), WRONG)
def test_a_wrong_field_is_named(sale: "SaleBuilder", field: str, value: object, found: str) -> None:
    verdict = judge(encode({**sale(), field: value}), STORES)
    assert isinstance(verdict, Refusal)
    assert (verdict.field, verdict.found) == (field, found)
    assert verdict.action


@pytest.mark.parametrize("field", ["versao", "cnpj", "tipo", "dados"])
def test_a_missing_field_is_named(sale: "SaleBuilder", field: str) -> None:
    event = sale()
    del event[field]
    verdict = judge(encode(event), STORES)
    assert isinstance(verdict, Refusal)
    assert (verdict.field, verdict.found) == (field, "nothing")


@pytest.mark.parametrize(
    ("value", "found"),
    [
        *WRONG,
        ("0", "text"),
        ("12a", "text"),
        ("-5", "text"),
        ("1.5", "text"),
        ("\u0661\u0662", "text"),
        ("1\n", "text"),
        ("1" * 19, "text"),
        (-5, "a number"),
        (0, "a number"),
        (1.5, "a number"),
        (10**18, "a number"),
    ],
)
def test_an_order_id_is_a_number_above_zero(sale: "SaleBuilder", value: object, found: str) -> None:
    verdict = judge(encode(sale(id=value)), STORES)
    assert isinstance(verdict, Refusal)
    assert (verdict.field, verdict.found, verdict.store) == ("dados.id", found, "z316")


@pytest.mark.parametrize("dados", [None, [], "text", 5])
def test_dados_is_an_object(sale: "SaleBuilder", dados: object) -> None:
    verdict = judge(encode({**sale(), "dados": dados}), STORES)
    assert isinstance(verdict, Refusal)
    assert verdict.field == "dados"


@pytest.mark.parametrize("cnpj", ["11222333000182", "1122233300018", "x11222333000181", 0, 1.5])
@pytest.mark.parametrize("tipo", ["inclusao_pedido", "estoque"])
def test_an_unknown_store_is_refused_with_the_way_out(sale: "SaleBuilder", cnpj: object, tipo: str) -> None:
    verdict = judge(encode({**sale(tipo), "cnpj": cnpj}), STORES)
    assert isinstance(verdict, Refusal)
    assert verdict.field == "cnpj"
    assert "stores.yaml" in verdict.action


def test_a_refusal_never_repeats_a_value() -> None:
    secret = "4242-personal-4242"
    for field in ("versao", "cnpj", "tipo", "dados"):
        event = {
            "versao": "1.0.1",
            "cnpj": "11222333000181",
            "tipo": "inclusao_pedido",
            "dados": {"id": secret},
        }
        assert secret not in repr(judge(encode({**event, field: {secret: secret}}), STORES))
        assert secret not in repr(judge(encode({**event, "cnpj": secret}), STORES))
        assert secret not in repr(judge(encode(event), STORES))


@given(st.binary() | st.text().map(str.encode))
def test_no_bytes_raise_or_pass(body: bytes) -> None:
    assert isinstance(judge(body, STORES), Refusal)


@given(near_events)
def test_only_a_valid_event_passes(event: dict[str, object]) -> None:
    verdict = judge(json.dumps(event).encode(), STORES)
    if isinstance(verdict, Sale):
        dados = event["dados"]
        assert isinstance(dados, dict)
        assert verdict == Sale("z316", str(dados["id"]), str(event["tipo"]))
        assert event["versao"] not in {"", None}
        assert 0 < int(verdict.order) < 10**18
        assert verdict.order.isascii()
        assert verdict.tipo in NEEDED
    if isinstance(verdict, Unneeded):
        assert event["tipo"] not in NEEDED


@given(st.integers(min_value=1, max_value=10**18 - 1), st.sampled_from(sorted(NEEDED)), any_json)
def test_every_valid_event_passes(order: int, tipo: str, unknown: object) -> None:
    for value in (order, str(order)):
        dados = {"id": value, "campoNovo": unknown}
        event = {"versao": "1.0.1", "cnpj": "11222333000181", "tipo": tipo, "dados": dados}
        try:
            body = json.dumps(event, allow_nan=False).encode()
        except ValueError:
            return
        assert judge(body, STORES) == Sale("z316", str(order), tipo)
