"""The services: parameters in, content of ``retorno`` out."""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, TypeVar

from local.tiny_simulator import wire_office, wire_orders, wire_products
from local.tiny_simulator.answers import TinyError, page_of
from local.tiny_simulator.model import Contact, Order, Product
from local.tiny_simulator.people import CUSTOMERS, SELLERS
from local.tiny_simulator.settings import Quirks, Settings
from local.tiny_simulator.shop import Shop
from local.tiny_simulator.spelling import CONTAINERS, odd_container

Params = Mapping[str, str]
Json = dict[str, Any]
T = TypeVar("T")

_SELLERS: Final = {seller.id: seller for seller in SELLERS}
_CONTACT_STATES: Final = frozenset({"", "ativo", "a"})


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a service.

    Attributes:
        shop: What is asked about.
        settings: The switches.
        params: Parameters of query and body together.
        dice: Chance of the quirks that differ from call to call.
        cnpj: Whose token it has.
    """

    shop: Shop
    settings: Settings
    params: Params
    dice: random.Random
    cnpj: str

    def get(self, name: str) -> str:
        """Return a parameter; empty when it is not there."""
        return self.params.get(name, "").strip()

    def key(self) -> int:
        """Read the parameter ``id``.

        Raises:
            TinyError: 10 when it is missing, 32 when it cannot be an id.
        """
        text = self.get("id")
        if not text:
            raise TinyError(10)
        if not text.isdecimal():
            raise TinyError(32)
        return int(text)

    def date(self, name: str) -> date | None:
        """Read a parameter as a date; None when it is not there."""
        moment = self.moment(name, "%d/%m/%Y")
        return moment.date() if moment else None

    def moment(self, name: str, form: str = "%d/%m/%Y %H:%M:%S") -> datetime | None:
        """Read a parameter as date and time.

        Raises:
            TinyError: 31 when it is not in Tiny's form.
        """
        text = self.get(name)
        try:
            return datetime.strptime(text, form) if text else None  # noqa: DTZ007 - Tiny knows no zone
        except ValueError as error:
            raise TinyError(31, f"{name} inválido") from error

    def page(self, name: str, rows: Sequence[T], row: Callable[[T], Json]) -> Json:
        """Write one page of a search."""
        quirks, number = self.settings.quirks, self.get("pagina") or "1"
        found, pages = page_of(rows, number, self.settings.limits, quirks, self.dice)
        written: Any = [row(one) for one in found]
        return {"pagina": number, "numero_paginas": str(pages), name: written}


def search_orders(call: Call) -> Json:
    """Answer ``pedidos.pesquisa``."""
    quirks = call.settings.quirks
    first, last = call.date("dataInicial"), call.date("dataFinal")
    if quirks.search_ignores_dates:
        first = last = None
    orders = call.shop.between(first, last, registered=quirks.search_by_registration)
    found = [order for order in orders if _visible(call, order)]
    for wanted in _order_filters(call):
        found = [order for order in found if wanted(order)]
    # Undocumented without sort; the newest first is what a busy shop sees, and shifts while one pages.
    if call.get("sort").upper() != "ASC":
        found.reverse()
    answer = call.page("pedidos", found, lambda order: wire_orders.search_row(order, quirks))
    answer["pedidos"] = _one_or_many(answer["pedidos"], quirks, call.dice)
    return answer


def _one_or_many(rows: list[Json], quirks: Quirks, dice: random.Random) -> object:
    if rows and dice.random() < quirks.odd_containers:
        # Also the form in which the wrapper of each order stands around them all.
        bare = [row["pedido"] for row in rows]
        kind = dice.randrange(CONTAINERS + 1)
        return {"pedido": bare} if kind == CONTAINERS else odd_container(rows, kind)
    return rows[0] if len(rows) == 1 and dice.random() < quirks.single_row_as_object else rows


def _visible(call: Call, order: Order) -> bool:
    return _is_older(call, order, call.settings.quirks.search_delay_s)


def _is_older(call: Call, order: Order, seconds: float) -> bool:
    return not order.visivel_s or call.shop.clock() - order.visivel_s >= seconds


def _order_filters(call: Call) -> Iterable[Callable[[Order], bool]]:
    number, client, document = (
        call.get("numero"),
        call.get("cliente").casefold(),
        _digits(call.get("cpf_cnpj")),
    )
    status, channel, seller = call.get("situacao"), call.get("numeroEcommerce"), call.get("idVendedor")
    since, name = call.moment("dataAtualizacao"), call.get("nomeVendedor").casefold()
    if number and call.settings.quirks.loose_numero:
        yield lambda order: str(order.numero).startswith(number)
    elif number:
        yield lambda order: str(order.numero) == number
    if client:
        yield (
            lambda order: client in order.contato.nome.casefold() or client == order.contato.codigo.casefold()
        )
    if document:
        yield lambda order: _digits(order.contato.documento) == document
    if since:
        yield lambda order: order.alterado >= since
    if status:
        yield lambda order: order.situacao == status
    if channel:
        yield lambda order: order.canal is not None and order.canal.numero == channel
    if seller:
        yield lambda order: order.vendedor is not None and str(order.vendedor.id) == seller
    elif name:
        yield lambda order: order.vendedor is not None and name in order.vendedor.nome.casefold()


def _digits(text: str) -> str:
    return "".join(c for c in text if c.isdecimal())


def _order(call: Call) -> Order:
    order = call.shop.orders.get(call.key())
    if order is None or not _is_older(call, order, call.settings.quirks.webhook_early_s):
        raise TinyError(32, "Pedido não localizado")
    return order


def pdv_order(call: Call) -> Json:
    """Answer ``pdv.pedido.obter``."""
    return {"pedido": wire_orders.pdv_order(_order(call), call.settings.quirks)}


def pedido_obter(call: Call) -> Json:
    """Answer ``pedido.obter``."""
    return {"pedido": wire_office.pedido_obter(_order(call), call.settings.quirks)}


def pdv_orders(call: Call) -> Json:
    """Answer ``pdv.pedidos``: till sales, newest first; ``pagina`` is the only filter."""
    till = [order for order in call.shop.between(None, None) if order.canal is None and _visible(call, order)]
    till.reverse()
    return call.page("pedidos", till, lambda order: wire_orders.pdv_row(order, call.settings.quirks))


def product(call: Call) -> Json:
    """Answer ``produto.obter``."""
    goods = call.shop.products.get(call.key())
    if goods is None:
        raise TinyError(32, "Produto não localizado")
    return {"produto": wire_products.product(goods, call.settings.quirks)}


def search_products(call: Call) -> Json:
    """Answer ``produtos.pesquisa``; without ``situacao`` active and inactive goods, as documented."""
    text, gtin, state = call.get("pesquisa").casefold(), call.get("gtin"), call.get("situacao").upper()
    born = call.moment("dataCriacao")

    def wanted(goods: Product) -> bool:
        return (
            (text in goods.nome.casefold() or text == goods.codigo.casefold())
            and gtin in {"", goods.gtin}
            and goods.situacao in (state or "AI")
            and (born is None or goods.criado >= born)
        )

    found = [goods for goods in call.shop.products.values() if wanted(goods)]
    return call.page("produtos", found, lambda goods: wire_products.product_row(goods, call.settings.quirks))


def search_sellers(call: Call) -> Json:
    """Answer ``vendedores.pesquisa``."""
    text, quirks = call.get("pesquisa").casefold(), call.settings.quirks
    found = [seller for seller in SELLERS if text in seller.nome.casefold()]
    return call.page("vendedores", found, lambda seller: wire_products.seller_row(seller, quirks))


def search_contacts(call: Call) -> Json:
    """Answer ``contatos.pesquisa``."""
    text, document, seller = (
        call.get("pesquisa").casefold(),
        _digits(call.get("cpf_cnpj")),
        call.get("idVendedor"),
    )
    since, state = (
        call.moment("dataMinimaAtualizacao") or call.moment("dataCriacao"),
        call.get("situacao").casefold(),
    )

    def wanted(contact: Contact) -> bool:
        return (
            (text in contact.nome.casefold() or text == contact.codigo.casefold())
            and document in {"", _digits(contact.documento)}
            and seller in {"", str(contact.id_vendedor or "")}
            and state in _CONTACT_STATES
            and (since is None or (contact.criado is not None and contact.criado >= since))
        )

    def row(contact: Contact) -> Json:
        return wire_products.contact_row(
            contact, _SELLERS.get(contact.id_vendedor or 0), call.settings.quirks
        )

    return call.page("contatos", [contact for contact in CUSTOMERS if wanted(contact)], row)


def info(call: Call) -> Json:
    """Answer ``info``."""
    return {"conta": wire_products.account(call.settings.quirks, call.cnpj)}


SERVICES: Final[Mapping[str, Callable[[Call], Json]]] = {
    "pedidos.pesquisa": search_orders,
    "pdv.pedido.obter": pdv_order,
    "pdv.pedidos": pdv_orders,
    "pedido.obter": pedido_obter,
    "produto.obter": product,
    "produtos.pesquisa": search_products,
    "vendedores.pesquisa": search_sellers,
    "contatos.pesquisa": search_contacts,
    "info": info,
}
"""What answers, by service name without ``.php``."""
