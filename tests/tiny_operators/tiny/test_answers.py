"""What each answer of Tiny means, in every spelling that was seen or may come."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tiny_operators.helpers import SAMPLES, VALUES, sample_text, to_json
from tiny_operators.tiny.answers import FATAL, RETRYABLE, Meaning, parse_json, read_answer, read_body

CODES = {
    1: Meaning.ACCOUNT_REFUSED,
    2: Meaning.ACCOUNT_REFUSED,
    3: Meaning.REQUEST_REFUSED,
    4: Meaning.REQUEST_REFUSED,
    5: Meaning.ACCOUNT_REFUSED,
    6: Meaning.THROTTLED,
    7: Meaning.ACCOUNT_REFUSED,
    8: Meaning.ACCOUNT_REFUSED,
    9: Meaning.REQUEST_REFUSED,
    10: Meaning.REQUEST_REFUSED,
    11: Meaning.TOO_MANY_AT_ONCE,
    20: Meaning.NO_ROWS,
    21: Meaning.TOO_MANY_ROWS,
    22: Meaning.REQUEST_REFUSED,
    23: Meaning.PAST_LAST_PAGE,
    30: Meaning.RECORD_REFUSED,
    31: Meaning.RECORD_REFUSED,
    32: Meaning.NOT_FOUND,
    33: Meaning.RECORD_REFUSED,
    34: Meaning.RECORD_REFUSED,
    35: Meaning.TRY_AGAIN,
    99: Meaning.MAINTENANCE,
}
NOT_PROCESSED = {1, 2, 5, 6, 7, 8, 11, 35, 99}
PERSONAL = "Joana Exemplo da Silva, CPF 111.444.777-35"
SPELLINGS = [str, int, lambda code: f" {code} ", lambda code: f"{code:03d}"]
ERROS: list[Any] = [
    [{"erro": PERSONAL}],
    {"erro": PERSONAL},
    [{"erro": {"codigo": "", "erro": PERSONAL}}],
    [PERSONAL],
    PERSONAL,
    [],
    "",
    None,
]


def error_body(code: Any, status: Any, erros: Any = None) -> dict[str, Any]:
    retorno = {"status_processamento": status, "status": "Erro", "codigo_erro": code}
    return {"retorno": retorno | ({} if erros is None else {"erros": erros})}


@pytest.mark.parametrize("spell", SPELLINGS, ids=["text", "number", "spaces", "zeros"])
@pytest.mark.parametrize("code", CODES)
def test_every_code_means_the_same_in_every_spelling_and_with_every_shape_of_erros(
    code: int, spell: Any
) -> None:
    status = 1 if code in NOT_PROCESSED else 2
    for spelled_status in (status, str(status)):
        for erros in ERROS:
            text = json.dumps(error_body(spell(code), spelled_status, erros))
            answer = read_answer(200, text, "pedido")
            assert (answer.meaning, answer.code) == (CODES[code], code)
            assert PERSONAL not in answer.reason


@pytest.mark.parametrize("code", CODES)
def test_a_code_that_stands_only_inside_erros_counts(code: int) -> None:
    for erros in (
        [{"erro": {"codigo": str(code), "erro": "x"}}],
        {"erro": {"codigo": code, "erro": "x"}},
        [{"codigo_erro": str(code), "erro": "x"}],
        {"codigo_erro": code, "erro": "x"},
    ):
        body = {"retorno": {"status_processamento": "2", "status": "Erro", "erros": erros}}
        answer = read_body(body, "pedido")
        assert (answer.meaning, answer.code) == (CODES[code], code)


def test_what_may_be_retried_and_what_ends_the_task_are_apart() -> None:
    assert {code for code, meaning in CODES.items() if meaning in RETRYABLE} == {6, 11, 35, 99}
    assert {code for code, meaning in CODES.items() if meaning in FATAL} >= {1, 2, 5, 7, 8}
    assert not RETRYABLE & FATAL
    assert not {Meaning.OK, Meaning.NO_ROWS, Meaning.PAST_LAST_PAGE, Meaning.NOT_FOUND} & (RETRYABLE | FATAL)


@pytest.mark.parametrize("status", ["1", 1])
def test_an_unknown_code_of_an_answer_that_was_not_processed_is_tried_again(status: object) -> None:
    assert read_body(error_body("77", status), "pedido").meaning is Meaning.TRY_AGAIN
    assert read_body({"retorno": {"status_processamento": status}}, "pedido").meaning is Meaning.TRY_AGAIN


@pytest.mark.parametrize("status", ["2", 2])
def test_an_unknown_code_of_an_answer_that_was_processed_refuses_the_record(status: object) -> None:
    assert read_body(error_body(77, status), "pedido").meaning is Meaning.RECORD_REFUSED
    assert (
        read_body({"retorno": {"status_processamento": status}}, "pedido").meaning is Meaning.RECORD_REFUSED
    )


@pytest.mark.parametrize("status", ["3", 3, " 3 "])
@pytest.mark.parametrize("code", [None, 0, "0", ""])
def test_a_success_is_status_3_with_the_expected_key(status: object, code: object) -> None:
    retorno = {"status_processamento": status, "status": "OK", "codigo_erro": code, "pedido": {"id": "1"}}
    answer = read_body({"retorno": retorno}, "pedido")
    assert (answer.meaning, answer.code, answer.retorno) == (Meaning.OK, None, retorno)


@pytest.mark.parametrize("more", [{}, {"pedido": None}, {"pedidos": []}])
def test_status_3_without_the_expected_key_is_no_success(more: dict[str, Any]) -> None:
    answer = read_body({"retorno": {"status_processamento": "3", "status": "OK", **more}}, "pedido")
    assert answer.meaning is Meaning.TRY_AGAIN
    assert "pedido" in answer.reason


@pytest.mark.parametrize(("code", "meaning"), [("32", Meaning.NOT_FOUND), ("77", Meaning.TRY_AGAIN)])
def test_status_3_with_an_error_code_is_no_success(code: str, meaning: Meaning) -> None:
    retorno = {"status_processamento": "3", "codigo_erro": code, "pedido": {"id": "1"}}
    assert read_body({"retorno": retorno}, "pedido").meaning is meaning


@pytest.mark.parametrize("status", ["10", 4, "", None, [], "text that is long enough to be of a person"])
def test_a_status_of_an_unknown_kind_is_tried_again_and_not_told_whole(status: object) -> None:
    answer = read_body({"retorno": {"status_processamento": status, "pedido": {}}}, "pedido")
    assert answer.meaning is Meaning.TRY_AGAIN
    assert "person" not in answer.reason


def test_status_ok_with_the_failure_inside_registros_is_a_failure() -> None:
    answer = read_answer(200, sample_text("erro_registros_com_status_ok.json"), "registros")
    assert (answer.meaning, answer.code) == (Meaning.RECORD_REFUSED, 31)
    for registro in ({"codigo_erro": 31}, [{"codigo_erro": "31"}]):
        for registros in ({"registro": registro}, [{"registro": registro}]):
            body = {"retorno": {"status_processamento": "2", "status": "OK", "registros": registros}}
            assert read_body(body, "pedido").code == 31


@pytest.mark.parametrize(
    ("name", "meaning", "code"),
    [
        ("erro_concorrencia", Meaning.TOO_MANY_AT_ONCE, 11),
        ("erro_inesperado", Meaning.TRY_AGAIN, 35),
        ("erro_limite_excedido", Meaning.THROTTLED, 6),
        ("erro_limite_excedido_dict", Meaning.THROTTLED, 6),
        ("erro_manutencao", Meaning.MAINTENANCE, 99),
        ("erro_pagina_inexistente", Meaning.PAST_LAST_PAGE, 23),
        ("erro_parametro_nao_informado", Meaning.REQUEST_REFUSED, 10),
        ("erro_registro_nao_localizado", Meaning.NOT_FOUND, 32),
        ("erro_token_invalido", Meaning.ACCOUNT_REFUSED, 2),
        ("erro_token_nao_informado", Meaning.ACCOUNT_REFUSED, 1),
        ("pedidos_pesquisa_vazia", Meaning.NO_ROWS, 20),
    ],
)
def test_samples_of_errors(name: str, meaning: Meaning, code: int) -> None:
    answer = read_answer(200, sample_text(f"{name}.json"), "pedidos")
    assert (answer.meaning, answer.code) == (meaning, code)


@pytest.mark.parametrize(
    ("pattern", "expects", "samples"),
    [
        ("pdv_pedido_obter*", "pedido", 2),
        ("pedidos_pesquisa*", "pedidos", 5),
        ("produto_obter*", "produto", 7),
    ],
)
def test_samples_of_successes(pattern: str, expects: str, samples: int) -> None:
    found = [path for path in SAMPLES.glob(pattern) if path.name != "pedidos_pesquisa_vazia.json"]
    assert len(found) == samples
    for path in found:
        assert read_answer(200, path.read_text(encoding="utf-8"), expects).meaning is Meaning.OK, path.name


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "\n",
        "<html><body>502 Bad Gateway</body></html>",
        "null",
        "3",
        '"ok"',
        "[]",
        "{}",
        "not json",
        '{"retorno": null}',
        '{"retorno": "OK"}',
        '{"retorno": {"status_processamento": "3", "pedido": {"id": "1"',
        '{"retorno": {"status_processamento": 3, "pedido": {"frete": NaN}}}',
        '{"retorno": {"status_processamento": 3, "pedido": {"frete": -Infinity}}}',
        '{"retorno": {"status_processamento": 3, "pedido": {"frete": 1e9999999999999999999}}}',
        "[" * 100_000,
        "9" * 10_000,
    ],
    ids=lambda text: text[:30] or "empty",
)
def test_what_is_no_answer_is_tried_again(text: str) -> None:
    answer = read_answer(200, text, "pedido")
    assert (answer.meaning, answer.code, answer.retorno) == (Meaning.TRY_AGAIN, None, {})


def test_the_html_sample_and_a_list_under_retorno_are_tried_again() -> None:
    for name in ("erro_html_502.html", "produtos_categorias_arvore.json"):
        assert read_answer(200, sample_text(name), "pedido").meaning is Meaning.TRY_AGAIN


def test_every_cut_of_an_answer_is_tried_again() -> None:
    text = sample_text("pdv_pedido_obter.json").strip()
    for length in range(0, len(text), 37):
        assert read_answer(200, text[:length], "pedido").meaning is Meaning.TRY_AGAIN


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        (429, Meaning.THROTTLED),
        (408, Meaning.TRY_AGAIN),
        (500, Meaning.TRY_AGAIN),
        (502, Meaning.TRY_AGAIN),
        (503, Meaning.TRY_AGAIN),
        (504, Meaning.TRY_AGAIN),
        (301, Meaning.REQUEST_REFUSED),
        (302, Meaning.REQUEST_REFUSED),
        (400, Meaning.REQUEST_REFUSED),
        (401, Meaning.EDGE_REFUSED),
        (403, Meaning.EDGE_REFUSED),
        (404, Meaning.REQUEST_REFUSED),
    ],
)
def test_the_http_status_decides_when_it_is_not_200(status: int, meaning: Meaning) -> None:
    for text in ("", "<html>", sample_text("pdv_pedido_obter.json")):
        answer = read_answer(status, text, "pedido")
        assert answer.meaning is meaning
        assert str(status) in answer.reason


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_of_the_edge_is_named_for_what_it_is_and_tried_again(status: int) -> None:
    answer = read_answer(status, "<html><title>Just a moment...</title></html>", "pedido")
    assert f"refused by the edge (HTTP {status})" in answer.reason
    assert answer.meaning in RETRYABLE


def test_the_text_is_kept_on_one_line_and_numbers_are_exact() -> None:
    text = '{"retorno":\r\n{"status_processamento":3,\n"pedido":{"frete":36.3200000000,"n":0.1,"t":"a\\nb  c"}}}\n'
    answer = read_answer(200, text, "pedido")
    assert (
        answer.text
        == '{"retorno":  {"status_processamento":3, "pedido":{"frete":36.3200000000,"n":0.1,"t":"a\\nb  c"}}}'
    )
    assert answer.retorno["pedido"] == {
        "frete": Decimal("36.3200000000"),
        "n": Decimal("0.1"),
        "t": "a\nb  c",
    }
    assert str(answer.retorno["pedido"]["frete"]) == "36.3200000000"


@given(VALUES)
def test_parsing_is_exact(value: object) -> None:
    assert parse_json(to_json(value)) == value


@given(st.text())
def test_any_text_has_a_meaning(text: str) -> None:
    assert read_answer(200, text, "pedido").meaning is Meaning.TRY_AGAIN


RETORNO = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        ("status_processamento", "status", "codigo_erro", "erros", "registros", "pedido"), VALUES
    ),
)


@given(st.one_of(VALUES, st.fixed_dictionaries({"retorno": RETORNO})))
def test_any_body_has_a_meaning(body: object) -> None:
    answer = read_body(body, "pedido")
    assert isinstance(answer.meaning, Meaning)
    assert "\n" not in answer.reason


def test_a_code_of_thousands_of_digits_is_no_code() -> None:
    assert read_body(error_body("9" * 5000, "1"), "pedido").meaning is Meaning.TRY_AGAIN


@pytest.mark.parametrize(
    "number", ["1e9999999999999999999", "-1E+99999999999999999999", "1e-99999999999999999999"]
)
def test_a_number_beyond_any_bound_is_a_value_error(number: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_json(f'{{"valor": {number}}}')
