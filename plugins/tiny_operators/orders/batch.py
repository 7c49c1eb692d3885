"""The ids by which the statements of a batch find its orders in the tables."""

from __future__ import annotations

from typing import Any, Final

# At most this many ids are written into a statement itself: some kilobytes, of the megabyte that it may have.
FEW: Final = 500


class OrderIds:
    """The ids of a batch's orders: all of them while they are few, and the lowest and the highest of any number."""

    def __init__(self) -> None:
        self._few: set[int] | None = set()
        self._numbers: tuple[int, int] | None = None
        self._texts: tuple[str, str] | None = None

    def add(self, pedido: int) -> None:
        """Add the id of an order that has rows."""
        text = str(pedido)
        low, high = self._numbers or (pedido, pedido)
        self._numbers = min(low, pedido), max(high, pedido)
        # As text, other ids are the first and the last: '9' comes after '10'.
        first, last = self._texts or (text, text)
        self._texts = min(first, text), max(last, text)
        if self._few is not None:
            self._few.add(pedido)
            if len(self._few) > FEW:
                self._few = None

    def to_xcom(self) -> dict[str, Any]:
        """Return what the statements need to know, fit for an XCom.

        Returns:
            ``ids``: all of them, or none when they are too many; ``numbers`` and ``texts``: the first and the last one,
            as a number and as text; None without any.
        """
        return {
            "ids": sorted(self._few or ()),
            "numbers": list(self._numbers) if self._numbers else None,
            "texts": list(self._texts) if self._texts else None,
        }
