"""A glance at a body: whatever it is wrapped in, what nobody needs is told from what may be an order."""

from __future__ import annotations

import gzip
import json
import zlib
from base64 import b64encode
from collections.abc import Callable
from random import Random
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.envelopes import CNPJ, envelope, event
from webhook.glance import NEEDED, UNNEEDED, Glance, cnpj_key, look

BOM_16 = b"\xff\xfe"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" \r\n\t",
        b"{}",
        b" { }\n",
        b"{\n}",
        b"\xef\xbb\xbf",
        b"\xef\xbb\xbf {}",
        BOM_16,
        "{ }".encode("utf-16"),
        "{}".encode("utf-32-be"),
        gzip.compress(b"", mtime=0),
        gzip.compress(gzip.compress(b" {} ", mtime=0), mtime=0),
    ],
)
def test_nothing_is_nothing_in_whatever_form(body: bytes) -> None:
    assert look(body) is None


@pytest.mark.parametrize(
    "body",
    [b"[]", b"null", b"0", b'""', b"{", b"}{", b"x", b"=", b"\x00", b"{}{}", b'{"a": {}}', b"\xa0", gzip.compress(b"x", mtime=0),
     gzip.compress(b"", mtime=0)[:12], gzip.compress(b"{}", mtime=0)[:-1], gzip.compress(b" " * 5_000_000, mtime=0)],
)  # fmt: skip
def test_anything_else_is_something(body: bytes) -> None:
    assert look(body) == Glance("unknown", "unknown", frozenset())


def test_many_envelopes_of_orders_are_kept_and_named() -> None:
    rng = Random(12)
    for _ in range(3_000):
        tipo = rng.choice(sorted(NEEDED))
        ids = {rng.randrange(1, 10**11) for _ in range(rng.choice([1, 1, 1, 2, 5]))}
        body = envelope(rng, [event(rng, pedido, tipo) for pedido in ids])
        order = str(next(iter(ids))) if len(ids) == 1 else "several"
        assert look(body.content) == Glance(tipo, order, frozenset({CNPJ})), (body.how, body.content)


def test_many_envelopes_of_what_nobody_needs_are_known() -> None:
    rng = Random(13)
    for _ in range(3_000):
        tipo = rng.choice(sorted(UNNEEDED))
        body = envelope(rng, [event(rng, number, tipo) for number in range(rng.choice([1, 1, 2]))])
        glance = look(body.content)
        assert glance
        assert glance.kind == tipo, (body.how, body.content)


@pytest.mark.parametrize("place", [0, 1, 3])
@pytest.mark.parametrize(
    "doubtful",
    [
        {"versao": "1.0.1", "cnpj": CNPJ, "tipo": "inclusao_pedido", "dados": {"id": "1"}},
        {"versao": "1.0.1", "cnpj": CNPJ, "tipo": "novidade", "dados": {"id": "1"}},
        {"cnpj": CNPJ, "tipo": 3, "dados": {"id": "1"}},
        {"cnpj": CNPJ, "dados": {"id": "1"}},
        '{"cnpj": "11222333000181", "ti',
        "\x1f\x8b",
    ],
)
def test_what_may_be_more_than_what_nobody_needs_is_kept(doubtful: object, place: int) -> None:
    stock = {"versao": "1.0.0", "cnpj": CNPJ, "idEcommerce": 7, "tipo": "estoque", "dados": {"saldo": 3}}
    lines = [json.dumps(stock)] * 3
    lines.insert(place, doubtful if isinstance(doubtful, str) else json.dumps(doubtful))
    glance = look("\n".join(lines).encode("latin-1"))
    assert glance
    assert glance.kind not in UNNEEDED


STOCK = {
    "versao": "1.0.0",
    "cnpj": CNPJ,
    "tipo": "estoque",
    "dados": {"saldo": 3, "nome": "Fic\u00e7\u00e3o"},
}


