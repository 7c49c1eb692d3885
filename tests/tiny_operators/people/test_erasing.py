"""A person inside records and texts of every kind: what is theirs is blanked, and nothing else changes."""

from __future__ import annotations

import base64
import gzip
import json
from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.tiny_operators.helpers import envelope, sample_text
from tiny_operators.people.asked_people import People
from tiny_operators.people.erasing import Eraser
from tiny_operators.people.forgotten import Forgotten
from tiny_operators.people.personal_values import MASK, PersonalValues
from tiny_operators.people.stored_texts import clean_file, clean_line
from tiny_operators.tiny.answers import one_line

# The customer of the samples.
CPF, ORDER, CONTACT = "11144477735", 910000101, "1005000303"
VALUES = PersonalValues(
    frozenset({CPF}),
    frozenset({"joana@example.com"}),
    frozenset({"61900000000"}),
    frozenset({"joana exemplo da silva"}),
)
PERSON = People(frozenset({CPF}))
KNOWN = People(frozenset({CPF}), orders=frozenset({ORDER}), values=VALUES)
NEEDLES = ("111.444.777-35", CPF, "Joana", "joana@", "90000-0000", "Rua das Amostras", CONTACT)
OTHER = {"nome": "Carlos Amostra", "cpfCnpj": "900.000.001-00", "celular": "(61) 90000-0000"}


def left(text: str) -> list[str]:
    return [needle for needle in NEEDLES if needle in text]


@pytest.mark.parametrize(
    "sample",
    [
        "pdv_pedido_obter.json",
        "pedido_obter.json",
        "webhook_atualizacao_pedido_ecommerce.json",
    ],
)
def test_an_order_of_theirs_is_blank_and_keeps_its_figures(sample: str) -> None:
    text = sample_text(sample)
    assert left(text)
    eraser = Eraser(PERSON)
    cleaned = clean_file(text.encode(), eraser)
    assert cleaned is not None
    assert left(cleaned.decode()) == []
    assert len(eraser.orders) == 1
    kept = {
        name: _leaf(json.loads(text), name)
        for name in ("id", "numero", "valor", "totalVenda", "total_pedido")
    }
    assert {name: _leaf(json.loads(cleaned), name) for name in kept} == kept
    assert clean_file(cleaned, Eraser(PERSON)) is None


def _leaf(value: Any, name: str) -> list[Any]:
    """All values of a field outside of addresses."""
    match value:
        case dict():
            found = [value[name]] if name in value else []
            inside = (inner for field, inner in value.items() if field not in {"cliente", "endereco_entrega"})
            return found + [leaf for inner in inside for leaf in _leaf(inner, name)]
        case list():
            return [leaf for item in value for leaf in _leaf(item, name)]
    return []


def test_of_a_search_page_only_their_line_changes() -> None:
    line = envelope("pesquisa").line(one_line(sample_text("pedidos_pesquisa.json")))
    cleaned = clean_line(line, Eraser(KNOWN))
    assert left(cleaned) == []
    before, after = (json.loads(text)["answer"]["retorno"]["pedidos"] for text in (line, cleaned))
    assert [pedido["pedido"]["nome"] for pedido in after] == [None, before[1]["pedido"]["nome"]]
    assert [pedido["pedido"]["nome_vendedor"] for pedido in after] == [
        pedido["pedido"]["nome_vendedor"] for pedido in before
    ]


def test_numbers_keep_their_digits_and_other_lines_are_the_same_text() -> None:
    order = {"id": "1", "numero": "2", "data": "14/03/2026", "contato": {"cpfCnpj": CPF}, "x": "@"}
    text = json.dumps(order).replace('"@"', "[85.90, 1e400, 0.10, 12345678901234567890, -0.0]") + "\n"
    cleaned = clean_line(text, Eraser(PERSON))
    assert "[85.90,1e400,0.10,12345678901234567890,-0.0]" in cleaned
    other = text.replace(CPF, "90000000100")
    assert clean_line(other, Eraser(KNOWN)) == other


@pytest.mark.parametrize(
    "value",
    [
        CPF,
        "111.444.777-35",
        "JOANA EXEMPLO DA SILVA",
        "Joána Exemplo da Silva",
        "joana@EXAMPLE.com",
        "90000-0000",
    ],
)
def test_no_line_with_a_value_is_passed_over(value: str) -> None:
    line = json.dumps({"x": f"ação: {value}."}, ensure_ascii=False)
    assert json.loads(clean_line(line, Eraser(KNOWN))) == {"x": f"ação: {MASK}."}
    escaped = json.dumps({"x": f"ação: {value}."})
    assert json.loads(clean_line(escaped, Eraser(KNOWN))) == {"x": f"ação: {MASK}."}


