"""What BigQuery knows of orders, so that only those are read from Tiny that are new or have changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tiny_operators.orders.old_orders import personal_since, without_old
from tiny_operators.orders.rows import SEARCH_VALUES
from tiny_operators.stores import Store, include_dir

if TYPE_CHECKING:
    from google.cloud import bigquery


@dataclass(frozen=True)
class KnownOrder:
    """An order of the tables.

    Attributes:
        line: Digest of its search line: see :func:`line_digest`.
        arrived_at: When it arrived; None when it has no row in ``pdv``.
        gone: Whether it is marked as deleted.
        day: Its date.
        valor: What it costs by its search line (R$).
        read_at: When Tiny was last asked for it, for its line or in vain.
    """

    line: int
    arrived_at: datetime | None
    gone: bool
    day: date | None
    valor: Decimal
    read_at: datetime


def line_digest(values: Mapping[str, Any], personal_since: date | None = None) -> int:
    """Hash the values of a search line: equal lines have equal hashes, in every process.

    Args:
        values: The values.
        personal_since: The first day whose orders keep their personal data: of an older one the customer does not
            count, since the tables do not have it.
    """
    kept = without_old("pesquisa", values, personal_since)
    texts = json.dumps([_text(kept[name]) for name in SEARCH_VALUES])
    return int.from_bytes(hashlib.sha256(texts.encode()).digest()[:8])


def _text(value: Any) -> str | None:
    """Write a value as text; equal numbers are the same text, however many zeros they end in."""
    if value is None:
        return None
    return str(Fraction(value) if isinstance(value, Decimal) else value)


class KnownOrders:
    """The orders that the tables of one store have.

    Args:
        client: Client of BigQuery.
        store: The store.
    """

    def __init__(self, client: bigquery.Client, store: Store) -> None:
        self._client = client
        self._store = store

    def of_date(self, day: date) -> dict[int, KnownOrder]:
        """Return the orders of a date, by id."""
        from google.cloud.bigquery import ScalarQueryParameter

        return self._known_of(self._rows("known_orders", ScalarQueryParameter("date", "DATE", day)))

    def of_ids(self, pedidos: Iterable[int]) -> dict[int, KnownOrder]:
        """Return these orders, by id, whatever their date; an unknown one is left out."""
        from google.cloud.bigquery import ArrayQueryParameter

        wanted = sorted(pedidos)
        if not wanted:
            return {}
        # The tables have the id as a number and as text.
        numbers = ArrayQueryParameter("pedidos", "INT64", wanted)
        texts = ArrayQueryParameter("ids", "STRING", [str(pedido) for pedido in wanted])
        return self._known_of(self._rows("known_readings", numbers, texts))

    def _known_of(self, rows: Iterable[bigquery.Row]) -> dict[int, KnownOrder]:
        """Return the orders of these rows, by id.

        The query looks for an order's row in ``pdv`` on the date of its search line. Where Tiny's two services report
        different dates, the row is on another date, and is found by its id.
        """
        since = personal_since(self._store)
        known = {row["pedido"]: _known(dict(row), since) for row in rows}
        arrivals = self.arrivals(pedido for pedido, order in known.items() if order.arrived_at is None)
        return known | {
            pedido: replace(known[pedido], arrived_at=arrived) for pedido, arrived in arrivals.items()
        }

    def arrivals(self, pedidos: Iterable[int]) -> dict[int, datetime]:
        """Return when each of these orders arrived, whatever its date; an unknown one is left out."""
        from google.cloud.bigquery import ArrayQueryParameter

        wanted = sorted(pedidos)
        if not wanted:
            return {}
        rows = self._rows("known_arrivals", ArrayQueryParameter("pedidos", "INT64", wanted))
        return {row["pedido"]: row["arrived_at"] for row in rows if row["arrived_at"] is not None}

    def days(self, first: date, last: date) -> list[dict[str, Any]]:
        """Return what the tables know of each of some days, both ends included: see ``known_days.sql``."""
        from google.cloud.bigquery import ScalarQueryParameter

        midnight = datetime.combine(first, time(), ZoneInfo(self._store.timezone))
        rows = self._rows(
            "known_days",
            ScalarQueryParameter("midnight", "TIMESTAMP", midnight),
            ScalarQueryParameter("first", "DATE", first),
            ScalarQueryParameter("last", "DATE", last),
            ScalarQueryParameter("timezone", "STRING", self._store.timezone),
        )
        return [dict(row) for row in rows]

    def products(self) -> int:
        """Count the products that the tables know."""
        return int(next(self._rows("known_products"))["products"])

    def _rows(
        self, query: str, *parameters: bigquery.ScalarQueryParameter | bigquery.ArrayQueryParameter
    ) -> Iterator[bigquery.Row]:
        from google.cloud.bigquery import DatasetReference, QueryJobConfig, ScalarQueryParameter

        config = QueryJobConfig(
            default_dataset=DatasetReference(self._client.project, self._store.dataset),
            query_parameters=[ScalarQueryParameter("store", "STRING", self._store.prefix), *parameters],
        )
        sql = (include_dir() / "sql" / f"{query}.sql").read_text(encoding="utf-8")
        yield from self._client.query(sql, job_config=config, location=self._store.location).result()


def _known(row: Mapping[str, Any], since: date | None) -> KnownOrder:
    fetched_at, deleted_at = row["fetched_at"], row["deleted_at"]
    return KnownOrder(
        line_digest(row, since),
        row["arrived_at"],
        deleted_at is not None,
        row["data_pedido"],
        row["valor"] or Decimal(0),
        max(fetched_at, deleted_at or fetched_at),
    )
