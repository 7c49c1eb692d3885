"""Rows: raw answers into typed rows for the three tables, or rejects with their reason."""

from __future__ import annotations

import json
import logging
from collections import Counter
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, TextIO

from tiny_operators import names
from tiny_operators._compat import Context
from tiny_operators.events import log_event
from tiny_operators.plan import chunks
from tiny_operators.raw import RawLine, read_line
from tiny_operators.rows.orders import OrderRows, order_rows, row_texts
from tiny_operators.rows.schema import TABLES
from tiny_operators.storage import Objects

from .base import StoreOperator

log = logging.getLogger(__name__)


class MakeRowsOperator(StoreOperator):
    """Turns the run's raw answers into one file of typed rows for each table, and rejects into a file of reasons.

    Returns:
        Counts: rows by table, ``orders``, ``rejected``, ``waiting`` (not in Tiny's search yet).
    """

    def execute(self, context: Context) -> dict[str, int]:
        """Make the rows."""
        key, objects = self.start(context)
        plan = self.read_plan(objects, key)
        counts: Counter[str] = Counter(dict.fromkeys((*TABLES, "orders", "rejected", "waiting"), 0))
        outcomes: dict[str, Any] = {}
        new_fields: set[str] = set()
        # The first order's day, so that a later try writes the same objects, also after midnight.
        day = plan.orders[0].day if plan.orders else names.day_of(datetime.now(UTC), self.store.timezone)
        with ExitStack() as open_files:
            files = {
                table: open_files.enter_context(objects.writing(names.rows_object(table, key)))
                for table in TABLES
            }
            rejects = open_files.enter_context(objects.writing(names.rejects_object(key, day)))
            raw = RawReader(objects)
            for number, (chunk_day, _) in enumerate(chunks(plan), start=1):
                for line in objects.lines_if_any(names.raw_orders_object(key, chunk_day, number)):
                    result = raw.order_rows(read_line(line))
                    self._write(result, files, rejects)
                    outcomes[str(result.pedido)] = _outcome(result)
                    counts.update(_counted(result))
                    new_fields |= result.new_fields
                    self._report(key, result)
        objects.write_json(names.outcome_object(key), outcomes)
        if new_fields:
            log_event(
                log, "new_fields", store=self.store.prefix, run=key, fields=",".join(sorted(new_fields))
            )
        log_event(log, "rows_made", store=self.store.prefix, run=key, **counts)
        return dict(counts)

    def _write(self, result: OrderRows, files: dict[str, TextIO], rejects: TextIO) -> None:
        for table, rows in result.rows.items():
            files[table].writelines(row_texts(rows))
        for reject in result.rejects:
            entry = {"store": self.store.prefix, "pedido": result.pedido, **asdict(reject)}
            rejects.write(json.dumps(entry, ensure_ascii=False) + "\n")

    def _report(self, key: str, result: OrderRows) -> None:
        for reject in result.rejects:
            log_event(
                log,
                "rejected",
                store=self.store.prefix,
                run=key,
                order=result.pedido,
                step=reject.step,
                field=reject.field,
                expected=reject.expected,
                found=reject.found,
            )


class RawReader:
    """Reads raw lines with what they refer to; keeps the search pages and products of neighbouring orders."""

    _KEEP = 500

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._kept: dict[str, RawLine] = {}

    def order_rows(self, order: RawLine) -> OrderRows:
        """The rows of one order."""
        page = order.envelope.pesquisa
        products = {int(produto): self._line(name) for produto, name in order.envelope.produtos.items()}
        return order_rows(order, self._line(page) if page else None, products)

    def _line(self, name: str) -> RawLine:
        if name not in self._kept:
            if len(self._kept) >= self._KEEP:
                self._kept.pop(next(iter(self._kept)))
            self._kept[name] = read_line(next(self._objects.lines(name)))
        return self._kept[name]


def _outcome(result: OrderRows) -> dict[str, Any]:
    if result.loaded:
        return {"state": "loaded"}
    if result.waits:
        return {"state": "waiting"}
    return {"state": "rejected", "reject": asdict(result.rejects[0])}


def _counted(result: OrderRows) -> Counter[str]:
    counts = Counter({table: len(rows) for table, rows in result.rows.items()})
    counts["orders"] = 1
    counts["rejected"] = len(result.rejects)
    counts["waiting"] = int(result.waits)
    return counts
