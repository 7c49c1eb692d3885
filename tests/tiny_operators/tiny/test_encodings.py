"""Bytes as text by the encoding that they are in, and the bytes again from what was kept."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tiny_operators.helpers import ODD_SAMPLES, envelope, to_json
from tests.tiny_operators.raw_orders import changed
from tiny_operators.orders.raw_lines import read_line
from tiny_operators.tiny.answers import read_answer
from tiny_operators.tiny.encodings import Decoded, charset, decode

TEXT = '{"nome": "Ação de São João"}'


@pytest.mark.parametrize(
    ("encoding", "declared", "found"),
    [
        ("utf-8", None, "utf-8"),
        ("utf-8", "ISO-8859-1", "utf-8"),
        ("utf-8-sig", None, "utf-8-sig"),
        ("latin-1", None, "cp1252"),
        ("latin-1", "ISO-8859-1", "cp1252"),
        ("cp1252", "windows-1252", "cp1252"),
        ("latin-1", "utf-8", "cp1252"),
        ("latin-1", "no such encoding", "cp1252"),
        ("latin-1", "base64", "cp1252"),
        ("latin-1", "undefined", "cp1252"),
        ("cp850", "ibm850", "cp850"),
        ("iso8859-15", " ISO-8859-15 ", "iso8859-15"),
        ("utf-16-le", None, "utf-16-le"),
        ("utf-16-be", "latin-1", "utf-16-be"),
        ("utf-16", None, "utf-16"),
        ("utf-32", None, "utf-32"),
    ],
)
def test_text_is_read_by_its_encoding(encoding: str, declared: str | None, found: str) -> None:
    content = TEXT.encode(encoding)
    read = decode(content, declared)
    assert (read.text, read.encoding, read.base64) == (TEXT, found, None)
    assert read.content == content


def test_windows_signs_are_read_as_windows_writes_them() -> None:
    content = b"\x93pre\xe7o\x94 \x80"
    assert decode(content, "iso-8859-1") == Decoded("\u201cpreço\u201d \u20ac", "cp1252")
    assert decode(b"\x81\xe7").encoding == "iso8859-1"


@pytest.mark.parametrize("broken", [b"\xc3", b"\xe7", b"\xff", b"\xe2\x82"])
@pytest.mark.parametrize("place", [0, 5, -1])
def test_utf_8_with_a_broken_character_is_still_utf_8_and_its_bytes_are_kept(
    broken: bytes, place: int
) -> None:
    whole = "coração, ação, São João"
    content = whole[:place].encode() + broken + b" " + whole[place:].encode()
    read = decode(content)
    assert read.text.replace("\ufffd ", "") == whole
    assert read.encoding == "utf-8"
    assert read.base64
    assert read.content == content


@given(st.binary(max_size=40), st.sampled_from([None, "latin-1", "utf-16", "cp1252", "shift_jis", "hex", ""]))
def test_no_byte_is_lost_whatever_comes(content: bytes, declared: str | None) -> None:
    assert decode(content, declared).content == content


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("application/json; charset=ISO-8859-1", "iso-8859-1"),
        ('text/html;charset="utf-8"; x=y', "utf-8"),
        ("application/json", None),
        ("", None),
        (None, None),
        (";;;=", None),
    ],
)
def test_the_encoding_that_a_header_names(header: str | None, found: str | None) -> None:
    assert charset(header) == found


class Counted(bytes):
    """Bytes that count how often they are decoded."""

    times = 0

    def decode(self, *args: Any) -> str:
        self.times += 1
        return super().decode(*args)


@pytest.mark.parametrize(("encoding", "times"), [("utf-8", 1), ("utf-16", 1), ("cp1252", 3)])
def test_a_text_whose_encoding_is_plain_is_decoded_once(encoding: str, times: int) -> None:
    content = Counted(TEXT.encode(encoding))
    assert decode(content).text == TEXT
    assert content.times == times


def test_an_answer_in_latin_1_is_kept_as_it_came() -> None:
    content = (ODD_SAMPLES / "answer-01-latin1.json").read_bytes()
    body = decode(content)
    answer = replace(read_answer(200, body.text, "pedido"), encoding=body.encoding, base64=body.base64)
    assert answer.retorno["pedido"] == {"id": "1", "contato": {"nome": "Ação"}}
    line = envelope("pdv", pedido=1, encoding=answer.encoding, base64=answer.base64).line(answer.text)
    found = read_line(line)
    assert found.answer["retorno"]["pedido"]["contato"]["nome"] == "Ação"
    assert f'"answer":{answer.text}'.encode(found.envelope.encoding).endswith(content)


def test_a_latin_1_answer_of_an_order_gives_the_same_answer() -> None:
    text = to_json(changed("pdv_pedido_obter.json", "pedido", "observacoes", value="Ação"))
    in_latin = text.encode().decode("unicode_escape").encode("latin-1")
    assert (
        read_answer(200, decode(in_latin).text, "pedido").retorno == read_answer(200, text, "pedido").retorno
    )
