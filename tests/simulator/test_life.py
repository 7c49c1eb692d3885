"""Orders and goods change, and Tiny tells of it as it does."""

from decimal import Decimal

import pytest
import requests

from tests.simulator.client import TIMEOUT_S, Json, Tiny

# Of 35 digits: more than Decimal keeps.
LONG = "9" * 35


def _true(tiny: Tiny, order_id: int) -> Json:
    rows: list[Json] = tiny.get("truth", tables="pdv", ids=order_id)["pdv"]
    return rows[0]


def _till(tiny: Tiny) -> int:
    orders = tiny.get("truth", tables="orders")["orders"]
    return next(int(o["id"]) for o in orders if not o["marketplace"] and o["codigo_situacao"] == "faturado")


def test_sold_orders_can_be_read_at_once(tiny: Tiny) -> None:
    sold = tiny.sell(20)
    assert len({order["id"] for order in sold}) == 20
    assert {order["date"] for order in sold} == {"2026-03-14"}
    for order in sold:
        (event,) = order["webhooks"]
        assert event["dados"]["id"] == str(order["id"])
        assert tiny.call("pdv.pedido.obter", id=order["id"])["pedido"]["numero"] == str(order["numero"])


def test_a_sale_may_have_another_date(tiny: Tiny) -> None:
    (order,) = tiny.sell(date="2026-03-08")
    assert tiny.call("pedidos.pesquisa", dataInicial="08/03/2026", dataFinal="08/03/2026")["pedidos"]
    assert order["webhooks"][0]["dados"]["data"] == "08/03/2026"


def test_cancel(tiny: Tiny) -> None:
    order_id = _till(tiny)
    event = tiny.post(f"orders/{order_id}/cancel")["webhooks"][0]
    assert (event["tipo"], event["dados"]["codigoSituacao"]) == ("atualizacao_pedido", "cancelado")
    assert tiny.call("pdv.pedido.obter", id=order_id)["pedido"]["situacao"] == "Cancelado"


def test_invoice(tiny: Tiny) -> None:
    orders = tiny.get("truth", tables="orders")["orders"]
    order_id = next(
        o["id"] for o in orders if o["id_nota_fiscal"] is None and o["codigo_situacao"] != "cancelado"
    )
    event = tiny.post(f"orders/{order_id}/invoice")["webhooks"][0]
    assert event["dados"]["codigoSituacao"] == "faturado"
    assert (
        event["dados"]["idNotaFiscal"] == tiny.call("pedido.obter", id=order_id)["pedido"]["id_nota_fiscal"]
    )


def test_delete_is_silent(tiny: Tiny) -> None:
    order_id = _till(tiny)
    number = _true(tiny, order_id)["numero"]
    assert tiny.post(f"orders/{order_id}/delete")["webhooks"] == []
    assert [tiny.code(s, id=order_id) for s in ("pdv.pedido.obter", "pedido.obter")] == [32, 32]
    assert tiny.code("pedidos.pesquisa", numero=number) == 20
    assert tiny.get("truth", tables="deleted")["deleted"] == [order_id]
    again = requests.post(f"{tiny.url}/_sim/orders/{order_id}/delete", timeout=TIMEOUT_S)
    assert again.status_code == 404


def test_edit_changes_everything_asked_for(tiny: Tiny) -> None:
    order_id = _till(tiny)
    items = [
        {"id_produto": 730000030, "quantidade": "2", "desconto": "10"},
        {"id_produto": 730000008, "quantidade": "1"},
        {"descricao": "Avulso", "valor": "1.00", "quantidade": "0.3550"},
    ]
    body = {
        "itens": items, "desconto": "10%", "frete": "7.50", "data": "2026-03-01", "id_vendedor": None,
        "situacao": "aprovado", "observacoes": "mudou",
    }  # fmt: skip
    event = tiny.post(f"orders/{order_id}/edit", body)["webhooks"][0]
    assert event["dados"]["data"] == "01/03/2026"
    row = _true(tiny, order_id)
    # 2 x 18.00 + 24.90 + 0.36 = 61.26; a tenth less is 55.13; and the freight.
    assert (row["totalProdutos"], row["totalVenda"], row["desconto"]) == ("61.26", "62.63", "10%")
    assert sum(Decimal(part["valor"]) for part in row["parcelas"]) == Decimal("62.63")
    assert (row["situacao"], row["observacoes"], row["data"]) == ("Aprovado", "mudou", "2026-03-01")
    found = tiny.call("pedidos.pesquisa", dataInicial="01/03/2026", dataFinal="01/03/2026")["pedidos"]
    assert [(r["pedido"]["id"], r["pedido"]["valor"]) for r in found] == [(str(order_id), "62.63")]
    assert found[0]["pedido"]["id_vendedor"] is None


