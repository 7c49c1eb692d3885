"""What BigQuery knows of orders, so that only those are read from Tiny that are new or have changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from tiny_operators.rows.orders import SEARCH_VALUES
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
    """

    line: int
    arrived_at: datetime | None
    gone: bool


def line_digest(values: dict[str, Any]) -> int:
    """A short stand-in for the values of a search line: equal lines have equal ones."""
    return hash(tuple(values[name] for name in SEARCH_VALUES))


class KnownOrders:
    """Asks the tables of one store.

    Args:
        client: Client of BigQuery.
        store: The store.
    """

    def __init__(self, client: bigquery.Client, store: Store) -> None:
        self._client = client
        self._store = store

    def of_date(self, day: date) -> dict[int, KnownOrder]:
        """The orders of a date, by id."""
        from google.cloud.bigquery import ScalarQueryParameter

        return {
            row["pedido"]: KnownOrder(line_digest(dict(row)), row["arrived_at"], row["gone"])
            for row in self._rows("known_orders", ScalarQueryParameter("date", "DATE", day))
        }

    def arrivals(self, pedidos: Iterable[int]) -> dict[int, datetime]:
        """When each of these orders arrived, whatever its date; an unknown one is left out."""
        from google.cloud.bigquery import ArrayQueryParameter

        wanted = sorted(pedidos)
        if not wanted:
            return {}
        rows = self._rows("known_arrivals", ArrayQueryParameter("pedidos", "INT64", wanted))
        return {row["pedido"]: row["arrived_at"] for row in rows if row["arrived_at"] is not None}

    def products(self) -> int:
        """How many products the tables know."""
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
