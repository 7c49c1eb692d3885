"""How to find the search lines of given orders with as few calls of ``pedidos.pesquisa`` as possible.

One page holds 100 orders of a date; a search by number finds one order. So the pages of a date pay as long as fewer
pages are left than orders are wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from tiny_operators.tiny.answers import Answer, Json, Meaning, parse_decimal, whole_number
from tiny_operators.tiny.containers import Records, records

# Fields of an order on a search page ("Pesquisar Pedidos": https://tiny.com.br/api-docs/api2-pedidos-pesquisar): the
# columns of table pesquisa.
LINE_FIELDS: Final = frozenset({
    "id",
    "numero",
    "numero_ecommerce",
    "data_pedido",
    "data_prevista",
    "nome",
    "valor",
    "id_vendedor",
    "nome_vendedor",
    "situacao",
    "codigo_rastreamento",
    "url_rastreamento",
})


# Lines of a full page.
PAGE_LINES: Final = 100

# Tiny also finds a number inside longer ones: this many pages of a search by number, at most.
NUMBER_PAGES: Final = 3


def page_records(retorno: Json) -> Records:
    """Find what is on a page: its orders, and what cannot be read as one."""
    return records(retorno.get("pedidos"), LINE_FIELDS)


def lines(retorno: Json) -> Iterator[Json]:
    """Yield the orders on a page, in whatever container they come."""
    yield from page_records(retorno).found


def order_id(line: Json) -> int | None:
    """Read Tiny's id of the order on a line; None when it is not one."""
    return whole_number(line.get("id"))


def order_date(line: Json) -> date | None:
    """Return the date of the order on a line (``data_pedido``, dd/mm/yyyy or ISO); None when none can be read."""
    text = str(line.get("data_pedido", "")).strip()[:10]
    for pattern in ("%d/%m/%Y", "%Y-%m-%d"):
        with suppress(ValueError):
            return datetime.strptime(text, pattern).date()  # noqa: DTZ007 - a day
    return None


def was_edited_between(record: Json, line: Json) -> bool:
    """Return whether an order and its line tell of two moments: their totals differ, or the names of their status.

    A status that comes as its code, written small, is not compared with a name.

    Args:
        record: The order, in the shape of ``pdv.pedido.obter``.
        line: Its line on a search page.
    """
    totals = [_total(value) for value in (record.get("totalVenda"), line.get("valor"))]
    if None not in totals and totals[0] != totals[1]:
        return True
    names = [str(each.get("situacao") or "").strip() for each in (record, line)]
    return all(name[:1].isupper() for name in names) and names[0].casefold() != names[1].casefold()


def _total(value: object) -> Decimal | None:
    with suppress(ValueError):
        return parse_decimal(str(value))
    return None


def date_parameters(day: date) -> dict[str, str]:
    """Build the parameters of the search for the orders of one date."""
    text = f"{day:%d/%m/%Y}"
    return {"dataInicial": text, "dataFinal": text}


# Dates on which no shop has orders: the first and the last that an order might have.
EMPTY_DATES: Final = (date(2000, 1, 1), date(2099, 12, 31))


def last_page(retorno: Json) -> int:
    """Read ``numero_paginas`` of a page; 1 when it is not a number. It may change from page to page."""
    found = whole_number(retorno.get("numero_paginas"))
    return 1 if found is None else found


def next_page_pays(page: int, pages: int, wanted: Iterable[int]) -> bool:
    """Return whether to read the next page of a date rather than search each wanted order by its number.

    Args:
        page: The last page that was read.
        pages: How many pages the date has, as the last answer said.
        wanted: Orders not found yet.
    """
    left = pages - page
    return 0 < left <= len(set(wanted))


def order_number(line: Json) -> int | None:
    """Read the number of the order on a line, as people see it; None when it is not one."""
    return whole_number(line.get("numero"))


def number_parameters(numero: object) -> dict[str, str]:
    """Return parameters of the search for the orders with a number, which may be written as ``20451.0``."""
    number = whole_number(numero)
    return {"numero": str(numero).strip() if number is None else str(number)}


def number_pages(ask: Callable[[int], Answer | None]) -> Iterator[tuple[int, Answer]]:
    """Yield the pages of a search by number, ``NUMBER_PAGES`` at most, up to one that has no rows or no answer.

    Args:
        ask: Asks for a page, from 1; None when it has no answer.
    """
    page, pages = 0, 1
    while page < min(pages, NUMBER_PAGES):
        page += 1
        answer = ask(page)
        if answer is None or answer.meaning is not Meaning.OK:
            return
        yield page, answer
        pages = last_page(answer.retorno)


def page_request(parameters: dict[str, str], page: int, sort: str = "DESC") -> dict[str, str]:
    """Build the parameters of one search page; by default newest orders first."""
    return {**parameters, "sort": sort, "pagina": str(page), "formato": "JSON"}


def page_lines(answer: Answer) -> Iterator[Json]:
    """Yield the orders on a search page; none for a page without rows."""
    return lines(answer.retorno) if answer.meaning is Meaning.OK else iter(())
