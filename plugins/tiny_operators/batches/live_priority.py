"""Whose turn it is at the store's account: live sales go before history.

Both use the account through a pool of one slot. A task of history may hold that slot for hours. So it looks after each
chunk whether the live path waits, and if it does, frees the slot for a moment.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from tiny_operators.lake import names
from tiny_operators.lake.objects import Objects

# A live task that works renews its mark. The mark of one that died is trusted no longer than this.
_LEASE: Final = timedelta(seconds=60)
_RENEWED_EACH: Final = timedelta(seconds=20)
# A mark that is older than any pause between tries of a task, and between runs, belongs to no task that comes back.
_FORGOTTEN_AFTER: Final = timedelta(hours=1)
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


@dataclass
class LivePriority:
    """The mark that the live path sets while it waits for the account, or uses it.

    Attributes:
        objects: The store's API bucket.
        prefix: Prefix of the store.
    """

    objects: Objects
    prefix: str
    _renewed: datetime = field(default=_NEVER, init=False)

    def ask(self) -> None:
        """Set the mark: orders of webhooks are planned and wait to be read, or are being read."""
        self._renewed = datetime.now(UTC)
        self.objects.write_json(
            names.live_waits_object(self.prefix), {"renewed_at": self._renewed.isoformat()}
        )

    def keep(self) -> None:
        """Renew the mark when that is due; cheap enough to be called before each order."""
        if datetime.now(UTC) - self._renewed >= _RENEWED_EACH:
            self.ask()

    def done(self) -> None:
        """Remove the mark: the orders are read."""
        self.objects.delete(names.live_waits_object(self.prefix))

    def wanted(self, *, after_work: bool = False) -> bool:
        """Return whether history should give way now.

        A mark that nobody renews belongs to a live task that waits long for the slot, or died. History does not stop
        for it, but frees the slot for a moment after each piece of work: the live path's next try then gets it.

        Args:
            after_work: Whether history has just done a piece of work.
        """
        mark = self.objects.read_json(names.live_waits_object(self.prefix)) or {}
        if "renewed_at" not in mark:
            return False
        age = datetime.now(UTC) - datetime.fromisoformat(mark["renewed_at"])
        return age < _LEASE or (after_work and age < _FORGOTTEN_AFTER)
