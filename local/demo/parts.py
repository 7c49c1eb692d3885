"""What the demo talks to: the simulator, the receiver, the buckets and BigQuery."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import requests
from google.cloud import bigquery, storage

from local.demo.compare import order_of, table_differences, truth_rows

_TIMEOUT_S = 30


@dataclass(frozen=True)
class Sale:
    """A sale of the simulator.

    Attributes:
        pedido: Tiny's id of the order.
        webhook: The payload that Tiny posts for it.
        more: What Tiny posts besides, as its habits are: a second event, or the same one again.
    """

    pedido: int
    webhook: dict[str, Any]
    more: tuple[dict[str, Any], ...] = ()

    @classmethod
    def of(cls, order: Mapping[str, Any]) -> Sale:
        """Read an order from what the simulator says about a new one."""
        first, *more = order["webhooks"]
        return cls(int(order["id"]), first, tuple(more))


@dataclass(frozen=True)
class Simulator:
    """The Tiny simulator's control side.

    Attributes:
        url: Its address.
    """

    url: str

    def sell(self, count: int) -> list[Sale]:
        """Let the shop sell; each order with its webhooks."""
        return [Sale.of(order) for order in self._ask("POST", "sell", count=count)["orders"]]

    def change(self, pedido: int, how: str, **fields: Any) -> dict[str, Any]:
        """Let an order be changed (``edit``, ``cancel``, ``invoice``); the webhook that Tiny posts for it."""
        webhook: dict[str, Any] = self._ask("POST", f"orders/{pedido}/{how}", **fields)["webhooks"][0]
        return webhook

    def edit(self, pedido: int, **fields: Any) -> None:
        """Let fields of an order be changed, such as ``data`` (ISO)."""
        self._ask("POST", f"orders/{pedido}/edit", **fields)

    def edit_product(self, produto: int, **fields: Any) -> None:
        """Let fields of a product be changed, such as ``preco_custo``."""
        self._ask("POST", f"products/{produto}/edit", **fields)

    def call_log(self) -> list[dict[str, Any]]:
        """Return the calls one by one: ``at`` (monotonic seconds), ``service``, ``key``, ``code``, …."""
        calls: list[dict[str, Any]] = self._ask("GET", "calls")["calls"]
        return calls

    def keys(self, service: str) -> list[int]:
        """Return which ids a service was asked for, sorted."""
        return sorted(int(call["key"]) for call in self.call_log() if call["service"] == service)

    def delete(self, pedido: int) -> None:
        """Let an order be deleted, of which Tiny says nothing."""
        self._ask("POST", f"orders/{pedido}/delete")

    def sell_on(self, day: date, count: int, registered: date | None = None) -> list[Sale]:
        """Let the shop sell on a past date, of which no webhook is posted by itself.

        Args:
            day: The date of the sales.
            count: How many.
            registered: The day on which Tiny gets them; by default that date.
        """
        dates = {"date": day.isoformat(), "registered": (registered or day).isoformat()}
        return [Sale.of(order) for order in self._ask("POST", "sell", count=count, **dates)["orders"]]

    def send(self, url: str, webhooks: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Let webhooks be posted to a receiver as Tiny does, with its repetitions; how each delivery went."""
        answer = self._ask("POST", "webhooks/send", url=url, payloads=webhooks)
        deliveries: list[dict[str, Any]] = answer["deliveries"]
        return deliveries

    def save_address(self, url: str) -> bool:
        """Enter a receiver's address in Tiny's panel; whether the panel took it."""
        return bool(self._ask("POST", "webhooks/address", url=url)["saved"])

    def fault(self, **what: Any) -> None:
        """Let coming calls fail: ``faults``, ``service``, ``key``, ``times``, as the simulator's README says."""
        self._ask("POST", "faults", **what)

    def no_faults(self) -> None:
        """Let no further call fail."""
        self._ask("DELETE", "faults")

    def truth_of_dates(self, first: date, last: date) -> dict[str, Any]:
        """Return what is true of the orders of some dates, both included."""
        return self._ask("GET", f"truth?from={first.isoformat()}&to={last.isoformat()}")

    def set(self, **settings: Any) -> None:
        """Switch quirks, limits and faults."""
        self._ask("PUT", "settings", **settings)

    def settings(self) -> dict[str, Any]:
        """Return its quirks, limits and faults."""
        return self._ask("GET", "settings")

    def truth(self, orders: list[int]) -> dict[str, Any]:
        """Return what is true of these orders."""
        return self._ask("GET", f"truth?ids={','.join(map(str, orders))}")

    def calls(self) -> Counter[str]:
        """Count how often each service was called."""
        return Counter(self._ask("GET", "calls")["services"])

    def forget_calls(self) -> None:
        """Count from zero."""
        self._ask("POST", "calls/reset")

    def _ask(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        # Posting webhooks with all their repetitions takes long.
        seconds = 10 * _TIMEOUT_S if path.startswith("webhooks/") else _TIMEOUT_S
        answer = requests.request(method, f"{self.url}/_sim/{path}", json=body or None, timeout=seconds)
        answer.raise_for_status()
        reported: dict[str, Any] = answer.json()
        return reported


@dataclass(frozen=True)
class Warehouse:
    """The store's buckets and tables, through the ordinary Google clients.

    Attributes:
        project: Google Cloud project.
        webhook_bucket: The inbox.
        api_bucket: Raw answers and done files.
        dataset: Dataset of the tables.
    """

    project: str
    webhook_bucket: str
    api_bucket: str
    dataset: str

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Read all rows of a table."""
        found = self.bigquery_client().query_and_wait(f"SELECT * FROM `{self.dataset}.{table}`")  # noqa: S608 - own names
        return [dict(row) for row in found]

    def rows_of(self, table: str, orders: Collection[int]) -> list[dict[str, Any]]:
        """Read the rows of some orders in a table."""
        return [row for row in self.rows(table) if order_of(table, row) in orders]

    def differences(self, truth: Mapping[str, Any], orders: Collection[int] | None = None) -> list[str]:
        """Find where the tables differ from what the simulator says is true of some orders.

        Args:
            truth: As the simulator tells it.
            orders: Orders about which it is true; by default those that it tells of.
        """
        if orders is None:
            orders = {int(row["id"]) for row in truth["pdv"]}
        return [
            text
            for table, rows in truth_rows(truth).items()
            for text in table_differences(table, rows, self.rows_of(table, orders))
        ]

    def count(self, table: str) -> int:
        """Count the rows of a table."""
        query = f"SELECT COUNT(*) AS n FROM `{self.dataset}.{table}`"  # noqa: S608 - own names
        return int(next(iter(self.bigquery_client().query_and_wait(query)))["n"])

    def waiting(self) -> list[str]:
        """List the files in the inbox."""
        return [blob.name for blob in self.storage_client().list_blobs(self.webhook_bucket)]

    def objects(self, prefix: str) -> list[str]:
        """List the objects of the API bucket below a prefix."""
        return [blob.name for blob in self.storage_client().list_blobs(self.api_bucket, prefix=prefix)]

    def forget_products_read_today(self) -> None:
        """Let every product be read anew, as on another day."""
        bucket = self.storage_client().bucket(self.api_bucket)
        for name in self.objects("raw/produto/"):
            bucket.blob(name).delete()

    def envelope(self, name: str, pedido: int) -> dict[str, Any] | None:
        """Read the envelope of an order's raw line in an object; None when it is not there."""
        text = self.storage_client().bucket(self.api_bucket).blob(name).download_as_text()
        for line in text.splitlines():
            content: dict[str, Any] = json.loads(line)
            if content["pedido"] == pedido:
                return content
        return None

    def storage_client(self) -> storage.Client:
        """Return a client of the object store."""
        return storage.Client(project=self.project)

    def bigquery_client(self) -> bigquery.Client:
        """Return a client of BigQuery."""
        return bigquery.Client(project=self.project)


def post_webhook(url: str, payload: Mapping[str, Any]) -> float:
    """Post a payload as Tiny does.

    Returns:
        Time of the receiver's 200 (seconds since the epoch).

    Raises:
        requests.HTTPError: When the receiver answers anything else.
    """
    answer = requests.post(url, json=payload, timeout=_TIMEOUT_S)
    if answer.status_code != requests.codes.ok:
        raise requests.HTTPError(f"the receiver answered {answer.status_code}", response=answer)
    return time.time()
