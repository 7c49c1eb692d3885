"""The rows of table ``rejeitados``: what a run set aside, and why."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from tiny_operators.tiny.answers import Json
from tiny_operators.tiny.webhooks import Reject


@dataclass(frozen=True)
class Origin:
    """Which run sets aside.

    Attributes:
        store: Prefix of the store.
        run: The run's key.
        path: Which DAG it is of: ``webhook``, ``daily``, ``reconcile`` or ``replay``.
        day: Day of the run's rejects (YYYY-MM-DD), the same at every try.
        again: Whether it looks again at what was read before, as a replay does: what it sets aside is known by the
            reading and not by the run, and stands at the time of the reading. So a replay reports nothing anew.
    """

    store: str
    run: str
    path: str
    day: str
    again: bool = False

    def reject_row(
        self,
        reject: Reject,
        rejected_at: str,
        *,
        pedido: int | None = None,
        file: str | None = None,
        read_at: str | None = None,
    ) -> Json:
        """The row of one reject.

        Args:
            reject: Why it was set aside.
            rejected_at: When (ISO 8601, UTC).
            pedido: The order, when it is known.
            file: Its webhook file, when it came by one.
            read_at: When the answer was read that is set aside (ISO 8601, UTC), when it can be told.
        """
        row: Json = {
            "store": self.store,
            "run": self.run,
            "path": self.path,
            "pedido": pedido,
            "produto": reject.produto,
            "file": file,
            "step": reject.step,
            "field": reject.field,
            "expected": reject.expected,
            "found": reject.found,
            "action": reject.action,
        }
        # All but the moment: a later try of the run says the same of the same reject.
        known_by = row | {"run": None, "read_at": read_at} if self.again else row
        digest = hashlib.sha256(json.dumps(known_by).encode()).hexdigest()[:20]
        moment = read_at if self.again and read_at else rejected_at
        return {"id": digest, "rejected_at": moment, **row}
