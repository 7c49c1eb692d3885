"""The shop through time: its history, new sales, and what happens to orders afterwards."""

import random
import time
from bisect import insort
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from zoneinfo import ZoneInfo

from local.tiny_simulator.catalog import catalog
from local.tiny_simulator.generator import BUSY, IDS_PER_ORDER, Maker, line, note_id, resplit
from local.tiny_simulator.model import LABELS, Item, Order, Product, Seller
from local.tiny_simulator.money import CENT, ZERO, discount_value
from local.tiny_simulator.people import SELLERS
from local.tiny_simulator.settings import Quirks

# Amounts and quantities are below this: products of them have no more digits than Decimal keeps.
_MOST: Final = 10**12
TOWN: Final = ZoneInfo("America/Sao_Paulo")


class UnknownOrderError(LookupError):
    """No order (or product) has this id: never had, or it was deleted."""


def town_time() -> datetime:
    """Return now in the shop's town, without zone, in whole seconds: as Tiny writes it."""
    return datetime.now(TOWN).replace(tzinfo=None, microsecond=0)


@dataclass(slots=True)
class Shop:
    """Orders and goods, with commands that change them. Not safe for several threads at once.

    Attributes:
        seed: Everything invented follows from it (and from the order of the commands).
        now: Local time of the shop; replaced in tests and for a fixed "today".
        clock: Monotonic seconds.
        first_id: Id of the first order of the history.
    """

    seed: int = 316
    now: Callable[[], datetime] = town_time
    clock: Callable[[], float] = time.monotonic
    first_id: int = 910000101
    products: dict[int, Product] = field(default_factory=catalog)
    orders: dict[int, Order] = field(default_factory=dict)
    deleted: list[int] = field(default_factory=list)
    _days: dict[date, list[int]] = field(default_factory=dict)
    _registered: dict[date, list[int]] = field(default_factory=dict)
    _made: int = 0
    _maker: Maker = field(init=False)

    def __post_init__(self) -> None:
        """Choose the goods that a till can sell: only those are sold."""
        sold = tuple(p for p in self.products.values() if p.situacao == "A" and p.tipo_variacao != "P")
        self._maker = Maker(self.seed, sold, self.first_id)

    def fill(self, days: int, per_day: int, quirks: Quirks) -> None:
        """Invent the history of the days before today.

        Args:
            days: Calendar days, Sundays (closed) among them.
            per_day: Orders on an average day: weekends have more, Mondays fewer.
            quirks: What orders are like.
        """
        today = self.now().date()
        dice = random.Random(f"{self.seed}/history")
        for back in range(days, 0, -1):
            day = today - timedelta(days=back)
            mean = per_day * BUSY[day.weekday()]
            for _ in range(round(mean * dice.uniform(0.85, 1.15))):
                self._add(self._next(day, quirks))

    def sell(
        self, count: int, day: date | None, quirks: Quirks, registered: date | None = None
    ) -> list[Order]:
        """Invent sales that happen now.

        Args:
            count: How many.
            day: Their date; today if None. It may be a closed day: a marketplace never closes.
            quirks: What orders are like.
            registered: The day on which Tiny gets them; their date if None.
        """
        now = self.now()
        orders = [self._next(day or now.date(), quirks) for _ in range(count)]
        for order in orders:
            order.criado = order.alterado = now
            order.registrado = registered or order.data
            order.visivel_s = self.clock()
            self._add(order)
        return orders

    def order(self, order_id: int) -> Order:
        """Return the order with this id.

        Raises:
            UnknownOrderError: There is none (any more).
        """
        if order_id not in self.orders:
            raise UnknownOrderError(f"order {order_id}")
        return self.orders[order_id]

    def between(self, first: date | None, last: date | None, *, registered: bool = False) -> Iterator[Order]:
        """Return orders by their date, or by that of their registration (both ends included), oldest number first."""
        index = self._registered if registered else self._days
        days = (day for day in index if (first is None or day >= first) and (last is None or day <= last))
        ids = [order_id for day in days for order_id in index[day]]
        return (self.orders[order_id] for order_id in sorted(ids))

    def cancel(self, order_id: int) -> Order:
        """Cancel an order: it stays, with another status."""
        return self._touch(self.order(order_id), "cancelado")

    def invoice(self, order_id: int) -> Order:
        """Issue the fiscal note of an order."""
        order = self._touch(self.order(order_id), "faturado")
        order.id_nota, order.data_faturamento = note_id(order), self.now().date()
        return order

    def delete(self, order_id: int) -> None:
        """Remove an order for good; no webhook tells of it."""
        order = self.order(order_id)
        del self.orders[order_id]
        self._days[order.data].remove(order_id)
        self._registered[order.registrado].remove(order_id)
        self.deleted.append(order_id)

    def edit(self, order_id: int, values: Mapping[str, Any]) -> Order:
        """Change an order; totals and payment lines follow, all or nothing.

        Args:
            order_id: Which.
            values: Any of ``data`` (ISO), ``desconto`` (as typed), ``frete`` (reais), ``situacao`` (code),
                ``id_vendedor`` (null for none), ``observacoes``, ``numero`` (also one that is in use), ``itens``
                (list of ``id_produto``, ``quantidade``, ``desconto``, optionally ``valor`` and ``descricao``).
                Empty: one more of the first line.

        Raises:
            UnknownOrderError: The order, or a product of ``itens``, does not exist.
            ValueError: A field is unknown or its value cannot be used; the message names it.
        """
        order = self.order(order_id)
        unknown = values.keys() - _EDITS.keys() - {"itens"}
        if unknown:
            raise ValueError(f"cannot edit: {', '.join(sorted(unknown))}")
        draft = replace(order)
        for name, value in (values or {"itens": None}).items():
            try:
                if name == "itens":
                    draft.itens = self._items(draft, value)
                else:
                    field_name, read = _EDITS[name]
                    setattr(draft, field_name, read(value))
                _amount("the order's total", draft.total_venda)
            except ArithmeticError as error:
                raise ValueError(f"{name}: no number, or one that is too large") from error
            except (KeyError, TypeError, ValueError) as error:
                raise ValueError(f"{name}: {error}") from error
        draft.parcelas = resplit(draft.parcelas, draft.total_venda, draft.data)
        if draft.data != order.data:
            self._days[order.data].remove(order_id)
            insort(self._days.setdefault(draft.data, []), order_id)
        self.orders[order_id] = draft
        return self._touch(draft, draft.situacao)

    def edit_product(self, product_id: int, values: Mapping[str, Any]) -> Product:
        """Change ``nome``, ``preco``, ``preco_custo``, ``preco_custo_medio``, ``categoria``, ``situacao``.

        Raises:
            UnknownOrderError: There is no such product.
            ValueError: A field is unknown or its value cannot be used.
        """
        if product_id not in self.products:
            raise UnknownOrderError(f"product {product_id}")
        money = {"preco", "preco_custo", "preco_custo_medio"}
        unknown = values.keys() - money - {"nome", "categoria", "situacao"}
        if unknown:
            raise ValueError(f"cannot edit: {', '.join(sorted(unknown))}")
        clean: dict[str, Any] = {
            k: _amount(k, v) if k in money and v is not None else v for k, v in values.items()
        }
        self.products[product_id] = replace(self.products[product_id], **clean)
        return self.products[product_id]

    def sold_products(self, orders: Iterable[Order]) -> list[Product]:
        """Return the products that appear in the orders, each once, by id."""
        ids = {item.id_produto for order in orders for item in order.itens if item.id_produto is not None}
        return [self.products[product_id] for product_id in sorted(ids)]

    def _next(self, day: date, quirks: Quirks) -> Order:
        order = self._maker.order(self._made, day, self.now().date(), quirks)
        self._made += 1
        return order

    def _add(self, order: Order) -> None:
        self.orders[order.id] = order
        self._days.setdefault(order.data, []).append(order.id)
        self._registered.setdefault(order.registrado, []).append(order.id)

    def _items(self, order: Order, value: object) -> list[Item]:
        """Read the lines that an order gets; without any it is one more of the first."""
        if value is None:
            first, *rest = order.itens
            return [replace(first, quantidade=first.quantidade + 1), *rest]
        if not isinstance(value, list) or not 0 < len(value) < IDS_PER_ORDER - 1:
            raise ValueError(f"1 to {IDS_PER_ORDER - 2} lines")
        return [_line(self.products, order.id + 1 + n, spec) for n, spec in enumerate(value)]

    def _touch(self, order: Order, status: str) -> Order:
        order.situacao, order.alterado = status, self.now()
        return order


