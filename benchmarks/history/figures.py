"""Figures of a benchmark against what was asked for."""

from __future__ import annotations


class Figures:
    """Prints each figure beside its bound, and remembers whether one was missed.

    Args:
        name: What is measured, printed before each line.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._missed: list[str] = []

    def tell(self, text: str) -> None:
        """Print what has no bound."""
        print(f"[{self._name}] {text}", flush=True)

    def at_most(self, what: str, value: float, bound: float) -> None:
        """Add a figure that may not be higher."""
        self._judge(what, value, f"at most {bound:g}", reached=value <= bound)

    def at_least(self, what: str, value: float, bound: float) -> None:
        """Add a figure that may not be lower."""
        self._judge(what, value, f"at least {bound:g}", reached=value >= bound)

    def _judge(self, what: str, value: float, bound: str, *, reached: bool) -> None:
        self.tell(f"{what}: {value:.3f} (wanted {bound}){'' if reached else ' MISSED'}")
        if not reached:
            self._missed.append(what)

    def end(self) -> int:
        """Return 0 when all were reached, else 1."""
        self.tell(f"missed: {', '.join(self._missed)}" if self._missed else "all figures reached")
        return 1 if self._missed else 0
