"""All samples become the rows that are written out by hand in ``expected_pdv`` and ``expected_pesquisa_produto``."""

from __future__ import annotations

import json

import pytest

from tests.tiny_operators.helpers import (
    ARRIVED,
    ORDER_READ,
    PRODUCT_READ,
    SAMPLES,
    SEARCH_READ,
    STORE,
    sample,
)
from tests.tiny_operators.orders.expected_pdv import PDV, PDV_PERCENT, Row
from tests.tiny_operators.orders.expected_pesquisa_produto import PESQUISA, PRODUTO
from tests.tiny_operators.raw_orders import COFFEE, PEDIDO, changed, order, page, product
from tiny_operators.orders.rows import order_rows, order_uuid
from tiny_operators.schemas import TABLES, column_names
from tiny_operators.tiny.answers import Json

OWN = (
    "store",
    "uuid",
    "timestamp",
    "fetched_at",
    "source_id",
    "update_timestamp",
    "payload",
    "deleted_at",
    "refreshed_at",
    "pedido_id",
)


def without_own(row: Row) -> Row:
    return {name: value for name, value in row.items() if name not in OWN}


def listing(pedido: int) -> Json:
    """A search page that lists an order."""
    answer = sample("pedidos_pesquisa_numero.json")
    answer["retorno"]["pedidos"][0]["pedido"]["id"] = pedido
    return answer


def test_an_order_has_a_row_in_each_table_with_the_pipelines_columns() -> None:
    result = order_rows(order(), page(), {COFFEE: product()})
    assert result.loaded
    assert (result.pedido, result.rejects, result.waits, result.fields.unknown) == (PEDIDO, [], None, set())
    own = {
        "store": STORE,
        "uuid": order_uuid(STORE, PEDIDO),
        "timestamp": ARRIVED.isoformat(),
        "source_id": "webhook-0.1.0",
        "update_timestamp": None,
    }
    pedido = json.loads(json.dumps(sample("pdv_pedido_obter.json")["retorno"]["pedido"]))
    line = json.loads((SAMPLES / "pedidos_pesquisa.json").read_text(encoding="utf-8"))["retorno"]["pedidos"][
        0
    ]["pedido"]
    produto = json.loads((SAMPLES / "produto_obter.json").read_text(encoding="utf-8"))["retorno"]["produto"]
    assert result.rows == {
        "pdv": [{**PDV, **own, "fetched_at": ORDER_READ, "deleted_at": None, "payload": pedido}],
        "pesquisa": [
            {
                **PESQUISA["pedidos_pesquisa.json", PEDIDO],
                **own,
                "fetched_at": SEARCH_READ,
                "deleted_at": None,
                "payload": line,
            }
        ],
        "produto": [
            {
                **PRODUTO["produto_obter.json"],
                **own,
                "fetched_at": PRODUCT_READ,
                "pedido_id": PEDIDO,
                "refreshed_at": None,
                "payload": produto,
            }
        ],
    }
    for table in TABLES:
        assert list(result.rows[table][0]) == column_names(table), (
            "columns stand in the order of the schema file"
        )


@pytest.mark.parametrize(
    ("name", "expected"),
    [("pdv_pedido_obter.json", PDV), ("pdv_pedido_obter_desconto_percentual.json", PDV_PERCENT)],
)
def test_every_sample_of_an_order(name: str, expected: Row) -> None:
    result = order_rows(order(name, expected["id"]), page(listing(expected["id"])), {})
    (row,) = result.rows["pdv"]
    assert without_own(row) == expected
    assert result.fields.unknown == set()


@pytest.mark.parametrize(("name", "pedido"), PESQUISA)
def test_every_sample_of_a_search_page(name: str, pedido: int) -> None:
    answer = changed("pdv_pedido_obter.json", "pedido", "id", value=str(pedido))
    (row,) = order_rows(order(answer, pedido), page(name), {}).rows["pesquisa"]
    assert without_own(row) == PESQUISA[name, pedido]


@pytest.mark.parametrize("name", PRODUTO)
def test_every_sample_of_a_product(name: str) -> None:
    expected = PRODUTO[name]
    result = order_rows(order(), page(), {expected["id"]: product(name, expected["id"])})
    (row,) = result.rows["produto"]
    assert without_own(row) == expected
    assert (result.fields.unknown, result.rejects) == (set(), [])


def test_every_sample_was_looked_at() -> None:
    names = {path.name for path in SAMPLES.iterdir()}
    assert {name for name in names if name.startswith("produto_obter")} - set(PRODUTO) == {
        "produto_obter_estoque.json"
    }
    searched = {name for name, _ in PESQUISA} | {"pedidos_pesquisa_vazia.json"}
    assert {name for name in names if name.startswith("pedidos_pesquisa")} == searched
    assert len([name for name in names if name.startswith("pdv_pedido_obter")]) == 2


def test_the_order_of_answers_does_not_matter_and_products_come_by_id() -> None:
    names = ["produto_obter_sem_custo.json", "produto_obter.json", "produto_obter_kit.json"]
    products = {PRODUTO[name]["id"]: product(name, PRODUTO[name]["id"]) for name in names}
    rows = order_rows(order(), page(), products).rows["produto"]
    assert [row["id"] for row in rows] == sorted(products)
