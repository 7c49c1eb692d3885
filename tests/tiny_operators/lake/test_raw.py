"""Raw lines: everything comes back, and the answer is kept to the letter."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tiny_operators.helpers import ARRIVED, ORDER_READ, SAMPLES, TEXTS, VALUES, envelope, to_json
from tiny_operators.orders.raw_lines import Envelope, read_line
from tiny_operators.tiny.answers import one_line, parse_json

ENVELOPES = st.builds(
    Envelope,
    store=TEXTS,
    kind=st.sampled_from(["pdv", "pesquisa", "produto"]),
    pedido=st.none() | st.integers(1, 2**62),
    produto=st.none() | st.integers(1, 2**62),
    arrived_at=st.none() | TEXTS,
    fetched_at=TEXTS,
    path=TEXTS,
    version=TEXTS,
    request=st.dictionaries(TEXTS, TEXTS, max_size=3),
    pesquisa=st.none() | TEXTS,
    produtos=st.dictionaries(TEXTS, TEXTS, max_size=3),
    encoding=st.sampled_from(["utf-8", "cp1252"]),
    base64=st.none() | st.just("4+Q="),
)


@given(ENVELOPES, st.dictionaries(TEXTS, VALUES, max_size=4))
def test_a_line_comes_back(about: Envelope, answer: dict[str, object]) -> None:
    text = to_json(answer)
    line = about.line(text)
    assert line.endswith(f'"answer":{text}}}\n')
    assert line.count("\n") == 1
    assert "\r" not in line
    assert json.loads(line)["pedido"] == about.pedido
    found = read_line(line)
    assert (found.envelope, found.answer) == (about, answer)


@pytest.mark.parametrize(
    "text",
    [
        '{"retorno":{"a":1.50,"b":36.3200000000,"c":1E5,"d":-0,"e":0.10}}',
        '{"retorno":{"nome":"Jos\\u00e9 \\/ caf\\u00e9 \\ud83c\\uddf7","nome2":"José ☕ \\u2028"}}',
        '{"retorno":{"a":"1","a":"2"},  "x" : [ ] }',
        '{"retorno":{"t":"linha\\nnova\\r\\n\\ttab \\"aspas\\" \\\\"}}',
    ],
)
def test_the_answer_is_kept_to_the_letter(text: str) -> None:
    line = envelope("pdv", pedido=1).line(text)
    assert line[:-2].endswith(text)
    assert read_line(line).answer == parse_json(text)


def test_a_line_in_utf_8_has_no_word_about_bytes() -> None:
    assert {"encoding", "base64"}.isdisjoint(json.loads(envelope("pdv", pedido=1).line("{}")))


def test_every_sample_survives_with_its_digits() -> None:
    found = 0
    for path in SAMPLES.glob("p*.json"):
        text = one_line(path.read_text(encoding="utf-8"))
        line = envelope("pdv", pedido=1).line(text)
        assert line.split("\n", 1) == [f"{line[:-1]}", ""]
        assert text in line
        assert read_line(line).answer == parse_json(path.read_text(encoding="utf-8"))
        found += 1
    assert found >= 15


def test_numbers_with_decimals_are_exact() -> None:
    answer = read_line(envelope("pdv").line('{"retorno":{"valor":0.1}}')).answer
    assert answer["retorno"]["valor"] == Decimal("0.1")


def test_when_it_was_read_and_when_the_sale_arrived() -> None:
    line = read_line(envelope("pdv", pedido=1).line("{}"))
    assert line.fetched == datetime.fromisoformat(ORDER_READ)
    assert line.envelope.arrived_at == ARRIVED.isoformat()
    page = read_line(envelope("pesquisa", arrived_at=None, fetched_at="2026-03-14T12:00:00+00:00").line("{}"))
    assert page.fetched == datetime(2026, 3, 14, 12, tzinfo=UTC)
    assert page.envelope.arrived_at is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "null",
        "3",
        "[]",
        "{}",
        "not json",
        '{"answer": {}}',
        '{"answer": 3}',
        '{"store": "z316", "answer": {}}',
        envelope("pdv").line("{}").replace('"store"', '"shop"'),
        envelope("pdv").line("[]"),
        envelope("pdv").line("null"),
        envelope("pdv").line("{}")[:-3],
        envelope("pdv").line('{"a":NaN}'),
    ],
)
def test_what_is_no_raw_line_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_line(text)


@pytest.mark.parametrize("more", ['"novo":1,', '"novo":{"a":[1]},"outro":null,', '"a":1,"b":2,"c":"x",'])
def test_fields_of_a_newer_version_are_passed_over(more: str) -> None:
    text = envelope("pdv", pedido=1).line("{}")
    assert read_line(text.replace("{", "{" + more, 1)) == read_line(text)


def test_a_line_of_an_older_version_has_no_field_that_it_lacked() -> None:
    text = envelope("pdv", pedido=1).line("{}")
    older = text.replace(',"unanswered":[],"unlisted_since":null', "")
    assert older != text
    assert read_line(older) == read_line(text)


@given(st.one_of(TEXTS, VALUES.map(to_json)))
def test_any_text_is_a_line_or_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_line(text)


@pytest.mark.parametrize("levels", [98, 99, 100])
def test_an_answer_that_could_be_read_can_be_read_again(levels: int) -> None:
    """A raw line holds it one level deeper: an answer as deep as any may be must not break the step after."""
    text = f'{{"x":{"[" * (levels - 1)}{"]" * (levels - 1)}}}'
    parse_json(text)
    assert read_line(envelope("pdv", pedido=1).line(text)).answer == parse_json(text)
