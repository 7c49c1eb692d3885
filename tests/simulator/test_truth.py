"""The truth is what a careful client reads, whatever the wire makes of it."""

import json
from pathlib import Path

import pytest

from local.stack.settings import free_port
from local.tiny_simulator.server import Server
from local.tiny_simulator.settings import PROFILES, Settings
from local.tiny_simulator.simulator import Simulator
from tests.simulator.client import TOKEN, Tiny, many, read_pdv, read_product, read_search, same
from tests.simulator.shops import make_shop


@pytest.mark.parametrize("profile", PROFILES)
def test_truth_is_what_a_careful_client_reads(profile: str) -> None:
    shop = make_shop(profile=profile, days=3, per_day=30)
    settings = Settings(quirks=PROFILES[profile]).changed({"quirks": {"loose_numero": False}})
    with Server(Simulator(shop, TOKEN, settings), free_port()) as server:
        tiny = Tiny(server)
        truth = tiny.get("truth", products="all")
        assert len(truth["pdv"]) == len(truth["pesquisa"]) > 50
        for row in truth["pdv"]:
            read = read_pdv(tiny.call("pdv.pedido.obter", id=row["id"])["pedido"])
            assert same(read, row), (read, row)
        for line in truth["pesquisa"]:
            (found,) = many(tiny.call("pedidos.pesquisa", numero=line["numero"])["pedidos"])
            assert same(read_search(found), line), (found, line)
        for goods in truth["produto"]:
            read = read_product(tiny.call("produto.obter", id=goods["id"])["produto"])
            assert same(read, goods), (read, goods)


def test_the_comparison_can_fail(tiny: Tiny) -> None:
    row = tiny.get("truth", tables="pdv")["pdv"][0]
    read = read_pdv(tiny.call("pdv.pedido.obter", id=row["id"])["pedido"])
    for name in ("totalVenda", "data", "desconto", "parcelas"):
        assert not same(read, row | {name: "1.23"})
    other = row | {"itens": [row["itens"][0] | {"valor": "0.01"}, *row["itens"][1:]]}
    assert not same(read, other)


def test_truth_can_be_narrowed(tiny: Tiny) -> None:
    first, second = (order["id"] for order in tiny.sell(2))
    truth = tiny.get("truth", ids=f"{first},{second}")
    assert [row["id"] for row in truth["pdv"]] == [first, second]
    sold = {item["idProduto"] for row in truth["pdv"] for item in row["itens"]}
    assert {row["id"] for row in truth["produto"]} == sold
    pairs = {(row["id"], item["idProduto"]) for row in truth["pdv"] for item in row["itens"]}
    assert {(key["pedido_id"], key["id"]) for key in truth["snapshots"]} == pairs
    days = tiny.get("truth", tables="pesquisa", **{"from": "2026-03-09", "to": "2026-03-10"})
    assert set(days) == {"pesquisa"}
    assert {row["data_pedido"] for row in days["pesquisa"]} == {"2026-03-09", "2026-03-10"}


def test_columns_are_those_of_the_tables(tiny: Tiny) -> None:
    truth = tiny.get("truth")
    columns = json.loads((Path(__file__).parent / "columns.json").read_text(encoding="utf-8"))
    assert set(columns) == {"pdv", "pesquisa", "produto"}
    for table, names in columns.items():
        assert {tuple(row) for row in truth[table]} == {tuple(names)}
