"""One value of Tiny into one value of a column, or an error that names the field and gives nothing away."""

from __future__ import annotations

import contextlib
import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.tiny_operators.helpers import VALUES
from tests.tiny_operators.orders.columns import (
    DATE,
    INTEGER,
    NUMERIC,
    STRING,
    column,
    error_of,
    refused,
    typed,
)
from tiny_operators.orders.typed_records import unknown_fields
from tiny_operators.orders.typed_values import FieldError, NoDayError, UnreadableValues, to_record
from tiny_operators.schemas import TABLES, Column, columns
from tiny_operators.tiny.answers import parse_json

ITEMS = column(
    "RECORD", column("STRING", name="url"), column("NUMERIC", name="valor"), name="itens", repeated=True
)
ADDRESS = column("RECORD", column("STRING", name="uf"), name="endereco")


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("14/03/2026", "2026-03-14"),
        (" 14/03/2026 ", "2026-03-14"),
        ("14/03/2026 10:15:00", "2026-03-14"),
        ("29/02/2024", "2024-02-29"),
        ("2026-03-14", "2026-03-14"),
        ("2026-03-14 10:15:00", "2026-03-14"),
        ("2026-03-14T10:15:00", "2026-03-14"),
        ("00/00/0000", None),
        ("00/00/0000 00:00:00", None),
        ("0000-00-00", None),
        ("0000-00-00 00:00:00", None),
        ("", None),
        ("02/01/1970", "1970-01-02"),
        ("31/12/2100", "2100-12-31"),
        ("2026-03-14T23:30:00-03:00", "2026-03-14"),
        ("2026-03-14T10:15:00.000Z", "2026-03-14"),
        ("2026-03-14 10:15:00 +0000", "2026-03-14"),
        ("14/03/2026 10:15:00-03", "2026-03-14"),
        ("\u00a014/03/2026\u00a010:15:00 ", "2026-03-14"),
    ],
)
def test_days(value: object, day: str | None) -> None:
    assert typed(value, DATE) == day


@pytest.mark.parametrize(
    "value",
    [
        "29/02/2025",
        "29/02/2100",
        "31/04/2026",
        "00/03/2026",
        "14/13/2026",
        "14/00/2026",
        "03-14-2026",
        "14/03",
        "hoje",
        20260314,
        Decimal("1.5"),
        True,
        ["14/03/2026"],
        {"data": "14/03/2026"},
        "2026-02-30",
        "14/03/0000",
        "14/03/26",
        "14/03/20261",
        "14/03/2026abc",
        "14/03/202612:00",
        "2026-03-14T10:15:00-3",
        "14/03/2026-03:00",
    ],
)
def test_what_is_no_day_is_refused(value: object) -> None:
    assert refused(value, DATE).expected == "a day as dd/mm/yyyy"


@pytest.mark.parametrize(
    "value",
    [
        "30/11/-0001",
        "30/11/-0001 00:00:00",
        "-0001-11-30",
        "-0001-11-30T00:00:00-03:06",
        "-",
        " -- ",
        "\u2014",
        "31/12/1969",
        "31/12/1969 21:00:00",
        "01/01/1970",
        "1970-01-01T00:00:00Z",
        "12/03/0025",
        "01/01/1900",
        "01/01/2101",
        "31/12/9999",
        "0/0/0000",
        "00/00/00",
    ],
)
def test_what_programs_write_for_no_day_is_told_apart_from_a_broken_day(value: str) -> None:
    error = refused(value, DATE)
    assert isinstance(error, NoDayError)
    assert error.expected == "a day as dd/mm/yyyy"
    assert value.strip() not in str(error)


