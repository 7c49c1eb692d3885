"""What became of an order, and why it was rejected or waits: one word each in objects, logs, counts and tables.

The rows of table ``rejeitados`` too: what a run set aside, and why; and what it loaded without a value.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Final

from tiny_operators.orders.json_values import from_json
from tiny_operators.tiny.answers import Json


class State(StrEnum):
    """What became of an order."""

    LOADED = "loaded"
    """It has rows."""
    GONE = "gone"
    """Tiny does not know it any more: its rows are marked as deleted."""
    WAITING = "waiting"
    """It waits in the inbox to be read again."""
    REJECTED = "rejected"
    """It was set aside with its reason."""


@dataclass(frozen=True)
class Reject:
    """Why something cannot be used.

    Attributes:
        step: Where it was found: ``plan``, ``fetch`` or ``rows``.
        field: The field, as a path such as ``dados.id``.
        expected: What it should be.
        found: The kind of what was there, never the value.
        action: What a person can do.
        produto: Tiny's id of the product, when only that was rejected and its order was not.
    """

    kind: ClassVar = "reject"

    step: str
    field: str
    expected: str
    found: str
    action: str
    produto: int | None = None


@dataclass(frozen=True)
class Note:
    """A value that could not be read, and is null in its column.

    Attributes:
        field: The field, as a path such as ``pdv.parcelas[0].dataVencimento``.
        expected: What it should be.
        found: The kind of what was there, never the value.
        produto: Tiny's id of the product, when it is a product's.
    """

    kind: ClassVar = "note"
    step: ClassVar = "rows"
    action: ClassVar = "nothing is lost: the value stands in payload; correct it in Tiny if a report needs it"

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

    def row(
        self,
        about: Reject | Note,
        moment: str,
        *,
        pedido: int | None = None,
        file: str | None = None,
        read_at: str | None = None,
        generation: int | None = None,
    ) -> Json:
        """Build the row of one reject, or of one value that could not be read.

        A later try of the run gives the same thing the same id. The id depends on the order of the columns and on the
        texts too: other words in a version would report everything again.

        Args:
            about: The reject or the value.
            moment: When it was found (ISO 8601, UTC).
            pedido: The order, when it is known.
            file: Its webhook file, when it came by one.
            read_at: When the answer was read that it is about (ISO 8601, UTC), when it is known.
            generation: Of the file, when no more than its content is wrong: then each run gives it the same id.
        """
        row: Json = {
            "store": self.store,
            "run": self.run,
            "path": self.path,
            "pedido": pedido,
            "produto": about.produto,
            "file": file,
            "step": about.step,
            "field": about.field,
            "expected": about.expected,
            "found": about.found,
            "action": about.action,
        }
        if generation is not None:
            known_by = row | {"run": None, "generation": generation}
        else:
            known_by = row | {"run": None, "read_at": read_at} if self.again else row
        digest = hashlib.sha256(json.dumps(known_by).encode()).hexdigest()[:20]
        rejected_at = read_at if self.again and read_at else moment
        return {"id": digest, "rejected_at": rejected_at, **row, "kind": about.kind}


class Wait(StrEnum):
    """Why an order, or a file, stays in the inbox."""

    NO_ANSWER = "no_answer"
    """Tiny does not answer about the order, while it answers other calls."""
    NO_SEARCH = "no_search"
    """Tiny does not answer the search for the order, while it answers other calls."""
    NOT_LISTED = "not_listed"
    """Tiny's search does not list the order."""
    NOT_MOVED = "not_moved"
    """The order is done, or the file rejected, but the file cannot be moved."""


# How long each may last, from the first time that it was seen. Tiny lists an order some seconds after its webhook.
GRACE: Final = {
    Wait.NO_ANSWER: timedelta(days=1),
    Wait.NO_SEARCH: timedelta(days=1),
    Wait.NOT_LISTED: timedelta(minutes=15),
}


@dataclass(frozen=True)
class Waiting:
    """A wait that was seen at a moment.

    Attributes:
        wait: Why.
        at: When that was seen (ISO 8601, UTC).
    """

    wait: Wait
    at: str


def is_over(wait: Wait, since: str, at: str) -> bool:
    """Return whether a wait that began at one moment has lasted its time at another."""
    return datetime.fromisoformat(at) - datetime.fromisoformat(since) >= GRACE[wait]


@dataclass(frozen=True)
class Outcome:
    """What became of an order of a run.

    Attributes:
        state: In a word.
        reject: Why it was rejected; None when it was not.
        waiting: Why it waits; None when it does not.
    """

    state: State
    reject: Reject | None = None
    waiting: Waiting | None = None

    def to_json(self) -> dict[str, Any]:
        """Convert the outcome to JSON values: ``state``, and ``reject``, or ``wait`` and ``at``."""
        content: dict[str, Any] = {"state": self.state}
        if self.reject is not None:
            content["reject"] = asdict(self.reject)
        if self.waiting is not None:
            content |= asdict(self.waiting)
        return content

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Outcome:
        """Read the outcome from :meth:`to_json`."""
        return cls(
            State(content["state"]),
            from_json(Reject, content["reject"]) if "reject" in content else None,
            Waiting(Wait(content["wait"]), content["at"]) if "wait" in content else None,
        )
