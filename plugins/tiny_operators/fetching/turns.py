"""Whose turn it is at the store's account: live sales go before history.

Both use the account through a pool of one slot. A task of history may hold that slot for hours, so it looks after each
chunk whether the live path waits, and if so lets the slot go for a moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from tiny_operators import names
from tiny_operators.gcp.storage import Objects

# A live run that died leaves its mark; history does not stand still for it.
_BELIEVED_FOR: Final = timedelta(minutes=10)


@dataclass(frozen=True)
class LiveTurn:
    """The mark that the live path sets while it waits for the account, or uses it.

    Attributes:
        objects: The store's API bucket.
        prefix: Prefix of the store.
    """

    objects: Objects
    prefix: str

    def ask(self) -> None:
        """Orders of webhooks are planned and want to be read."""
        now = datetime.now(UTC).isoformat()
        self.objects.write_json(names.live_waits_object(self.prefix), {"since": now})

    def done(self) -> None:
        """They are read."""
        self.objects.delete(names.live_waits_object(self.prefix))

    def wanted(self) -> bool:
        """Whether history should give way now."""
        mark = self.objects.read_json(names.live_waits_object(self.prefix))
        return mark is not None and datetime.now(UTC) - datetime.fromisoformat(mark["since"]) < _BELIEVED_FOR