@pytest.mark.parametrize("value", ["31/02/2026", "hoje", "-5", "30/11/-001"])
def test_a_broken_day_is_no_missing_day(value: str) -> None:
    assert not isinstance(refused(value, DATE), NoDayError)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("5,00", "5,00"),
        ("10%", "10%"),
        (" a ", " a "),
        (7, "7"),
        (Decimal("5.00"), "5.00"),
        (True, "true"),
        (False, "false"),
        (Decimal("0.0000000000"), "0.0000000000"),
        (Decimal("0.0000001"), "0.0000001"),
        (Decimal("1E+3"), "1000"),
        ({"Cor": "Azul"}, '{"Cor":"Azul"}'),
        ([{"é": 1}], '[{"é":1}]'),
        (0, "0"),
    ],
)
def test_strings_keep_what_tiny_wrote(value: object, text: str) -> None:
    assert typed(value, STRING) == text


@pytest.mark.parametrize("value", [None, "", " ", "\t", [], {}])
@pytest.mark.parametrize(
    "target",
    [NUMERIC, STRING, INTEGER, DATE, ADDRESS],
    ids=["numeric", "string", "integer", "date", "record"],
)
def test_nothing_in_every_spelling_is_null(value: object, target: Column) -> None:
    assert typed(value, target) is None


@pytest.mark.parametrize("value", [None, "", " ", [], {}])
def test_nothing_in_every_spelling_is_an_empty_list(value: object) -> None:
    assert typed(value, ITEMS) == []


@pytest.mark.parametrize("value", ["0", 0, " 0 ", "", None])
@pytest.mark.parametrize("name", ["id_vendedor", "idProdutoPai", "id_fornecedor", "idProduto"])
@pytest.mark.parametrize("type_", ["INTEGER", "STRING"])
def test_zero_is_no_id(value: object, name: str, type_: str) -> None:
    assert typed(value, column(type_, name=name)) is None


def test_zero_is_zero_elsewhere() -> None:
    assert typed("0", column("STRING", name="origem")) == "0"
    assert typed(0, column("INTEGER", name="dias_preparacao")) == 0


ONE = {"url": "https://example.invalid/a", "valor": "1.00"}


@pytest.mark.parametrize("value", [[ONE], ONE, [{"item": ONE}], {"item": ONE}, {"imagem_externa": ONE}])
def test_a_list_of_one_may_be_an_object_and_an_object_may_be_wrapped(value: object) -> None:
    assert typed(value, ITEMS) == [ONE]


@pytest.mark.parametrize("value", [[{}, ONE], [ONE, {"item": {}}]])
def test_an_object_without_fields_is_no_row_of_a_list(value: object) -> None:
    assert typed(value, ITEMS) == [ONE]


def test_lists_keep_their_order_and_fill_missing_fields_with_null() -> None:
    assert typed([{"item": {"url": "b"}}, {"valor": 2}, {"item": {"url": "a"}}], ITEMS) == [
        {"url": "b", "valor": None},
        {"url": None, "valor": "2"},
        {"url": "a", "valor": None},
    ]


def test_one_known_field_that_holds_an_object_is_no_wrapper() -> None:
    assert typed([{"url": {"a": 1}}], ITEMS) == [{"url": '{"a":1}', "valor": None}]


@pytest.mark.parametrize(
    "value", ["texto", 5, ["a"], [ONE, "a"], {"0": ONE, "1": 5}, {"x": 1}, [{"x": 1}, ONE], True]
)
def test_a_list_of_records_takes_objects_only(value: object) -> None:
    assert refused(value, ITEMS).expected == "a list of objects"


@pytest.mark.parametrize("value", ["texto", 5, [{"uf": "DF"}, {"uf": "SP"}], {"x": 1}, True])
def test_a_record_takes_one_object_only(value: object) -> None:
    assert refused(value, ADDRESS).expected == "an object"


def test_an_error_names_the_whole_path() -> None:
    error = refused([ONE, {"item": {"valor": "10%"}}], ITEMS)
    assert (error.path, error.found) == ("itens[1].valor", "text of 3 characters")
    assert (
        str(error)
        == "itens[1].valor: expected a number with up to 15 digits before the point, found text of 3 characters"
    )
    with pytest.raises(FieldError) as caught:
        to_record({"parcelas": {"dataVencimento": "31/02/2026"}}, columns("pdv"))
    assert caught.value.path == "parcelas[0].dataVencimento"


