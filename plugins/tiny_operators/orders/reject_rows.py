"""The rows of table ``rejeitados``: what a run set aside, and why; and what it loaded without a value."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Final

from tiny_operators.orders.outcomes import Reject
from tiny_operators.tiny.answers import Json

REJECT: Final = "reject"
NOTE: Final = "note"
_NOTE_ACTION: Final = "nothing is lost: the value stands in payload; correct it in Tiny if a report needs it"


@dataclass(frozen=True)
class Note:
    """A value that could not be read, and is null in its column.

    Attributes:
        field: The field, as a path such as ``pdv.parcelas[0].dataVencimento``.
        expected: What it should be.
        found: The kind of what was there, never the value.
        produto: Tiny's id of the product, when it is a product's.
    """

    field: str
    expected: str
    found: str
    produto: int | None = None


@dataclass(frozen=True)
class Origin:
    """The run that sets something aside.

    Attributes:
        store: Prefix of the store.
        run: The run's key.
        path: Its DAG: ``webhook``, ``daily``, ``reconcile`` or ``replay``.
        day: Day of the run's rejects (YYYY-MM-DD), the same at every try.
        again: Whether it looks again at what was read before, as a replay does. Then the id and the time of what it
            sets aside are those of the reading, not of the run: a replay reports nothing twice.
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
        """Build the row of one reject.

        Args:
            reject: Why it was set aside.
            rejected_at: When (ISO 8601, UTC).
            pedido: The order, when it is known.
            file: Its webhook file, when it came by one.
            read_at: When the answer was read that is set aside (ISO 8601, UTC), when it is known.
        """
        found = self._row(reject.step, reject, pedido, file, reject.action)
        return self._known(found, rejected_at, read_at) | {"kind": REJECT}

    def note_row(
        self,
        note: Note,
        noted_at: str,
        *,
        pedido: int,
        file: str | None = None,
        read_at: str | None = None,
    ) -> Json:
        """Build the row of one value that could not be read.

        Args:
            note: Which value.
            noted_at: When (ISO 8601, UTC).
            pedido: The order.
            file: Its webhook file, when it came by one.
            read_at: When the answer was read that has the value (ISO 8601, UTC), when it is known.
        """
        found = self._row("rows", note, pedido, file, _NOTE_ACTION)
        return self._known(found, noted_at, read_at) | {"kind": NOTE}

    def _known(self, row: Json, moment: str, read_at: str | None) -> Json:
        """Add id and time to the row: a later try of the run gives the same thing the same ones.

        The id depends on the texts too: other words in a version would report everything again.
        """
        known_by = row | {"run": None, "read_at": read_at} if self.again else row
        digest = hashlib.sha256(json.dumps(known_by).encode()).hexdigest()[:20]
        return {"id": digest, "rejected_at": read_at if self.again and read_at else moment, **row}

    def _row(
        self, step: str, about: Reject | Note, pedido: int | None, file: str | None, action: str
    ) -> Json:
        return {
            "store": self.store,
            "run": self.run,
            "path": self.path,
            "pedido": pedido,
            "produto": about.produto,
            "file": file,
            "step": step,
            "field": about.field,
            "expected": about.expected,
            "found": about.found,
            "action": action,
        }