@pytest.mark.parametrize("count", [1, 3, 10])
@pytest.mark.parametrize("signs", ['"', "t", ":", "{", '"tipo', "_"])
def test_an_order_that_is_written_in_escapes_is_kept(signs: str, count: int) -> None:
    """Whatever signs are escaped, at every place, in JSON, in JSON inside JSON, and in a form."""
    hidden = json.dumps({"tipo": "inclusao_pedido", "dados": {"id": "1"}})
    for sign in signs:
        hidden = hidden.replace(sign, f"\\u{ord(sign):04x}")
    for place in range(3):
        lines = [json.dumps(STOCK)] * 2
        lines[place:place] = [f'{{"x": "{hidden}"}}'] * count
        text = "\n".join(lines)
        for body in (text, json.dumps(text), quote(text), text.replace("\\u00", "\\U00")):
            glance = look(body.encode())
            assert glance
            assert glance.kind not in UNNEEDED, body


@pytest.mark.parametrize("count", [1, 3, 10])
@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
def test_packed_files_in_one_are_kept(pack: Callable[[bytes], bytes], count: int) -> None:
    order = json.dumps({"cnpj": CNPJ, "tipo": "inclusao_pedido", "dados": {"id": "1"}}).encode()
    for place in range(count + 1):
        files = [pack(json.dumps(STOCK).encode())] * count
        files.insert(place, pack(order))
        glance = look(b"".join(files))
        assert glance
        assert glance.kind not in UNNEEDED


@pytest.mark.parametrize("place", [0, 1])
def test_an_order_in_a_part_that_cannot_be_looked_into_is_kept(place: int) -> None:
    order = json.dumps({"cnpj": CNPJ, "tipo": "inclusao_pedido", "dados": {"id": "1"}}).encode()
    packer = zlib.compressobj(wbits=-15)
    for hidden in (
        b"Content-Transfer-Encoding: base64\r\n\r\n" + b64encode(order),
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + order.replace(b"t", b"=74"),
        b"\r\n" + gzip.compress(order, mtime=0),
        b"\r\n" + zlib.compress(order),
        b"\r\n" + packer.compress(order) + packer.flush(),
    ):
        parts = [b"\r\n" + json.dumps(STOCK).encode()]
        parts.insert(place, hidden)
        glance = look(b"--b\r\n" + b"\r\n--b\r\n".join(parts) + b"\r\n--b--")
        assert glance
        assert glance.kind not in UNNEEDED


@pytest.mark.parametrize("times", range(1, 5))
def test_an_order_in_a_form_in_a_form_is_kept(times: int) -> None:
    hidden = json.dumps({"cnpj": CNPJ, "tipo": "inclusao_pedido", "dados": {"id": "1"}})
    for _ in range(times):
        hidden = quote(hidden)
    for body in (f"a={quote(json.dumps(STOCK))}&b={hidden}", f"b={hidden}&a={quote(json.dumps(STOCK))}"):
        glance = look(body.encode())
        assert glance
        assert glance.kind not in UNNEEDED


def test_accents_in_escapes_are_no_doubt() -> None:
    for ascii_only in (True, False):
        glance = look(json.dumps(STOCK, ensure_ascii=ascii_only).encode())
        assert glance
        assert glance.kind == "estoque"


@given(st.binary(max_size=300))
def test_no_bytes_raise_and_none_are_dropped(body: bytes) -> None:
    glance = look(body)
    assert glance is None or glance.kind == "unknown"


@given(st.integers(0, 2**32), st.integers(0, 500), st.binary(max_size=3))
def test_no_broken_order_is_dropped(seed: int, at: int, change: bytes) -> None:
    rng = Random(seed)
    content = envelope(rng, [event(rng, 1), event(rng, 2)]).content
    glance = look(content[:at] + change + content[at + 1 :])
    assert glance is None or glance.kind not in UNNEEDED


@pytest.mark.parametrize("body", [b"tipo\ncontent-" * 70_000, b"dados" * 200_000, b"\\" * 1_000_000, b"%25" * 300_000,
                                  b"tipo " + b" " * 1_000_000, b"dados" + b"." * 1_000_000, b"{" * 1_000_000])  # fmt: skip
def test_the_largest_bodies_are_searched_fast(body: bytes) -> None:
    """In linear time: the test would not end by far if it were not so."""
    assert look(body) == Glance("unknown", "unknown", frozenset())


@pytest.mark.parametrize("cnpj", ["11.222.333/0001-81", "11222333000181", " 11222333000181 "])
def test_a_cnpj_is_compared_without_its_mask(cnpj: str) -> None:
    assert cnpj_key(cnpj) == CNPJ


def test_zeros_that_a_number_lost_come_back() -> None:
    assert cnpj_key(str(int("00444777000135"))) == "00444777000135"
