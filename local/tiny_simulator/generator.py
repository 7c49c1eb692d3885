"""Invents orders. Pure: the same seed, order index, day and quirks always give the same order."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Final

from local.tiny_simulator.model import Channel, Contact, Instalment, Item, Order, Product
from local.tiny_simulator.money import ZERO, net_price, split, with_comma
from local.tiny_simulator.people import ANONYMOUS, CUSTOMERS, SELLERS
from local.tiny_simulator.settings import Quirks

SUNDAY: Final = 6
BUSY: Final[Mapping[int, float]] = {0: 0.7, 1: 0.8, 2: 0.9, 3: 1.0, 4: 1.5, 5: 1.9, SUNDAY: 0.0}
"""Share of an average day's sales, by weekday."""
OPENING: Final[Mapping[int, tuple[int, int]]] = {5: (9, 16)}
"""Hours from, to: Saturdays differ, other open days are 9 to 20."""
IDS_PER_ORDER: Final = 20
"""Ids that each order reserves: its own, its lines', and the last one for its fiscal note."""

_MARKETPLACE_SHARE: Final = 0.08
_ANONYMOUS_SHARE: Final = 0.45
_NO_SELLER_SHARE: Final = 0.04
_NOTES_SHARE: Final = 0.1
_TAXED_SHARE: Final = 0.5  # of the companies' orders
_CANCELLED_SHARE: Final = 0.02
_TYPED_DISCOUNT_SHARE: Final = 0.15
_HIDDEN_DOCUMENT_SHARE: Final = 0.5  # of the marketplaces' orders
_BARE_DOCUMENT_SHARE: Final = 0.3
_TROUBLE_SHARE: Final = 0.05  # of the marketplaces' orders: cancelled, or not delivered
_LIFE: Final = (
    (0, "aberto"),
    (1, "aprovado"),
    (2, "preparando_envio"),
    (3, "faturado"),
    (5, "enviado"),
    (9, "entregue"),
)
_NOTES: Final = ("Embalar para presente", "Cortar em fatias finas", 'Cliente pediu "ponto firme" & sem sal')


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes the n-th order of a shop.

    Attributes:
        seed: The shop's seed.
        goods: What can be sold.
        first_id: Id of order 0.
        first_number: Number of order 0.
    """

    seed: int
    goods: tuple[Product, ...]
    first_id: int = 910000101
    first_number: int = 20451

    def order(self, index: int, day: date, today: date, quirks: Quirks) -> Order:
        """Invent the order with this index, sold on ``day``, as it stands ``today``."""
        dice = random.Random(f"{self.seed}/{index}")
        order_id = self.first_id + index * IDS_PER_ORDER
        sold = datetime.combine(day, _moment(dice, day))
        online = dice.random() < _MARKETPLACE_SHARE
        items = self._items(dice, order_id, quirks)
        order = Order(
            id=order_id,
            numero=self.first_number + index,
            data=day,
            criado=sold,
            alterado=sold,
            registrado=day,
            contato=_customer(dice, quirks, online=online),
            vendedor=None if online or dice.random() < _NO_SELLER_SHARE else dice.choice(SELLERS),
            itens=items,
            parcelas=[],
            desconto=_discount(dice, quirks, sum((i.total for i in items), ZERO)),
            forma_pagamento="",
            situacao="faturado",
            observacoes=dice.choice(_NOTES) if dice.random() < _NOTES_SHARE else "",
            rastreio="",
        )
        if order.contato.tipo == "J" and dice.random() < _TAXED_SHARE:
            order.ipi, order.icms_st = (
                Decimal(dice.randint(100, 999)) / 100,
                Decimal(dice.randint(50, 700)) / 100,
            )
        if online:
            _send(dice, order, (today - day).days)
        elif dice.random() < _CANCELLED_SHARE:
            order.situacao = "cancelado"
        if order.situacao in {"faturado", "enviado", "entregue"}:
            order.id_nota, order.data_faturamento = note_id(order), day
        order.parcelas, order.forma_pagamento = _payments(dice, order, online=online)
        return order

    def _items(self, dice: random.Random, order_id: int, quirks: Quirks) -> list[Item]:
        lines: list[Item] = []
        for product in dice.sample(self.goods, dice.choices((1, 2, 3, 4, 5, 8), (25, 28, 22, 13, 8, 4))[0]):
            percent = dice.choices(("0", "5", "10", "15"), (84, 6, 8, 2))[0]
            if dice.random() < quirks.full_discounts:
                percent = "100"
            lines.append(line(order_id + 1 + len(lines), product, _quantity(dice, product), percent))
        if dice.random() < quirks.free_text_items:
            lines.append(
                Item(
                    id=order_id + 1 + len(lines),
                    id_produto=None,
                    descricao="Taxa de rolha",
                    codigo="",
                    valor=Decimal("30.00"),
                    quantidade=Decimal("1.0000"),
                    desconto="0",
                    unidade="UN",
                )
            )
        return lines


def note_id(order: Order) -> int:
    """Return the id of the order's fiscal note."""
    return order.id + IDS_PER_ORDER - 1


