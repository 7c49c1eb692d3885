"""The shop itself: the same from the same seed, money that adds up, opening hours."""

from datetime import date
from decimal import Decimal
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.tiny_simulator import truth
from local.tiny_simulator.catalog import catalog
from local.tiny_simulator.generator import note_id
from local.tiny_simulator.model import Order
from local.tiny_simulator.money import discount_value, split
from local.tiny_simulator.people import CUSTOMERS
from local.tiny_simulator.settings import HOSTILE, PROFILES, load_scenario
from local.tiny_simulator.shop import Shop
from tests.simulator.shops import make_shop, now


def check_money(order: Order) -> None:
    lines = [
        (item.valor * item.quantidade).quantize(Decimal("0.01"), "ROUND_HALF_UP") for item in order.itens
    ]
    assert order.total_produtos == sum(lines)
    paid = order.total_produtos - order.valor_desconto + order.frete + order.ipi + order.icms_st
    assert order.total_venda == paid
    assert paid >= 0
    assert sum((part.valor for part in order.parcelas), Decimal(0)) == paid
    assert all(part.valor > 0 for part in order.parcelas)
    for value in (paid, order.frete, order.valor_desconto, *(part.valor for part in order.parcelas)):
        assert value == value.quantize(Decimal("0.01"))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), profile=st.sampled_from(sorted(PROFILES)))
def test_money_adds_up(seed: int, profile: str) -> None:
    shop = make_shop(seed, profile)
    for order in shop.sell(60, None, PROFILES[profile]):
        check_money(order)
        ids = [order.id, *(item.id for item in order.itens), note_id(order)]
        assert ids == sorted(set(ids))


@settings(max_examples=200)
@given(total=st.integers(1, 10**7), weights=st.lists(st.integers(1, 10**6), min_size=1, max_size=6))
def test_split_adds_up(total: int, weights: list[int]) -> None:
    amount = Decimal(total) / 100
    parts = split(amount, weights)
    assert sum(parts) == amount
    assert all(part >= 0 for part in parts)


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 1000), discount=st.sampled_from(["", "0", "0,00", "1,00", "10%", "12,5%", "-3,00"])
)
def test_money_adds_up_after_an_edit(seed: int, discount: str) -> None:
    shop = make_shop(seed)
    for order in shop.sell(10, None, HOSTILE):
        items = [
            {"id_produto": 730000001, "quantidade": "0.3550"},
            {"id_produto": 730000008, "quantidade": 2},
        ]
        edited = shop.edit(order.id, {"itens": items, "desconto": discount, "frete": "3.33"})
        paid = edited.total_produtos - edited.valor_desconto + edited.frete + edited.ipi + edited.icms_st
        assert edited.total_venda == paid == sum(part.valor for part in edited.parcelas)


@pytest.mark.parametrize(
    ("spelled", "value"),
    [("", "0"), ("0", "0"), ("0,00", "0"), ("5,00", "5.00"), ("10%", "3.19"), ("12,5%", "3.99"),
     ("1.234,56", "1234.56"), ("-2,00", "-2.00")],
)  # fmt: skip
def test_discount_forms(spelled: str, value: str) -> None:
    assert discount_value(spelled, Decimal("31.91")) == Decimal(value)


def rows(shop: Shop) -> list[object]:
    return [truth.pdv(order, HOSTILE) for order in shop.orders.values()]


def test_the_seed_decides() -> None:
    first, again, other = make_shop(days=5), make_shop(days=5), make_shop(seed=317, days=5)
    assert rows(first) == rows(again) != rows(other)
    assert first.sell(5, None, HOSTILE) != other.sell(5, None, HOSTILE)


def test_opening_hours_and_busy_saturdays() -> None:
    shop = make_shop(days=28, per_day=50)
    orders = sorted(shop.orders.values(), key=lambda order: order.data)
    days = {day: list(sold) for day, sold in groupby(orders, key=lambda order: order.data)}
    assert len(days) == 24  # four Sundays are closed
    assert not any(day.weekday() == 6 for day in days)
    per_weekday = {n: [len(sold) for day, sold in days.items() if day.weekday() == n] for n in range(6)}
    assert min(per_weekday[5]) > max(per_weekday[0])
    assert all(9 <= order.criado.hour < (16 if order.data.weekday() == 5 else 20) for order in orders)
    assert 45 * 24 < len(orders) < 70 * 24


def test_history_ends_yesterday() -> None:
    assert max(order.data for order in make_shop(days=3).orders.values()) == date(2026, 3, 13)


def test_variety() -> None:
    shop = make_shop(days=28, per_day=50)
    orders = list(shop.orders.values())
    assert {"multiplas", "pix", "credito", "dinheiro"} <= {order.forma_pagamento for order in orders}
    assert {len(order.parcelas) for order in orders} >= {1, 2, 3}
    assert any(order.contato.nome == "Consumidor Final" for order in orders)
    assert any(order.canal and order.frete for order in orders)
    assert any(order.ipi and order.icms_st for order in orders)
    assert any(order.vendedor is None and order.canal is None for order in orders)
    assert any(item.quantidade % 1 for order in orders for item in order.itens)
    assert any(item.desconto == "100" and item.valor == 0 for order in orders for item in order.itens)
    assert any(item.id_produto is None for order in orders for item in order.itens)
    assert len({order.vendedor for order in orders}) == 5


def test_ids_may_pass_31_bits() -> None:
    shop = Shop(now=now, first_id=2**31 - 20)
    assert [order.id for order in shop.sell(2, None, HOSTILE)] == [2**31 - 20, 2**31]


def test_kits_are_made_of_goods_and_variations_of_a_parent() -> None:
    goods = catalog()
    assert {len(p.kit) for p in goods.values() if p.classe == "K"} == {1, 2, 3}
    assert all(part in goods for p in goods.values() for part, _ in p.kit)
    children = [p for p in goods.values() if p.tipo_variacao == "V"]
    assert {goods[p.id_pai].tipo_variacao for p in children if p.id_pai} == {"P"}
    assert any(p.tipo == "S" and p.preco_custo is None for p in goods.values())


def test_nobody_is_real() -> None:
    documents = {c.documento for c in CUSTOMERS if c.tipo == "F"} - {"111.444.777-35"}
    assert documents
    assert not any(is_valid_cpf("".join(c for c in text if c.isdigit())) for text in documents)
    assert is_valid_cpf("11144477735")
    assert all(contact.email.endswith("@example.com") for contact in CUSTOMERS if contact.email)


def is_valid_cpf(digits: str) -> bool:
    for length in (9, 10):
        total = sum(int(d) * (length + 1 - place) for place, d in enumerate(digits[:length]))
        if total * 10 % 11 % 10 != int(digits[length]):
            return False
    return True


def test_scenario_files(tmp_path: Path) -> None:
    path = tmp_path / "scenario.toml"
    parts = (
        'profile = "plain"\nlatency_s = 0.1',
        "[limits]\nper_minute = 20",
        "[quirks]\nrich_text = true",
        '[faults."*"]\nreset = 0.1',
    )
    path.write_text("\n".join(parts), encoding="utf-8")
    found = load_scenario(path)
    assert (found.latency_s, found.limits.at_once, found.quirks.rich_text, found.quirks.blank_nulls) == (
        0.1,
        5,
        True,
        False,
    )
    assert found.faults == {"*": {"reset": 0.1}}
    path.write_text("[quirks]\nno_such = true\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"quirks\.no_such"):
        load_scenario(path)
