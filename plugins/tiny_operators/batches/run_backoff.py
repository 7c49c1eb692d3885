"""A pause between runs that do not reach their end.

The schedule ``@continuous`` starts the next run at once, even after a failed one. Without a pause a wrong token would
be tried twenty times a minute, and an order that Tiny does not list yet would be searched without a break. Nothing is
switched off for good: when the cause is gone, the next run succeeds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from tiny_operators.lake import names
from tiny_operators.lake.objects import Objects

_FIRST_S: Final = 30.0
_LONGEST_S: Final = 900.0
_ORDERS_WAIT_S: Final = 15.0


def pause_s(unfinished: int) -> float:
    """Return the seconds between the starts of two runs, after so many in a row that did not reach their end.

    Zero means a run that did reach it, but left orders waiting.
    """
    return min(_LONGEST_S, _FIRST_S * 2.0 ** min(unfinished - 1, 10)) if unfinished else _ORDERS_WAIT_S


@dataclass(frozen=True)
class RunBackoff:
    """The pause of one DAG, kept as an object beside its runs.

    Attributes:
        objects: The store's API bucket.
        dag_id: The DAG.
    """

    objects: Objects
    dag_id: str

    def seconds_left(self) -> float:
        """Return the seconds that the next run should wait; zero or less when it may start."""
        state = self.objects.read_json(names.unfinished_object(self.dag_id))
        if state is None:
            return 0
        passed = datetime.now(UTC) - datetime.fromisoformat(state["at"])
        return pause_s(state["runs"]) - passed.total_seconds()

    def run_planned(self, run: str) -> None:
        """Note that a run has begun its work: until it is done, it counts as one that did not reach its end.

        Args:
            run: The run's key; it counts once, however often it begins.
        """
        state = self.objects.read_json(names.unfinished_object(self.dag_id)) or {"runs": 0}
        if state.get("run") != run:
            self._write(state["runs"] + 1, run)

    def run_done(self, *, orders_wait: bool) -> None:
        """Note that a run has reached its end.

        Args:
            orders_wait: Whether it left orders in the inbox, which the next run asks for again.
        """
        if orders_wait:
            self._write(0)
        else:
            self.objects.delete(names.unfinished_object(self.dag_id))

    def moving(self, within: timedelta) -> bool:
        """Return whether a run is under way, or has left orders waiting, and none failed before it.

        Args:
            within: How long ago it may have been, at most.
        """
        state = self.objects.read_json(names.unfinished_object(self.dag_id))
        if state is None or state["runs"] > 1:
            return False
        return datetime.now(UTC) - datetime.fromisoformat(state["at"]) <= within

    def _write(self, runs: int, run: str | None = None) -> None:
        now = datetime.now(UTC).isoformat()
        self.objects.write_json(names.unfinished_object(self.dag_id), {"runs": runs, "at": now, "run": run})
