"""The older raw layout: what its names say, and what becomes of its folders, good and bad."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tiny_operators.helpers import CNPJ, STORE, TEXTS, TIMEZONE, VALUES, sample_text, to_json
from tests.tiny_operators.raw_orders import COFFEE, PEDIDO, changed, order, page, product
from tiny_operators.lake import names
from tiny_operators.lake.older_layout import (
    OlderFile,
    OlderFolder,
    folder_of,
    older_order_rows,
    read_file_name,
    read_folder_name,
)
from tiny_operators.orders.rows import OrderRows, order_rows
from tiny_operators.stores import Store

UUID = "0b5f2f1e-8a43-4a7e-9d0c-5d1b6c1c9f10"
FOLDER = f"20260314T120233-{PEDIDO}-{UUID}/"
PDV = f"z316-tiny-api-{PEDIDO}-pdv-20260314T120240-{UUID}.json"
PESQUISA = f"z316-tiny-api-{PEDIDO}-pesquisa-20260314T120241-{UUID}.json"
PRODUTO = f"z316-tiny-api-{PEDIDO}-produto-{COFFEE}-20260314T120242-{UUID}.json"
GOOD = {
    PDV: sample_text("pdv_pedido_obter.json").encode(),
    PESQUISA: sample_text("pedidos_pesquisa.json").encode(),
    PRODUTO: sample_text("produto_obter.json").encode(),
}
THE_STORE = Store(
    prefix=STORE,
    name="Loja",
    cnpj=CNPJ,
    timezone=TIMEZONE,
    location="southamerica-east1",
    webhook_bucket="z316-tiny-webhook",
    api_bucket="z316-tiny-api",
    dataset="z316_tiny",
    staging_dataset="z316_tiny_staging",
)


# The order has two products, and the folder a file of one.
WITHOUT_FILE = ("produto", "a file …-produto-730000002-… with the answer", "none")


def made(changes: dict[str, bytes | None], folder: str = FOLDER) -> OrderRows:
    """Rows of the good folder with some files replaced, added or, for None, left out."""
    contents = {**GOOD, **changes}
    return older_order_rows(
        THE_STORE, folder, {name: text for name, text in contents.items() if text is not None}
    )


def reasons(result: OrderRows) -> list[tuple[str, str, str]]:
    return [(reject.field, reject.expected, reject.found) for reject in result.rejects]


def moment(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc, unused-ignore]


@pytest.mark.parametrize(
    ("folder", "found"),
    [
        (FOLDER, OlderFolder(PEDIDO, moment(2026, 3, 14, 15, 2, 33))),
        ("20260314T235959-7-x/", OlderFolder(7, moment(2026, 3, 15, 2, 59, 59))),
        ("20180214T120000-7-x/", OlderFolder(7, moment(2018, 2, 14, 14))),  # summer time: two hours from UTC
        (
            "20180217T233000-7-x/",
            OlderFolder(7, moment(2018, 2, 18, 1, 30)),
        ),  # an hour that came twice: the first
        ("20260231T120000-7-x/", None),
        ("20260314T246000-7-x/", None),
        ("00010101T000000-7-x/", OlderFolder(7, moment(1, 1, 1, 3, 6, 28))),
        ("99991231T235959-7-x/", None),
        ("20260314T120000-7-x", None),
        ("20260314T120000-7/", None),
        ("20260314T120000--x/", None),
        ("20260314T120000-seven-x/", None),
        ("20260314T120000-\u0667-x/", None),
        ("2026-03-14T120000-7-x/", None),
        (f"20260314T120000-{'9' * 19}-x/", None),
        (f"z{FOLDER}", None),
        (f"{FOLDER}more/", None),
        ("", None),
    ],
)
def test_a_folder_says_which_order_arrived_when(folder: str, found: OlderFolder | None) -> None:
    assert read_folder_name(folder, TIMEZONE) == found


@pytest.mark.parametrize(
    ("name", "found"),
    [
        (PDV, OlderFile("pdv", None, moment(2026, 3, 14, 15, 2, 40))),
        (PESQUISA, OlderFile("pesquisa", None, moment(2026, 3, 14, 15, 2, 41))),
        (PRODUTO, OlderFile("produto", COFFEE, moment(2026, 3, 14, 15, 2, 42))),
        (PDV.replace("z316-", "other-"), OlderFile("pdv", None, moment(2026, 3, 14, 15, 2, 40))),
        (PDV.replace("-pdv-", "-contato-"), None),
        (PDV.replace("-pdv-", "-PDV-"), None),
        (PDV.replace("-pdv-", "-pdv-1-"), None),
        (PRODUTO.replace(f"-{COFFEE}-", "-"), None),
        (PRODUTO.replace(str(COFFEE), "coffee"), None),
        (PDV.replace("20260314T120240", "20261314T120240"), None),
        (PDV.replace("20260314T120240", "1773500560"), None),
        (PDV.replace(".json", ".txt"), None),
        (f"{PDV}.gz", None),
        (f"sub/{PDV}", None),
        ("", None),
    ],
)
def test_a_file_says_what_was_read_when(name: str, found: OlderFile | None) -> None:
    assert read_file_name(name, TIMEZONE) == found


def test_an_object_is_in_its_first_folder() -> None:
    assert folder_of(FOLDER + PDV) == folder_of(FOLDER) == FOLDER
    assert folder_of(f"{FOLDER}sub/{PDV}") == FOLDER
    assert folder_of("20260314T120233.json") == "20260314T120233.json"


def test_the_folders_of_a_day_have_its_prefix_and_those_of_its_neighbours_have_not() -> None:
    prefix = names.older_layout_prefix("2026-03-14")
    assert prefix == "20260314T"
    assert FOLDER.startswith(prefix)
    assert not FOLDER.startswith(names.older_layout_prefix("2026-03-13"))
    assert names.raw_orders_object("key", "2026-03-14", 1).startswith(names.raw_orders_prefix("2026-03-14"))


def test_a_folder_makes_the_rows_that_a_direct_reading_makes() -> None:
    result = made({})
    direct = order_rows(order(), page(), {COFFEE: product()})
    assert direct.rejects == []
    assert reasons(result) == [WITHOUT_FILE]
    assert result.pedido == PEDIDO
    for table, rows in direct.rows.items():
        assert result.rows[table] == [{**row, "source_id": "webhook-older"} for row in rows]
        assert len(rows) == 1


def test_the_moments_of_the_names_become_those_of_the_rows() -> None:
    rows = made({}).rows
    assert {row["timestamp"] for found in rows.values() for row in found} == {"2026-03-14T15:02:33+00:00"}
    assert [rows[table][0]["fetched_at"][17:19] for table in ("pdv", "pesquisa", "produto")] == [
        "40",
        "41",
        "42",
    ]


def test_of_several_readings_in_a_folder_the_newest_order_and_the_first_product_count() -> None:
    later = {
        PDV.replace("T120240", "T130000"): to_json(
            changed("pdv_pedido_obter.json", "pedido", "situacao", value="Faturado")
        ),
        PDV.replace("T120240", "T110000"): to_json(
            changed("pdv_pedido_obter.json", "pedido", "situacao", value="Velho")
        ),
        PRODUTO.replace("T120242", "T130000"): to_json(
            changed("produto_obter.json", "produto", "preco_custo", value="9")
        ),
    }
    rows = made({name: text.encode() for name, text in later.items()}).rows
    assert rows["pdv"][0]["situacao"] == "Faturado"
    assert [row["fetched_at"] for row in rows["produto"]] == ["2026-03-14T15:02:42+00:00"]


ANSWER = "an answer: an object with an object 'retorno'"
BAD: dict[str, tuple[dict[str, bytes | None], list[tuple[str, str]]]] = {
    "no pdv": ({PDV: None}, [("pdv", "none")]),
    "no pesquisa": ({PESQUISA: None}, [("pesquisa", "none")]),
    "nothing": (dict.fromkeys(GOOD), [("pdv", "none"), ("pesquisa", "none")]),
    "empty file": ({PDV: b""}, [("pdv", "something else")]),
    "cut off": ({PDV: GOOD[PDV][:200]}, [("pdv", "something else")]),
    "not UTF-8": ({PESQUISA: GOOD[PESQUISA] + b"\xff"}, [("pesquisa", "something else")]),
    "a page of HTML": ({PDV: sample_text("erro_html_502.html").encode()}, [("pdv", "something else")]),
    "too deep": ({PDV: b"[" * 100_000}, [("pdv", "something else")]),
    "a list": ({PDV: b"[1, 2]"}, [("pdv", "list of 2")]),
    "a text": ({PDV: b'"ana"'}, [("pdv", "text of 3 characters")]),
    "no retorno": ({PESQUISA: b'{"a": 1}'}, [("pesquisa", "an object without it")]),
    "retorno is text": ({PDV: b'{"retorno": "x"}'}, [("pdv", "an object without it")]),
    "Tiny refused it": (
        {PDV: sample_text("erro_registro_nao_localizado.json").encode()},
        [("pedido", "Tiny does not know this record (code 32)")],
    ),
    "an empty search": (
        {PESQUISA: sample_text("pedidos_pesquisa_vazia.json").encode()},
        [("pesquisa", "none")],
    ),
    "both bad": ({PDV: b"", PESQUISA: b"3"}, [("pdv", "something else"), ("pesquisa", "number")]),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_folder_is_a_reject_with_its_reason(name: str) -> None:
    changes, expected = BAD[name]
    result = made(changes)
    assert [(field, found) for field, _, found in reasons(result)] == expected
    assert not any(result.rows.values())
    assert result.pedido == PEDIDO
    assert not result.waits
    for reject in result.rejects:
        assert reject.step in {"fetch", "rows"}
        assert reject.expected
        assert reject.action


@pytest.mark.parametrize(
    ("content", "found"),
    [(b"{", "something else"), (b"null", "nothing"), (b'{"retorno": []}', "an object without it")],
)
def test_a_bad_product_file_costs_the_product_only(content: bytes, found: str) -> None:
    result = made({PRODUTO: content})
    assert len(result.rows["pdv"]) == len(result.rows["pesquisa"]) == 1
    assert result.rows["produto"] == []
    reject, other = result.rejects
    assert (reject.field, reject.found, reject.produto) == ("produto", found, COFFEE)
    assert (other.field, other.expected, other.found) == WITHOUT_FILE
    assert reject.action.startswith(f"see gs://z316-tiny-api/{FOLDER}{PRODUTO};")


def test_a_file_of_another_name_is_told_and_keeps_nobody() -> None:
    other = PDV.replace("-pdv-", "-contato-")
    result = made({other: b"{}"})
    assert result.loaded
    assert [(field, found) for field, _, found in reasons(result)] == [
        ("(file)", "another name"),
        ("produto", "none"),
    ]


def test_a_folder_of_another_name_is_a_reject() -> None:
    result = made({}, folder="20260314Tx/")
    assert (result.pedido, reasons(result)[0][0]) == (0, "(folder)")
    assert not any(result.rows.values())


@given(TEXTS, st.dictionaries(st.one_of(TEXTS, st.sampled_from(list(GOOD))), st.binary(max_size=40)))
def test_whatever_lies_there_is_rows_or_rejects(folder: str, contents: dict[str, bytes]) -> None:
    for name in (folder, FOLDER):
        assert older_order_rows(THE_STORE, name, contents).rejects


@given(st.sampled_from(list(GOOD)), VALUES)
def test_whatever_tiny_answered_is_rows_or_rejects(name: str, answer: Any) -> None:
    result = made({name: to_json({"retorno": answer}).encode()})
    assert result.rejects or result.loaded
