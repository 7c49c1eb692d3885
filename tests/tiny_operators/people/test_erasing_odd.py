"""A forgotten person in texts that try to hide them: encoded again, said twice, nested deeply, or as names of fields."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import date
from typing import Any
from urllib.parse import urlencode

import pytest

from tiny_operators.people.asked_people import People
from tiny_operators.people.erasing import Eraser
from tiny_operators.people.forgotten import Forgotten
from tiny_operators.people.personal_values import MASK, PersonalValues
from tiny_operators.people.stored_texts import as_json, clean_file

CPF, EMAIL, NAME = "11144477735", "joana@example.com", "Joana Exemplo da Silva"
ORDER = 910000101
BUYER = {"nome": NAME, "cpfCnpj": "111.444.777-35", "email": EMAIL, "endereco": "Rua das Amostras"}
NEEDLES = (NAME, EMAIL, "111.444.777-35", "Rua das Amostras")
# Whoever is forgotten is known by hashes and by the ids of their orders, and by nothing in clear.
FORGOTTEN = Forgotten(key=b"k" * 64).with_people(
    People(frozenset({CPF}), orders=frozenset({ORDER})), date(2026, 12, 31)
)
ASKED = People(
    frozenset({CPF}),
    orders=frozenset({ORDER}),
    values=PersonalValues(frozenset({CPF}), frozenset({EMAIL}), frozenset(), frozenset({NAME.lower()})),
)
Envelope = Callable[[str], bytes]


def left(content: bytes) -> list[str]:
    text = content.decode()
    return [needle for needle in NEEDLES if needle in text]


def event(dados: Any) -> dict[str, Any]:
    return {"versao": "1.0.1", "cnpj": "11222333000181", "tipo": "atualizacao_pedido", "dados": dados}


def body(dados: Any) -> str:
    return json.dumps(event(dados), ensure_ascii=False)


def dados_text(id_: int = ORDER) -> str:
    return json.dumps({"id": id_, "data": "14/03/2026", "cliente": BUYER, "valor": 0}, ensure_ascii=False)


ENCODED: dict[str, Callable[[str], str]] = {
    "as it is": body,
    "after a blank": lambda text: body(f" \n{text}"),
    "after a byte order mark": lambda text: body(f"\ufeff{text}"),
    "twice": lambda text: body(json.dumps(text)),
    "three times, with blanks": lambda text: body(f"\t{json.dumps(' ' + json.dumps(text))}"),
    "with a raw tab": lambda text: body(text.replace("das Amostras", "das Amostras\t")),
    "a body in a field": lambda text: json.dumps({"body": f"\n{body(text)}"}),
    "lines in a field": lambda text: json.dumps({"body": f"{body(text)}\n{body(text)}\nx"}),
    "a form in a field": lambda text: json.dumps({"body": urlencode(event(text))}),
    "a form of one field in a field": lambda text: json.dumps({"body": urlencode({"x": body(text)})}),
}


@pytest.mark.parametrize("form", ENCODED)
@pytest.mark.parametrize("who", [FORGOTTEN, ASKED], ids=["forgotten", "asked"])
def test_an_order_is_blank_however_its_text_is_encoded(form: str, who: Forgotten | People) -> None:
    content = ENCODED[form](dados_text()).encode()
    eraser = Eraser(who)
    cleaned = clean_file(content, eraser)
    assert cleaned is not None
    assert left(cleaned) == []
    assert eraser.orders == {ORDER}
    assert eraser.found
    assert clean_file(cleaned, Eraser(who)) is None


@pytest.mark.parametrize("id_", [f"{ORDER}.0", f'"{ORDER}.0"', f'"00{ORDER}"', f'" {ORDER},00 "'])
@pytest.mark.parametrize("envelope", ["JSON", "text", "packed", "form"])
def test_an_order_is_known_by_its_id_in_any_writing(envelope: str, id_: str) -> None:
    """Of a masked document, only the id says whose order it is."""
    buyer = {"nome": NAME, "cpfCnpj": "***.444.777-**"}
    dados = dados_text().replace(str(ORDER), id_, 1).replace(json.dumps(BUYER), json.dumps(buyer))
    cleaned = clean_file(PLACES[envelope](dados), Eraser(FORGOTTEN))
    assert cleaned is not None
    assert left(cleaned) == []


@pytest.mark.parametrize("form", ENCODED)
def test_another_order_stays_as_it_is(form: str) -> None:
    text = dados_text(5).replace("111.444.777-35", "900.000.001-00").replace('"valor": 0', '"valor": 85.90')
    assert clean_file(ENCODED[form](text).encode(), Eraser(FORGOTTEN)) is None


def test_numbers_in_a_text_keep_their_digits() -> None:
    content = body(dados_text().replace('"valor": 0', '"valor": 85.90')).encode()
    cleaned = clean_file(content, Eraser(FORGOTTEN))
    assert cleaned is not None
    assert '"valor":85.90' in json.loads(cleaned)["dados"]


PLACES: dict[str, Envelope] = {
    "JSON": lambda dados: f'{{"cnpj":"1","tipo":"x","dados":{dados}}}'.encode(),
    "text": lambda dados: body(dados).encode(),
    "packed": lambda dados: gzip.compress(f'{{"cnpj":"1","tipo":"x","dados":{dados}}}'.encode()),
    "form": lambda dados: urlencode(event(dados)).encode(),
    "lines": lambda dados: "\n".join(['{"x":1}', f'{{"dados":{dados}}}', '{"x":2}']).encode(),
}


@pytest.mark.parametrize("envelope", PLACES)
@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("many", [1, 3, 40])
def test_what_a_text_says_twice_is_not_hidden(many: int, place: int, envelope: str) -> None:
    fields = ['"data":"14/03/2026"', '"cliente":null']
    fields[place:place] = [f'"cliente":{json.dumps(BUYER, ensure_ascii=False)}'] * many
    for id_ in ("5", str(ORDER)):
        content = PLACES[envelope](f'{{"id":{id_},{",".join(fields)}}}')
        eraser = Eraser(FORGOTTEN)
        cleaned = clean_file(content, eraser)
        assert cleaned is not None
        assert left(cleaned) == []
        assert eraser.orders == {int(id_)}
        assert b"\\u0000" not in cleaned
        assert eraser.found
        assert "\0" not in json.dumps([as_json(value) for _, value in eraser.found])
        assert clean_file(cleaned, Eraser(FORGOTTEN)) is None


def test_what_another_customers_text_says_twice_stays() -> None:
    content = PLACES["JSON"](
        '{"id":5,"data":"14/03/2026","cliente":{"nome":"Carlos"},"cliente":null,"x":1,"x":2}'
    )
    assert clean_file(content, Eraser(FORGOTTEN)) is None


@pytest.mark.parametrize("levels", [90, 120, 500, 900, 20_000])
@pytest.mark.parametrize("kind", ["lists", "objects"])
def test_no_depth_ends_the_reading(levels: int, kind: str) -> None:
    opening, closing = ("[", "]") if kind == "lists" else ('{"a":', "}")
    deep = opening * levels + "1" + closing * levels
    dados = f'{{"x":{deep},"id":{ORDER},"cliente":{json.dumps(BUYER)}}}'
    for envelope in PLACES.values():
        content = envelope(dados)
        cleaned = clean_file(content, Eraser(FORGOTTEN))
        assert cleaned is not None
        assert left(cleaned) == []
        asked = clean_file(content, Eraser(ASKED))
        assert asked is None or left(asked) in ([], ["Rua das Amostras"])


@pytest.mark.parametrize("who", [FORGOTTEN, ASKED], ids=["forgotten", "asked"])
def test_another_customers_note_that_begins_with_a_quotation_keeps_its_other_words(
    who: Forgotten | People,
) -> None:
    note = f'"urgente", avisar {EMAIL}'
    other = {"id": 7, "cliente": {"nome": "Carlos", "cpfCnpj": "900.000.001-00"}, "obs": note}
    cleaned = Eraser(who).clean(other)
    assert cleaned["obs"].startswith('"urgente", avisar ')


ODD_NAMES = [EMAIL, "111.444.777-35", NAME.upper(), f"de {EMAIL}", f"cpf_{CPF}"]


@pytest.mark.parametrize("who", [FORGOTTEN, ASKED], ids=["forgotten", "asked"])
@pytest.mark.parametrize("many", [1, 3, 5])
def test_names_of_fields_are_cleaned(many: int, who: Forgotten | People) -> None:
    for place in range(3):
        odd = [(name, {"valor": str(n)}) for n, name in enumerate(ODD_NAMES[:many])]
        fields: list[tuple[str, Any]] = [("um", "1"), ("dois", {"nada": None})]
        fields[place:place] = odd
        order = {"id": ORDER, "data": "14/03/2026", "cliente": BUYER, "novo": dict(fields)}
        cleaned = Eraser(who).clean(order)
        assert left(json.dumps(cleaned, ensure_ascii=False).encode()) == []
        assert NAME.upper() not in cleaned["novo"]
        assert CPF not in json.dumps(cleaned)
        assert list(cleaned["novo"].values()) == [value for _, value in fields], "nothing else is lost"
        assert Eraser(who).clean(cleaned) == cleaned


def test_names_in_another_customers_order_are_cleaned_of_the_person_alone() -> None:
    buyer = {"nome": "Carlos Amostra", "cpfCnpj": "900.000.001-00"}
    order = {"id": 5, "data": "14/03/2026", "cliente": buyer, "novo": {EMAIL: "1", "carlos@example.com": "2"}}
    eraser = Eraser(ASKED)
    assert eraser.clean(order) == {**order, "novo": {MASK: "1", "carlos@example.com": "2"}}
    assert eraser.found == [("novo.*", EMAIL)]


@pytest.mark.parametrize("name", ODD_NAMES[:4])
def test_a_name_in_a_buyer_goes_with_the_buyer(name: str) -> None:
    order = {"id": ORDER, "data": "14/03/2026", "cliente": {**BUYER, "novo": {name: [{"0": "x", name: 1}]}}}
    cleaned = Eraser(FORGOTTEN).clean(order)
    assert cleaned["cliente"] == {**dict.fromkeys(BUYER), "novo": {"*": [{"0": None, "*": None}]}}
