"""Orders as the back office writes them: the same row as from the till's answer, in all that both know."""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from local.tiny_simulator.money import discount_value
from local.tiny_simulator.settings import PROFILES
from local.tiny_simulator.wire_office import pedido_obter
from local.tiny_simulator.wire_orders import pdv_order
from tests.simulator.shops import make_shop
from tests.tiny_operators.helpers import VALUES, after, sample, to_json
from tests.tiny_operators.orders.expected_pdv import OFFICE
from tests.tiny_operators.raw_orders import changed, order, page
from tiny_operators.orders.pedido_obter import pedido_as_pdv
from tiny_operators.orders.raw_lines import RawLine
from tiny_operators.orders.rows import OrderRows, order_record, order_rows, product_ids, row_texts
from tiny_operators.schemas import OWN_COLUMNS, Column, tiny_columns
from tiny_operators.tiny.answers import Json, parse_decimal, parse_json, read_answer
from tiny_operators.tiny.api import PEDIDO_OBTER

PEDIDO: int = OFFICE["id"]
SHIRT, COFFEE = 730000011, 730000001
NOT_FOUND = "erro_registro_nao_localizado.json"


def office(answer: str | Json = "pedido_obter.json", pedido: int = PEDIDO, **about: Any) -> RawLine:
    return order(answer, pedido, request={"service": PEDIDO_OBTER, "id": str(pedido)}, **about)


def rows_of(answer: str | Json = "pedido_obter.json") -> OrderRows:
    return order_rows(office(answer), page(), {})


def row_of(answer: str | Json = "pedido_obter.json") -> Json:
    result = rows_of(answer)
    assert result.rejects == []
    (row,) = result.rows["pdv"]
    return {name: value for name, value in row.items() if name not in OWN_COLUMNS}


def test_the_sample_makes_a_row_of_the_till() -> None:
    result = rows_of()
    assert row_of() == OFFICE
    assert (result.loaded, result.gone, result.fields.unknown) == (True, False, set())
    (row,) = result.rows["pdv"]
    assert row["payload"] == sample("pedido_obter.json")["retorno"]["pedido"], "the answer as it came"
    assert [line["id"] for line in result.rows["pesquisa"]] == [str(PEDIDO)]


# What pedido.obter does not know (tests/samples/tiny/pedido_obter.json has all its documented fields).
UNKNOWN = {
    "valorICMSSubst",
    "valorIPI",
    "pesoLiquido",
    "pesoBruto",
    "contato.celular",
    "contato.indIEDest",
    "itens.id",
    "itens.desconto",
    "itens.pesoLiquido",
    "itens.pesoBruto",
    "itens.tipo",
    "itens.ncm",
    "itens.origem",
    "itens.cest",
    "itens.gtin",
    "itens.gtinTributavel",
    "parcelas.tPag",
}
# What it writes in another way: the discount always in reais, and as fone the mobile number of who has no other.
DIFFERENT = {"desconto", "contato.fone"}


def flat(row: Json, columns: tuple[Column, ...], path: str = "") -> dict[str, list[Any]]:
    """All values of each field, those of lists in their order; numbers are equal whatever their zeros."""
    found: dict[str, list[Any]] = {}
    for column in columns:
        value = row[column.name]
        if column.fields:
            for item in value if column.repeated else [value]:
                for name, values in flat(item, column.fields, f"{path}{column.name}.").items():
                    found.setdefault(name, []).extend(values)
        else:
            number = column.type == "NUMERIC" and value is not None
            found[f"{path}{column.name}"] = [Decimal(value) if number else value]
    return found


@pytest.mark.parametrize("profile", PROFILES)
def test_both_services_make_the_same_row_of_an_order(profile: str) -> None:
    quirks = PROFILES[profile]
    orders = make_shop(profile=profile, days=9).orders.values()
    assert len(orders) > 200
    for made in orders:
        listing = changed("pedidos_pesquisa.json", "pedidos", 0, "pedido", "id", value=str(made.id))
        found = []
        for read, wire in ((order, pdv_order(made, quirks)), (office, pedido_obter(made, quirks))):
            answer = parse_json(to_json({"retorno": {"status_processamento": 3, "pedido": wire}}))
            result = order_rows(read(answer, made.id), page(listing), {})
            assert result.rejects == []
            (row,) = result.rows["pdv"]
            found.append(flat(row, tiny_columns("pdv")))
            assert product_ids(found_record(answer, read is office, made.id)) == [
                *dict.fromkeys(item.id_produto for item in made.itens if item.id_produto)
            ]
        till, back = found
        assert {name for name, values in back.items() if name in UNKNOWN and any(values)} == set()
        different = {name for name in till if till[name] != back.get(name)} - UNKNOWN
        assert different <= DIFFERENT, made.id
        assert in_reais(till) == in_reais(back)
        assert back["contato.fone"] == [till["contato.fone"][0] or till["contato.celular"][0]]


