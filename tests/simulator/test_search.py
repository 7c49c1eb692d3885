"""Searches: filters, pages and their quirks."""

import pytest

from tests.simulator.client import Json, Tiny, pages


def _ids(rows: list[Json]) -> list[int]:
    return [int(row["pedido"]["id"]) for row in rows]


def _found(tiny: Tiny, **params: object) -> list[int]:
    return [
        order_id for page in pages(tiny, "pedidos.pesquisa", "pedidos", **params) for order_id in _ids(page)
    ]


@pytest.fixture
def orders(tiny: Tiny) -> list[Json]:
    found: list[Json] = tiny.get("truth", tables="orders")["orders"]
    assert len(found) > 220
    return found


def test_pages_hold_everything_once(tiny: Tiny, orders: list[Json]) -> None:
    everything = [order["id"] for order in orders]
    assert _found(tiny, sort="ASC") == everything
    assert _found(tiny) == _found(tiny, sort="DESC") == everything[::-1]
    sizes = [len(page) for page in pages(tiny, "pedidos.pesquisa", "pedidos")]
    assert sizes == [100] * (len(orders) // 100) + [len(orders) % 100]
    assert tiny.call("pedidos.pesquisa")["numero_paginas"] == str(len(sizes))
    assert (
        tiny.code("pedidos.pesquisa", pagina=len(sizes) + 1)
        == tiny.code("pedidos.pesquisa", pagina="0")
        == 23
    )


def test_dates_are_inclusive(tiny: Tiny, orders: list[Json]) -> None:
    wanted = [o["id"] for o in orders if "2026-03-10" <= o["data"] <= "2026-03-11"]
    assert wanted
    assert _found(tiny, sort="ASC", dataInicial="10/03/2026", dataFinal="11/03/2026") == wanted


def test_an_order_is_found_by_its_date_or_by_that_of_its_registration(tiny: Tiny) -> None:
    (sold,) = tiny.sell(1, date="2026-03-08", registered="2026-03-15")
    by_date = {"dataInicial": "08/03/2026", "dataFinal": "08/03/2026"}
    by_registration = {"dataInicial": "15/03/2026", "dataFinal": "15/03/2026"}
    for registration, found, not_found in (
        (False, by_date, by_registration),
        (True, by_registration, by_date),
    ):
        tiny.quirks(search_by_registration=registration)
        assert _found(tiny, **found) == [sold["id"]]
        assert tiny.code("pedidos.pesquisa", **not_found) == 20


def test_an_edited_date_leaves_that_of_the_registration(tiny: Tiny) -> None:
    (sold,) = tiny.sell(1, date="2026-03-08")
    tiny.post(f"orders/{sold['id']}/edit", {"data": "2026-03-01"})
    tiny.quirks(search_by_registration=True)
    assert _found(tiny, dataInicial="08/03/2026", dataFinal="08/03/2026") == [sold["id"]]
    tiny.post(f"orders/{sold['id']}/delete")
    assert tiny.code("pedidos.pesquisa", dataInicial="08/03/2026", dataFinal="08/03/2026") == 20


def test_dates_can_be_ignored(tiny: Tiny, orders: list[Json]) -> None:
    tiny.quirks(search_ignores_dates=True)
    assert len(_found(tiny, dataInicial="08/03/2026", dataFinal="08/03/2026")) == len(orders)


def test_sunday_is_closed(tiny: Tiny) -> None:
    assert tiny.code("pedidos.pesquisa", dataInicial="08/03/2026", dataFinal="08/03/2026") == 20


def test_unknown_parameters_are_ignored(tiny: Tiny, orders: list[Json]) -> None:
    assert len(_found(tiny, dataAlteracaoInicial="14/03/2026")) == len(orders)


def test_filters(tiny: Tiny, orders: list[Json]) -> None:
    rows = tiny.get("truth", tables="pesquisa,pdv")
    lines = {int(row["id"]): row for row in rows["pesquisa"]}
    whole = {row["id"]: row for row in rows["pdv"]}

    def wanted(test: object) -> list[int]:
        assert callable(test)
        found = [order["id"] for order in orders if test(order)]
        assert 0 < len(found) < len(orders)
        return found

    one = orders[7]
    assert _found(tiny, numero=one["numero"]) == [one["id"]]
    sold = wanted(lambda o: o["id_vendedor"] == 740000002)
    assert _found(tiny, sort="ASC", idVendedor=740000002, nomeVendedor="ignored") == sold
    assert _found(tiny, sort="ASC", nomeVendedor="aurélio") == sold
    assert _found(tiny, sort="ASC", situacao="cancelado") == wanted(
        lambda o: o["codigo_situacao"] == "cancelado"
    )
    anonymous = wanted(lambda o: lines[o["id"]]["nome"] == "Consumidor Final")
    assert _found(tiny, sort="ASC", cliente="consumidor") == anonymous
    online = wanted(lambda o: o["marketplace"])[0]
    assert _found(tiny, numeroEcommerce=lines[online]["numero_ecommerce"]) == [online]
    document = "11222333000181"
    companies = wanted(
        lambda o: "".join(c for c in whole[o["id"]]["contato"]["cpfCnpj"] or "" if c.isdigit()) == document
    )
    assert _found(tiny, sort="ASC", cpf_cnpj="11.222.333/0001-81") == companies
    assert tiny.code("pedidos.pesquisa", nomeVendedor="nobody") == 20


def test_changed_since(tiny: Tiny, orders: list[Json]) -> None:
    assert tiny.code("pedidos.pesquisa", dataAtualizacao="14/03/2026 15:02:33") == 20
    tiny.post(f"orders/{orders[3]['id']}/cancel")
    assert _found(tiny, dataAtualizacao="14/03/2026 15:02:33") == [orders[3]["id"]]


def test_too_many(tiny: Tiny) -> None:
    tiny.settings(limits={"max_rows": 100})
    assert tiny.code("pedidos.pesquisa") == 21
    assert tiny.code("pedidos.pesquisa", dataInicial="10/03/2026", dataFinal="10/03/2026") == 0


def test_rows_repeat_at_borders(tiny: Tiny, orders: list[Json]) -> None:
    tiny.quirks(page_repeats=1)
    first, second, *_ = (_ids(page) for page in pages(tiny, "pedidos.pesquisa", "pedidos"))
    assert second[0] == first[-1]
    assert set(_found(tiny)) == {order["id"] for order in orders}


def test_rows_are_missing_at_borders_but_not_for_ever(tiny: Tiny, orders: list[Json]) -> None:
    everything = {order["id"] for order in orders}
    tiny.quirks(page_gaps=1)
    assert set(_found(tiny)) < everything
    tiny.quirks(page_gaps=0.5)
    seen: set[int] = set()
    for _ in range(20):
        seen |= set(_found(tiny))
    assert seen == everything


def test_page_counts_drift_but_never_hide_a_next_page(tiny: Tiny) -> None:
    tiny.quirks(page_count_drift=True)
    reported = {int(tiny.call("pedidos.pesquisa", pagina=1)["numero_paginas"]) for _ in range(40)}
    assert len(reported) > 1
    assert min(reported) >= 2


def test_new_orders_are_late_in_searches_only(tiny: Tiny) -> None:
    tiny.settings(quirks={"search_delay_s": 5})
    (order,) = tiny.sell()
    assert tiny.code("pedidos.pesquisa", numero=order["numero"]) == 20
    assert tiny.code("pdv.pedido.obter", id=order["id"]) == 0
    clock = tiny.server.simulator.shop.clock
    clock.seconds += 5  # type: ignore[attr-defined]
    assert tiny.code("pedidos.pesquisa", numero=order["numero"]) == 0


def test_till_list_has_till_sales_only(tiny: Tiny, orders: list[Json]) -> None:
    found = [int(row["id"]) for page in pages(tiny, "pdv.pedidos", "pedidos") for row in page]
    assert found == [order["id"] for order in reversed(orders) if not order["marketplace"]]


def test_other_searches(tiny: Tiny) -> None:
    mugs = tiny.call("produtos.pesquisa", pesquisa="caneca")["produtos"]
    assert [row["produto"]["tipoVariacao"] for row in mugs] == ["P", "V", "V", "V"]
    assert tiny.code("produtos.pesquisa", situacao="E") == 20
    assert [r["produto"]["situacao"] for r in tiny.call("produtos.pesquisa", situacao="I")["produtos"]] == [
        "I"
    ]
    contacts = tiny.call("contatos.pesquisa", cpf_cnpj="111.444.777-35")["contatos"]
    assert len({row["contato"]["id"] for row in contacts}) == 2  # the same person under two contacts
    assert len(tiny.call("vendedores.pesquisa", pesquisa="Fictícia")["vendedores"]) == 1
