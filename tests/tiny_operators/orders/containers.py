"""Good answers in odd containers and with odd values: what each makes of them is the rows of the good answer."""

from __future__ import annotations

import random
from collections.abc import Callable
from copy import deepcopy
from datetime import datetime
from typing import Any, Final

from tiny_operators.tiny.answers import Json

# Where the records stand, by the key of an answer under retorno, with the name that Tiny wraps one in.
_LISTS: Final = {
    "itens": "item",
    "parcelas": "parcela",
    "anexos": "item",
    "imagens_externas": "imagem_externa",
    "pedidos": "pedido",
}
_OBJECTS: Final = ("contato", "enderecoEntrega", "cliente", "endereco_entrega", "pedido", "produto")
_DAYS: Final = ("data", "dataVencimento", "data_pedido", "data_prevista")
_AMOUNTS: Final = (
    *("frete", "totalVenda", "totalProdutos", "valor", "valorIPI", "valorICMSSubst", "total_pedido"),
    *("total_produtos", "valor_frete", "valor_unitario", "preco_custo", "preco_custo_medio", "preco"),
)
# Columns that hold whatever stands there as text.
_TEXTS: Final = ("variacoes",)
_NOTHING: Final[tuple[Any, ...]] = ("", None, [], {}, [""], " ", "\u00a0")


class Disguise:
    """Writes good answers in other ways that have the same one reading, the same way for the same seed.

    Args:
        seed: Of all chance.
    """

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)

    def of(self, answer: Json) -> Json:
        """A copy of an answer in some of the odd ways."""
        copy: Json = deepcopy(answer)
        copy["retorno"] = self._inside(copy["retorno"])
        return copy

    def _inside(self, value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            value = {
                key: inner if key in _TEXTS else self._inside(inner, key) for key, inner in value.items()
            }
        elif isinstance(value, list):
            value = [self._inside(item) for item in value]
        if name in _LISTS and self._dice.random() < 0.6:
            return self._container(value, _LISTS[name])
        if name in _OBJECTS and isinstance(value, dict) and value and self._dice.random() < 0.4:
            return self._wrapped(value, name)
        if isinstance(value, str) and self._dice.random() < 0.4:
            return self._spelled(value, name)
        return value

    def _container(self, value: Any, wrapper: str) -> Any:
        """A list in any shape, its records wrapped or not."""
        items = [item.get(wrapper, item) for item in (value if isinstance(value, list) else [value]) if item]
        if not items:
            return self._dice.choice(_NOTHING)
        items = [self._wrapped(item, wrapper) if self._dice.random() < 0.3 else item for item in items]
        shapes: list[Callable[[], Any]] = [
            lambda: items,
            lambda: {str(n): item for n, item in enumerate(items)},
            lambda: {str(3 * n + 1): item for n, item in enumerate(items)},
            lambda: {wrapper: items},
            lambda: [{wrapper: item} for item in items],
            lambda: {"lista": {wrapper: items}},
            lambda: [items],
            lambda: [*items, self._dice.choice(_NOTHING)],
            lambda: items[0] if len(items) == 1 else [items[:1], {wrapper: items[1:]}],
        ]
        return self._dice.choice(shapes)()

    def _wrapped(self, value: Any, name: str) -> Any:
        return self._dice.choice([
            [value],
            {"0": value},
            {name: value},
            {name: [value]},
            [{name: value}],
            {name: {name: value}},
        ])

    def _spelled(self, text: str, name: str) -> Any:
        if name in _DAYS and text.strip():
            day = datetime.strptime(text[:10], "%d/%m/%Y")  # noqa: DTZ007 - a day
            return self._dice.choice([
                f"{day:%Y-%m-%d}T00:00:00-03:00",
                f"{day:%Y-%m-%dT%H:%M:%S}.000Z",
                f"\u00a0{text} 10:15:00",
            ])
        if name in _AMOUNTS and text.strip():
            comma = text.replace(".", ",")
            return self._dice.choice([f"R$ {comma}", f"R$\u00a0{text}", f"\u00a0{comma}\u202f", f"R${text}"])
        return text
