"""What the pipeline asks of Tiny's API v2 (https://tiny.com.br/api-docs/api2), whatever carries the calls."""

from __future__ import annotations

from typing import Final, Protocol

from tiny_operators.tiny.answers import Answer

PDV_PEDIDO_OBTER: Final = "pdv.pedido.obter"
PEDIDO_OBTER: Final = "pedido.obter"
PEDIDOS_PESQUISA: Final = "pedidos.pesquisa"
PRODUTO_OBTER: Final = "produto.obter"
INFO_SERVICE: Final = "info"


class TinyUnavailableError(Exception):
    """Tiny did not answer properly in the tries that one call has; a later try of the task continues from there."""


class Tiny(Protocol):
    """One account of Tiny; :class:`~tiny_operators.hooks.tiny.TinyHook` is one over HTTP.

    Each call but :meth:`is_up` raises :class:`TinyUnavailableError` when Tiny did not answer it properly in its tries.

    Attributes:
        most_tries: Tries of a call that Tiny should answer at once, at most; None for the usual number.
    """

    most_tries: int | None

    @property
    def allowed_per_minute(self) -> float:
        """Calls that this pipeline may make in a minute."""

    def pdv_pedido_obter(self, pedido: int) -> Answer:
        """Read an order as the till sees it (``pdv.pedido.obter``)."""

    def pedido_obter(self, pedido: int) -> Answer:
        """Read an order as the back office sees it (``pedido.obter``)."""

    def produto_obter(self, produto: int) -> Answer:
        """Read a product as it is now (``produto.obter``)."""

    def pedidos_pesquisa(self, parameters: dict[str, str], page: int = 1, sort: str = "DESC") -> Answer:
        """Read one page of the order search (``pedidos.pesquisa``)."""

    def is_up(self) -> bool:
        """Ask whether Tiny answers at all."""