def test_what_is_not_needed_is_null_and_noted_and_what_is_needed_is_not_borne() -> None:
    columns = (column("INTEGER", name="numero"), ITEMS, ADDRESS)
    source = {"numero": "n", "itens": [ONE, {"url": "b", "valor": "x"}], "endereco": "Rua"}
    tolerance = UnreadableValues(frozenset({"itens"}))
    assert to_record(source, columns, tolerance=tolerance) == {
        "numero": None,
        "itens": [ONE, {"url": "b", "valor": None}],
        "endereco": None,
    }
    assert [(note.path, note.found) for note in tolerance.notes] == [
        ("numero", "text of 1 characters"),
        ("itens[1].valor", "text of 1 characters"),
        ("endereco", "text of 3 characters"),
    ]
    for needed in ("numero", "endereco", "itens.valor"):
        with pytest.raises(FieldError) as caught:
            to_record(source, columns, tolerance=UnreadableValues(frozenset({"itens", needed})))
        assert caught.value.path.replace("[1]", "") == needed


def test_new_fields_are_found_at_every_depth_and_in_every_spelling_of_a_list() -> None:
    for itens in ([{"novo": 1, "url": "a"}], {"novo": 1}, [{"item": {"novo": 1, "valor": 2}}]):
        source = {"itens": itens, "outro": {"x": 1}, "endereco": {"uf": "DF", "pais": "BR"}}
        assert set(unknown_fields(source, (ITEMS, ADDRESS))) == {"itens.novo", "outro", "endereco.pais"}
    assert list(unknown_fields({"itens": "", "endereco": None}, (ITEMS, ADDRESS))) == []


RESULT = {
    "NUMERIC": re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?"),
    "DATE": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    "STRING": re.compile(r".*", re.DOTALL),
}


def check(found: Any, target: Column) -> None:
    """That a result is what a load job takes for the column."""
    if target.repeated:
        assert isinstance(found, list)
        for item in found:
            assert item is not None
            check(item, Column(target.name, target.type, repeated=False, fields=target.fields))
    elif found is None:
        return
    elif target.type == "RECORD":
        for field in target.fields:
            check(found[field.name], field)
        assert len(found) == len(target.fields)
    elif target.type == "INTEGER":
        assert type(found) is int
        assert -(2**63) <= found < 2**63
    else:
        assert isinstance(found, str)
        assert RESULT[target.type].fullmatch(found)
        if target.type == "DATE":
            date.fromisoformat(found)


COLUMNS = st.sampled_from([
    NUMERIC,
    STRING,
    INTEGER,
    DATE,
    ITEMS,
    ADDRESS,
    column("STRING", name="id_vendedor"),
])


@given(VALUES, COLUMNS)
@example(parse_json("1e9999999"), NUMERIC)
@example("99999999999999999999.99999999999", NUMERIC)
def test_any_value_becomes_one_of_the_column_or_a_field_error(value: object, target: Column) -> None:
    with contextlib.suppress(FieldError):
        check(typed(value, target), target)


KNOWN = sorted({column.name for table in TABLES for column in columns(table)})


@given(st.sampled_from(TABLES), st.dictionaries(st.sampled_from(KNOWN), VALUES, max_size=6))
def test_any_object_becomes_a_row_or_a_field_error(table: str, source: dict[str, Any]) -> None:
    answered = tuple(c for c in columns(table) if c.type not in {"TIMESTAMP", "JSON"})
    try:
        row = to_record(source, answered)
    except FieldError:
        return
    assert list(row) == [c.name for c in answered]
    for target in answered:
        check(row[target.name], target)
    list(unknown_fields(source, answered))


@given(st.text(st.characters(categories=["Lu"]), min_size=12, max_size=30), COLUMNS, st.integers(0, 3))
def test_an_error_never_holds_the_value(secret: str, target: Column, depth: int) -> None:
    value: Any = secret
    for level in range(depth):
        value = [value, secret] if level % 2 else {"valor": value, secret: 1}
    error = error_of(value, target)
    if error is not None:
        assert error.path.startswith(target.name)
        assert secret not in f"{error} {error.path} {error.expected} {error.found} {error.args}"
