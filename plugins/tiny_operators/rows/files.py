"""The files that a run loads: typed rows of each table, and rejects with their reasons."""

from __future__ import annotations

import json
import logging
from collections import Counter
from contextlib import ExitStack
from dataclasses import asdict
from typing import Final, Self, TextIO

from tiny_operators import names
from tiny_operators.events import log_event
from tiny_operators.gcp.storage import Objects

from .orders import OrderRows, row_texts
from .schema import TABLES

log = logging.getLogger(__name__)

_COUNTED: Final = (*TABLES, "orders", "rejected", "waiting", "gone")


class RowFiles(ExitStack):
    """Writes the rows of orders as they come, none of them kept in memory.

    The files appear, or are replaced, when the block ends; not at all when it fails.

    Args:
        objects: The store's API bucket.
        store: Prefix of the store.
        key: The run's key.
        day: Day of the rejects file (YYYY-MM-DD), the same at every try.

    Attributes:
        counts: Rows by table, ``orders``, ``rejected``, ``waiting`` (not in Tiny's search yet), ``gone``.
    """

    def __init__(self, objects: Objects, store: str, key: str, day: str) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter(dict.fromkeys(_COUNTED, 0))
        self._objects = objects
        self._store = store
        self._key = key
        self._day = day
        self._new_fields: set[str] = set()

    def __enter__(self) -> Self:
        """Open the files."""
        super().__enter__()
        self._rows: dict[str, TextIO] = {
            table: self.enter_context(self._objects.writing(names.rows_object(table, self._key)))
            for table in TABLES
        }
        self._rejects = self.enter_context(self._objects.writing(names.rejects_object(self._key, self._day)))
        return self

    def add(self, result: OrderRows) -> None:
        """Write what came of one order."""
        for table, rows in result.rows.items():
            self._rows[table].writelines(row_texts(rows))
            self.counts[table] += len(rows)
        for reject in result.rejects:
            entry = {"store": self._store, "pedido": result.pedido, **asdict(reject)}
            self._rejects.write(json.dumps(entry, ensure_ascii=False) + "\n")
            log_event(
                log,
                "rejected",
                store=self._store,
                run=self._key,
                order=result.pedido,
                step=reject.step,
                field=reject.field,
                expected=reject.expected,
                found=reject.found,
            )
        if result.gone:
            log_event(log, "order_gone", store=self._store, run=self._key, order=result.pedido)
        self.counts.update(
            orders=1, rejected=len(result.rejects), waiting=int(result.waits), gone=int(result.gone)
        )
        self._new_fields |= result.new_fields

    def report(self) -> dict[str, int]:
        """Log what was written; the counts."""
        if self._new_fields:
            fields = ",".join(sorted(self._new_fields))
            log_event(log, "new_fields", store=self._store, run=self._key, fields=fields)
        log_event(log, "rows_made", store=self._store, run=self._key, **self.counts)
        return dict(self.counts)