@pytest.mark.parametrize("many", [1, 3, 40])
def test_lines_at_every_place(many: int) -> None:
    good = one_line(sample_text("pdv_pedido_obter.json")).replace("Joana Exemplo da Silva", OTHER["nome"])
    good = good.replace("111.444.777-35", OTHER["cpfCnpj"]).replace(str(ORDER), "5")
    bad = one_line(sample_text("pdv_pedido_obter.json"))
    for place in range(many + 1):
        lines = [good] * many
        lines.insert(place, bad)
        cleaned = clean_file("\n".join(lines).encode(), Eraser(KNOWN))
        assert cleaned is not None
        found = cleaned.decode().split("\n")
        assert [n for n, line in enumerate(found) if line != lines[n]] == [place]


def test_another_customer_keeps_what_is_theirs_but_not_a_note_about_the_person() -> None:
    note = "retirada por JOANA EXEMPLO DA SILVA, cpf 111444777-35, fone 61 90000-0000"
    order = {
        "id": 7,
        "numero": "8",
        "data": "14/03/2026",
        "contato": OTHER,
        "observacoes": note,
        "nome": OTHER["nome"],
    }
    cleaned = Eraser(KNOWN).clean(order)
    assert cleaned == {**order, "observacoes": f"retirada por {MASK}, cpf {MASK}, fone {MASK}"}


def test_a_delivery_to_the_person_is_blank_in_another_customers_order() -> None:
    delivery = {"nome": "Joana Exemplo da Silva", "cpfCnpj": "111.444.777-35", "endereco": "Rua X"}
    order = {"id": 7, "numero": "8", "data": "14/03/2026", "contato": OTHER, "enderecoEntrega": delivery}
    eraser = Eraser(KNOWN)
    assert eraser.clean(order) == {**order, "enderecoEntrega": dict.fromkeys(delivery)}
    assert eraser.orders == set()


@pytest.mark.parametrize("contact", [{"email": "JOANA@example.com "}, {"fone": "+55 61 90000 0000"}])
def test_an_order_without_a_document_is_theirs_by_its_telephone_or_email(contact: dict[str, str]) -> None:
    order = {
        "id": 9,
        "numero": "8",
        "data": "14/03/2026",
        "contato": {"endereco": "Rua X", **contact},
        "obs": "x",
    }
    eraser = Eraser(KNOWN)
    cleaned = eraser.clean(order)
    assert (set(cleaned["contato"].values()), cleaned["obs"], eraser.orders) == ({None}, None, {9})


@pytest.mark.parametrize(("day", "theirs"), [("14/03/2026", True), ("15/03/2026", False)])
def test_so_it_is_when_only_hashes_are_left(day: str, *, theirs: bool) -> None:
    who = Forgotten(key=b"k").with_people(replace(PERSON, values=VALUES), date(2026, 3, 14))
    order = {"id": 9, "numero": "8", "data": day, "contato": {"nome": "J", "fone": "(61) 90000-0000"}}
    assert (Eraser(who).clean(order)["contato"]["nome"] is None) is theirs
    assert Eraser(who).clean({**order, "contato": OTHER})["contato"] == OTHER


def test_what_an_order_says_of_its_buyer_is_masked_in_its_unknown_fields() -> None:
    order = json.loads(sample_text("pdv_pedido_obter.json"))["retorno"]["pedido"]
    order["itens"][0]["gravacao"] = "para Joana Exemplo da Silva"
    key = b"k" * 64
    forgotten = Forgotten(key=key).with_people(PERSON, date(2026, 12, 31))
    assert left(json.dumps(Eraser(forgotten).clean(order), ensure_ascii=False)) == []


@pytest.mark.parametrize(
    ("until", "forgotten"), [("2026-03-13", False), ("2026-03-14", True), ("2027-01-01", True)]
)
def test_a_sale_after_the_day_is_a_new_one(until: str, *, forgotten: bool) -> None:
    who = Forgotten(key=b"k").with_people(PERSON, date.fromisoformat(until))
    again = Forgotten.from_json(json.loads(json.dumps(who.to_json())), b"k")
    assert CPF not in json.dumps(who.to_json())
    order = sample_text("pdv_pedido_obter.json").encode()
    assert (clean_file(order, Eraser(again)) is not None) is forgotten
    assert clean_file(order, Eraser(Forgotten.from_json(who.to_json(), b"another key"))) is None