def test_edit_without_wishes_sells_one_more(tiny: Tiny) -> None:
    order_id = _till(tiny)
    before, _, after = _true(tiny, order_id), tiny.post(f"orders/{order_id}/edit"), _true(tiny, order_id)
    assert Decimal(after["itens"][0]["quantidade"]) == Decimal(before["itens"][0]["quantidade"]) + 1


@pytest.mark.parametrize(
    "body",
    [
        {"desconto": "much"},
        {"itens": []},
        {"itens": [{"id_produto": 1, "quantidade": 1}]},
        {"situacao": "lost"},
        {"id_vendedor": 5},
        {"data": "14/03/2026"},
        {"colour": "red"},
        {"frete": "x", "observacoes": "half"},
        {"totalVenda": LONG},
        *({name: value} for name in ("desconto", "frete") for value in (LONG, "NaN", "1e999999999")),
    ],
)
def test_bad_edits_change_nothing(tiny: Tiny, body: Json) -> None:
    order_id = _till(tiny)
    before = _true(tiny, order_id)
    answer = requests.post(f"{tiny.url}/_sim/orders/{order_id}/edit", json=body, timeout=TIMEOUT_S)
    assert answer.status_code == 400
    assert next(iter(body)) in answer.json()["error"]
    assert _true(tiny, order_id) == before


@pytest.mark.parametrize("value", [LONG, f"-{LONG}", "NaN", "Infinity", "1e999999999", "x", None, 10**12])
@pytest.mark.parametrize("name", ["valor", "quantidade"])
@pytest.mark.parametrize(("many", "place"), [(1, 0), (3, 0), (3, 1), (3, 2)])
def test_a_number_of_a_line_that_cannot_be_reckoned_with_is_named(
    tiny: Tiny, name: str, value: object, many: int, place: int
) -> None:
    order_id = _till(tiny)
    before = _true(tiny, order_id)
    items: list[Json] = [{"descricao": "Avulso", "valor": "1.00", "quantidade": "1"} for _ in range(many)]
    items[place][name] = value
    answer = requests.post(
        f"{tiny.url}/_sim/orders/{order_id}/edit", json={"itens": items}, timeout=TIMEOUT_S
    )
    assert answer.status_code == 400
    assert answer.json() == {"error": f"itens: {name} must be a number below {10**12}"}
    assert _true(tiny, order_id) == before


def test_large_amounts_that_can_be_reckoned_with_are_taken(tiny: Tiny) -> None:
    order_id = _till(tiny)
    items = [{"descricao": "Avulso", "valor": "999999999998.9912345678", "quantidade": "1"}]
    tiny.post(f"orders/{order_id}/edit", {"itens": items, "desconto": "0", "frete": "0"})
    assert tiny.code("pdv.pedido.obter", id=order_id) == 0
    both = [{**items[0], "quantidade": "2"}]
    answer = requests.post(f"{tiny.url}/_sim/orders/{order_id}/edit", json={"itens": both}, timeout=TIMEOUT_S)
    assert (answer.status_code, answer.json()["error"][:5]) == (400, "itens")


@pytest.mark.parametrize("value", [LONG, "NaN", "x"])
@pytest.mark.parametrize("name", ["preco", "preco_custo", "preco_custo_medio"])
def test_a_price_that_cannot_be_reckoned_with_is_named(tiny: Tiny, name: str, value: str) -> None:
    url = f"{tiny.url}/_sim/products/730000001/edit"
    answer = requests.post(url, json={"nome": "half", name: value}, timeout=TIMEOUT_S)
    assert (answer.status_code, name in answer.json()["error"]) == (400, True)


def test_the_cost_changes(tiny: Tiny) -> None:
    tiny.post("products/730000001/edit", {"preco_custo": "60.25"})
    assert tiny.call("produto.obter", id=730000001)["produto"]["preco_custo"] == "60.25"


def test_calls_tell_who_asked_what_when(tiny: Tiny) -> None:
    (order,) = tiny.sell()
    tiny.call("pdv.pedido.obter", id=order["id"])
    tiny.call("pedidos.pesquisa", pagina=2, cliente="somebody", dataInicial="01/03/2026")
    tiny.call("pedidos.pesquisa", pagina=77)
    calls = tiny.get("calls")
    assert calls["services"] == {"pdv.pedido.obter": 1, "pedidos.pesquisa": 2}
    assert sum(calls["codes"].values()) == calls["total"] == 3
    assert [call["key"] for call in calls["calls"]] == [str(order["id"]), "2", "77"]
    assert calls["calls"][1]["params"] == {"pagina": "2", "dataInicial": "01/03/2026", "formato": "JSON"}
    assert calls["calls"][2]["code"] == 23
    assert "somebody" not in str(calls)
    assert "test-token" not in str(calls)
    tiny.post("calls/reset")
    assert tiny.get("calls")["total"] == 0