def found_record(answer: Json, by_office: bool, pedido: int) -> Json:
    service = PEDIDO_OBTER if by_office else "pdv.pedido.obter"
    record = order_record(read_answer(200, to_json(answer), "pedido"), service, pedido)
    assert record
    return record


def in_reais(row: dict[str, list[Any]]) -> Decimal:
    return discount_value(row["desconto"][0] or "", row["totalProdutos"][0])


ONE_ITEM = sample("pedido_obter.json")["retorno"]["pedido"]["itens"][0]["item"]


@pytest.mark.parametrize(
    ("itens", "expected"),
    [
        ([{"item": ONE_ITEM}], OFFICE["itens"][:1]),
        ([ONE_ITEM], OFFICE["itens"][:1]),
        ({"item": ONE_ITEM}, OFFICE["itens"][:1]),
        (ONE_ITEM, OFFICE["itens"][:1]),
        ("", []),
        (" ", []),
        (None, []),
        ([], []),
        ({}, []),
        ([{}], []),
        ([{"item": {}}], []),
    ],
    ids=str,
)
def test_items_may_come_in_any_shape_of_a_list(itens: Any, expected: Any) -> None:
    answer = changed("pedido_obter.json", "pedido", "itens", value=itens)
    assert row_of(answer)["itens"] == expected
    assert product_ids(pedido_as_pdv(answer["retorno"]["pedido"])) == ([SHIRT] if expected else [])
    assert rows_of(answer).fields.unknown == set()


@pytest.mark.parametrize("wrapped", [True, False])
@pytest.mark.parametrize("single", [True, False])
def test_so_may_instalments(wrapped: bool, single: bool) -> None:
    part: Json = sample("pedido_obter.json")["retorno"]["pedido"]["parcelas"][0]
    shape = part if wrapped else part["parcela"]
    answer = changed("pedido_obter.json", "pedido", "parcelas", value=shape if single else [shape])
    assert row_of(answer)["parcelas"] == OFFICE["parcelas"][:1]


@pytest.mark.parametrize("nothing", ["", None, [], {}])
@pytest.mark.parametrize(
    ("name", "column"), [("endereco_entrega", "enderecoEntrega"), ("cliente", "contato")]
)
def test_an_address_that_is_missing_is_one_without_values(nothing: Any, name: str, column: str) -> None:
    empty = dict.fromkeys(OFFICE[column])
    assert row_of(changed("pedido_obter.json", "pedido", name, value=nothing))[column] == empty
    answer = deepcopy(sample("pedido_obter.json"))
    del answer["retorno"]["pedido"][name]
    assert row_of(answer)[column] == empty


@pytest.mark.parametrize("form", ["5.00", "0.00", "-5.00", "1234.50", parse_json("5.00"), 5, ""])
def test_the_discount_is_text_in_a_form_that_is_read_as_reais(form: Any) -> None:
    answer = changed("pedido_obter.json", "pedido", "valor_desconto", value=form)
    spelled = row_of(answer)["desconto"]
    assert spelled == (str(form) or None)
    if spelled:
        assert parse_decimal(spelled) == discount_value(spelled, Decimal(100)) == Decimal(str(form))


@pytest.mark.parametrize("situacao", ["Faturado", "faturado", "Atendido"])
def test_the_status_stays_as_it_came(situacao: str) -> None:
    assert row_of(changed("pedido_obter.json", "pedido", "situacao", value=situacao))["situacao"] == situacao