def odd_forms() -> dict[str, bytes]:
    event = json.loads(sample_text("webhook_atualizacao_pedido_ecommerce.json"))
    text = json.dumps(event)
    fields = {**event, "dados": json.dumps(event["dados"])}
    return {
        "packed": gzip.compress(text.encode()),
        "packed twice": gzip.compress(gzip.compress(text.encode())),
        "form": urlencode(fields).encode(),
        "form of one field": urlencode({"payload": text}).encode(),
        "text in JSON": json.dumps(fields).encode(),
        "list": json.dumps([event, event]).encode(),
        "Latin-1": json.dumps({**event, "x": "ação"}, ensure_ascii=False).encode("latin-1"),
        "lines": f"{text}\n\n{text}\n".encode(),
        "cut": text[:-9].encode(),
        "no event": b"retirada: Joana Exemplo da Silva, 111.444.777-35",
        "no event, quoted": b"Joana+Exemplo+da+Silva&cpf=111.444.777-35",
    }


@pytest.mark.parametrize("form", odd_forms())
def test_files_in_every_form(form: str) -> None:
    content = odd_forms()[form]
    eraser = Eraser(KNOWN)
    cleaned = clean_file(content, eraser)
    assert cleaned is not None
    assert eraser.found
    assert not any(needle in cleaned.decode() for needle in NEEDLES[:4])
    assert clean_file(cleaned, Eraser(KNOWN)) is None


@pytest.mark.parametrize(
    "content", [b"", b" ", b"{}", b"null", b"no JSON", b"\xff\xfe\x00", b"[" * 5000, b"\x1f\x8bbad"]
)
def test_files_without_the_person_stay(content: bytes) -> None:
    assert clean_file(content, Eraser(KNOWN)) is None


HASHES = Forgotten(key=b"k").with_people(replace(PERSON, values=VALUES), date(2026, 3, 14))


@pytest.mark.parametrize("many", [1, 3, 40])
@pytest.mark.parametrize(
    "content",
    [
        "retirada: Joana Exemplo da Silva, {}",
        '{{"tipo": "inclusao_pedido", "dados": {{"nome": "Joana Exemplo da Silva", "doc": "{}"',
        "Joana+Exemplo+da+Silva&x={}",
        "\x1ba\x7f {}\x02 Joana Exemplo da Silva\ufffd",
    ],
)
@pytest.mark.parametrize(
    "value",
    ["111.444.777-35", CPF, "joana@example.com", "JOANA@Example.com", "(61) 90000-0000", "+5561900000000"],
)
def test_a_file_that_cannot_be_read_is_emptied_when_a_hash_says_that_it_is_theirs(
    value: str, content: str, many: int
) -> None:
    for place in {0, many // 2, many - 1}:
        values = [f"529.982.247-{n:02d} outra{n}@example.com 3133{n:04d}" for n in range(many)]
        values[place] = value
        theirs = content.format(" ".join(values)).encode()
        assert clean_file(theirs, Eraser(HASHES)) == b"{}"
        assert clean_file(gzip.compress(theirs), Eraser(HASHES)) == b"{}"
    others = content.format("529.982.247-25 outra@example.com (61) 3333-0000 2111444777350")
    assert clean_file(others.encode(), Eraser(HASHES)) is None


def test_bytes_of_an_answer_go_with_what_was_blanked_in_it() -> None:
    answer = one_line(sample_text("pdv_pedido_obter.json"))
    packed = base64.b64encode(answer.encode()).decode()
    line = envelope("pdv", pedido=ORDER, base64=packed).line(answer)
    cleaned = clean_line(line, Eraser(PERSON))
    assert "base64" not in cleaned
    assert left(cleaned) == []


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("111.444.777-35", MASK),
        ("CPF:11144477735.", f"CPF:{MASK}."),
        ("211144477735", "211144477735"),
        ("111444777350", "111444777350"),
        ("João e joana  EXEMPLO dá Silva!", f"João e {MASK}!"),
        ("Joana Exemplo", "Joana Exemplo"),
        ("Joana Exemplo da Silvana", "Joana Exemplo da Silvana"),
        ("(61)90000.0000 / 90000-0000 / +5561900000000", f"{MASK} / {MASK} / {MASK}"),
        ("900000000", "900000000"),
        ("xjoana@example.com", "xjoana@example.com"),
        ("<JOANA@Example.com>", f"<{MASK}>"),
    ],
)
def test_values_in_every_spelling(text: str, masked: str) -> None:
    assert VALUES.masked(text) == masked


def test_what_is_nobodys_leads_to_nobody() -> None:
    shop = ["Joana@Example.com", "(61) 90000-0000", "Joana Exemplo da Silva"]
    assert VALUES.without(shop) == PersonalValues(frozenset({CPF}))