def line(item_id: int, product: Product, quantity: Decimal, percent: str) -> Item:
    """Build a line that sells a product with a discount in percent."""
    return Item(
        id=item_id,
        id_produto=product.id,
        descricao=product.nome,
        codigo=product.codigo,
        valor=net_price(product.preco, percent),
        quantidade=quantity,
        desconto=percent,
        unidade=product.unidade,
        tipo=product.tipo,
        ncm=product.ncm,
        origem=product.origem,
        cest=product.cest,
        gtin=product.gtin,
        peso_liquido=product.peso_liquido,
        peso_bruto=product.peso_bruto,
    )


def resplit(parts: list[Instalment], total: Decimal, day: date) -> list[Instalment]:
    """Build the same payment lines for another total: one of the order's day where there was none; none for nothing."""
    if total <= 0:
        return []
    parts = parts or [Instalment("dinheiro", day, total)]
    weights = [max(1, int(part.valor * 100)) for part in parts]
    return [replace(part, valor=value) for part, value in zip(parts, split(total, weights), strict=True)]


def _moment(dice: random.Random, day: date) -> time:
    opens, closes = OPENING.get(day.weekday(), (9, 20))
    return time(dice.randrange(opens, closes), dice.randrange(60), dice.randrange(60))


def _quantity(dice: random.Random, product: Product) -> Decimal:
    if product.unidade == "KG":
        return Decimal(dice.randint(80, 1200)) / 1000
    return Decimal(dice.choices((1, 2, 3, 6), (70, 18, 8, 4))[0])


def _customer(dice: random.Random, quirks: Quirks, *, online: bool) -> Contact:
    if not online and dice.random() < _ANONYMOUS_SHARE:
        return ANONYMOUS
    contact = dice.choice(CUSTOMERS)
    form = dice.random()
    if not quirks.document_forms:
        return contact
    if online and form < _HIDDEN_DOCUMENT_SHARE:
        return replace(contact, documento=f"***{contact.documento[3:-3]}-**", email="")
    if form < _BARE_DOCUMENT_SHARE:
        return replace(contact, documento="".join(c for c in contact.documento if c.isdigit()))
    return contact


def _discount(dice: random.Random, quirks: Quirks, total: Decimal) -> str:
    roll = dice.random()
    amount = min(Decimal(dice.choice((200, 350, 500, 1000))) / 100, total)
    surcharge = dice.random() < quirks.surcharges
    if not quirks.discount_forms:
        return with_comma(amount) if roll < _TYPED_DISCOUNT_SHARE else "0,00"
    if surcharge:
        return with_comma(-amount)
    if roll < _TYPED_DISCOUNT_SHARE:
        return with_comma(amount)
    return dice.choices(("0", "0,00", "", "5%", "10%", "12,5%"), (40, 25, 10, 10, 12, 3))[0]


def _send(dice: random.Random, order: Order, age_days: int) -> None:
    """Make a marketplace order of it: freight, address, channel, a status that depends on its age."""
    key = f"S{order.id}"
    order.canal = Channel(1234, "Mercado Exemplo", key, 650000404, "Envios Exemplo")
    order.entrega = replace(
        order.contato, endereco="Av. Exemplo", numero="200", bairro="Sul", cep="70.000-001"
    )
    order.frete = Decimal(dice.randint(900, 4500)) / 100
    order.frete_por_conta = dice.choice("RD")
    order.data_prevista = order.data + timedelta(days=5)
    order.situacao = [code for days, code in _LIFE if days <= max(age_days, 0)][-1]
    if order.situacao in {"enviado", "entregue"}:
        order.rastreio = f"XX{order.numero:09d}BR"
    if dice.random() < _TROUBLE_SHARE:
        order.situacao = dice.choice(("cancelado", "nao_entregue"))


def _payments(dice: random.Random, order: Order, *, online: bool) -> tuple[list[Instalment], str]:
    total = order.total_venda
    forms = (
        ("credito", "pix", "boleto")
        if online
        else ("pix", "credito", "debito", "dinheiro", "vale_alimentacao")
    )
    kind = dice.choices(("one", "split", "instalments"), (78, 14, 8))[0]
    weights = [dice.randint(1, 9) for _ in range(dice.choice((2, 2, 3)))]
    chosen = dice.sample(forms, len(weights))
    if total <= 0:
        return [], chosen[0]
    if kind == "split" and not online and total > 1:
        parts = zip(chosen, split(total, weights), strict=True)
        return [Instalment(form, order.data, value) for form, value in parts], "multiplas"
    if kind == "instalments" and total > 1:
        values = split(total, [1] * len(weights))
        return [
            Instalment("credito", order.data + timedelta(days=30 * (n + 1)), value)
            for n, value in enumerate(values)
        ], "credito"
    return [Instalment(chosen[0], order.data, total)], chosen[0]
