"""Envelopes that programs make beside those of ``tests.envelopes``: joined, packed otherwise, made mail, wrapped more."""

from __future__ import annotations

import gzip
import json
import zlib
from base64 import encodebytes
from quopri import encodestring
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from tests.tiny_operators.helpers import CNPJ
from tiny_operators.orders.outcomes import Reject
from tiny_operators.orders.webhooks import Event, OrderEvent, Uninteresting, read_webhook

DAY = "2026-03-14"
ONE, TWO = ({"id": pedido, "data": "14/03/2026"} for pedido in (1, 2))


def event(pedido: object, **changes: Any) -> dict[str, Any]:
    dados = {"id": pedido, "data": "14/03/2026", "cliente": {"nome": "Ação & Cia = 100%"}}
    return {"versao": "1.0.1", "cnpj": CNPJ, "tipo": "inclusao_pedido", "dados": dados, **changes}


def text(pedido: object, **changes: Any) -> str:
    return json.dumps(event(pedido, **changes), ensure_ascii=False)


def stock() -> str:
    return json.dumps({"cnpj": CNPJ, "tipo": "estoque", "dados": {"saldo": 3}})


def read(content: bytes | str, content_type: str = "") -> list[Event]:
    return read_webhook(content.encode() if isinstance(content, str) else content, CNPJ, content_type)


def orders(*ids: int) -> list[OrderEvent]:
    return [OrderEvent(pedido, DAY) for pedido in ids]


def deflate(content: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(content) + packer.flush()


@pytest.mark.parametrize("count", [1, 3, 10])
@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
@pytest.mark.parametrize("padding", [b"", b"\0" * 20])
def test_packed_files_that_were_joined_are_all_read(pack: Any, count: int, padding: bytes) -> None:
    """Only the first would be read, and nobody would see that the others are missing."""
    for place in range(count + 1):
        packed = [pack(text(pedido).encode()) for pedido in range(1, count + 1)]
        packed.insert(place, pack(stock().encode()))
        found = read(padding.join(packed) + padding)
        assert [each for each in found if each != Uninteresting("estoque")] == orders(*range(1, count + 1))


def test_what_is_plain_after_packed_bytes_is_read_too() -> None:
    assert read(gzip.compress(text(1).encode()) + b"\n" + text(2).encode()) == orders(1, 2)


def test_a_damaged_file_among_joined_ones_is_a_reject() -> None:
    good, bad = gzip.compress(text(1).encode()), gzip.compress(text(2).encode())[:-9]
    assert [each.found for each in read(good + bad) if isinstance(each, Reject)] == [
        "packed bytes that are cut short"
    ]


def test_more_files_in_one_than_anybody_joins_are_a_reject() -> None:
    (reject,) = read(gzip.compress(b"") * 1001)
    assert isinstance(reject, Reject)
    assert reject.found == "more than 1000 packed files in one"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "latin-1"])
def test_deflate_without_a_header_is_opened(encoding: str) -> None:
    """``gzdeflate`` of PHP, and what some servers mean by ``Content-Encoding: deflate``."""
    assert read(deflate(text(1).encode(encoding)), "application/json") == orders(1)
    (reject,) = read(deflate(text(1).encode(encoding))[:-5])
    assert isinstance(reject, Reject)


def part(body: bytes, *head: str) -> bytes:
    return "\r\n".join(["--XyZ", *head, "", ""]).encode() + body + b"\r\n"


def field(name: str, body: str) -> bytes:
    return part(body.encode(), f'Content-Disposition: form-data; name="{name}"')


SALE = text(1).encode()
FIELDS = field("cnpj", CNPJ) + field("tipo", "inclusao_pedido")
DADOS = json.dumps(event(1)["dados"]).encode()
FORMS = {
    "as mail": part(encodebytes(SALE), "Content-Transfer-Encoding: base64"),
    "as printable mail": part(encodestring(SALE), "content-transfer-encoding:  Quoted-Printable"),
    "as mail, in another encoding": part(
        encodebytes(text(1).encode("utf-16")), "Content-Transfer-Encoding: base64"
    ),
    "as it is": part(SALE, "Content-Transfer-Encoding: binary"),
    "without a header": part(SALE),
    "packed": part(gzip.compress(SALE), "Content-Type: application/gzip"),
    "a file name first": FIELDS
    + part(DADOS, 'Content-Disposition: form-data; filename="x.json"; name="dados"'),
    "names without quotes": FIELDS + part(DADOS, "Content-Disposition: form-data; name=dados"),
}


@pytest.mark.parametrize("boundary", ["XyZ", '"XyZ"', "another"])
@pytest.mark.parametrize("form", FORMS)
def test_parts_of_a_form_in_any_writing(form: str, boundary: str) -> None:
    content = FORMS[form] + b"--XyZ--\r\n"
    assert read(content, f"multipart/form-data; boundary={boundary}") == orders(1)


@pytest.mark.parametrize("between", [",\n", "\0", "\n\x1e", "\u2028", ", ", "\r"])
@pytest.mark.parametrize("count", [1, 3])
def test_values_with_signs_between_and_around_them(between: str, count: int) -> None:
    values = [text(pedido) for pedido in range(1, count + 1)]
    for content in (between.join(values), between.join([*values, ""]), between.join([*values, "\x1a"])):
        assert read(content) == orders(*range(1, count + 1))
        # NUL signs before a text are those of another encoding.
        assert between == "\0" or read(between + content) == orders(*range(1, count + 1))