def _amount(name: str, value: object) -> Decimal:
    """Read a number with which Tiny could still reckon.

    Raises:
        ValueError: It is none, or too large; the message names it.
    """
    try:
        number = Decimal(str(value))
        if -_MOST < number < _MOST:
            return number
    except InvalidOperation:
        pass
    raise ValueError(f"{name} must be a number below {_MOST}")


def _line(products: Mapping[int, Product], item_id: int, spec: Mapping[str, Any]) -> Item:
    quantity, percent = _amount("quantidade", spec["quantidade"]), str(spec.get("desconto", "0"))
    if spec.get("id_produto") is None:
        return Item(
            id=item_id,
            id_produto=None,
            descricao=str(spec["descricao"]),
            codigo="",
            valor=_amount("valor", spec["valor"]),
            quantidade=quantity,
            desconto=percent,
            unidade="UN",
        )
    made = line(item_id, products[int(spec["id_produto"])], quantity, percent)
    return replace(made, valor=_amount("valor", spec["valor"])) if "valor" in spec else made


def _discount(value: object) -> str:
    discount_value(str(value), ZERO)
    return str(value)


def _status(value: object) -> str:
    if value not in LABELS:
        raise ValueError(f"one of {', '.join(LABELS)}")
    return str(value)


def _seller(value: object) -> Seller | None:
    return None if value is None else {seller.id: seller for seller in SELLERS}[int(str(value))]


_EDITS: Final[Mapping[str, tuple[str, Callable[[object], object]]]] = {
    "desconto": ("desconto", _discount),
    "situacao": ("situacao", _status),
    "id_vendedor": ("vendedor", _seller),
    "data": ("data", lambda value: date.fromisoformat(str(value))),
    "frete": ("frete", lambda value: Decimal(str(value)).quantize(CENT)),
    "observacoes": ("observacoes", str),
    # Also one that another order has or had.
    "numero": ("numero", lambda value: int(str(value))),
}
"""What can be edited beside ``itens``: the order's field, and how a value is read."""
