"""Raw lines of one order, made of the samples, whole or with one field changed."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from tests.tiny_operators.helpers import raw_line, sample
from tiny_operators.orders.raw_lines import RawLine
from tiny_operators.tiny.answers import Json

PEDIDO = 910000101
COFFEE = 730000001


def order(answer: str | Json = "pdv_pedido_obter.json", pedido: int = PEDIDO, **about: Any) -> RawLine:
    return raw_line("pdv", answer, pedido=pedido, **about)


def page(answer: str | Json = "pedidos_pesquisa.json") -> RawLine:
    return raw_line("pesquisa", answer)


def product(answer: str | Json = "produto_obter.json", produto: int = COFFEE) -> RawLine:
    return raw_line("produto", answer, produto=produto)


def changed(name: str, *path: str | int, value: Any) -> Json:
    """A sample with one field under ``retorno`` replaced."""
    answer = deepcopy(sample(name))
    place: Any = answer["retorno"]
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return answer