def test_only_fields_that_nobody_documents_are_news() -> None:
    answer = changed("pedido_obter.json", "pedido", "itens", 0, "item", "lote", value="L1")
    answer["retorno"]["pedido"]["itens"][1]["item"]["id_grade"] = "1"
    answer["retorno"]["pedido"]["cliente"]["apelido"] = "J"
    answer["retorno"]["pedido"]["canal"] = {"nome": "loja"}
    result = rows_of(answer)
    assert result.fields.unknown == {"pedido.itens.lote", "pedido.cliente.apelido", "pedido.canal"}
    assert result.rows["pdv"][0]["payload"]["canal"] == {"nome": "loja"}


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        (("pedido", "total_pedido"), "oitenta", "pdv.totalVenda"),
        (("pedido", "itens"), "texto", "pdv.itens"),
        (("pedido", "itens", 1), "texto", "pdv.itens"),
        (("pedido", "itens", 1, "item", "quantidade"), "x", "pdv.itens[1].quantidade"),
        (("pedido", "id"), "1", "pedido.id"),
    ],
)
def test_a_wrong_field_rejects_the_order_and_is_named(path: Any, value: Any, field: str) -> None:
    result = rows_of(changed("pedido_obter.json", *path, value=value))
    assert (result.loaded, result.gone) == (False, False)
    assert [reject.field for reject in result.rejects] == [field]


@pytest.mark.parametrize("client", ["Joana", {"x": "Joana"}, [{"nome": "a"}, {"nome": "b"}]])
def test_a_customer_that_cannot_be_read_costs_only_the_customer(client: Any) -> None:
    result = rows_of(changed("pedido_obter.json", "pedido", "cliente", value=client))
    (row,) = result.rows["pdv"]
    assert row["contato"] is None
    assert [(note.field, note.expected) for note in result.notes] == [("pdv.contato", "an object")]
    assert row["payload"]["cliente"] == client


@given(VALUES)
def test_whatever_stands_in_a_field_becomes_rows_or_a_reject(value: Any) -> None:
    for name in ("cliente", "itens", "parcelas", "endereco_entrega", "valor_desconto"):
        answer = changed("pedido_obter.json", "pedido", name, value=value)
        result = rows_of(answer)
        assert result.loaded != bool(result.rejects)
        assert None not in [item for row in result.rows["pdv"] for item in row["itens"] + row["parcelas"]]
        list(row_texts(result.rows["pdv"]))
        assert all(found > 0 for found in product_ids(pedido_as_pdv(answer["retorno"]["pedido"])))


@pytest.mark.parametrize("listed", [True, False])
def test_an_order_that_the_back_office_does_not_know_either_is_gone(listed: bool) -> None:
    result = order_rows(office(NOT_FOUND, fetched_at=after(1)), page() if listed else None, {})
    assert (result.gone, result.loaded, result.waits, result.rejects) == (True, False, None, [])
    (pdv,), (pesquisa,) = result.rows["pdv"], result.rows["pesquisa"]
    assert set(pdv) == {"store", "id", "uuid", "timestamp", "fetched_at", "deleted_at", "source_id"}
    assert pdv["deleted_at"] == pdv["fetched_at"] == after(1)
    assert (pdv["id"], pesquisa) == (PEDIDO, {**pdv, "id": str(PEDIDO)})
    assert result.rows["produto"] == []
    known = order_rows(office(), page(), {}).rows["pdv"][0]
    assert {name: known[name] for name in ("store", "uuid", "timestamp", "source_id")}.items() <= pdv.items()


@pytest.mark.parametrize("code", [31, 33, 35])
def test_other_errors_of_the_back_office_are_rejects(code: int) -> None:
    result = rows_of({"retorno": {"status_processamento": 2, "codigo_erro": code}})
    assert (result.gone, result.loaded, result.rejects[0].step) == (False, False, "fetch")


def test_an_order_is_taken_out_of_an_answer_of_either_service() -> None:
    answer = read_answer(200, to_json(sample("pedido_obter.json")), "pedido")
    record = order_record(answer, PEDIDO_OBTER, PEDIDO)
    assert record
    assert (record["numero"], product_ids(record)) == ("20460", [SHIRT, COFFEE])
    assert order_record(answer, PEDIDO_OBTER, PEDIDO + 1) is None
    till = read_answer(200, to_json(sample("pdv_pedido_obter.json")), "pedido")
    assert order_record(till, "pdv.pedido.obter", 910000101) is till.retorno["pedido"]
    for other in (NOT_FOUND, changed("pedido_obter.json", "pedido", value="texto")):
        body = to_json(sample(other) if isinstance(other, str) else other)
        assert order_record(read_answer(200, body, "pedido"), PEDIDO_OBTER, PEDIDO) is None