def test_lines_with_commas_are_lines_also_beside_a_broken_one() -> None:
    found = read(f'{text(1)},\n{{"broken,\n{text(2)},')
    assert [each for each in found if isinstance(each, OrderEvent)] == orders(1, 2)
    assert [each.found for each in found if isinstance(each, Reject)] == ["text that is not JSON"]


def form(fields: dict[str, Any]) -> str:
    return urlencode({**fields, "dados": json.dumps(fields["dados"])})


@pytest.mark.parametrize("count", [2, 3, 10])
@pytest.mark.parametrize(
    "line",
    [
        form,
        lambda one: f"payload={quote(json.dumps(one))}",
        lambda one: f"{quote(json.dumps(one))}=",
    ],
)
def test_each_line_may_be_a_form(line: Any, count: int) -> None:
    """As one form, the last value of each line would be joined to the first name of the next, and that order be lost."""
    wanted = orders(*range(1, count + 1))
    lines = [line(event(pedido)) for pedido in range(1, count + 1)]
    assert read("\r\n".join(lines)) == wanted
    for place in range(count + 1):
        with_stock, with_broken = list(lines), list(lines)
        with_stock.insert(place, line(json.loads(stock())))
        assert [each for each in read("\n".join(with_stock)) if isinstance(each, OrderEvent)] == wanted
        with_broken.insert(place, "payload=%7B")
        found = read("\n".join(with_broken))
        assert [each for each in found if isinstance(each, OrderEvent)] == wanted
        assert [each.found for each in found if isinstance(each, Reject)] == ["text that is not JSON"]


def test_more_lines_than_a_file_may_have_orders_are_a_reject_at_once() -> None:
    for line in ("x", "a=1", f"payload={quote(stock())}"):
        (reject,) = read("\n".join([line] * 10_001))
        assert isinstance(reject, Reject)
        assert reject.found == "more than 10000 lines"


def test_a_form_may_have_line_breaks_in_a_value() -> None:
    dados = json.dumps(ONE, indent=1)
    assert read(f"dados={dados}&cnpj={CNPJ}&tipo=inclusao_pedido") == orders(1)
    assert read(f"cnpj={CNPJ}&tipo=inclusao_pedido&dados={dados}") == orders(1)


@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_text_in_percent_signs_is_read(times: int) -> None:
    encoded = text(1)
    for _ in range(times):
        encoded = quote(encoded)
    assert read(f"payload={encoded}") == orders(1)
    assert read(json.dumps({"body": encoded})) == orders(1)
    assert read(encoded) == orders(1)


def test_a_byte_order_mark_is_no_part_of_a_name() -> None:
    fields = {"\ufefftipo": "inclusao_pedido", "cnpj": CNPJ, "dados": {"id": 1, "data": "14/03/2026"}}
    assert read(json.dumps(fields)) == orders(1)
    assert read(urlencode({**fields, "dados": json.dumps(fields["dados"])})) == orders(1)


@pytest.mark.parametrize(
    "dados",
    [
        [ONE, TWO],
        {"0": ONE, "1": TWO},
        {"3": ONE, "7": TWO},
        {"pedido": [ONE, TWO]},
        [{"pedido": ONE}, {"Pedido": TWO}],
        {"pedidos": {"0": {"pedido": ONE}, "1": [TWO]}},
        {"item": [[ONE], [TWO]]},
    ],
)
def test_dados_may_be_any_container(dados: object) -> None:
    assert read(text(0, dados=dados)) == orders(1, 2)
    assert read(text(0, dados=json.dumps(dados))) == orders(1, 2)


def test_an_id_beside_dados_of_its_own_is_no_order() -> None:
    for dados in ({"cliente": {"id": 5}}, {"id": {"id": 5}}, {"0": 5}):
        (reject,) = read(text(0, dados=dados))
        assert isinstance(reject, Reject)
        assert reject.field == "dados.id"


@pytest.mark.parametrize("pedido", [1.0, "1.0", "1,00", "001", " 1 ", "1\u00a0"])
def test_an_id_is_a_number_in_any_writing(pedido: object) -> None:
    assert read(text(pedido)) == orders(1)


SPELLED = {
    "inclusaoPedido": "inclusao_pedido",
    "InclusaoPedido": "inclusao_pedido",
    "ATUALIZACAOPEDIDO": "atualizacao_pedido",
    "Inclusão de Pedido": "inclusao_pedido",
    "inclusao_pedidos": "inclusao_pedido",
    "atualização do pedido": "atualizacao_pedido",
    "pedido.inclusao": "inclusao_pedido",
    "inclusao%5Fpedido": "inclusao_pedido",
}


@pytest.mark.parametrize("tipo", SPELLED)
def test_an_order_event_is_known_in_any_spelling(tipo: str) -> None:
    """Any other kind is put away, and nobody would see that an order is missing."""
    assert read(text(1, tipo=tipo)) == orders(1)


@pytest.mark.parametrize(
    "tipo", ["inclusao", "pedido", "inclusao_produto", "situacao_pedido", "atualizacao_situacao_pedido"]
)
def test_no_other_kind_is_taken_for_it(tipo: str) -> None:
    assert read(text(1, tipo=tipo)) == [Uninteresting(tipo)]
