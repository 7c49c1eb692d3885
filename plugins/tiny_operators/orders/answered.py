"""The records in raw answers: the order, its search line and its products, or why they are not there."""

from __future__ import annotations

from typing import Final

from tiny_operators.orders.outcomes import Reject
from tiny_operators.orders.pedido_obter import PEDIDO_FIELDS
from tiny_operators.orders.raw_lines import RawLine
from tiny_operators.schemas import tiny_columns
from tiny_operators.tiny.answers import Json, Meaning, read_body, whole_number
from tiny_operators.tiny.containers import records
from tiny_operators.tiny.search import order_id, page_records
from tiny_operators.wording import kind_of

# Fields by which a record is recognised: of an order in either service's answer, and of a product.
_RECORD_FIELDS: Final = {
    "pedido": frozenset(column.name for column in (*tiny_columns("pdv"), *PEDIDO_FIELDS)),
    "produto": frozenset(column.name for column in tiny_columns("produto")),
}

ACTION: Final = "see the raw answer; correct the order in Tiny, then put it back by the DAG put_back"
PRODUCT_ACTION: Final = (
    "the order is loaded without this product's cost; its next event asks for the product again"
)


class RejectedError(Exception):
    """An answer that cannot become a row.

    Attributes:
        reject: Why.
    """

    def __init__(self, reject: Reject) -> None:
        super().__init__(reject.field)
        self.reject = reject


def record_of(line: RawLine, expects: str, asked: int) -> Json:
    """Return the record in an answer.

    Args:
        line: The answer.
        expects: What it is about: ``pedido`` or ``produto``.
        asked: Its id.

    Raises:
        RejectedError: When the answer is an error, or that record is not in it.
    """
    answer = read_body(line.answer, expects)
    if answer.meaning is not Meaning.OK:
        code = f"code {answer.code}" if answer.code is not None else "no code"
        raise RejectedError(Reject("fetch", expects, "a record", f"{answer.reason} ({code})", ACTION))
    found = answered(answer.retorno, expects)
    if not found:
        value = answer.retorno[expects]
        kind = "an object without a known field" if isinstance(value, dict) and value else kind_of(value)
        raise RejectedError(Reject("rows", expects, "an object", kind, ACTION))
    for record in found:
        if not id_differs(record, asked):
            return record
    raise RejectedError(
        Reject("rows", f"{expects}.id", f"the id that was asked for ({asked})", "another one", ACTION)
    )


def answered(retorno: Json, expects: str) -> list[Json]:
    """Return the records of an answer: one, however it is wrapped."""
    return records(retorno.get(expects), _RECORD_FIELDS[expects]).found


def id_differs(record: Json, asked: int) -> bool:
    """Return whether a record is another one than was asked for."""
    return whole_number(record.get("id")) != asked


def search_line(page: RawLine, pedido: int) -> Json:
    """Find the line of an order on a search page.

    Raises:
        RejectedError: When the page has none.
    """
    found = page_records(read_body(page.answer, "pedidos").retorno)
    for line in found.found:
        if order_id(line) == pedido:
            return line
    raise RejectedError(not_listed(len(found.unread)))


def not_listed(unread: int = 0) -> Reject:
    """Say why an order that no search page lists has no row.

    Args:
        unread: How many things are on its page that cannot be read as a line.
    """
    return Reject(
        "rows",
        "pesquisa",
        "a line of this order in pedidos.pesquisa",
        f"none, but {unread} values that are no line" if unread else "none",
        "look the order up in Tiny, then put it back by the DAG put_back",
    )


def unanswered_products(order: RawLine) -> list[Reject]:
    """Say why products of an order have no row: those that Tiny did not answer about."""
    return [
        Reject(
            "fetch", "produto", "an answer", _silence(order, produto), PRODUCT_ACTION, produto=int(produto)
        )
        for produto in order.envelope.unanswered
        if produto.isdigit()
    ]


def _silence(order: RawLine, produto: str) -> str:
    since = order.envelope.silent_since.get(produto)
    return f"none{f' since {since[:16]}' if since else ''}, while Tiny answered other calls"
