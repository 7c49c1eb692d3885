"""What the demo talks to: the simulator, the receiver, the buckets and BigQuery."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
from google.cloud import bigquery, storage

_TIMEOUT_S = 30


@dataclass(frozen=True)
class Sale:
    """A sale of the simulator.

    Attributes:
        pedido: Tiny's id of the order.
        webhook: The payload that Tiny posts for it.
    """

    pedido: int
    webhook: dict[str, Any]


@dataclass(frozen=True)
class Simulator:
    """The Tiny simulator's control side.

    Attributes:
        url: Its address.
    """

    url: str

    def sell(self, count: int) -> list[Sale]:
        """Let the shop sell; the first webhook of each order."""
        answer = requests.post(f"{self.url}/_sim/sell", json={"count": count}, timeout=_TIMEOUT_S)
        answer.raise_for_status()
        return [Sale(int(order["id"]), order["webhooks"][0]) for order in answer.json()["orders"]]

    def change(self, pedido: int, how: str) -> dict[str, Any]:
        """Let an order be changed (``edit``, ``cancel``, ``invoice``); the webhook that Tiny posts for it."""
        answer = requests.post(f"{self.url}/_sim/orders/{pedido}/{how}", json={}, timeout=_TIMEOUT_S)
        answer.raise_for_status()
        webhook: dict[str, Any] = answer.json()["webhooks"][0]
        return webhook

    def truth(self, orders: list[int]) -> dict[str, Any]:
        """What is true of these orders."""
        ids = ",".join(str(pedido) for pedido in orders)
        answer = requests.get(f"{self.url}/_sim/truth", params={"ids": ids}, timeout=_TIMEOUT_S)
        answer.raise_for_status()
        truth: dict[str, Any] = answer.json()
        return truth

    def calls(self) -> Counter[str]:
        """How often each service was called."""
        answer = requests.get(f"{self.url}/_sim/calls", timeout=_TIMEOUT_S)
        answer.raise_for_status()
        return Counter(answer.json()["services"])

    def forget_calls(self) -> None:
        """Count from zero."""
        requests.post(f"{self.url}/_sim/calls/reset", timeout=_TIMEOUT_S).raise_for_status()


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
        """All rows of a table."""
        found = self._bigquery().query_and_wait(f"SELECT * FROM `{self.dataset}.{table}`")  # noqa: S608 - own names
        return [dict(row) for row in found]

    def count(self, table: str) -> int:
        """How many rows a table has."""
        query = f"SELECT COUNT(*) AS n FROM `{self.dataset}.{table}`"  # noqa: S608 - own names
        return int(next(iter(self._bigquery().query_and_wait(query)))["n"])

    def waiting(self) -> list[str]:
        """Files in the inbox."""
        return [blob.name for blob in self._storage().list_blobs(self.webhook_bucket)]

    def objects(self, prefix: str) -> list[str]:
        """Objects of the API bucket below a prefix."""
        return [blob.name for blob in self._storage().list_blobs(self.api_bucket, prefix=prefix)]

    def envelope(self, name: str, pedido: int) -> dict[str, Any] | None:
        """The envelope of an order's raw line in an object; None when it is not there."""
        text = self._storage().bucket(self.api_bucket).blob(name).download_as_text()
        for line in text.splitlines():
            content: dict[str, Any] = json.loads(line)
            if content["pedido"] == pedido:
                return content
        return None

    def _storage(self) -> storage.Client:
        return storage.Client(project=self.project)

    def _bigquery(self) -> bigquery.Client:
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
